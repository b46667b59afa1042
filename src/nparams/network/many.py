"""Many networks together, as plain data: what a table of models says.  fleet/ finds it, views/ draws it.

Counts and bytes are whole Python integers, whatever their size.  None is "not known".
"""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Group(NamedTuple):
    """Models that have one thing in common: an architecture, a number type, a format."""

    name: str | None
    #: None where a model may stand in several of the groups that this one sums up
    models: int | None
    parameters: int
    #: bytes of their files
    size: int


class Groups(NamedTuple):
    """All groups of one kind: those with the most parameters first, the others as one."""

    top: tuple[Group, ...]
    rest: Group | None
    #: how many groups there are in all
    groups: int


class Disagreement(NamedTuple):
    """A model whose stored elements or declared total are not its parameters."""

    uri: str
    total: int
    elements: int | None
    declared: int | None
    words: str


class Disagreements(NamedTuple):
    """How many there are, (what they are about, how many), and those that are furthest from the total."""

    models: int
    kinds: tuple[tuple[str, int], ...]
    top: tuple[Disagreement, ...]


class Copies(NamedTuple):
    """Models with the same names, shapes, number types and size: copies of one, or trained on from one."""

    fingerprint: str
    architecture: str | None
    total: int
    models: int
    dtypes: tuple[str, ...]
    #: bytes of one
    size: int
    uris: tuple[str, ...]


class Alike(NamedTuple):
    """All groups of copies: how many, how many models beyond the first of each, and the bytes of these."""

    groups: int
    models: int
    bytes: int
    top: tuple[Copies, ...]


class Variant(NamedTuple):
    """One way in which an architecture is stored."""

    format: str | None
    dtypes: tuple[str, ...]
    models: int
    #: bytes of all of them
    size: int


class Family(NamedTuple):
    """Models with the same names and shapes in different number types, formats or sizes."""

    fingerprint: str
    architecture: str | None
    total: int
    models: int
    variants: tuple[Variant, ...]
    #: variants that are not among these
    more: int
    uris: tuple[str, ...]


class Families(NamedTuple):
    """All of them: how many, and how many models they hold."""

    groups: int
    models: int
    top: tuple[Family, ...]


class Example(NamedTuple):
    """A model, and what was said of it."""

    uri: str
    text: str


class Kind(NamedTuple):
    """Errors or flags of one kind, with the first few."""

    name: str
    models: int
    examples: tuple[Example, ...]


class Bin(NamedTuple):
    """Models with a total from `least` up to the `least` of the next: 1, 2, 5, 10, 20, ..."""

    least: int
    models: int
    parameters: int


class Sizes(NamedTuple):
    """How large models are: bins without a gap, and what half, nine of ten and all of them do not exceed."""

    bins: tuple[Bin, ...]
    half: int | None
    nine_of_ten: int | None
    largest: int | None


class Area(NamedTuple):
    """A tile of the treemap: an architecture, or several that are small, with its models; those left out as one."""

    name: str | None
    architectures: int
    models: int
    parameters: int
    parts: tuple[tuple[str, int], ...]


class Report(NamedTuple):
    """What a table says of the models that are there; of those that are gone only how many there are."""

    place: str
    #: models that were counted, those among them without a total, and the rows that are errors
    models: int
    without_total: int
    refused: int
    flagged: int
    gone: int
    parameters: int
    #: bytes of the files of the models that were counted, and how many models there are whose bytes are not known
    size: int
    unsized: int
    #: when the first and the last of the rows were read, UTC
    first: str | None
    last: str | None
    readers: tuple[str, ...]
    architectures: Groups
    dtypes: Groups
    formats: Groups
    quantisations: Groups
    sizes: Sizes
    treemap: tuple[Area, ...]
    disagreements: Disagreements
    copies: Alike
    families: Families
    flags: tuple[Kind, ...]
    errors: tuple[Kind, ...]

    @property
    def is_clean(self) -> bool:
        """Whether no row has a flag or an error."""
        return not self.flagged and not self.refused

    def to_dict(self) -> dict[str, Any]:
        """The same as dicts and lists, ready for JSON.

        >>> Group("llama", 2, 10, 40)._asdict()
        {'name': 'llama', 'models': 2, 'parameters': 10, 'size': 40}
        """
        return {name: _plain(value) for name, value in zip(self._fields, self, strict=True)}


def _plain(value: object) -> object:
    names = getattr(value, "_fields", None)
    if names is not None and isinstance(value, tuple):
        return {name: _plain(each) for name, each in zip(names, value, strict=True)}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
