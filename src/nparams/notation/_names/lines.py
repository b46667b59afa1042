"""Lines of a layer list for the tables of named networks, and what a row of those tables is.

A family of networks (a VGG, a ResNet, a BERT) is a function of a row of its table that writes the lines; a line is a
layer in the notation of layer lists (stack.py) with `as NAME` behind it.  No count stands anywhere but `published`,
which only the tests read.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Family = Callable[..., list[str]]

TORCH, KERAS, TEXTBOOK = "torch", "keras", "textbook"


class Net:
    """One definition of a network.

    `tags`: words that choose it after the name ("torchvision", "ungrouped").  `told`: what it is, for the first line
    of the answer; `differs`: what it has that the usual one has not.  `convention`: whose layer definitions hold;
    `whose`: the conventions that it answers to.  `top`: what its layers after the features are called, which "no top"
    leaves out.  `beside`: {name of another count: buffers that it adds} for notes.  `published`: (total, where), or
    (total, where, digits) where it was published in round numbers.
    """

    __slots__ = ("args", "convention", "differs", "family", "notes", "published", "tags", "told", "top", "whose")

    def __init__(
        self, told: str, family: Family, args: Mapping[str, Any], published: tuple[Any, ...], *, tags: str = "",
        differs: str = "", convention: str = TORCH, whose: str = "", top: str = "", notes: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.told = told
        self.family = family
        self.args = dict(args)
        self.published = published
        self.tags = tags.split()
        self.differs = differs
        self.convention = convention
        self.whose = whose.split() or [convention]
        self.top = top.split()
        self.notes = notes

    def lines(self, classes: int | None = None) -> list[str]:
        """The definition as lines of a layer list."""
        return self.family(**({**self.args, "classes": classes} if classes is not None else self.args))

    @property
    def has_classes(self) -> bool:
        """Whether the number of classes can be chosen."""
        return "classes" in self.args


class Model:
    """A name, and the definitions that go by it: the usual one first."""

    __slots__ = ("names", "nets", "source")

    def __init__(self, names: str, source: str, *nets: Net) -> None:
        self.names = names.split()
        self.source = source
        self.nets = nets


# -- layers -----------------------------------------------------------------------------------------------------------


def conv(
    name: str, filters: int, k: int | str = 1, s: int = 1, *, p: int | str | None = None, g: int = 1, bias: bool = False
) -> str:
    """A convolution, padded by half its kernel unless `p` says otherwise."""
    sides = [int(side) for side in k.split("x")] if isinstance(k, str) else [k, k]
    pad = "x".join(str(side // 2) for side in sides) if p is None else p
    words = [f"conv {filters} {'x'.join(map(str, sides))}", f"stride {s}" * (s != 1), f"pad {pad}" * (pad != "0x0")]
    return " ".join([w for w in (*words, f"groups {g}" * (g != 1), "no bias" * (not bias)) if w]) + f" as {name}"


def depthwise(name: str, k: int, s: int = 1, *, bias: bool = False) -> str:
    """A filter for each channel by itself."""
    words = f"depthwise conv {k}x{k}" + f" stride {s}" * (s != 1) + f" pad {k // 2}"
    return f"{words}{'' if bias else ' no bias'} as {name}"


def bn(name: str, *, scale: bool = True) -> str:
    """Batch normalisation."""
    return f"batchnorm{'' if scale else ' no scale'} as {name}"


def dense(name: str, n: int, *, bias: bool = True) -> str:
    """A dense layer."""
    return f"dense {n}{'' if bias else ' no bias'} as {name}"


def named(line: str) -> str:
    """What a line calls its layer, "" where it does not say."""
    return line.rpartition(" as ")[2] if " as " in line else ""
