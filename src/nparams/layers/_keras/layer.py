"""One layer of Keras: its class, its arguments, and, once it is called, its arrays and the shape that it sends.

A class of keras.layers is a row (`Klass`): its signature as keras/src/layers writes it, and the function that reads the
arguments, makes the arrays from the shape that comes in, and says what goes out.  Arrays have Keras's own names and
shapes (kernel (in, out), moving_mean); what a formula and an explanation say is the textbook's (layers/).
"""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.expr import Expr
from nparams.layers._keras.klass import REQUIRED, Klass
from nparams.layers._keras.shape import ANY, is_size, shown_shape, told
from nparams.layers.catalogue import kind_of
from nparams.layers.layer import made, parsed
from nparams.network import PARAMETER_ROLES, Module, Tensor

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from nparams.expr import Size
    from nparams.layers._keras.shape import Dim, Shape
    from nparams.layers.flow import Flow
    from nparams.layers.layer import Layer, Setting

    Sent = Shape | list[Shape] | None


class KerasLayer:
    """A layer with its arguments bound; `module` once it has been called."""

    def __init__(self, klass: Klass, name: str, args: dict[str, Any], setting: Setting) -> None:
        self.klass = klass
        self.name = name
        self.args = args
        self.setting = setting
        self.place = setting.place = setting.place + 1
        self.module: Module | None = None
        self.trainable = args.get("trainable") is not False
        #: the shape of its input where an argument says it: input_shape=(28, 28, 1)
        self.says: Shape | None = None
        #: channels_first, where keras.config or image_data_format says so for all layers
        self.first = False
        #: what the layer sends where only the code around it knows (a Lambda)
        self.runner: Callable[[list[Shape]], Sent] | None = None
        #: the last call, which is often made again: the shapes that came in, and what was sent
        self.last: tuple[list[Shape], Sent] | None = None
        #: takes names that Keras gives to layers inside this one when it is first called
        self.on_first: Callable[[], object] | None = None
        #: brings a value that the code around it does not tell to a symbol
        self.resolve: Callable[[Any], Any] = lambda held: held

    def __repr__(self) -> str:
        return f"<{self.klass.name} {self.name}>"

    # -- a call ---------------------------------------------------------------------------------------------------

    def call(self, shapes: list[Shape]) -> Sent:
        """What goes out for what comes in; the first call makes the arrays, a later one must fit them."""
        shapes = shapes or [ANY]
        if self.module is not None and self.last is not None and self.last[0] == shapes:
            return self.last[1]
        sent = self._call(shapes)
        self.last = (list(shapes), sent)
        return sent

    def _call(self, shapes: list[Shape]) -> Sent:
        before, place = self.module, self.setting.place
        if before is None and self.on_first is not None:
            self.on_first()
        self.setting.place = self.place
        try:
            if () in shapes:
                raise NotationError("a single number comes in; an array with a batch is needed: Input(shape=(1,))")
            if self.says is not None:
                shapes = [self._said(shapes[0]), *shapes[1:]]
            sent = self.klass.make(self, shapes)
        except NotationError as error:
            raise self.placed(error) from None
        finally:
            self.setting.place = place
        if self.module is None:
            why = ((0, "", _nothing(self.klass.kind)),)
            self.module = Module(self.name, self.klass.kind, takes=told(shapes[0]), out=_out(sent), why=why)
        if before is not None:
            self._same_arrays(before, shapes)
            self.module = before
        return sent

    def _said(self, shape: Shape) -> Shape:
        """What comes in, with the last side as its own arguments say it where that is not known."""
        wide = self.says[-1] if self.says else None
        if is_size(wide) and shape[-1] in (None, ...) and not self.first:
            return (*shape[:-1], wide) if shape[-1] is None else (*shape, wide)
        return shape

    def placed(self, error: NotationError) -> NotationError:
        """The same error with the layer before it."""
        text = str(error)
        return error if text.startswith(f"{self.name} (") else NotationError(f"{self.name} ({self.klass.name}): {text}")

    def _same_arrays(self, before: Module, shapes: list[Shape]) -> None:
        assert self.module is not None
        for old, new in zip(_arrays(before), _arrays(self.module), strict=False):
            if old.shape != new.shape and _plain(old.shape) and _plain(new.shape):
                raise NotationError(
                    f"{self.name} ({self.klass.name}): it is called again on {shown_shape(shapes[0])}, which does not "
                    f"fit its {old.name.rpartition('.')[2]} of {old.shape}"
                )

    # -- arguments ------------------------------------------------------------------------------------------------

    def value(self, name: str) -> Any:
        """An argument as it was said, or its default."""
        held = self.args.get(name, self.klass.params.get(name))
        if held is REQUIRED:
            raise NotationError(f"its argument {name} is missing")
        return held

    def number(self, name: str) -> Any:
        """An argument that is a size: a float that is whole is one too (Dense(64 / 2))."""
        held = self.resolve(self.value(name))
        return int(held) if isinstance(held, float) and held.is_integer() and abs(held) < 1e15 else held

    def size(self, name: str, letter: str, what: str) -> Size:
        """A size; a symbol where the code does not say it."""
        held = self.number(name)
        if is_size(held):
            if isinstance(held, int) and held < 1:
                raise NotationError(f"{name} is {held}: at least 1 is needed")
            return held  # type: ignore[no-any-return]
        if held is None or isinstance(held, (str, bool, float, list, tuple)):
            raise NotationError(f"{name} is {_quoted(held)}: a whole number is needed")
        return self.setting.stand_in(letter, self.name, what)

    def flag(self, name: str) -> bool:
        """A thing that it has or has not."""
        held = self.value(name)
        if held is None or isinstance(held, (bool, int)):
            return bool(held)
        raise NotationError(f"{name} is {_quoted(held)}: True or False is needed")

    def word(self, name: str, choices: str) -> str:
        """One of a few words."""
        held = self.value(name)
        if isinstance(held, str) and held.lower() in choices.split():
            return held.lower()
        raise NotationError(f"{name} is {_quoted(held)}: one of {', '.join(choices.split())} is needed")

    def sides(self, name: str, rank: int, *, least: int = 1) -> tuple[Size, ...]:
        """One number for all sides, or one for each."""
        held = self.number(name)
        if isinstance(held, (tuple, list)):
            held = tuple(map(self.resolve, held))
        if is_size(held):
            held = (held,) * rank
        if not isinstance(held, (tuple, list)) or not all(is_size(n) for n in held):
            raise NotationError(f"{name} is {_quoted(held)}: a whole number, or {rank} in brackets, is needed")
        if len(held) != rank:
            if len(held) == 1:
                held = tuple(held) * rank
            else:
                raise NotationError(f"{name} has {len(held)} numbers, but there are {rank} sides")
        for n in held:
            if isinstance(n, int) and n < least:
                raise NotationError(f"{name} is {n}: at least {least} is needed")
        return tuple(held)

    def channels_first(self) -> bool:
        """Whether its channels stand before the sides."""
        held = self.args.get("data_format")
        if held is None or held == "default":
            return self.first
        return self.word("data_format", "channels_first channels_last") == "channels_first"

    # -- what it has ------------------------------------------------------------------------------------------------

    def textbook(self, kind: str, given: Mapping[str, Any], flow: Flow) -> Layer:
        """The textbook's layer, by Keras's definitions: its letters, formula and sentences."""
        said = {letter: held for letter, held in given.items() if held is not None}
        return made(kind_of(kind), self.name, said, flow, self.setting)

    def holds(self, layer: Layer, arrays: Sequence[tuple[str, Any, str]], taken: Shape, sent: Sent) -> None:
        """The module of a textbook's layer with Keras's arrays: (name, shape, role)."""
        made = layer.module()
        self._module(made.kind, made.args, made.formula, made.why, arrays, taken, sent)

    def own(
        self, kind: str, args: Mapping[str, Size], arrays: Sequence[tuple[str, Any, str, str, str]], taken: Shape,
        sent: Sent,
    ) -> None:  # fmt: skip
        """A module that the textbook does not know: (name, shape, role, its part of the formula, why it is there)."""
        counted = [entry for entry in arrays if entry[2] in PARAMETER_ROLES]
        parts = tuple(parsed(part) for _, _, _, part, _ in counted)
        formula = None if not parts else parts[0] if len(parts) == 1 else Expr("add", parts)
        why = [(parsed(part), role, text) for _, _, role, part, text in counted]
        self._module(kind, args, formula, why, [entry[:3] for entry in arrays], taken, sent)

    def _module(
        self, kind: str | None, args: Mapping[str, Size], formula: Any, why: Any,
        arrays: Sequence[tuple[str, Any, str]], taken: Shape, sent: Sent,
    ) -> None:  # fmt: skip
        tensors = [
            Tensor(f"{self.name}.{leaf}", tuple(shape), role=role, trainable=role in PARAMETER_ROLES)
            for leaf, shape, role in arrays
        ]
        self.module = Module(
            self.name, kind, args, formula, takes=told(taken), out=_out(sent), tensors=tensors, why=why
        )  # fmt: skip

    def around(self, inner: Module, taken: Shape, sent: Sent, leaf: str = "") -> None:
        """The module of a layer around another one: under its own name, where there is nothing else to name."""
        if inner.children:
            self.module = Module(
                self.name, self.klass.kind, takes=told(taken), out=_out(sent),
                children=[renamed(inner, f"{self.name}.{leaf or inner.name}")],
            )  # fmt: skip
        else:
            self.module = renamed(inner, self.name)
            self.module.takes, self.module.out = told(taken), _out(sent)

    def sees(self, dim: Dim, letter: str, what: str) -> Size:
        """A side that arrays are made from: a symbol where it is not known."""
        return self.setting.stand_in(letter, self.name, what) if dim is None else dim


