"""Shapes as Keras writes them: the batch first, None for a side that is not known, `...` for sides of any number.

Source: keras/src/ops/operation_utils.py and keras/src/backend/common/backend_utils.py (Keras 3.15).
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import Expr, add, mul, product
from nparams.layers.flow import Flow, half, reach, windows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import EllipsisType
    from typing import Any

    from nparams.expr import Size

    Dim = Size | None
    #: (batch, sides ..., channels); a leading `...` stands for any number of unknown sides
    Shape = tuple[Size | EllipsisType | None, ...]

#: nothing is known of what comes in, but that it is one array
ANY: Shape = (...,)


def is_size(value: object) -> bool:
    """Whether it is a number of things: an int (not True), or an expression.

    >>> is_size(3), is_size(True), is_size(None)
    (True, False, False)
    """
    return (isinstance(value, int) and not isinstance(value, bool)) or isinstance(value, Expr)


def shown_shape(shape: Shape) -> str:
    """A shape in a message.

    >>> shown_shape((None, 28, 28, 1)), shown_shape((..., 3))
    ('(None, 28, 28, 1)', '(..., 3)')
    """
    return "(" + ", ".join("..." if side is ... else str(side).replace(" ", "") for side in shape) + ")"


def fit(shape: Shape, rank: int) -> tuple[Any, ...]:
    """The shape with `rank` sides, the batch among them; NotationError where it has another number.

    >>> fit((..., 64), 3)
    (None, None, 64)
    """
    if ... in shape:
        known = shape[1:]
        if len(known) <= rank:
            return (None,) * (rank - len(known)) + tuple(known)
    elif len(shape) == rank:
        return tuple(shape)
    raise NotationError(
        f"it takes {rank} sides, the batch among them, but {shown_shape(shape)} comes in"
        + ("; Flatten() lays an image in one row" if len(shape) > rank == 2 else "")
    )


def last(shape: Shape) -> Dim:
    """The last side, None where it is not known."""
    side = shape[-1] if shape else None
    return None if side is ... else side


def side(shape: Shape, axis: int) -> Dim:
    """One side by its axis, which may count from the end."""
    if ... in shape:
        return shape[axis] if axis < 0 and -axis < len(shape) else None  # type: ignore[return-value]
    if not -len(shape) <= axis < len(shape):
        raise NotationError(f"axis {axis} is none of {shown_shape(shape)}")
    return shape[axis]  # type: ignore[return-value]


def with_last(shape: Shape, size: Dim) -> Shape:
    """The shape with another last side."""
    return (..., size) if ... in shape and len(shape) == 1 else (*shape[:-1], size)


def times(sides: Sequence[Dim]) -> Dim:
    """The product of sides, None where one is not known."""
    return None if any(n is None for n in sides) else product([n for n in sides if n is not None])


def plus(*sides: Dim) -> Dim:
    """The sum of sides, None where one is not known."""
    return None if any(n is None for n in sides) else add(*(n for n in sides if n is not None))


def flow_of_sides(sides: Sequence[Dim], channels: Dim) -> Flow:
    """The textbook's flow: positions only where all of them are known."""
    known = tuple(n for n in sides if n is not None)
    return Flow(known if len(known) == len(sides) else None, channels)


def told(shape: Shape) -> tuple[Size, ...] | None:
    """The shape without its batch for a table: what is not known is left out.

    >>> told((None, 28, 28, 1)), told((None, None, 64)), told((...,))
    ((28, 28, 1), (64,), None)
    """
    sides = tuple(n for n in shape[1:] if n is not None and n is not ...)
    return sides or None


def slid(n: Dim, k: Size, s: Size, d: Size, padding: str) -> Dim:
    """A side after a window of k has slid along it.

    >>> slid(28, 3, 1, 1, "valid"), slid(28, 3, 2, 1, "same"), slid(5, 3, 1, 1, "full")
    (26, 14, 7)
    """
    if n is None:
        return None
    if padding in ("same", "causal"):
        return half(n, s)
    span = reach(k, d)
    return windows(n, span, s, mul(2, add(span, -1)) if padding == "full" else 0)


def grown(n: Dim, k: Size, s: Size, d: Size, padding: str, extra: Size | None) -> Dim:
    """A side after a transposed convolution, by Keras's rule.

    >>> grown(7, 3, 2, 1, "same", None), grown(7, 3, 2, 1, "valid", None)
    (14, 15)
    """
    if n is None:
        return None
    span = reach(k, d)
    if extra is None:
        if padding == "same":
            return mul(n, s)
        over = add(span, mul(-1, s))
        return add(mul(n, s), max(over, 0) if isinstance(over, int) else Expr("max", (over, 0)))
    lost = mul(2, span // 2) if padding == "same" else 0
    return add(mul(s, add(n, -1)), span, mul(-1, lost), extra)


def merged(shapes: Sequence[Shape]) -> Shape:
    """What arrays that are added up come to: sides of 1, and sides that are not known, follow the others.

    >>> merged([(None, 8, 1), (None, 1, 16)])
    (None, 8, 16)
    """
    known = [shape for shape in shapes if ... not in shape]
    if not known:
        return max(shapes, key=len)
    rank = max(map(len, known))
    out: list[Any] = [1] * rank
    for shape in known:
        for i, n in enumerate((1,) * (rank - len(shape)) + shape):
            out[i] = _one(out[i], n, shapes)
    return tuple(out)


def _one(a: Any, b: Any, shapes: Sequence[Shape]) -> Any:
    if a == b or b == 1 or (b is None and a != 1):
        return a
    if a is None or a == 1 or isinstance(a, Expr):
        return b
    if isinstance(b, Expr):
        return a
    raise NotationError(f"shapes {' and '.join(map(shown_shape, shapes[:2]))} do not fit: a side is {a} and {b}")
