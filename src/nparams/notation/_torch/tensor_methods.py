"""Methods of tensors that code calls for their shapes, and what operators make of shapes."""

from __future__ import annotations

from nparams.expr import mul, product
from nparams.notation._code.values import Native
from nparams.notation._torch.modules import Param, Tensor
from nparams.notation._torch.sides import sides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.expr import Size
    from nparams.notation._code.machine import Machine

    Args = list[Any]
    Kwargs = dict[str, Any]


#: methods that give the shape of the tensor itself
SAME = frozenset(
    "float half double int long bool to cuda cpu detach clone contiguous requires_grad_ normal_ uniform_ zero_ fill_ "
    "type abs exp log sqrt sin cos tril triu clamp clamp_ mul div add sub mul_ div_ add_ sub_ copy_ data_ numpy pow "
    "masked_fill softmax tanh sigmoid relu neg square bernoulli_ type_as trunc_normal_ xavier_uniform_ "
    "cumsum flip roll "
    "logical_not exp_ log_ sqrt_ round floor ceil bfloat16 as_subclass masked_fill_".split()
)


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
