"""Rows of a summary as layers of the textbook, each checked against its count.

What comes into a row is printed beside it (torchinfo's Input Shape, Keras's Connected to), is what the row before sends
(Keras without that column), or is looked for among what rows before it sent (torch).  A layer is made only where one
explanation fits better than all others; everything that was not printed and follows from a count is told.
"""

from __future__ import annotations

from math import prod

from nparams.errors import NparamsError
from nparams.layers.catalogue import kind_of, words
from nparams.layers.flow import Flow
from nparams.layers.layer import Setting, made
from nparams.network import PARAMETER_ROLES, Module, Tensor
from nparams.notation._summary.layers import MAKERS, options
from nparams.notation._summary.solve import Option, best
from nparams.notation._summary.types import EMPTY, Asked, plain_type, type_of
from nparams.notation._summary.yolo import block

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.notation._summary.text import Dims, Row, Summary

#: how many different shapes before a row are tried, where its own input is not printed
EARLIER = 24
#: how many rows before are looked through for a name that was cut off
NEAR = 50
PRINTED_BEFORE, NO_WEIGHTS = "It was printed before, and is counted there.", "Nothing to learn: no weights."
#: the name under which a layer is made before it is copied
LAYER = "layer"
#: layers whose weights fit only their own input: those before it may be tried
WEIGHTED = ("dense", "linear", "conv", "convtranspose")
SETTINGS = {"keras": "keras", "torch": "torch", "flax": "textbook"}


class Explained:
    """What was found out about the rows, for notes."""

    def __init__(self) -> None:
        #: by type: (row's name, what was inferred, its count, how that comes about, how many other things fit)
        self.inferred: dict[str, list[tuple[str, str, int, str, int]]] = {}
        self.unsplit: list[tuple[str, int]] = []
        self.several: list[tuple[str, int, list[str]]] = []
        self.wrong: list[str] = []
        self.opaque: list[Row] = []
        #: what is counted in a row and is no parameter
        self.statistics = 0
        self.misfits = self.fits = 0


