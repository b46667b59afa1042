"""One run of a constructor on the meta device: with tracked integers, or with plain ones."""

from __future__ import annotations

from contextlib import ExitStack

from nparams.errors import ReadError
from nparams.frameworks._trace.journal import Journal
from nparams.frameworks._trace.mode import watcher
from nparams.frameworks._trace.numbers import plain
from nparams.frameworks._trace.shadow import Seen, shadowed, watched
from nparams.frameworks._trace.state import default_device_kept
from nparams.roles import usual_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from nparams.frameworks._trace.shapes import Dims, Shapes

#: tensors that one model may hold while it is traced
MOST_HELD = 20_000


class Item:
    """One tensor of a model: its name, its shape in numbers and in expressions, and what it is."""

    __slots__ = ("dims", "dtype", "name", "owner", "role", "shape", "tied_to", "trainable")

    def __init__(
        self, name: str, shape: tuple[int, ...], dims: Dims, role: str, dtype: str, trainable: bool | None, owner: str
    ) -> None:
        self.name = name
        self.shape = shape
        #: None in it where nothing is known of a size but its number
        self.dims = dims
        self.role = role
        self.dtype = dtype
        self.trainable = trainable
        #: the class of the module that holds it
        self.owner = owner
        self.tied_to: str | None = None

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        result = 1
        for n in self.shape:
            result *= n
        return result


class Run:
    """What one run gave: the tensors in order, and the journal of a tracked one."""

    __slots__ = ("items", "journal", "title")

    def __init__(self, items: list[Item], journal: Journal | None, title: str) -> None:
        self.items = items
        self.journal = journal
        #: the class of what was made
        self.title = title


class Broken(Exception):
    """The constructor raised; the message says what."""


class Runner:
    """Runs one callable again and again."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make
        #: globals in which built-in functions are shadowed while arguments are tracked
        self.places: list[dict[str, Any]] = []
        #: floats that stand in the code that ran
        self.floats: frozenset[float] = frozenset()
        #: integers that stand there, and in its tables
        self.numbers: list[int] = []
        self.runs = 0

    def tracked(self, arguments: Mapping[str, Any], journal: Journal) -> Run:
        """One run with arguments that may hold tracked integers."""
        try:
            return self._run(arguments, journal)
        finally:
            journal.open = False

    def plainly(self, arguments: Mapping[str, Any]) -> Run:
        """One run with plain arguments and nothing shadowed: what the formula is verified against."""
        return self._run(arguments, None)

    def look(self, arguments: Mapping[str, Any]) -> None:
        """One plain run to see which modules' code runs, so that names can be shadowed there."""
        seen = Seen()
        self._run(arguments, None, seen)
        self.places, self.floats, self.numbers = seen.ours(), frozenset(seen.floats), seen.numbers()

    def _run(self, arguments: Mapping[str, Any], journal: Journal | None, seen: Seen | None = None) -> Run:
        import torch

        self.runs += 1
        mode = watcher(journal)
        with ExitStack() as stack:
            if journal is not None:
                stack.enter_context(shadowed(self.places, journal))
            if seen is not None:
                stack.enter_context(watched(seen))
            stack.enter_context(torch.device("meta"))
            stack.enter_context(mode)
            stack.enter_context(default_device_kept())
            model = self._made(arguments)
        if not isinstance(model, torch.nn.Module):
            raise ReadError(f"it made an object of type {type(model).__name__}, not a torch.nn.Module")
        return Run(list(_items(model, mode.rules.shapes)), journal, type(model).__name__)

    def _made(self, arguments: Mapping[str, Any]) -> Any:
        try:
            return self.make(**arguments)
        except ReadError:
            raise
        except (Exception, SystemExit) as error:
            text = " ".join(str(error).split())
            raise Broken(f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__) from error


def _items(model: Any, shapes: Shapes) -> Iterator[Item]:
    """Every parameter and buffer in the order of registration; a name after the first for one tensor is tied to it."""
    first: dict[int, str] = {}
    count = 0
    stack = [("", model)]
    seen: set[int] = set()
    while stack:
        prefix, module = stack.pop()
        held = [(leaf, t, True) for leaf, t in module._parameters.items()]
        held += [(leaf, t, False) for leaf, t in module._buffers.items()]
        for leaf, tensor, registered in held:
            if tensor is None:
                continue
            item = _item(f"{prefix}{leaf}", leaf, tensor, registered, type(module).__name__, shapes)
            item.tied_to = first.get(id(tensor))
            first.setdefault(id(tensor), item.name)
            count += 1
            yield item
        if count > MOST_HELD:
            raise ReadError(f"it holds more than {MOST_HELD:,} tensors: too many to follow")
        seen.add(id(module))
        children = [(f"{prefix}{name}.", child) for name, child in module._modules.items() if child is not None]
        stack.extend(reversed(children))


def _item(name: str, leaf: str, tensor: Any, registered: bool, owner: str, shapes: Shapes) -> Item:
    from torch.nn.parameter import is_lazy

    if is_lazy(tensor):
        raise ReadError(f"{name} is created when the model is first used: its size depends on the data")
    shape, dims, role, dtype = facts(leaf, tensor, registered, shapes)
    return Item(name, shape, dims, role, dtype, bool(tensor.requires_grad) if registered else None, owner)


def facts(leaf: str, tensor: Any, registered: bool, shapes: Shapes) -> tuple[tuple[int, ...], Dims, str, str]:
    """(shape in numbers, shape in expressions, role, number type) of a tensor of a model."""
    shape = tuple(map(plain, tensor.shape))
    dtype = str(tensor.dtype).removeprefix("torch.")
    role = "buffer"
    if registered:
        role = "bias" if usual_role(leaf, shape, dtype)[0] == "bias" else "weight"
    known = shapes.of(tensor)
    return shape, known if known is not None else tuple(n if n == 1 else None for n in shape), role, dtype
