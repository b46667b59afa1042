"""One layer while it is being made: what was said of it, what flows in, and what its kind puts into it."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import Expr, free_symbols, symbol
from nparams.layers.flow import Flow
from nparams.network import PARAMETER_ROLES, Module, Over, Tensor
from nparams.network.notes import Told, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.expr import Size
    from nparams.layers.kind import Kind


class Setting:
    """What holds for all layers of one network while they are made, and what was noticed on the way."""

    def __init__(self, convention: str = "textbook", taken: set[str] | None = None) -> None:
        self._convention = convention
        #: whether any layer depends on the convention
        self.consulted = False
        #: symbols that stand for what was not said, each with a sentence
        self.missing: dict[str, str] = {}
        #: sentences that a user must see
        self.notes: list[str] = []
        #: whether some layer has a weight for each position, so that image size, strides and padding matter
        self.positions_matter = False
        #: which layer, as it was written, is being made
        self.place = 0
        taken = set(taken or ())
        #: the letter that numbers equal copies: none that stands for a size
        self.index = next(c for c in "ijktuwxyz" if c not in taken) if len(taken) < 9 else "copy"
        self._taken = taken | {self.index}
        self._made: dict[tuple[int, str], Expr] = {}

    @property
    def convention(self) -> str:
        """Whose layer definitions hold."""
        self.consulted = True
        return self._convention

    def stand_in(self, letter: str, name: str, what: str) -> Expr:
        """A symbol for a size that was not said: one for each argument of each layer as it was written."""
        name = name.replace(f"[{self.index}]", "")
        key = (self.place, letter)
        if key not in self._made:
            self._made[key] = made = self._unused(letter, name)
            self.missing[str(made)] = Told(f"{name}: {what} is not said; {{}} stands for it", made, until_known=True)
        return self._made[key]

    def _unused(self, letter: str, name: str) -> Expr:
        """k, or k_conv2 where something else is called k."""
        made, word = symbol(letter), letter
        while self._taken & free_symbols(made) or str(made) in self.missing:
            word = f"{letter}_{''.join(c for c in name if c.isalnum())}" if word == letter else f"{word}_"
            made = symbol(word)
        return made

    def note(self, sentence: str) -> None:
        """A sentence that a user must see, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