class Explainer:
    """Goes through the rows in order and makes a module of each."""

    def __init__(self, summary: Summary) -> None:
        self.summary = summary
        self.family = summary.family
        self.setting = Setting(SETTINGS[self.family])
        self.found = Explained()
        self.made: dict[object, Module] = {}
        #: the module of each row
        self.modules: dict[int, Module] = {}
        self.before: Row | None = None
        self.by_name: dict[str, Row] = {}
        self.order: list[tuple[str, Row]] = []
        #: shapes that rows sent, the latest last
        self.sent: dict[Dims, None] = {}

    def module(self, row: Row, name: str, children: list[Module]) -> Module:
        """The module of one row: a layer, or the row as it was printed."""
        self.by_name.setdefault(row.name, row)
        self.order.append((row.name, row))
        kind = type_of(row, self.family)
        module = self._named(row, name) if row.tensors else None
        if module is None and self.summary.form == "YOLO log":
            module = block(row, name, self.setting)
        if module is None and row.own and not children and not row.recursive:
            module = self._layer(row, kind, name)
        if module is None:
            module = self._as_printed(row, kind, name, bool(children))
        self.modules[id(row)] = module
        module.children = children or module.children
        module.takes = known(row.takes) or module.takes
        module.out = known(row.out) or module.out
        if not children:
            self.before = row
            if row.out is not None:
                self.sent.pop(row.out, None)
                self.sent[row.out] = None
        return module

    def _named(self, row: Row, name: str) -> Module:
        """A row that names its arrays."""
        used: dict[str, int] = {}
        tensors = []
        for leaf, shape, role in row.tensors:
            times = used[leaf] = used.get(leaf, 0) + 1
            full = name if name.endswith(f".{leaf}") or name == leaf else f"{name}.{leaf}" if name else leaf
            tensors.append(Tensor(full if times == 1 else f"{full}#{times}", shape, role=role))
        if any(leaf in ("all", "rest") and role == "weight" for leaf, _, role in row.tensors):
            self.found.unsplit.append((name, row.count or 0))
        return Module(name, kind_name(row, (row.type or "").lower()), tensors=tensors)

    def _as_printed(self, row: Row, kind: str, name: str, outer: bool) -> Module:
        """The printed count as one array."""
        tensors = []
        if row.unbuilt or (row.own is None and not row.recursive):
            tensors = [Tensor(f"{name}.parameters", None, note="printed as " + (row.rounded or "not built yet"))]
        elif row.own and row.own > 0 and not row.recursive:
            tensors = [Tensor(f"{name}.parameters", (row.own,), note="split of weights and biases not shown")]
            self.found.unsplit.append((name, row.own))
            if self.family == "keras" and plain_type(kind) not in MAKERS:
                self.found.opaque.append(row)
            if EMPTY.match(kind) and not outer:
                self.found.wrong.append(f"{name}: {row.own:,} is printed, but {row.type} has no weights")
        told = "" if outer or tensors else PRINTED_BEFORE if row.recursive else NO_WEIGHTS if EMPTY.match(kind) else ""
        return Module(
            name,
            None if outer and not tensors else kind_name(row, kind),
            tensors=tensors,
            why=[(0, "", told)] if told else (),
        )

    # -- layers -------------------------------------------------------------------------------------------------------

    def _layer(self, row: Row, kind: str, name: str) -> Module | None:
        if plain_type(kind) not in MAKERS:
            return None
        assert row.own is not None
        found: list[Option] = []
        for came in self._inputs(row, kind):
            asked = Asked(row, kind, row.own, came, self.family, self.summary.recent)
            found = self._trusted(options(asked) or [], came, row)
            chosen, others = best(found)
            if chosen is not None:
                return self._made(row, kind, name, chosen, others)
            if found:
                break
        self._unexplained(row, kind, name, found)
        return None

    def _trusted(self, found: list[Option], came: Dims | None, row: Row) -> list[Option]:
        """Where the input is only likely, an unusual layer on it is no explanation."""
        if came is None or self._certain(row):
            return found
        return [option for option in found if option.rank < 1 or (option.rank == 1 and "g" in option.given)]

    def _certain(self, row: Row) -> bool:
        if self.summary.flows is False and not row.inputs:
            return row.takes is not None
        return row.takes is not None or self.summary.flows is not None

    def _inputs(self, row: Row, kind: str) -> Iterator[Dims | None]:
        """Shapes that may come in, the likeliest first; None for one that is not known."""
        if row.takes is not None:
            yield row.takes
            return
        if self.summary.flows is False:
            feeding = self._feeding(row.inputs[0]) if row.inputs else self.before if row.depth else None
            if feeding is not None:
                yield feeding.out
            if feeding is None or not row.inputs:  # rows of a nested model do not say what feeds them
                yield None
            return
        before = self.before.out if self.before is not None else None
        if self.summary.flows is True:
            yield before
            return
        if before is not None:
            yield before
            if self.family == "torch" and all(before):
                yield (prod(side for side in before if side),)
        if plain_type(kind) in WEIGHTED:
            yield from list(self.sent)[: -EARLIER - 1 : -1]
        yield None

    def _feeding(self, name: str) -> Row | None:
        """The row of that name; of a name that was cut off (…) the only one that fits."""
        if name in self.by_name:
            return self.by_name[name]
        cut = name.rstrip("…")
        near = [
            row
            for other, row in self.order[-NEAR:]
            if (name != cut and other.startswith(cut)) or (other[-1:] == "…" and cut.startswith(other[:-1]))
        ]
        return near[0] if len(near) == 1 else None

    def _made(self, row: Row, kind: str, name: str, chosen: Option, others: int) -> Module | None:
        """The textbook's layer, if it holds as many numbers as are printed."""
        module = self._textbook(chosen, name)
        parameters, apart = held(module)
        apart = apart if self.family == "keras" or "statistics" in chosen.given else 0
        counted = parameters + apart
        if counted != row.own:
            self._unexplained(row, kind, name, [])
            return None
        self.found.fits += 1
        self.found.statistics += apart
        if chosen.said:
            self.found.inferred.setdefault(row.type or kind, []).append(
                (name, chosen.said, row.own or 0, chosen.told, others)
            )
        return module

    def _textbook(self, chosen: Option, name: str) -> Module:
        """The layer; equal ones are made once, for a model has few different layers."""
        key = (chosen.word, tuple(chosen.given.items()))
        if key not in self.made:
            setting = Setting("keras") if "statistics" in chosen.given else self.setting
            try:
                self.made[key] = made(kind_of(chosen.word), LAYER, chosen.given, Flow(), setting).module()
            except NparamsError:
                self.made[key] = Module(LAYER)
        return copied(self.made[key], name)

    def _unexplained(self, row: Row, kind: str, name: str, found: list[Option]) -> None:
        assert row.own is not None
        if found:
            self.found.several.append((name, row.own, [option.said or option.told for option in found]))
            return
        told = expected(
            Asked(row, kind, row.own, next(self._inputs(row, kind), None), self.family, self.summary.recent)
        )
        if told and self._certain(row):
            self.found.misfits += 1
            self.found.wrong.append(f"{name} ({row.type or kind}): {row.own:,} is printed, but {told}")


