"""One element of a layer list as a call: which kind of layer, with which arguments, how often, under which name."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.layers.catalogue import words as kind_words
from nparams.notation._stack_arguments import ACTIVATIONS, NOISE, arguments
from nparams.notation._stack_text import GROUPS, JOINS
from nparams.notation._stack_tokens import SYMBOL, Token, size_of, tokens
from nparams.notation._stack_vocabulary import close, usual_numbers, vocabulary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.layers.kind import Kind

LONGEST_NAME = 5  # words of a kind's name: "global average pooling 2d layer"

INPUT_WORDS = frozenset(
    ("input", "inputs", "inputlayer", "inputshape", "inputsize", "image", "inputimage", "tokens", "inputdim")
)
ON = frozenset(("on", "from", "onto", "over"))
NAMED = frozenset(("as", "named", "called"))
#: words for where a layer stands, which name a dense layer where no other kind is named
PLACES = frozenset(("hidden", "output", "hiddenlayer", "outputlayer", "layer"))
#: settings that are not counted: activation=relu
UNCOUNTED = frozenset(
    """activation act nonlinearity initializer kernelinitializer biasinitializer regularizer kernelregularizer init name
    eps epsilon momentum lr""".split()
)
#: words for a layer that is applied once more
AGAIN = frozenset(("reuse", "shared", "again"))
#: words in front of a kind that change how it is applied
EACH = frozenset(("timedistributed", "td"))


class Call:
    """A layer as it was written.

    `given`: arguments by letter.  `on`: the shape that is said to flow in.  `each`: applied at every step by itself.
    `tied`: the name of the layer whose weights it uses.  `again`: the name of the layer that is applied once more.
    """

    __slots__ = (
        "again",
        "each",
        "frozen",
        "given",
        "kind",
        "name",
        "on",
        "shape",
        "start",
        "text",
        "tied",
        "times",
        "word",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.kind: Kind | None = None
        #: the name by which the kind was called
        self.word = ""
        self.given: dict[str, Any] = {}
        self.on: tuple[Size, ...] | None = None
        self.name: str | None = None
        self.times: Size = 1
        self.each = False
        self.frozen = False
        self.tied: str | None = None
        self.again: str | None = None
        #: of an input: its tokens
        self.shape: list[Token] | None = None
        #: names of earlier outputs to go on from
        self.start: tuple[str, ...] = ()

    def copy(self) -> Call:
        """The same call, its arguments apart."""
        made = Call(self.text)
        for slot in self.__slots__:
            setattr(made, slot, getattr(self, slot))
        made.given = dict(self.given)
        return made


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
    rest = _general(rest, kind, call)
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
    count = _count(found[0]) if len(found) > 2 and _is_times(found[1]) else None
    if count is not None and (found[2].word in AGAIN or _find(found[2:]) is not None):
        call.times = count
        found = found[2:]
    return found


def _count(token: Token) -> Size | None:
    """A number of copies: a number, or a symbol."""
    if token.kind == "size":
        return token.value  # type: ignore[no-any-return]
    return size_of(token.text) if token.kind == "word" and re.fullmatch(SYMBOL, token.text) else None


def _repeat(call: Call, times: object) -> None:
    if call.times != 1:
        raise NotationError(f"{call.times} copies and {times} copies: say once how often")
    call.times = times  # type: ignore[assignment]


def _refuse_kernel(kind: Kind, found: list[Token], at: int) -> None:
    """`conv 32 3 x 3`, `embedding 50257 x 768`: one shape, or copies?"""
    shaped = any(kind.params[letter].takes == "shape" for order in kind.orders for letter in order)
    several = shaped or usual_numbers(kind) > 1
    if several and at > 0 and found[at - 1].kind == "size" and not any(t.kind == "shape" for t in found):
        one, other = found[at - 1].text, found[at + 1].text
        raise NotationError(
            f"{one} x {other} reads two ways: write {one}x{other} for a shape, or {other} x {kind.words[0]} ... for "
            "copies"
        )


def _shape_of(token: Token) -> tuple[Size, ...] | None:
    """A shape, a number or a symbol after `on`."""
    if token.kind == "shape":
        return tuple(token.value)
    if token.kind == "size":
        return (token.value,)
    return (size_of(token.text),) if token.kind == "word" and re.fullmatch(SYMBOL, token.text) else None


def _is_times(token: Token) -> bool:
    return token.text in ("x", "×", "*", "X", "times")


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
    names = tuple(t.text for t in found[1:] if t.kind == "word" and t.word not in ("with", "to", "and", "as", "layer"))
    if one in AGAIN or (one == "same" and len(found) > 1 and found[1].word == "as"):
        if len(names) != 1:
            raise NotationError("which layer? Name one earlier (dense 64 as enc), then write: reuse enc")
        call.again = names[0]
        return True
    if one in ("concat", "concatenate", "add", "sum", "multiply", "goto", "back", "branch") and names:
        call.start = (one, *names)
        return True
    return False


def _find(found: list[Token]) -> tuple[Kind, dict[str, object], int, int] | None:
    """The kind that is named, its presets, and where its name begins and ends; values may stand in front."""
    table = kind_words()
    for start in range(min(len(found), LONGEST_NAME)):
        if found[start].kind != "word":
            if found[start].kind in ("shape", "size"):
                continue
            return None
        for end in range(min(len(found), start + LONGEST_NAME), start, -1):
            part = found[start:end]
            name = "".join(t.word for t in part)
            if name in PLACES and _is_layer(_find(found[end:])):
                continue  # hidden dense 16: a word for where it stands
            if all(t.kind == "word" or (t.kind == "size" and t.text.isdigit()) for t in part) and name in table:
                return table[name], dict(table[name].presets.get(name, {})), start, end
        if not _may_lead(found[start], found[start + 1 :]):
            return None
    return None


def _is_layer(head: tuple[Kind, dict[str, object], int, int] | None) -> bool:
    return head is not None and head[0].name != "Activation"


def _may_lead(token: Token, rest: list[Token]) -> bool:
    """Whether a word may stand in front of a kind: `bidirectional lstm`, `8 heads attention`."""
    if (
        token.word in NOISE | PLACES
        or token.word in EACH
        or token.word in ("time", "distributed", "frozen", "pretrained")
    ):
        return True
    inner = _find(rest)
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
        _repeat(call, lead[0].value)  # 3 dense layers 64
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


# -- for all kinds --------------------------------------------------------------------------------------------------


def _general(found: list[Token], kind: Kind, call: Call) -> list[Token]:
    """What any layer may say: on 16, tied to emb, frozen, an activation; the rest."""
    rest: list[Token] = []
    at = 0
    known = vocabulary(kind)
    while at < len(found):
        token, after = found[at], found[at + 1] if at + 1 < len(found) else None
        if token.kind == "word" and token.word in ON and after is not None and (said := _shape_of(after)) is not None:
            call.on = said
            at += 2
        elif token.kind == "word" and token.word in NAMED and after is not None and after.kind == "word":
            if call.name is not None:
                raise NotationError(f"it has two names, {call.name} and {after.text}; keep one")
            call.name = after.text
            at += 2
        elif _is_times(token) and after is not None and (count := _count(after)) is not None:
            _refuse_kernel(kind, found, at)
            _repeat(call, count)
            at += 2
        elif token.kind == "word" and (glued := re.fullmatch(r"[x×](\d+)", token.text)):
            _repeat(call, size_of(glued[1]))
            at += 1
        elif token.kind == "word" and token.word in ("tied", "tie", "shareswith") and at + 1 < len(found):
            at += 2 if after is not None and after.word in ("to", "with") else 1
            if at >= len(found):
                raise NotationError(
                    "tied to which layer? Name one earlier (embedding 1000 64 as emb), then: tied to emb"
                )
            call.tied = found[at].text
            at += 1
        elif token.kind == "word" and token.word in UNCOUNTED and (skipped := _setting(found, at)):
            at += skipped
        elif token.kind == "word" and after is None and token.word in ("on", "as") and token.word not in known:
            needs = "a size after it: on 16" if token.word == "on" else "a name after it: as conv1"
            raise NotationError(f"{shown(token.text)} needs {needs}")
        elif token.kind == "word" and token.word in ("frozen", "nontrainable"):
            call.frozen = True
            at += 1
        elif token.kind == "word" and token.word not in known and _is_activation(found, at):
            at += 1 + (after is not None and token.word == "leaky")
        else:
            rest.append(token)
            at += 1
    return rest


def _setting(found: list[Token], at: int) -> int:
    """How many tokens `activation = relu` takes, 0 where it is no such thing."""
    end = at + 1
    if end < len(found) and found[end].kind == "sign" and found[end].text in "=:":
        end += 1
    elif end >= len(found) or found[end].word not in ACTIVATIONS:
        return 0
    return end + 1 - at


def _is_activation(found: list[Token], at: int) -> bool:
    word = found[at].word
    if word == "leaky" and at + 1 < len(found):
        word += found[at + 1].word
    return word in ACTIVATIONS and not (
        at > 0
        and found[at - 1].kind == "sign"
        and found[at - 1].text == "="
        and at > 1
        and found[at - 2].word.endswith("bias")
    )
