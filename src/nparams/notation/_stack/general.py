"""What any layer of a list may say, whatever its kind: on 16, as conv1, x 3, tied to emb, frozen, an activation."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.notation._stack.tokens import SYMBOL, Token, size_of
from nparams.notation._stack.vocabulary import ACTIVATIONS, usual_numbers, vocabulary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.layers.kind import Kind

ON = frozenset(("on", "from", "onto", "over"))
NAMED = frozenset(("as", "named", "called"))
#: settings that are not counted: activation=relu
UNCOUNTED = frozenset(
    """activation act nonlinearity initializer kernelinitializer biasinitializer regularizer kernelregularizer init name
    eps epsilon momentum lr""".split()
)


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


def general(found: list[Token], kind: Kind, call: Call) -> list[Token]:
    """Put what any layer may say into the call; the rest of the words and numbers."""
    rest: list[Token] = []
    at = 0
    while at < len(found):
        taken = next((count for say in SAYINGS if (count := say(found, at, kind, call))), 0)
        if not taken:
            rest.append(found[at])
        at += taken or 1
    return rest


def _after(found: list[Token], at: int) -> Token | None:
    return found[at + 1] if at + 1 < len(found) else None


# Each says how many words and numbers it takes at a place, 0 where it is not meant.


def _on(found: list[Token], at: int, kind: Kind, call: Call) -> int:
    after = _after(found, at)
    if found[at].word not in ON or after is None or (said := shape_of(after)) is None:
        return 0
    if call.on is not None:
        raise NotationError("it is said twice what comes in (on ...); keep one")
    call.on = said
    return 2


def _named(found: list[Token], at: int, kind: Kind, call: Call) -> int:
    after = _after(found, at)
    if found[at].word not in NAMED or after is None or after.kind != "word":
        return 0
    if call.name is not None:
        raise NotationError(f"it has two names, {call.name} and {after.text}; keep one")
    call.name = after.text
    return 2


def _copies(found: list[Token], at: int, kind: Kind, call: Call) -> int:
    """`x 3`, `x3`."""
    after = _after(found, at)
    if is_times(found[at]) and after is not None and (times := count(after)) is not None:
        _refuse_kernel(kind, found, at)
        repeat(call, times)
        return 2
    glued = re.fullmatch(r"[x×](\d+)", found[at].text) if found[at].kind == "word" else None
    if glued is None:
        return 0
    repeat(call, size_of(glued[1]))
    return 1


def _tied(found: list[Token], at: int, kind: Kind, call: Call) -> int:
    after = _after(found, at)
    if found[at].word not in ("tied", "tie", "shareswith") or after is None:
        return 0
    taken = 2 if after.word in ("to", "with") else 1
    if at + taken >= len(found):
        raise NotationError("tied to which layer? Name one earlier (embedding 1000 64 as emb), then: tied to emb")
    call.tied = found[at + taken].text
    return taken + 1


def _frozen(found: list[Token], at: int, kind: Kind, call: Call) -> int:
    if found[at].word not in ("frozen", "nontrainable"):
        return 0
    call.frozen = True
    return 1


def _setting(found: list[Token], at: int, kind: Kind, call: Call) -> int:
    """`activation = relu` and other settings that are not counted."""
    end = at + 1
    if found[at].word not in UNCOUNTED:
        return 0
    if end < len(found) and found[end].kind == "sign" and found[end].text in "=:":
        return 3
    return 2 if end < len(found) and found[end].word in ACTIVATIONS else 0


def _activation(found: list[Token], at: int, kind: Kind, call: Call) -> int:
    """An activation beside a layer changes nothing; but `bias=none` is no activation."""
    after = _after(found, at)
    words = found[at].word + (after.word if after is not None and found[at].word == "leaky" else "")
    valued = at > 0 and found[at - 1].kind == "sign"
    if found[at].kind != "word" or found[at].word in vocabulary(kind) or words not in ACTIVATIONS or valued:
        return 0
    end = at + 1 + (found[at].word == "leaky")
    if end < len(found) and found[end].kind == "size" and any(t.kind == "size" for t in found[:at]):
        raise NotationError(f"{found[at].text} takes no number, found {found[end].text}; divide layers with ;")
    return end - at


def _unfinished(found: list[Token], at: int, kind: Kind, call: Call) -> int:
    word = found[at].word
    if word in ("on", "as") and at + 1 == len(found) and word not in vocabulary(kind):
        needs = "a size after it: on 16" if word == "on" else "a name after it: as conv1"
        raise NotationError(f"{shown(found[at].text)} needs {needs}")
    return 0


SAYINGS = (_on, _named, _copies, _tied, _setting, _unfinished, _frozen, _activation)


def repeat(call: Call, times: object) -> None:
    if call.times != 1:
        raise NotationError(f"{call.times} copies and {times} copies: say once how often")
    call.times = times  # type: ignore[assignment]


def _refuse_kernel(kind: Kind, found: list[Token], at: int) -> None:
    """`conv 32 3 x 3`, `embedding 50257 x 768`: one shape, or copies?"""
    shaped = any(kind.params[letter].takes == "shape" for order in kind.orders for letter in order)
    wide = any(len(order) > 1 and order[-1] == kind.width for order in kind.orders)  # positions 1024 x 768
    several = shaped or wide or usual_numbers(kind) > 1
    if several and at > 0 and found[at - 1].kind == "size" and not any(t.kind == "shape" for t in found):
        one, other = found[at - 1].text, found[at + 1].text
        raise NotationError(
            f"{one} x {other} reads two ways: write {one}x{other} for a shape, or {other} x {kind.words[0]} ... for "
            "copies"
        )


def shape_of(token: Token) -> tuple[Size, ...] | None:
    """A shape, a number or a symbol after `on`."""
    if token.kind == "shape":
        return tuple(token.value)
    if token.kind == "size":
        return (token.value,)
    return (size_of(token.text),) if token.kind == "word" and re.fullmatch(SYMBOL, token.text) else None


def count(token: Token) -> Size | None:
    """A number of copies: a number, or a symbol."""
    if token.kind == "size":
        return token.value  # type: ignore[no-any-return]
    return size_of(token.text) if token.kind == "word" and re.fullmatch(SYMBOL, token.text) else None


def is_times(token: Token) -> bool:
    return token.text in ("x", "×", "*", "X", "times")
