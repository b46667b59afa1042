"""Network: the tree (or a flat list of tensors), where it came from, and everything that may be asked of it."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.network.totals import add_up
from nparams.network.tree import Module, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from nparams.expr import Size
    from nparams.network.rows import Row
    from nparams.network.totals import Totals


class Network:
    """The whole: a tree of modules (or a flat list of named tensors, grouped when a view asks), and where it came from.

    >>> import nparams
    >>> n = nparams.read("784-16-16-10")
    >>> n.weights, n.biases, n.total
    (12960, 42, 13002)
    """

    def __init__(
        self,
        root: Module | None = None,
        *,
        tensors: Sequence[Tensor] | None = None,
        tree: Callable[[Sequence[Tensor]], Module] | None = None,
        source: str = "",
        form: str = "",
        read_as: str = "",
        described: str = "",
        convention: str | None = None,
        where: Sequence[str] = (),
        notes: Iterable[str] = (),
        also: Mapping[str, Size] | None = None,
        flags: Sequence[Mapping[str, str]] = (),
        remarks: Sequence[tuple[str, str, Size | None]] = (),
        routes: Mapping[str, tuple[Size | None, Size]] | None = None,
        lengths: Mapping[str, tuple[int, Size]] | None = None,
        parts: Mapping[str, str] | None = None,
    ) -> None:
        self._root = root
        self.flat = tensors  # the list that a source without a tree gave, as it is
        #: flat tensors only: makes the tree of them, where the source knows more of it than their names do
        self._tree = tree
        self.source = source
        self.is_file = False  # whether the source is the name of a file or a directory
        self.form = form
        self.read_as = read_as
        self.described = described  # what was understood, in words
        self.formats: tuple[str, ...] = ()  # the forms of its parts, where it is put together from several
        self.architecture = ""  # the architecture's name, where the source tells one: llama, bert
        self.convention = convention
        self.where = tuple(where)  # conditions under which a symbolic answer holds, as text
        self._notes = list(notes)
        self._also = dict(also or {})
        self.flags = list(flags)
        #: (question, answer, formula or None) for the end of an explanation
        self.remarks = tuple(remarks)
        #: flat tensors only: name -> (k, E), a token uses k (None: not said) of the E equal experts in that tensor
        self.routes = dict(routes or {})
        #: for each indexed symbol its first index and how many entries it has ("h": (0, l + 1)), to check lists against
        self.lengths = dict(lengths or {})
        #: start of a tensor's name -> the component it belongs to, where the source knows better than the name does
        self.parts = dict(parts or {})
        self._fields: Mapping[str, int] = {}
        #: of a configuration: other names of its fields -> those names, and what its file holds
        self.aliases: Mapping[str, str] = {}
        self.settings: Mapping[str, Any] = {}
        self.conventions: dict[str, Network] = {}  # the same network under each, where they are asked for side by side
        self._totals: Totals | None = None
        self._rows: list[Row] | None = None
        self._waiting: list[Callable[[Network], None]] = []

    def later(self, fill: Callable[[Network], None]) -> None:
        """Leave `notes`, `also` and `fields` to `fill`, which is called with the network when one is looked at."""
        self._waiting.append(fill)

    def _filled(self) -> Network:
        while self._waiting:
            self._waiting.pop(0)(self)
        return self

    @property
    def notes(self) -> list[str]:
        """Sentences that a user must see."""
        return self._filled()._notes

    @notes.setter
    def notes(self, notes: list[str]) -> None:
        self._filled()._notes = notes

    @property
    def also(self) -> dict[str, Size]:
        """Other counts by name."""
        return self._filled()._also

    @property
    def fields(self) -> Mapping[str, int]:
        """Of a configuration: the fields that are whole numbers, by their dotted paths."""
        return self._filled()._fields

    @fields.setter
    def fields(self, fields: Mapping[str, int]) -> None:
        self._filled()._fields = fields

    # -- the tree -------------------------------------------------------------------------------------------------

    @property
    def root(self) -> Module:
        """The tree of modules; built from the tensors' names on first use where the source is a flat list."""
        if self._root is None:
            from nparams.network.grouping import group

            flat = self.flat or ()
            self._root = group(flat, self.routes) if self._tree is None else self._tree(flat)
        return self._root

    def walk(self) -> Iterator[tuple[tuple[Module, ...], Tensor]]:
        """Every tensor in order, with the chain of modules that it stands in, outermost first."""
        stack: list[tuple[Module, ...]] = [(self.root,)]
        while stack:
            chain = stack.pop()
            for tensor in chain[-1].tensors:
                yield chain, tensor
            stack.extend((*chain, child) for child in reversed(chain[-1].children))

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor in order (a repeated module's tensors once)."""
        if self.flat is not None:
            return iter(self.flat)
        return (tensor for _, tensor in self.walk())

    # -- what is asked of it ----------------------------------------------------------------------------------------

    @property
    def totals(self) -> Totals:
        """Every sum of the JSON contract, added up once."""
        if self._totals is None:
            self._totals = add_up(self.flat, self._root, self.routes, self.lower)
        return self._totals

    @property
    def total(self) -> Size | None:
        """Parameters: logical scalars, a shared tensor once; None if a tensor is not created yet."""
        return self.totals.total

    @property
    def weights(self) -> Size:
        """The part of total in tensors of role weight."""
        return self.totals.weights

    @property
    def biases(self) -> Size:
        """The part of total in tensors of role bias."""
        return self.totals.biases

    @property
    def layers(self) -> list[Row]:
        """The rows of every view: one a layer, equal siblings folded, summing to the total."""
        if self._rows is None:
            from nparams.network.rows import rows_of

            self._rows = rows_of(self)
        return self._rows

    def rows(self, *, depth: int | None = None) -> list[dict[str, object]]:
        """The rows as a list of dicts, ready for a data frame; a module `depth` levels down is one row with all in it.

        >>> import nparams
        >>> nparams.read("784-16-16-10").rows()[0]["total"]
        12560
        """
        return [row.to_dict() for row in self.layers_to(depth)]

    def layers_to(self, depth: int | None) -> list[Row]:
        """The rows, those of modules deeper than `depth` levels below the root summed into the one above (None: all).

        >>> import nparams
        >>> [(row.name, row.total) for row in nparams.read("784-16-16-10").layers_to(0)]
        [('', 13002)]
        """
        if depth is None:
            return self.layers
        from nparams.network.rows import rows_of

        return rows_of(self, depth)

    def by_kind(self) -> list[dict[str, object]]:
        """The rows summed by kind of layer, the largest first: a list of dicts, ready for a data frame.

        >>> import nparams
        >>> nparams.read("784-16-16-10").by_kind()[0]["layers"]
        3
        """
        from nparams.network.by_kind import groups_of

        return [group.to_dict() for group in groups_of(self)]

    def formula(self, style: str = "text") -> str:
        """The closed form of the total as "text", "unicode" or "latex".

        >>> import nparams
        >>> nparams.read("d-4*d-d").formula()
        '8*d**2 + 5*d'
        """
        from nparams.expr import render
        from nparams.network.closed import written_form

        return render(written_form(self) if self.is_numeric else self.totals.known, style)

    @property
    def lower(self) -> dict[str, int]:
        """What the conditions in `where` say that symbols are at least: {"l": 1} for l >= 1."""
        if not self.where:
            return {}
        from nparams.network.substitution import bounds

        return bounds(self.where)

    @property
    def is_flat(self) -> bool:
        """Whether the source gave a flat list of named tensors (no repeats)."""
        return self.flat is not None

    @property
    def is_numeric(self) -> bool:
        """Whether every size is a plain integer."""
        return not isinstance(self.totals.listed, Expr)

    def table(self, *, depth: int | None = None, by: str | None = None, width: int | None = None) -> str:
        """The table as text: with `depth` down to that level, by="kind" summed by kind of layer; see str().

        >>> import nparams
        >>> "Dense       3" in nparams.read("784-16-16-10").table(by="kind")
        True
        """
        return self._drawn("table", depth=depth, by=by, width=width)

    def tree(self, *, depth: int | None = None, width: int | None = None) -> str:
        """The tree of modules as text, with the parameters in each, down to `depth` levels."""
        return self._drawn("tree", depth=depth, width=width)

    def _drawn(self, name: str, **look: Any) -> str:
        return str(_view(name).render(self, _view("look").Look(**look)))

    def explain(self) -> str:
        """The count, step by step, as a teacher would write it."""
        return str(_view("explain").render(self))

    def to_json(self, *, tensors: bool = False) -> str:
        """The JSON contract: one object, every key present, integers exact."""
        return str(_view("json").render(self, tensors=tensors))

    def to_sympy(self) -> object:
        """The total as a sympy expression (needs the extra `sympy`)."""
        from nparams.expr.sympy import to_sympy

        return to_sympy(0 if self.total is None else self.total)

    def substitute(self, values: Mapping[str, object]) -> Network:
        """The same network with numbers (or expressions) for symbols; a list gives an indexed symbol its entries.

        Raises UsageError for a symbol that the network does not have, or a list of the wrong length.

        >>> import nparams
        >>> nparams.read("h0..hl").substitute({"l": 3, "h": [784, 16, 16, 10]}).total
        13002
        """
        from nparams.network.substitution import substituted

        return substituted(self, values)

    def __str__(self) -> str:
        from nparams.errors import escaped

        return "\n".join([str(_view("table").render(self)), *(escaped(f"note: {note}") for note in self.notes)])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(_view("html").fragment(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython prints: the table."""
        printer.text(str(self))

    def __repr__(self) -> str:
        return f"<Network {self.read_as or self.source}: {self.total} parameters>"


def _view(name: str) -> Any:
    """A view by its name: the tree knows that views exist, not what they are."""
    from importlib import import_module

    return import_module(f"nparams.views.{name}")
