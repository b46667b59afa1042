"""The table of cases: for each kind and each class that is its rival, how to draw the same layer for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from nparams.layers.flow import Flow
from tests.torch.layouts import as_it_is

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.torch.layouts import Layout, Shape


class Case(NamedTuple):
    """One layer for both: our arguments and flow; how the framework builds it, and the shapes that it is called with.

    `inputs` is None where the framework's object cannot be called; `dtype` is what tokens need.
    """

    given: dict[str, Any]
    flow: Flow
    build: Callable[[], Any]
    inputs: tuple[Shape, ...] | None
    dtype: str = "float32"


class Row(NamedTuple):
    """How one class is compared: what draws its cases, and how its arrays are laid out beside ours."""

    make: Callable[[Draw, str], Case]
    layout: Layout
    #: whether what goes out is asked of Keras's compute_output_shape, because backends differ
    told: bool


#: (kind, framework, class) -> its row
CASES: dict[tuple[str, str, str], Row] = {}


def rival(
    kind: str, framework: str, names: str, layout: Layout = as_it_is, *, told: bool = False
) -> Callable[[Callable[[Draw, str], Case]], Callable[[Draw, str], Case]]:
    """Put a drawing function into the table, for each of the classes `names`."""

    def put(make: Callable[[Draw, str], Case]) -> Callable[[Draw, str], Case]:
        for name in names.split():
            assert (kind, framework, name) not in CASES
            CASES[kind, framework, name] = Row(make, layout, told)
        return make

    return put


class Draw:
    """Small sizes, flags and shapes out of hypothesis; None always stands for "not said"."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def size(self, least: int = 1, most: int = 4) -> int:
        return int(self._draw(st.integers(least, most)))

    def flag(self) -> bool:
        return bool(self._draw(st.booleans()))

    def said(self) -> bool | None:
        """Yes, no, or not said."""
        return self.one(None, True, False)

    def one(self, *options: Any) -> Any:
        return self._draw(st.sampled_from(options))

    def sides(self, rank: int, least: int = 1, most: int = 3) -> Shape:
        return tuple(self.size(least, most) for _ in range(rank))

    def spread(self, rank: int, least: int = 1, most: int = 3) -> Shape:
        """One number for all sides, or one each."""
        return self.sides(rank if self.flag() else 1, least, most)


def said(**arguments: Any) -> dict[str, Any]:
    """The arguments that were said."""
    return {name: held for name, held in arguments.items() if held is not None}


def rank_of(name: str) -> int:
    """How many sides a class is for: 2 of Conv2d and of Conv2DTranspose."""
    return next(int(sign) for sign in name if sign.isdigit())


def each(said: Shape | None, rank: int, default: int = 1) -> Shape:
    """One number for each side."""
    said = said or (default,)
    return said * rank if len(said) == 1 else said


def bare(said: Shape | None) -> Any:
    """A shape as a framework takes it: a lone number without its tuple."""
    return said[0] if said is not None and len(said) == 1 else said


def first(sides: Shape, channels: int) -> Flow:
    """An image as torch lays it out."""
    return Flow(sides, channels, first=True)


def last(sides: Shape, channels: int) -> Flow:
    """A sequence, or an image as Keras lays it out."""
    return Flow(sides, channels)


def shape(flow: Flow) -> tuple[Shape, ...]:
    """What goes into a layer with one input."""
    assert flow.shape is not None
    return (flow.shape,)  # type: ignore[return-value]
