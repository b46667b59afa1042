"""The few ways in which frameworks lay the same numbers out: each brings one of their arrays to the shapes of ours."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

Shape = tuple[int, ...]
#: an array's name and shape -> the shapes that the same numbers have with us
Layout = Callable[[str, Shape], list[Shape]]


def as_it_is(name: str, shape: Shape) -> list[Shape]:
    return [shape]


def flat(name: str, shape: Shape) -> list[Shape]:
    """Keras's PReLU has a slope for each place (h, w, c); we write them in one row."""
    return [(prod(shape),)]


def transposed(name: str, shape: Shape) -> list[Shape]:
    """Keras's Dense and recurrent kernels are (in, out); ours, as torch's, (out, in)."""
    return [shape[::-1]]


def turned(name: str, shape: Shape) -> list[Shape]:
    """Keras's kernels are (sides, in, out), those of transposed convolutions (sides, out, in); ours sides last."""
    return [shape if len(shape) == 1 else (shape[-1], shape[-2], *shape[:-2])]


def per_channel(name: str, shape: Shape) -> list[Shape]:
    """Keras's depthwise kernels are (sides, in, m); ours (in·m, 1, sides)."""
    return [shape if len(shape) == 1 else (shape[-2] * shape[-1], 1, *shape[:-2])]


def separable(name: str, shape: Shape) -> list[Shape]:
    """Keras's separable layers hold a depthwise and a pointwise kernel."""
    return (per_channel if "depthwise" in name else turned)(name, shape)


def recurrent(name: str, shape: Shape) -> list[Shape]:
    """Keras's GRU holds its two bias vectors as (2, 3h)."""
    if name.endswith("bias"):
        return [shape] if len(shape) == 1 else [shape[1:]] * shape[0]
    return transposed(name, shape)


def heads(name: str, shape: Shape) -> list[Shape]:
    """Keras's attention keeps heads apart: (d, h, d_h) into them, (h, d_h, d) out of them; biases (h, d_h)."""
    if len(shape) < 3:
        return [(prod(shape),)]
    if "attention_output" in name:
        return [(shape[2], shape[0] * shape[1])]
    return [(shape[1] * shape[2], shape[0])]


def stacked(name: str, shape: Shape) -> list[Shape]:
    """torch stacks the matrices and biases of queries, keys and values, where all are as wide, into one."""
    if "in_proj" not in name:
        return [shape]
    assert shape[0] % 3 == 0
    return [(shape[0] // 3, *shape[1:])] * 3
