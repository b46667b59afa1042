"""What a kind of layer is: its names, its arguments, and the few lines that say which tensors it has.

A module of this package that holds kinds lists them in KINDS.  The grammar of layer lists, explanations, help and the
table in the docs derive from those rows (catalogue.py finds them), so a new kind touches one file.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nparams.layers.layer import Layer

CONVENTIONS = ("textbook", "torch", "keras")
TITLES = {"textbook": "the textbook", "torch": "PyTorch", "keras": "Keras"}

#: what an argument may be: a size, a shape (3x3), 1 or 0 said by a word, padding (same, valid or a shape), a rate that
#: plays no part in the count, a table of partial connections (6x3 9x4 1x6)
TAKES = ("size", "shape", "flag", "padding", "rate", "table")


class Param:
    """An argument: its letter in formulas, the words that introduce it, and what it may be.

    `noun`: its word may stand after the number too ("32 filters").  `default`: what holds where it is not said; None
    stands for "not known", and the answer is then a formula in it.  `counts`: whether it can change the count; what
    cannot (a stride) only shapes what comes out.  `least`: the smallest number that it may be.
    """

    __slots__ = ("counts", "default", "least", "letter", "noun", "takes", "what", "words")

    def __init__(
        self, letter: str, words: str, what: str, takes: str = "size", default: Any = None, *, noun: bool = False,
        counts: bool = True, least: int = 1,
    ) -> None:  # fmt: skip
        assert takes in TAKES
        self.letter = letter
        self.words = words.split()
        self.what = what
        self.takes = takes
        self.default = default
        self.noun = noun
        self.counts = counts
        self.least = least

    def __repr__(self) -> str:
        return f"Param({self.letter!r}, {self.takes})"


class Kind:
    """A kind of layer.

    `words`: its names, without spaces, the usual one first; `presets`: names that say an argument as well.
    `orders`: which arguments numbers without a word are, by how many there are.
    `width`: the letter of what flows in.  `rivals`: what torch and keras call it, where they have it.
    `differs`: what a convention adds or leaves out, as words that follow a number of parameters ("for ...").
    """

    __slots__ = (
        "differs", "example", "make", "name", "orders", "params", "presets", "rivals", "source", "what", "width",
        "words",
    )  # fmt: skip

    def __init__(
        self, name: str, words: str, what: str, make: Callable[[Layer], None], *, example: str, source: str,
        params: tuple[Param, ...] = (), orders: tuple[str, ...] = (), width: str = "n_in",
        presets: Mapping[str, Mapping[str, object]] | None = None, rivals: Mapping[str, str] | None = None,
        differs: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.words = words.split()
        self.what = what
        self.make = make
        self.example = example
        self.source = source
        self.params = {param.letter: param for param in params}
        self.orders = tuple(tuple(order.split()) for order in orders)
        self.width = width
        self.presets = dict(presets or {})
        self.rivals = dict(rivals or {})
        self.differs = dict(differs or {})

    def __repr__(self) -> str:
        return f"Kind({self.name!r})"


BIAS = Param("bias", "bias biases usebias", "whether it has biases", "flag", True)
