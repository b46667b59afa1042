"""One call of a class of torch.nn: its arguments as sizes, flags and sides, each refused by name where it is none."""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.expr import Expr
from nparams.layers.catalogue import kind_of
from nparams.layers.flow import Flow
from nparams.layers.layer import Layer, made
from nparams.network import Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nparams.expr import Size
    from nparams.layers._torch.layers import TorchClass
    from nparams.layers.layer import Setting

#: layers that one call may make: stacked ones in LSTM and Transformer
MAX_LAYERS = 2_000


class Call:
    """The class, the name of the layer, and what was given for its parameters."""

    __slots__ = ("cls", "given", "name", "setting")

    def __init__(self, cls: TorchClass, name: str, given: Mapping[str, object], setting: Setting) -> None:
        self.cls = cls
        self.name = name
        self.given = given
        self.setting = setting

    # -- arguments ----------------------------------------------------------------------------------------------------

    def refuse(self, parameter: str, sentence: str) -> NotationError:
        """An error that names class and parameter."""
        return NotationError(f"{self.cls.name}: {parameter} {sentence}")

    def size(self, parameter: str, least: int = 1) -> Size:
        """A whole number or an expression."""
        return self._size(parameter, self.given[parameter], least)

    def _size(self, parameter: str, value: object, least: int = 1) -> Size:
        if isinstance(value, Expr):
            return value
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(parameter, f"must be a whole number, found {told(value)}")
        if value < least:
            raise self.refuse(parameter, f"is {value}: at least {least} is needed")
        return value

    def optional(self, parameter: str) -> Size | None:
        """A size, or None."""
        return None if self.given[parameter] is None else self.size(parameter)

    def flag(self, parameter: str) -> bool:
        """A thing that the layer has or has not."""
        value = self.given[parameter]
        if not isinstance(value, (bool, int)) and value is not None:
            raise self.refuse(parameter, f"must be True or False, found {told(value)}")
        return bool(value)

    def sizes(self, parameter: str) -> tuple[Size, ...]:
        """One or several sizes, as a tuple."""
        value = self.given[parameter]
        if not isinstance(value, (tuple, list)):
            return (self.size(parameter),)
        return tuple(self._size(parameter, size) for size in value)

    def sides(self, parameter: str, least: int = 1) -> tuple[Size, ...]:
        """A size for each side that the layer slides along."""
        value, rank = self.given[parameter], self.cls.rank
        if not isinstance(value, (tuple, list)):
            return (self._size(parameter, value, least),) * rank
        if len(value) != rank:
            raise self.refuse(parameter, f"must have {rank} sides, found {told(value)}")
        return tuple(self._size(parameter, size, least) for size in value)

    def rate(self, parameter: str) -> None:
        """A probability: refused outside 0..1."""
        value = self.given[parameter]
        if isinstance(value, (int, float)) and not 0 <= value <= 1:
            raise self.refuse(parameter, f"is {value}: a probability lies between 0 and 1")

    def one_of(self, parameter: str, options: Sequence[str]) -> None:
        """A word: refused if it is none of those."""
        value = self.given[parameter]
        if isinstance(value, str) and value not in options:
            raise self.refuse(parameter, f"must be one of {', '.join(options)}, found {shown(value)}")

    # -- layers -------------------------------------------------------------------------------------------------------

    def layer(self, kind: str, **given: object) -> Layer:
        """A layer of a textbook kind under the name of this one."""
        return self.part(kind, "", **given)

    def part(self, kind: str, leaf: str, **given: object) -> Layer:
        """A layer of a textbook kind inside this one."""
        name = f"{self.name}.{leaf}" if leaf and self.name else leaf or self.name
        return made(kind_of(kind), name, given, Flow(), self.setting)

    def full(self, leaf: str) -> str:
        """The full name of a tensor or a part."""
        return f"{self.name}.{leaf}" if self.name else leaf

    def tensor(self, leaf: str, shape: tuple[Size, ...] | None, role: str = "weight") -> Tensor:
        """A tensor of this layer."""
        return Tensor(self.full(leaf), shape, role=role)

    def module(self, kind: str, **more: object) -> Module:
        """A module under the name of this layer."""
        return Module(self.name, kind, **more)  # type: ignore[arg-type]


def told(value: object) -> str:
    """What was given, for a message."""
    if isinstance(value, Expr):
        return f"the symbol {value}; give it a value: --set {value}=1"
    return shown(value if isinstance(value, str) else repr(value))


def with_tensors(module: Module, tensors: Sequence[Tensor]) -> Module:
    """The same module with its tensors laid out, named or ordered in another way; the formula is checked again."""
    return Module(
        module.name, module.kind, module.args, module.formula, over=module.over, takes=module.takes, out=module.out,
        tensors=tensors, children=module.children, why=module.why,
    )  # fmt: skip


def tensors_of(root: Module) -> Iterator[Tensor]:
    """Every tensor under a module, in order."""
    stack = [root]
    while stack:
        module = stack.pop()
        yield from module.tensors
        stack.extend(reversed(module.children))


#: the name of a layer that others are copied from
HERE = "x"


def renamed(made: Module, name: str) -> Module:
    """A copy of a layer that is called HERE, and of the layers in it, under another name."""
    copy = Module.__new__(Module)  # its formula was checked when it was made
    for slot in Module.__slots__:
        setattr(copy, slot, getattr(made, slot))
    copy.name = name + made.name[len(HERE) :]
    copy.children = [renamed(child, name) for child in made.children]
    copy.tensors = [
        Tensor(name + t.name[len(HERE) :], t.shape, role=t.role, trainable=t.trainable, size=t.size)
        for t in made.tensors
    ]
    return copy