def is_callee(held: object) -> bool:
    """Whether it is a layer or a model, which another layer may wrap."""
    return isinstance(held, KerasLayer) or callable(getattr(held, "parts", None))


def renamed(module: Module, name: str) -> Module:
    """A copy of a module, and of all in it, under another name."""
    old = module.name

    def moved(text: str) -> str:
        return name + text[len(old) :] if text == old or text.startswith(f"{old}.") else f"{name}.{text}"

    copy = Module(
        name, module.kind, module.args, takes=module.takes, out=module.out, over=module.over, why=module.why,
        tensors=[
            Tensor(
                moved(t.name), t.shape, t.dtype, t.role, t.trainable, t.tied_to and moved(t.tied_to), note=t.note,
                size=t.size,
            )
            for t in module.tensors
        ],
        children=[renamed(child, moved(child.name)) for child in module.children],
    )  # fmt: skip
    copy.formula = module.formula
    return copy


def _nothing(kind: str) -> str:
    """Why a layer has no arrays, in the textbook's words where it knows the kind."""
    from nparams.layers.catalogue import kinds

    what = kinds()[kind].what if kind in kinds() else "nothing to learn"
    return f"{what[0].upper()}{what[1:]}: no weights."


def _out(sent: Sent) -> tuple[Size, ...] | None:
    first = sent[0] if isinstance(sent, list) and sent else sent
    return told(first) if isinstance(first, tuple) else None


def _arrays(module: Module) -> list[Tensor]:
    return [*module.tensors, *(t for child in module.children for t in _arrays(child))]


def _plain(shape: tuple[Size, ...] | None) -> bool:
    return shape is not None and all(isinstance(n, int) for n in shape)


def _quoted(value: object) -> str:
    if isinstance(value, (int, float, tuple, list, bool)) or value is None:
        return str(value)[:40]
    return shown(value if isinstance(value, str) else str(value))
