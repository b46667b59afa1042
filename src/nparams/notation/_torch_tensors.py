"""Shapes of tensors that code makes for parameters and buffers: torch.zeros(1, n, d), x.view(...), broadcasting.

Source: the documentation of torch's creation functions and of Tensor.view, reshape, expand and broadcasting.
"""

from __future__ import annotations

from nparams.expr import Expr, add, mul, product
from nparams.notation._code_values import MISSING, Native
from nparams.notation._torch_modules import Param, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.expr import Size
    from nparams.notation._code_machine import Machine

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
#: methods that give the shape of the tensor itself
SAME = frozenset(
    "float half double int long bool to cuda cpu detach clone contiguous requires_grad_ normal_ uniform_ zero_ fill_ "
    "type abs exp log sqrt sin cos tril triu clamp clamp_ mul div add sub mul_ div_ add_ sub_ copy_ data_ numpy pow "
    "masked_fill softmax tanh sigmoid relu neg square bernoulli_ type_as trunc_normal_ xavier_uniform_ "
    "cumsum flip roll "
    "logical_not exp_ log_ sqrt_ round floor ceil bfloat16 as_subclass masked_fill_".split()
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


def sides(m: Machine, args: Args) -> tuple[Size, ...] | None:
    """The shape that (1, n, d) or ([1, n, d]) says; None where a side is no size."""
    if len(args) == 1 and isinstance(args[0], (list, tuple)):
        args = list(args[0])
    elif len(args) == 1 and isinstance(args[0], Tensor):
        return args[0].shape
    found = [m.size_of(arg) for arg in args]
    if any(not isinstance(side, (int, Expr)) or isinstance(side, bool) for side in found):
        return None
    if any(isinstance(side, int) and side < 0 for side in found):
        raise m.error(f"a tensor with a side of {min(s for s in found if isinstance(s, int))}")
    return tuple(found)


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


def tensor_attribute(m: Machine, held: Tensor, name: str) -> Any:
    """shape, size(), view(), ...: what can be told of a tensor."""
    if name == "shape":
        return m.unknown("a shape") if held.shape is None else held.shape
    if name in ("data", "grad", "real", "weight"):
        return held
    if name in ("T", "mT"):
        return Tensor(None if held.shape is None else held.shape[::-1])
    if name == "requires_grad":
        return held.trainable if isinstance(held, Param) else False
    if name in ("ndim", "is_leaf"):
        return len(held.shape) if held.shape is not None and name == "ndim" else m.unknown(name)
    method = METHODS.get(name)
    if method is not None:
        return Native(name, lambda m, args, kwargs: method(m, held, args, kwargs))
    if name in SAME:
        return Native(name, lambda m, args, kwargs: _same(held, name, args))
    if name in ("device", "dtype"):
        return m.unknown(f"tensor.{name}")
    return Native(name, lambda m, args, kwargs: m.unknown(f"tensor.{name}(...)"))


def _same(held: Tensor, name: str, args: Args) -> Tensor:
    if name == "requires_grad_" and isinstance(held, Param):
        held.trainable = not args or args[0] is not False
    return held if name.endswith("_") else Tensor(held.shape)


def _size(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    if held.shape is None:
        return m.unknown("tensor.size(...)")
    if args and isinstance(args[0], int):
        return held.shape[args[0]] if -len(held.shape) <= args[0] < len(held.shape) else m.unknown("a side")
    return held.shape


def _numel(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    return m.unknown("tensor.numel()") if held.shape is None else product(held.shape)


def _view(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    if len(args) == 1 and isinstance(args[0], (list, tuple)):
        args = list(args[0])
    open_at = [k for k, arg in enumerate(args) if arg == -1 and type(arg) is int]
    if len(open_at) > 1:
        return Tensor(None)
    known = sides(m, [arg for k, arg in enumerate(args) if k not in open_at])
    if known is None or (open_at and held.shape is None):
        return Tensor(None)
    if open_at:
        rest = product(known)
        whole = product(held.shape or ())
        exact = isinstance(whole, int) and isinstance(rest, int) and rest
        found = list(known)
        found.insert(open_at[0], whole // rest if exact or rest != 0 else 0)
        return Tensor(tuple(found))
    return Tensor(known)


def _unsqueeze(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    place = args[0] if args else kwargs.get("dim")
    if held.shape is None or not isinstance(place, int):
        return Tensor(None)
    found = list(held.shape)
    found.insert(place if place >= 0 else len(found) + 1 + place, 1)
    return Tensor(tuple(found))


def _squeeze(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    if held.shape is None:
        return held
    if args and isinstance(args[0], int) and -len(held.shape) <= args[0] < len(held.shape):
        place = args[0] % len(held.shape)
        return Tensor(tuple(s for k, s in enumerate(held.shape) if k != place or s != 1))
    return Tensor(tuple(s for s in held.shape if s != 1))


def _transpose(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    if held.shape is None or len(args) != 2 or not all(isinstance(a, int) for a in args):
        return Tensor(None)
    rank = len(held.shape)
    if not all(-rank <= a < rank for a in args):
        raise m.error(f"transpose({args[0]}, {args[1]}) of a tensor with {rank} sides")
    found = list(held.shape)
    found[args[0]], found[args[1]] = found[args[1]], found[args[0]]
    return Tensor(tuple(found))


def _t(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    return Tensor(None if held.shape is None else held.shape[::-1])


def _permute(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    order = list(args[0]) if len(args) == 1 and isinstance(args[0], (list, tuple)) else args
    if held.shape is None or sorted(order, key=repr) != sorted(range(len(held.shape)), key=repr):
        return Tensor(None)
    return Tensor(tuple(held.shape[k] for k in order))


def _repeat(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    times = sides(m, args)
    if held.shape is None or times is None or len(times) < len(held.shape):
        return Tensor(None)
    full = (1,) * (len(times) - len(held.shape)) + held.shape
    return Tensor(tuple(mul(a, b) for a, b in zip(full, times, strict=True)))


def _expand(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    wanted = list(args[0]) if len(args) == 1 and isinstance(args[0], (list, tuple)) else args
    if held.shape is None or len(wanted) < len(held.shape):
        return Tensor(None)
    full = (1,) * (len(wanted) - len(held.shape)) + held.shape
    return Tensor(tuple(a if b == -1 else m.size_of(b) for a, b in zip(full, wanted, strict=True)))


def _flatten(m: Machine, held: Tensor, args: Args, kwargs: Kwargs) -> Any:
    first = args[0] if args else kwargs.get("start_dim", 0)
    if held.shape is None or not isinstance(first, int) or len(args) > 1 or "end_dim" in kwargs:
        return Tensor(None)
    first = first % max(len(held.shape), 1)
    return Tensor((*held.shape[:first], product(held.shape[first:])))


METHODS: dict[str, Callable[[Machine, Tensor, Args, Kwargs], Any]] = {
    "size": _size, "numel": _numel, "nelement": _numel, "view": _view, "reshape": _view, "unsqueeze": _unsqueeze,
    "squeeze": _squeeze, "transpose": _transpose, "swapaxes": _transpose, "t": _t, "permute": _permute,
    "repeat": _repeat,
    "expand": _expand, "flatten": _flatten,
    "dim": lambda m, held, a, k: len(held.shape) if held.shape is not None else m.unknown("dim"),
    "item": lambda m, held, a, k: m.unknown("tensor.item()"),
    "unsqueeze_": _unsqueeze,
}  # fmt: skip


def part_of(m: Machine, held: Tensor, key: Any) -> Any:
    """tensor[0], tensor[:, None]: numbers take a side away, None adds one, a slice keeps it where it says all."""
    if held.shape is None:
        return Tensor(None)
    left = list(held.shape)
    found: list[Size] = []
    for each in key if isinstance(key, tuple) else (key,):
        if each is None:
            found.append(1)
        elif not left:
            return Tensor(None)
        elif each == slice(None):
            found.append(left.pop(0))
        elif isinstance(each, int):
            left.pop(0)
        elif isinstance(each, slice) and isinstance(side := left.pop(0), int):
            found.append(len(range(side)[each]))
        else:
            return Tensor(None)
    return Tensor((*found, *left))


def broadcast(held: Tensor, other: Any, sign: str) -> Tensor:
    """The shape of an operation place by place."""
    if not isinstance(other, Tensor):
        return Tensor(held.shape)
    if held.shape is None or other.shape is None or sign == "@":
        return Tensor(None)
    rank = max(len(held.shape), len(other.shape))
    rows = [(1,) * (rank - len(shape)) + shape for shape in (held.shape, other.shape)]
    return Tensor(tuple(b if a == 1 else a for a, b in zip(*rows, strict=True)))