class Layer:
    """Made for one call of Kind.make, which reads arguments and adds arrays, children and what flows out.

    `given` holds the arguments that were said, by letter; `takes` is what flows in and `sends` what flows out.
    """

    def __init__(self, kind: Kind, name: str, given: Mapping[str, Any], flow: Flow, setting: Setting) -> None:
        self.kind = kind
        self.name = name
        self.given = given
        self.setting = setting
        self.takes = flow
        self.sends = flow
        #: the textbook's letters and their values
        self.args: dict[str, Size] = {}
        #: the formula as the textbook writes it, where that is not the plain sum of its parts
        self.formula: str | None = None
        self.tensors: list[Tensor] = []
        self.children: list[Module] = []
        self.why: list[tuple[Size, str, str]] = []
        #: for each entry of `why` the tensors that it stands for
        self.held: list[list[Tensor]] = []
        #: whether it acts on the last side of a shape that has its channels first
        self.turned = False
        #: whether arrays are frozen while an adapter beside them is trained
        self.frozen = False

    @property
    def convention(self) -> str:
        """Whose layer definitions hold."""
        return self.setting.convention

    def make(self) -> None:
        """Let the kind put in what it has; a kind that says nothing of what goes out sends what comes in."""
        self._check_sizes()
        before = self.sends
        self.kind.make(self)
        if self.sends is before:
            self.sends = self.takes
        if self.turned and self.sends.positions and self.sends.channels is not None:
            shape = (*self.sends.positions, self.sends.channels)
            self.sends = Flow(shape[1:], shape[0], first=True)

    def _check_sizes(self) -> None:
        """No argument may be smaller than makes sense: sizes and sides are 1 or more."""
        for letter, held in self.given.items():
            param = self.kind.params.get(letter)
            if param is None or param.takes not in ("size", "shape"):
                continue
            for size in held if isinstance(held, tuple) else (held,):
                if isinstance(size, int) and not isinstance(size, bool) and size < param.least:
                    raise NotationError(f"{param.what} is {size}: at least {param.least} is needed")

    # -- arguments ------------------------------------------------------------------------------------------------

    def value(self, letter: str) -> Any:
        """What was said for `letter`, or its default (None: it has none)."""
        held = self.given.get(letter)
        return self.kind.params[letter].default if held is None else held

    def flag(self, letter: str) -> bool:
        """A thing that a layer has or has not."""
        return bool(self.value(letter))

    def has(self, letter: str) -> bool:
        """The same for a thing that not all kinds of a family know of."""
        return letter in self.kind.params and self.flag(letter)

    def size(self, letter: str) -> Size:
        """The size for `letter`, under which formulas know it; a stand-in symbol where it was not said."""
        held = self.value(letter)
        if held is None:
            held = self.setting.stand_in(letter, self.name, self.kind.params[letter].what)
        self.args[letter] = held
        return held  # type: ignore[no-any-return]

    def width(self, letter: str, what: str = "how many values come in") -> Size:
        """The channels that flow in, as `letter`; a number that was said must agree with them."""
        said, came = self.given.get(letter), self.takes.channels
        if said is not None and came is not None and said != came and not isinstance(came, Expr):
            raise NotationError(
                f"it is said to take {number(said)} values, but {number(came)} come in; correct it or leave it out"
            )
        width = said if said is not None else came
        if width is None:
            width = self.setting.stand_in(letter, self.name, what)
        if self.takes.channels is None:
            self.takes = self.takes.but(channels=width)
        if self.takes.spread:
            self.setting.positions_matter = True
        self.args[letter] = width
        return width

    def last_side(self) -> None:
        """The frameworks' Linear and LayerNorm act on the last side, wherever the channels of an image stand."""
        flow = self.takes
        if flow.first and flow.positions and flow.channels is not None and self.convention != "textbook":
            shape = (flow.channels, *flow.positions)
            self.takes = Flow(shape[:-1], shape[-1])
            self.turned = True
            self.setting.positions_matter = True

    def check(self, holds: bool, otherwise: str) -> None:
        """Refuse the layer with one sentence."""
        if not holds:
            raise NotationError(otherwise)

    def divisible(self, size: Size, by: Size, otherwise: str) -> None:
        """Refuse the layer if the two are numbers and do not divide."""
        if isinstance(size, int) and isinstance(by, int):
            self.check(by > 0 and size % by == 0, otherwise)

    # -- what it has ----------------------------------------------------------------------------------------------

    def array(self, leaf: str, shape: tuple[Size, ...], part: str, why: str, role: str = "weight") -> None:
        """A tensor, the part of the formula that it stands for, in letters, and why it is there."""
        self.arrays({leaf: shape}, part, why, role)

    def arrays(self, shapes: Mapping[str, tuple[Size, ...]], part: str, why: str, role: str = "weight") -> None:
        """Several tensors that one part of the formula stands for."""
        trainable = False if self.frozen and role in PARAMETER_ROLES else None
        made = [Tensor(f"{self.name}.{leaf}", shape, role=role, trainable=trainable) for leaf, shape in shapes.items()]
        self.tensors += made
        if role in PARAMETER_ROLES:
            self.why.append((parsed(part), role, why))
            self.held.append(made)

    def bias(self, shape: tuple[Size, ...], part: str, why: str, *, leaf: str = "bias") -> None:
        """Its biases, unless it was said to have none."""
        if self.flag("bias"):
            self.array(leaf, shape, part, why, "bias")
        else:
            self.say("It has no bias.")

    def buffer(self, leaf: str, shape: tuple[Size, ...]) -> None:
        """Numbers that are kept with it and are no parameters."""
        self.arrays({leaf: shape}, "", "", "buffer")

    def say(self, sentence: str, **sizes: Size) -> None:
        """A sentence of its explanation that stands for no tensor; `sizes` are more letters for it."""
        self.args.update(sizes)
        self.why.append((0, "", sentence))
        self.held.append([])

    def part(self, kind: Kind, leaf: str, flow: Flow | None = None, over: Over | None = None, **given: object) -> Flow:
        """A layer inside this one; what it sends."""
        said = {letter: held for letter, held in given.items() if held is not None}
        inner = Layer(kind, f"{self.name}.{leaf}", said, self.takes if flow is None else flow, self.setting)
        inner.frozen = self.frozen
        inner.make()
        self.children.append(inner.module(over))
        return inner.sends

    def module(self, over: Over | None = None) -> Module:
        """The finished module; its formula is checked against its tensors."""
        return Module(
            self.name, self.kind.name, self.args, self._formula(), over=over, takes=self.takes.shape,
            out=self.sends.shape, tensors=self.tensors, children=self.children, why=self._reasons(),
        )  # fmt: skip

    def _formula(self) -> Size | None:
        """What it adds to the total, in letters: a tensor that is another one adds nothing."""
        tied = any(t.tied_to is not None for t in self.tensors)
        if self.formula is not None and not tied:
            return parsed(self.formula)
        parts = tuple(part for part, _, _ in self._reasons() if part != 0)
        if not parts:
            return 0 if tied else None
        return parts[0] if len(parts) == 1 else Expr("add", parts)

    def _reasons(self) -> list[tuple[Size, str, str]]:
        """`why`, with a word about each part that is tied."""
        return [
            (0, "", f"Its {tensors[0].name.rpartition('.')[2]} is {tensors[0].tied_to} itself (tied): it adds nothing.")
            if tensors and all(t.tied_to is not None for t in tensors) else reason
            for reason, tensors in zip(self.why, self.held, strict=True)
        ]  # fmt: skip


def made(kind: Kind, name: str, given: Mapping[str, Any], flow: Flow, setting: Setting) -> Layer:
    """A layer of that kind; NotationError where its arguments and what flows in do not fit.

    >>> from nparams.layers.catalogue import kind_of
    >>> layer = made(kind_of("conv"), "conv1", {"c_out": 32, "k": (3, 3)}, Flow((28, 28), 1), Setting())
    >>> [t.shape for t in layer.tensors], layer.sends.shape
    ([(32, 1, 3, 3), (32,)], (26, 26, 32))
    """
    layer = Layer(kind, name, given, flow, setting)
    layer.make()
    return layer


_PARSED: dict[str, Size] = {}


def parsed(text: str) -> Size:
    """An expression in letters, read once."""
    if text not in _PARSED:
        from nparams.expr import parse

        _PARSED[text] = parse(text)
    return _PARSED[text]
