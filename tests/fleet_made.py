"""A model of a corpus as its maker was told it, and the shapes that are drawn for it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import prod
from random import Random
from typing import NamedTuple

from nparams.fleet.units import FILE
from tests.range_server import Sparse

Content = bytes | Sparse
Shapes = list[tuple[str, tuple[int, ...]]]


class Made(NamedTuple):
    """One model: what it is to a fleet, its files by their paths in its folder, and what must be said of it."""

    kind: str
    #: its own files, the one that is opened first; none where the folder is the model
    names: tuple[str, ...]
    files: Mapping[str, Content]
    #: the format of its weights
    format: str
    total: int
    #: the total that the files declare of themselves
    declared: int | None = None


def one(name: str, content: Content, form: str, shapes: Shapes) -> Made:
    """A model that is one file."""
    return Made(FILE, (name,), {name: content}, form, total(shapes))


def total(shapes: Shapes) -> int:
    return sum(prod(shape) for _, shape in shapes)


# -- shapes ----------------------------------------------------------------------------------------------------------


def transformer(rng: Random) -> Shapes:
    """A decoder of 1 to 32 layers, up to 8192 wide."""
    width, biased = rng.choice((64, 256, 512, 1024, 4096, 8192)), rng.random() < 0.3
    found: Shapes = [("model.embed_tokens.weight", (rng.randrange(1000, 200_000), width))]
    for k in range(rng.choice((1, 2, 2, 4, 4, 8, 12, 32))):
        at = f"model.layers.{k}"
        found += [(f"{at}.self_attn.{part}_proj.weight", (width, width)) for part in "qkvo"]
        found += [(f"{at}.self_attn.{part}_proj.bias", (width,)) for part in "qkv" if biased]
        found += [(f"{at}.mlp.up_proj.weight", (4 * width, width)), (f"{at}.mlp.down_proj.weight", (width, 4 * width))]
        found.append((f"{at}.input_layernorm.weight", (width,)))
    return [*found, ("model.norm.weight", (width,))]


def dense(rng: Random) -> Shapes:
    """A few small dense layers: kernels of (in, out), and biases."""
    widths = [rng.randrange(1, 32) for _ in range(rng.randrange(2, 6))]
    found: Shapes = []
    for k, (rows, columns) in enumerate(pairwise(widths)):
        found += [(f"dense_{k}/kernel", (rows, columns)), (f"dense_{k}/bias", (columns,))]
    return found


def tabled(rng: Random) -> Shapes:
    """Small dense layers, and last a table of up to 2 GB in float32."""
    return [*dense(rng), ("table/kernel", (rng.randrange(1, 250_000), rng.choice((8, 128, 1024, 2048))))]


def split(shapes: Shapes, count: int) -> list[Shapes]:
    return [part for part in (shapes[k::count] for k in range(count)) if part]
