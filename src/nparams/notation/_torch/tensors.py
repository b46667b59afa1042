"""Shapes of tensors that code makes for parameters and buffers: torch.zeros(1, n, d), x.view(...), broadcasting.

Source: the documentation of torch's creation functions and of Tensor.view, reshape, expand and broadcasting.
"""

from __future__ import annotations

from nparams.expr import Expr, add, mul
from nparams.notation._code.values import MISSING
from nparams.notation._torch.modules import Tensor
from nparams.notation._torch.sides import sides
from nparams.notation._torch.tensor_methods import METHODS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.expr import Size
    from nparams.notation._code.machine import Machine

    Args = list[Any]
    Kwargs = dict[str, Any]

#: functions whose arguments are the sides, or one list of them
BY_SIDES = frozenset(
    "zeros ones empty rand randn Tensor FloatTensor HalfTensor DoubleTensor IntTensor LongTensor BoolTensor randint "
    "BFloat16Tensor".split()
)
#: functions that give the shape of their first argument
LIKE = frozenset(
    "zeros_like ones_like empty_like rand_like randn_like full_like tril triu abs exp log sqrt sin cos "
    "tanh sigmoid relu "
    "clone normal nan_to_num clamp as_tensor from_numpy neg square softmax".split()
)


def make_tensor(m: Machine, word: str, args: Args, kwargs: Kwargs) -> Any:
    """What torch.word(...) gives, where it gives a tensor whose shape can be told; MISSING otherwise."""
    if word in BY_SIDES:
        if word == "randint":
            args = args[2:] if len(args) > 2 else args[1:]
        size = kwargs.get("size")
        if word.endswith("Tensor") and len(args) == 1 and isinstance(args[0], (list, tuple)):
            return Tensor(_nested(m, args[0]))  # its entries, not its sides
        return Tensor(sides(m, [size] if size is not None else args))
    if word in LIKE:
        held = args[0] if args else None
        return Tensor(held.shape) if isinstance(held, Tensor) else Tensor(_nested(m, held))
    maker = MAKERS.get(word)
    return MISSING if maker is None else maker(m, args, kwargs)


def _full(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return Tensor(sides(m, [args[0] if args else kwargs.get("size")]) if args or "size" in kwargs else None)


def _tensor(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    held = args[0] if args else kwargs.get("data")
    return Tensor(held.shape if isinstance(held, Tensor) else _nested(m, held))


def _nested(m: Machine, held: Any) -> tuple[Size, ...] | None:
    """The shape of nested lists of numbers; () for one number."""
    if isinstance(held, (int, float, Expr)):
        return ()
    if isinstance(held, (list, tuple, range)):
        if not len(held):
            return (0,)
        inner = _nested(m, held[0])
        return None if inner is None else (len(held), *inner)
    return None


def _arange(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    bounds = [m.size_of(arg) for arg in args]
    if not bounds or not all(isinstance(b, (int, Expr)) for b in bounds):
        return Tensor(None)
    first, last = (0, bounds[0]) if len(bounds) == 1 else bounds[:2]
    step = bounds[2] if len(bounds) > 2 else 1
    span = add(last, mul(-1, first))
    if step == 1:
        return Tensor((span,))
    if isinstance(span, int) and isinstance(step, int) and step:
        return Tensor((-(-span // step),))
    return Tensor((Expr("ceildiv", (span, step)),))


def _linspace(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    count = m.size_of(args[2] if len(args) > 2 else kwargs.get("steps", 100))
    return Tensor((count,) if isinstance(count, (int, Expr)) else None)


def _eye(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    found = sides(m, args)
    return Tensor(None if not found else (found[0], found[-1]))


def _cat(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args else None
    place = args[1] if len(args) > 1 else kwargs.get("dim", 0)
    shapes = [e.shape if isinstance(e, Tensor) else None for e in entries or []]
    if not shapes or None in shapes or not isinstance(place, int):
        return Tensor(None)
    first = list(shapes[0] or ())
    if not -len(first) <= place < len(first):
        return Tensor(None)
    first[place] = add(*((shape or ())[place] for shape in shapes))
    return Tensor(tuple(first))


def _stack(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args else None
    place = args[1] if len(args) > 1 else kwargs.get("dim", 0)
    if not entries or not isinstance(entries[0], Tensor) or entries[0].shape is None or not isinstance(place, int):
        return Tensor(None)
    first = list(entries[0].shape)
    first.insert(place if place >= 0 else len(first) + 1 + place, len(entries))
    return Tensor(tuple(first))


def _outer(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    shapes = [arg.shape if isinstance(arg, Tensor) else None for arg in args[:2]]
    known = len(shapes) == 2 and all(shape is not None and len(shape) == 1 for shape in shapes)
    return Tensor(tuple(shape[0] for shape in shapes if shape) if known else None)


def _hann(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return Tensor(sides(m, args[:1]))


def _of_tensor(m: Machine, word: str, args: Args, kwargs: Kwargs) -> Any:
    """torch.flatten(x, 1): the method of the tensor."""
    if not args or not isinstance(args[0], Tensor):
        return m.unknown(f"torch.{word}(...)")
    return METHODS[word](m, args[0], args[1:], kwargs)


def rearranged(m: Machine, word: str, args: Args, kwargs: Kwargs) -> Any:
    """einops.repeat(x, "n -> d n", d=3): sides by their names; brackets are not followed."""
    held, pattern = [*args, None, None][:2]
    sides_ = pattern.partition("->") if isinstance(pattern, str) else ("", "", "")
    names, wanted = sides_[0].split(), sides_[2].split()
    if not isinstance(held, Tensor) or held.shape is None or len(names) != len(held.shape):
        return Tensor(None)
    known = dict(zip(names, held.shape, strict=True)) | {k: m.size_of(v) for k, v in kwargs.items()}
    found = [1 if name == "1" else known.get(name) for name in wanted]
    return Tensor(tuple(found) if wanted and all(isinstance(s, (int, Expr)) for s in found) else None)  # type: ignore[arg-type]


MAKERS: dict[str, Callable[[Machine, Args, Kwargs], Any]] = {
    "full": _full, "tensor": _tensor, "arange": _arange, "range": _arange, "linspace": _linspace, "logspace": _linspace,
    "flatten": lambda m, args, kwargs: _of_tensor(m, "flatten", args, kwargs),
    "reshape": lambda m, args, kwargs: _of_tensor(m, "reshape", args, kwargs),
    "squeeze": lambda m, args, kwargs: _of_tensor(m, "squeeze", args, kwargs),
    "unsqueeze": lambda m, args, kwargs: _of_tensor(m, "unsqueeze", args, kwargs),
    "transpose": lambda m, args, kwargs: _of_tensor(m, "transpose", args, kwargs),
    "numel": lambda m, args, kwargs: _of_tensor(m, "numel", args, kwargs),
    "eye": _eye, "cat": _cat, "concat": _cat, "stack": _stack, "outer": _outer, "ger": _outer, "hann_window": _hann,
    "hamming_window": _hann, "randperm": _arange,
}  # fmt: skip


# -- methods ----------------------------------------------------------------------------------------------------------