def copied(module: Module, name: str) -> Module:
    """The same layer under another name; what was checked when it was made is not checked again."""
    size = len(LAYER)
    copy = Module(
        name + module.name[size:],
        module.kind,
        module.args,
        takes=module.takes,
        out=module.out,
        tensors=[Tensor(name + t.name[size:], t.shape, role=t.role, size=t.size) for t in module.tensors],
        children=[copied(child, name) for child in module.children],
        why=module.why,
    )
    copy.formula = module.formula
    return copy


def expected(a: Asked) -> str:
    """What the count of a layer ought to be, where the shapes leave no choice; "" where they do."""
    kind, f, n = plain_type(a.type), a.last(a.out), a.last(a.came)
    if kind in ("dense", "linear") and f:
        if n:
            return f"{n:,} values come in and {f:,} go out: {(n + 1) * f:,} with biases, {n * f:,} without"
        return f"any layer with {f:,} neurons has a multiple of {f:,}"
    if kind.startswith("batchnorm") and a.out:
        sides = [side for side in a.channels(a.out) if side]
        times = 4 if a.family == "keras" else 2
        return f"{sides[0]:,} channels make {times * sides[0]:,}" if len(sides) == 1 else ""
    if kind in ("lstm", "gru", "simplernn") and a.family == "keras" and f and n:
        gates = {"lstm": 4, "gru": 3, "simplernn": 1}[kind]
        found = " or ".join(f"{gates * f * (n + f + v):,}" for v in ((1, 2) if kind == "gru" else (1,)))
        return f"{f:,} cells on {n:,} values have {found}"
    ends = a.channels(a.out, a.rank) if kind in ("conv", "convolution") else []
    if ends and all(a.count % end for end in ends):
        return f"a layer with {ends[0]:,} filters has a multiple of {ends[0]:,}"
    return ""


def held(module: Module) -> tuple[int, int]:
    """How many parameters a module and all inside it hold, and how many other numbers."""
    parameters = apart = 0
    stack = [module]
    while stack:
        one = stack.pop()
        for t in one.tensors:
            size = t.size if isinstance(t.size, int) else 0
            if t.role in PARAMETER_ROLES:
                parameters += size
            else:
                apart += size
        stack += one.children
    return parameters, apart


def known(shape: Dims | None) -> tuple[int, ...] | None:
    """The part of a shape that is known: (None, 64) is (64,)."""
    if not shape:
        return None
    sides = list(shape)
    while sides and sides[0] is None:
        sides.pop(0)
    return None if None in sides or not sides else tuple(side for side in sides if side is not None)


def kind_name(row: Row, kind: str) -> str:
    """The kind's name in this tool, else the type as it was printed."""
    return words()[kind].name if kind in words() else row.type or "layer"
