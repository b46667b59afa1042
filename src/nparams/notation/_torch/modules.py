"""Objects of torch.nn while code is interpreted: modules, parameters and tensors with nothing in them but shapes."""

from __future__ import annotations

from nparams.expr import Expr, mul, product
from nparams.notation._code.machine import described
from nparams.notation._code.objects import Class, Instance
from nparams.notation._code.sizes import Copies
from nparams.notation._code.values import MISSING, External, Thing, Unknown
from nparams.notation._torch.strangers import Stranger, is_bare, is_plain, stranger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.layers._torch.layers import TorchClass
    from nparams.notation._code.machine import Machine

    Shape = tuple[Size, ...] | None

CONTAINERS = frozenset(("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"))


class Tensor(Thing):
    """A tensor: its shape, None where that is not known."""

    __slots__ = ("shape",)

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def get(self, m: Machine, name: str) -> Any:
        """Shapes and the methods that change them."""
        from nparams.notation._torch.tensor_methods import tensor_attribute

        return tensor_attribute(m, self, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """tensor.data = ..., tensor.requires_grad = ...: no change of shape."""

    def item(self, m: Machine, key: Any) -> Any:
        """One entry less of a side, or a part of it."""
        from nparams.notation._torch.tensor_methods import part_of

        return part_of(m, self, key)

    def iterate(self, m: Machine) -> list[Any] | None:
        """As many tensors of one side less as its first side says."""
        if not self.shape or not isinstance(self.shape[0], int):
            return None
        m.check_entries(self.shape[0])
        return [Tensor(self.shape[1:]) for _ in range(self.shape[0])]

    def length(self, m: Machine) -> Any:
        """Its first side."""
        return self.shape[0] if self.shape else m.unknown("len(a tensor)")

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """Place by place: shapes are matched as torch matches them."""
        from nparams.notation._torch.tensor_methods import broadcast

        return broadcast(self, other, sign)

    def truth(self) -> bool | None:
        """Not known."""
        return None

    def told(self) -> str:
        """A tensor."""
        return "a tensor"


class Param(Tensor):
    """A parameter or a buffer: what it is, and whether it is trained."""

    __slots__ = ("buffer", "line", "trainable")

    def __init__(self, shape: Shape, *, buffer: bool = False, trainable: bool = True, line: int = 0) -> None:
        super().__init__(shape)
        self.buffer = buffer
        self.trainable = trainable
        self.line = line

    def set(self, m: Machine, name: str, value: Any) -> None:
        """param.requires_grad = False."""
        if name == "requires_grad":
            self.trainable = value is not False
        elif name == "data" and isinstance(value, Tensor):
            self.shape = value.shape

    def copied(self, m: Machine, seen: dict[int, Any]) -> Param:
        """Another one of the same shape."""
        made = Param(self.shape, buffer=self.buffer, trainable=self.trainable, line=self.line)
        seen[id(self)] = made
        return made

    def told(self) -> str:
        """A parameter."""
        return "a parameter"


class TorchModule(Instance):
    """A layer of torch.nn, a container, or an object of a class of the text that is a module."""

    __slots__ = ("children", "container", "given", "line", "params", "spec", "used_up")

    def __init__(self, cls: Class, m: Machine) -> None:
        super().__init__(cls)
        self.children: dict[str, Any] = {}
        self.params: dict[str, Param | None] = {}
        #: the layer of torch.nn that it is (or begins as), and its arguments
        self.spec: TorchClass | None = None
        self.given: dict[str, Any] = {}
        words = [path.rpartition(".")[2] for path in cls.externals()]
        self.container = next((word for word in words if word in CONTAINERS), None)
        #: loops over symbolic ranges that were open when it was made
        self.depth = len(m.repeats)
        self.line = m.line
        #: whether other modules were copied from it, so that it is no network of its own
        self.used_up = False

    @property
    def name(self) -> str:
        """Its class's name."""
        return self.cls.name

    # -- attributes ---------------------------------------------------------------------------------------------------

    def get(self, m: Machine, name: str) -> Any:
        """A module, parameter or attribute of that name; its layer's arguments; a method."""
        for held in (self.children, self.params):
            if name in held:
                return _answer(held[name])
        if name in self.given and name not in self.attributes and self.cls.find(name) is MISSING:
            return self.given[name]
        return super().get(m, name)

    def set(self, m: Machine, name: str, value: Any) -> None:
        """self.name = value: modules and parameters are registered, as torch.nn.Module.__setattr__ does."""
        self._forget(name, value)
        value = self.wrapped(m, value)
        inner = value.value if isinstance(value, Copies) else value
        if isinstance(inner, TorchModule):
            self.children[name] = value
        elif isinstance(inner, Param) and not inner.buffer:
            self.params[name] = inner
        elif value is None and (name in self.children or name in self.params):
            (self.children if name in self.children else self.params)[name] = None
        elif name in self.params and isinstance(inner, Tensor):
            self.params[name] = Param(inner.shape, buffer=True)
        elif isinstance(inner, Unknown) and (made := stranger(inner, sure=self._calls(name, inner))) is not None:
            self.children[name] = made
        else:
            self.attributes[name] = value

    def _calls(self, name: str, value: Unknown) -> bool:
        """Whether an unknown is called as forward calls layers."""
        if is_plain(value) or is_bare(value):
            return False
        return any(isinstance(each, Class) and each.calls(name) for each in self.cls.order)

    def _forget(self, name: str, value: Any) -> None:
        """Another thing of that name goes, in its place where it is of the same sort."""
        self.attributes.pop(name, None)
        if not isinstance(value, (TorchModule, Copies, Unknown)) and value is not None:
            self.children.pop(name, None)
        if isinstance(value, TorchModule):
            self.params = {k: p for k, p in self.params.items() if k != name and not k.startswith(f"{name}.")}

    def wrapped(self, m: Machine, value: Any) -> Any:
        """What one turn of a symbolic loop around it adds stands for all of its turns."""
        return m.repeated(value, self) if isinstance(value, (TorchModule, Param)) else value

    def delete(self, m: Machine, key: Any) -> None:
        """del self.fc, del layers[-1]."""
        if isinstance(key, int):
            names = list(self.children)
            if not -len(names) <= key < len(names):
                raise m.error(f"{self.name} has no entry {key}")
            del self.children[names[key]]
            self.renumber()
            return
        for held in (self.children, self.params, self.attributes):
            held.pop(key, None)

    # -- entries ------------------------------------------------------------------------------------------------------

    def iterate(self, m: Machine) -> list[Any] | None:
        """The entries of a container; the keys of a dict of modules."""
        if self.container is None:
            return super().iterate(m)
        if self.container.endswith("Dict"):
            return [*self.children, *self.params]
        return [_answer(each) for each in (*self.children.values(), *self.params.values())]

    def length(self, m: Machine) -> Any:
        """How many entries a container has."""
        if self.container is None:
            return super().length(m)
        return len(self.children) + len(self.params)

    def item(self, m: Machine, key: Any) -> Any:
        """Entry by number, name or slice."""
        if self.container is None:
            return super().item(m, key)
        held = {**self.children, **self.params}
        if isinstance(key, str):
            if key not in held:
                raise m.error(f"{self.name} has no entry {key!r}")
            return _answer(held[key])
        entries = list(held.values())
        if isinstance(key, slice):
            return self._part(m, key)
        if isinstance(key, int) and -len(entries) <= key < len(entries):
            return _answer(entries[key])
        if isinstance(key, int):
            raise m.error(f"{self.name} has {len(entries)} entries, none at {key}")
        return m.unknown(f"{self.name}[...]")

    def _part(self, m: Machine, key: slice) -> TorchModule:
        made = TorchModule(self.cls, m)
        made.container = self.container
        names = list(self.children)[key]
        keep = self.container == "Sequential" and not all(name.isdigit() for name in names)
        for place, name in enumerate(names):
            made.children[name if keep else str(place)] = self.children[name]
        return made

    def set_item(self, m: Machine, key: Any, value: Any) -> None:
        """layers[3] = ..., blocks["a"] = ...."""
        if self.container is None:
            super().set_item(m, key, value)
        elif isinstance(key, str):
            self.set(m, key, value)
        elif isinstance(key, int):
            names = list(self.children) or list(self.params)
            if not -len(names) <= key < len(names):
                raise m.error(f"{self.name} has {len(names)} entries, none at {key}")
            self.set(m, names[key], value)

    adds_in_place = True

    def extend(self, m: Machine, value: Any) -> None:
        """Put more entries at the end."""
        entries = m.entries(value)
        if entries is None:
            raise m.error(f"what {described(value)} holds is not known, so what {self.name} holds is not")
        for entry in entries:
            self.put(m, entry)

    def put(self, m: Machine, entry: Any, name: str | None = None) -> None:
        """One more entry, under the next number."""
        m.check_entries(len(self.children) + 1)
        if isinstance(entry, Unknown):
            made = stranger(entry, sure=True)
            assert made is not None
            entry = made
        if entry is not None and not isinstance(entry, (TorchModule, Param, Copies, Stranger, Tensor)):
            raise m.error(f"{described(entry)} is no module, so {self.name} cannot hold it")
        if isinstance(entry, Tensor) and not isinstance(entry, Param):
            entry = Param(entry.shape, line=m.line)
        if isinstance(entry, Copies) and isinstance(entry.value, Unknown):
            entry = Copies(stranger(entry.value, sure=True), entry.index, entry.first, entry.last)
        entry = self.wrapped(m, entry)
        held: dict[str, Any] = self.params if isinstance(entry, Param) else self.children
        held[name if name is not None else self.next_name()] = entry

    def next_name(self) -> str:
        """The number of the next entry."""
        return str(len(self.children) + len(self.params))

    def renumber(self) -> None:
        """Entries under the numbers of their places again."""
        self.children = {str(k): each for k, each in enumerate(self.children.values())}

    def strangers(self) -> bool:
        """Whether something in it is not told by the text."""
        return any(isinstance(child, Stranger) for child in self.children.values())

    # -- calls, copies ------------------------------------------------------------------------------------------------

    def call(self, m: Machine, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A forward pass: it is never run; what shape comes out is told where it can be."""
        from nparams.notation._torch.shapes import passed

        return passed(m, self, args)

    def operate(self, m: Machine, sign: str, other: Any, *, turned: bool) -> Any:
        """Containers can be added up."""
        if sign == "+" and self.container is not None and not turned:
            made = TorchModule(self.cls, m)
            made.container = self.container
            for entry in [*(self.iterate(m) or []), *(m.entries(other) or [])]:
                made.put(m, entry)
            return made
        return super().operate(m, sign, other, turned=turned)

    def truth(self) -> bool | None:
        """A module is true; an empty container is not."""
        return bool(self.children or self.params) if self.container is not None else True

    def copied(self, m: Machine, seen: dict[int, Any]) -> TorchModule:
        """copy.deepcopy: modules and parameters anew, each once."""
        from nparams.notation._code.standard import copied

        m.step(40)
        made = TorchModule(self.cls, m)
        seen[id(self)] = made
        self.used_up = True
        made.spec, made.given, made.container = self.spec, dict(self.given), self.container
        made.children = {name: copied(m, child, seen) for name, child in self.children.items()}
        made.params = {name: copied(m, param, seen) for name, param in self.params.items()}
        made.attributes = {name: copied(m, value, seen) for name, value in self.attributes.items()}
        return made


def _answer(held: Any) -> Any:
    return held.origin if isinstance(held, Stranger) else held


def plain_class(name: str) -> Class:
    """The class of a layer that torch.nn itself makes."""
    made = Class(name, [], 0)
    made.order = [made, External(f"torch.nn.{name}"), External("torch.nn.Module")]
    return made


def numel(shape: Shape) -> Size | None:
    """How many numbers a shape holds."""
    return None if shape is None else product(shape)


def scaled(shape: Shape, place: int, by: Size) -> Shape:
    """A shape with one side so many times as long."""
    if shape is None or not -len(shape) <= place < len(shape):
        return shape
    sides = list(shape)
    sides[place] = mul(sides[place], by)
    return tuple(sides)


__all__ = ["Expr", "Param", "Stranger", "Tensor", "TorchModule", "numel", "plain_class", "scaled", "stranger"]
