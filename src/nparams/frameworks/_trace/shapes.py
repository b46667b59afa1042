"""Which symbolic shape a tensor has: noted where it is made, followed through what keeps or rearranges it."""

from __future__ import annotations

from nparams.expr import Expr, add, mul
from nparams.expr.nodes import build
from nparams.frameworks._trace.journal import guarded
from nparams.frameworks._trace.numbers import Tracked, size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size

    #: None in place of a size: nothing is known of it but its number
    Dims = tuple[Size | None, ...]


class Shapes:
    """Symbolic shapes, by the memory that a tensor stands in and its shape in numbers.

    A side table: nothing is written onto a tensor.  A Parameter, a detached tensor and a changed one in place stand in
    the same memory, so what is known of one is known of them all.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[int, ...]], Dims] = {}
        #: what is looked up by its address is kept alive, so that no other tensor gets the same one
        self._kept: list[Any] = []

    def note(self, tensor: Any, dims: Dims) -> None:
        """This tensor has this shape."""
        shape = tuple(tensor.shape)
        if len(dims) == len(shape) and any(isinstance(size, Expr) for size in dims):
            self._kept.append(tensor.detach())
            self._known[(_address(tensor), shape)] = dims

    def of(self, tensor: Any) -> Dims | None:
        """The shape of a tensor, None where nothing is known."""
        try:
            return self._known.get((_address(tensor), tuple(tensor.shape)))
        except (RuntimeError, NotImplementedError):  # a kind of tensor that stands in no memory
            return None

    def keep(self, tensor: Any) -> None:
        """Hold on to a tensor for as long as the table is."""
        self._kept.append(tensor)


def _address(tensor: Any) -> int:
    return int(tensor.untyped_storage()._cdata)


def sizes_in(args: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The sizes that a factory was called with: f(2, 3), f((2, 3)) or f([2, 3])."""
    if args and isinstance(args[0], (tuple, list)):
        return tuple(args[0])
    sizes = []
    for arg in args:
        if not isinstance(arg, int) or isinstance(arg, bool):
            break
        sizes.append(arg)
    return tuple(sizes)


def dims_of(sizes: Any) -> Dims | None:
    """The sizes as expressions, None where one of them is no integer."""
    found = []
    for size in sizes:
        if not isinstance(size, int):
            return None
        found.append(size_of(size))
    return tuple(found)


def arange_size(args: tuple[Any, ...], named: dict[str, Any]) -> Size | None:
    """How many numbers torch.arange gives; None where that is no whole-number arithmetic."""
    given = [*args, *(named[key] for key in ("start", "end", "step") if key in named)]
    if not given or not all(isinstance(n, int) for n in given) or ("end" in named and "start" not in named and args):
        return None
    start, end, step = (0, given[0], 1) if len(given) == 1 else (*given, 1)[:3]
    span = add(size_of(end), mul(-1, size_of(start)))
    return span if step == 1 else guarded(build, "ceildiv", (span, size_of(step)))


def rearranged(shape: tuple[int, ...], inputs: list[tuple[tuple[int, ...], Dims]]) -> Dims:
    """The shape of what was made of tensors: a size is the input's size of the same number, where only one has it."""
    by_number: dict[int, set[Any]] = {}
    for numbers, dims in inputs:
        for number, size in zip(numbers, dims, strict=True):
            if size is not None:
                by_number.setdefault(number, set()).add(size)
    return tuple(next(iter(found)) if len(found := by_number.get(n, {n})) == 1 else None for n in shape)


def given_shape(args: tuple[Any, ...], shape: tuple[int, ...]) -> Dims | None:
    """The sizes of view(...), reshape(...), expand(...), where every one is said."""
    sizes = sizes_in(args)
    if sizes is None or len(sizes) != len(shape) or not any(isinstance(s, Tracked) for s in sizes):
        return None
    return tuple(size_of(s) if isinstance(s, Tracked) or s == n else None for s, n in zip(sizes, shape, strict=True))
