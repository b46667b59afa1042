"""Everything that a constructor asks of torch, watched: tensors go to the meta device, their shapes are noted."""

from __future__ import annotations

from nparams.errors import ReadError
from nparams.expr import product
from nparams.frameworks._trace.numbers import tracked
from nparams.frameworks._trace.shapes import Shapes, arange_size, dims_of, given_shape, rearranged, sizes_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.frameworks._trace.journal import Journal

#: tensors that one run may make
MOST_TENSORS = 50_000
#: elements of a table of numbers (a schedule of rates, positions) that is really computed
SMALL = 100_000

#: factories that are given a shape
SHAPED = ("empty", "zeros", "ones", "rand", "randn", "full")
#: factories of numbers that a constructor may look at: made where it says, or in main memory, while they are small
LOOKED_AT = ("tensor", "as_tensor", "arange", "linspace", "logspace", "from_numpy", "scalar_tensor")
#: methods that would copy to a device
MOVES = ("to", "cuda", "cpu", "xpu", "mps")


def watcher(journal: Journal | None) -> Any:
    """A torch function mode that notes shapes; without a journal it only keeps every tensor on the meta device."""
    from torch.overrides import TorchFunctionMode

    class Watcher(TorchFunctionMode):  # type: ignore[misc]
        rules = Rules(journal)

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return self.rules.answer(func, args, dict(kwargs or {}))

    return Watcher()


class Rules:
    """What is done at each call of a function of torch."""

    def __init__(self, journal: Journal | None) -> None:
        import torch

        self.journal = journal
        self.torch: Any = torch
        self.shapes = Shapes()
        self.made = 0
        self.meta = torch.device("meta")
        kind = torch.Tensor
        self.shaped = {getattr(torch, name) for name in SHAPED}
        self.looked_at = {getattr(torch, name) for name in LOOKED_AT}
        self.moves = {getattr(kind, name) for name in MOVES if hasattr(kind, name)}
        self.size_getters = {kind.shape.__get__, kind.size}
        self.counts = {kind.numel, kind.nelement, torch.numel}
        self.takes_shape = {kind.view, kind.reshape, kind.expand, torch.reshape}
        self.takes_shape |= {kind.new_empty, kind.new_zeros, kind.new_ones}

    def answer(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """What the call gives."""
        if func in self.shaped:
            return self._shaped(func, args, kwargs)
        if func in self.looked_at:
            return self._small(func, args, kwargs)
        if func in self.moves:
            return self._moved(func, args, kwargs)
        if self.journal is not None and func in self.size_getters:
            return self._sized(func, args, kwargs)
        if self.journal is not None and func in self.counts:
            return self._counted(func, args, kwargs)
        return self._followed(func, args, kwargs)

    def _shaped(self, func: Any, args: Any, kwargs: Any) -> Any:
        kwargs["device"] = self.meta
        kwargs.pop("pin_memory", None)
        out = func(*args, **kwargs)
        self._one_more()
        sizes = kwargs["size"] if "size" in kwargs else sizes_in(args)
        dims = None if self.journal is None or sizes is None else dims_of(sizes)
        if dims is not None:
            self.shapes.note(out, dims)
        return out

    def _small(self, func: Any, args: Any, kwargs: Any) -> Any:
        self._one_more()
        kwargs.pop("device", None)
        with self.torch.device("cpu"):
            out = func(*args, **kwargs)
        out = out if out.numel() <= SMALL else out.to(self.meta)
        if self.journal is not None and func is self.torch.arange:
            size = arange_size(args, kwargs)
            if size is not None:
                self.shapes.note(out, (size,))
        return out

    def _moved(self, func: Any, args: Any, kwargs: Any) -> Any:
        """A move between devices is none; a change of the number type is one."""
        dtypes = [a for a in (*args[1:], *kwargs.values()) if isinstance(a, self.torch.dtype)]
        dtypes += [a.dtype for a in args[1:] if isinstance(a, self.torch.Tensor)]
        return self._followed(self.torch.Tensor.to, (args[0], *dtypes[:1]), {}) if dtypes else args[0]

    def _sized(self, func: Any, args: Any, kwargs: Any) -> Any:
        out = func(*args, **kwargs)
        dims = self.shapes.of(args[0])
        if dims is None or self.journal is None:
            return out
        if isinstance(out, tuple):
            return self.torch.Size([tracked(n, size, self.journal) for n, size in zip(out, dims, strict=True)])
        return tracked(out, dims[args[1] if len(args) > 1 else kwargs["dim"]], self.journal)

    def _counted(self, func: Any, args: Any, kwargs: Any) -> Any:
        out = func(*args, **kwargs)
        dims = self.shapes.of(args[0])
        if dims is None or self.journal is None or None in dims:
            return out
        return tracked(out, product(dims), self.journal)  # type: ignore[arg-type]

    def _followed(self, func: Any, args: Any, kwargs: Any) -> Any:
        if kwargs.get("device") is not None:
            kwargs["device"] = self.meta
        try:
            out = func(*args, **kwargs)
        except (RuntimeError, NotImplementedError):
            if not self._mixed(args, kwargs):
                raise
            out = func(*self._on_meta(args), **dict(zip(kwargs, self._on_meta(tuple(kwargs.values())), strict=True)))
        if self.journal is not None and args:
            for each in out if isinstance(out, (tuple, list)) else (out,):
                if isinstance(each, self.torch.Tensor):
                    self._inherit(func, args, each)
        return out

    def _inherit(self, func: Any, args: Any, out: Any) -> None:
        if self.shapes.of(out) is not None or not out.dim():
            return
        dims = given_shape(args[1:], tuple(out.shape)) if func in self.takes_shape else None
        if dims is None:
            inputs = [a for arg in args for a in (arg if isinstance(arg, (tuple, list)) else (arg,))]
            known = [
                (t, d) for t in inputs if isinstance(t, self.torch.Tensor) and (d := self.shapes.of(t)) is not None
            ]
            if not known:
                return
            same = [d for t, d in known if t.shape == out.shape]
            dims = same[0] if same else rearranged(tuple(out.shape), [(tuple(t.shape), d) for t, d in known])
        self.shapes.note(out, dims)

    def _mixed(self, args: Any, kwargs: Any) -> bool:
        flat = [a for arg in (*args, *kwargs.values()) for a in (arg if isinstance(arg, (tuple, list)) else (arg,))]
        return len({a.device.type for a in flat if isinstance(a, self.torch.Tensor)}) > 1

    def _on_meta(self, args: Any) -> Any:
        return tuple(
            a.to(self.meta)
            if isinstance(a, self.torch.Tensor)
            else type(a)(self._on_meta(a))
            if type(a) in (list, tuple)
            else a
            for a in args
        )

    def _one_more(self) -> None:
        self.made += 1
        if self.made > MOST_TENSORS:
            raise ReadError(f"it makes more than {MOST_TENSORS:,} tensors: too many to follow")
