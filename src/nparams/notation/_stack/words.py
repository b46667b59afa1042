"""One element of a layer list as a call: which kind of layer, with which arguments, how often, under which name."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.layers.catalogue import words as kind_words
from nparams.notation._stack.arguments import arguments
from nparams.notation._stack.general import Call, count, general, is_times, repeat
from nparams.notation._stack.text import GROUPS, JOINS
from nparams.notation._stack.tokens import SYMBOL, Token, tokens
from nparams.notation._stack.vocabulary import NOISE, close, vocabulary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.layers.kind import Kind

    Head = tuple[Kind, dict[str, object], int, int]

LONGEST_NAME = 5  # words of a kind's name: "global average pooling 2d layer"

INPUT_WORDS = frozenset(
    ("input", "inputs", "inputlayer", "inputshape", "inputsize", "image", "inputimage", "tokens", "inputdim")
)
#: words for where a layer stands, which name a dense layer where no other kind is named
PLACES = frozenset(("hidden", "output", "hiddenlayer", "outputlayer", "layer"))
#: words for a layer that is applied once more
AGAIN = frozenset(("reuse", "shared", "again"))
#: words in front of a kind that change how it is applied
EACH = frozenset(("timedistributed", "td"))


def call_of(text: str) -> Call:
    """The element as a call; NotationError says which word is not understood, and what to write."""
    found = tokens(text)
    call = Call(text)
    found = _label(found, call)
    found = _times(found, call)
    if _other(found, call):
        return call
    kind, preset, rest = _headed(found, text, call)
    call.kind = kind
    rest = general(rest, kind, call)
    call.given = {**preset, **arguments(kind, rest, call.word)}
    return call


def kind_at_start(text: str) -> Kind | None:
    """The kind that an element names, or None."""
    try:
        found = tokens(text)
        found = _times(_label(found, Call(text)), Call(text))
    except NotationError:
        return None
    return None if (head := _find(found)) is None else head[0]


def is_input(text: str) -> bool:
    """Whether an element gives the shape of what comes in."""
    try:
        found = tokens(text)
    except NotationError:
        return False
    if len(found) == 2 and found[0].kind in ("size", "shape") and found[1].word in INPUT_WORDS:
        return True
    return any("".join(t.word for t in found[:n] if t.kind == "word") in INPUT_WORDS for n in (1, 2))


# -- in front -------------------------------------------------------------------------------------------------------


def _label(found: list[Token], call: Call) -> list[Token]:
    """`conv1: 32 filters`, `conv1 32 3x3`: a name in front; it is the kind as well unless another one follows."""
    if not found or found[0].kind != "word":
        return found
    first, rest = found[0], found[1:]
    stem = first.word.rstrip("0123456789")
    coloned = bool(rest) and rest[0].kind == "sign" and rest[0].text in ":="
    known = first.word in kind_words() or first.word in INPUT_WORDS
    if coloned and not known:
        call.name = first.text
        rest = rest[1:]
        return rest if _find(rest) is not None else [Token("word", stem), *rest]
    if coloned:
        return [first, *rest[1:]]
    if not known and stem in kind_words() and _find([first, *rest[:LONGEST_NAME]]) is None:
        _refuse_glued(first, stem, rest)
        call.name = first.text
        return [Token("word", stem), *rest]
    return found


def _refuse_glued(first: Token, stem: str, rest: list[Token]) -> None:
    """`fc4096` without another number: is that its size, or its name?"""
    kind = kind_words()[stem]
    needs = kind.orders[0][0] if kind.orders else ""
    sized = any(t.kind in ("size", "shape") or re.fullmatch(SYMBOL, t.text) for t in rest)
    if needs and needs != kind.width and kind.params[needs].default is None and not sized:
        digits = first.word[len(stem) :]
        raise NotationError(
            f"is {digits} its size or a part of its name? Write {stem} {digits}, or {first.text}: and its size"
        )


def _times(found: list[Token], call: Call) -> list[Token]:
    """`3 x dense 64`: how often."""
    copies = count(found[0]) if len(found) > 2 and is_times(found[1]) else None
    if copies is not None and (found[2].word in AGAIN or _find(found[2:]) is not None):
        call.times = copies
        found = found[2:]
    return found


def _other(found: list[Token], call: Call) -> bool:
    """What is no layer of a kind: an input, a layer once more, a way back to an earlier output."""
    if not found or found[0].kind not in ("word", "size", "shape"):
        return False
    one = found[0].word
    two = one + (found[1].word if len(found) > 1 and found[1].kind == "word" else "")
    counted = len(found) == 2 and found[0].kind in ("size", "shape") and found[1].word in INPUT_WORDS  # 784 inputs
    if one in INPUT_WORDS or two in INPUT_WORDS or counted:
        call.shape = found
        return True
    names = [t.text for t in found[1:] if t.kind == "word" and t.word not in ("with", "to", "and", "as", "layer")]
    if one in AGAIN or (one == "same" and len(found) > 1 and found[1].word == "as"):
        if len(names) != 1:
            raise NotationError("which layer? Name one earlier (dense 64 as enc), then write: reuse enc")
        call.again = names[0]
        return True
    if one in ("concat", "concatenate", "add", "sum", "multiply", "goto", "back", "branch") and names:
        if len(found) > 2 and found[-2].word == "as" and len(names) > 1:  # add c1 as sum1
            *names, call.name = names
        call.start = (one, *names)
        return True
    return False


def _find(found: list[Token], known: dict[int, Head | None] | None = None) -> Head | None:
    """The kind that is named, its presets, and where its name begins and ends; values may stand in front.

    `known`: what was found already, by how many words are left (each is looked at once, however often it is asked).
    """
    known = {} if known is None else known
    if len(found) not in known:
        known[len(found)] = _looked_for(found, known)
    return known[len(found)]


def _looked_for(found: list[Token], known: dict[int, Head | None]) -> Head | None:
    table = kind_words()
    for start in range(min(len(found), LONGEST_NAME)):
        if found[start].kind != "word":
            if found[start].kind in ("shape", "size"):
                continue
            return None
        for end in range(min(len(found), start + LONGEST_NAME), start, -1):
            part = found[start:end]
            name = "".join(t.word for t in part)
            if name in PLACES and _is_layer(_find(found[end:], known)):
                continue  # hidden dense 16: a word for where it stands
            if all(t.kind == "word" or (t.kind == "size" and t.text.isdigit()) for t in part) and name in table:
                return table[name], dict(table[name].presets.get(name, {})), start, end
        if not _may_lead(found[start], found[start + 1 :], known):
            return None
    return None


def _is_layer(head: Head | None) -> bool:
    return head is not None and head[0].name != "Activation"


def _may_lead(token: Token, rest: list[Token], known: dict[int, Head | None]) -> bool:
    """Whether a word may stand in front of a kind: `bidirectional lstm`, `8 heads attention`."""
    if (
        token.word in NOISE | PLACES
        or token.word in EACH
        or token.word in ("time", "distributed", "frozen", "pretrained")
    ):
        return True
    inner = _find(rest, known)
    return inner is not None and token.word in vocabulary(inner[0])


def _headed(found: list[Token], text: str, call: Call) -> tuple[Kind, dict[str, object], list[Token]]:
    head = _find(found)
    if head is None:
        first = next((t for t in found if t.kind == "word"), None)
        if first is None and len(found) == 1 and found[0].kind == "size":
            return kind_words()["dense"], {}, found  # a bare number in a list of layers: that many neurons
        if first is None:
            raise NotationError("it names no layer; write for example dense 10, conv 32 3x3, maxpool 2")
        if first.word in JOINS or first.word in GROUPS:
            raise NotationError(f"{shown(first.text)} needs brackets: {first.word} (conv 64 3x3 same; relu)")
        raise NotationError(f"{shown(first.text)} is not a layer that is known{close(first.word, kind_words())}")
    kind, preset, start, end = head
    call.word = "".join(t.word for t in found[start:end])
    rest = found[end:]
    if rest and rest[0].kind == "sign" and rest[0].text in ":=":
        rest = rest[1:]  # hidden layer: 16 neurons
    lead = _led([t for t in found[:start] if t.kind != "word" or not _wraps(t, call)], kind)
    if len(lead) == 1 and lead[0].kind == "size" and rest and rest[0].word == "layers" and "L" not in kind.params:
        repeat(call, lead[0].value)  # 3 dense layers 64
        return kind, preset, rest[1:]
    return kind, preset, lead + rest


def _led(lead: list[Token], kind: Kind) -> list[Token]:
    """The words in front of a kind: `2-layer lstm` says layers=2, `hidden` says only where it stands."""
    known = vocabulary(kind)
    found: list[Token] = []
    for t in lead:
        counted = t.kind == "word" and bool(found) and found[-1].kind == "size"
        if counted and t.word in known and known[t.word].noun:
            found[-1:] = [t, Token("sign", "="), found[-1]]
        elif t.kind != "word" or (t.word not in PLACES and (t.word not in NOISE or t.word in known)):
            found.append(t)
    return found


def _wraps(token: Token, call: Call) -> bool:
    if token.word in EACH or token.word in ("time", "distributed"):
        call.each = True
        return True
    if token.word in ("frozen", "pretrained"):
        call.frozen = True
        return True
    return False
