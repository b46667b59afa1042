"""Other totals of the same network, and layers counted twice, left out, or of another size."""

from __future__ import annotations

from nparams.analyses._edits import ALONE, Edit, Mistake, everywhere, gone
from nparams.analyses._leaves import NORMS
from nparams.analyses._terms import TABLES, Block, Case, Term, Unit
from nparams.analyses._text import listed
from nparams.expr import add, mul
from nparams.network import PARAMETER_ROLES
from nparams.network.split import embedding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.expr import Size

TITLES = {"torch": "by the definitions of PyTorch", "keras": "by the definitions of Keras",
          "textbook": "by the definitions of the textbook"}  # fmt: skip
OTHERS = {"framework": "what its framework's own summary prints, which counts more than parameters",
          "folded": "what is left once batch norms are folded into the layers before them",
          "nonzero": "the parameters that are not 0", "declared": "what the file itself declares"}  # fmt: skip


def _listed(case: Case) -> Iterator[Edit]:
    at = [i for i, unit in enumerate(case.units) if any(_shared(unit))]
    tied = [t.name for i in at for t in case.units[i].module.tensors if t.tied_to is not None]

    def change(unit: Unit) -> Unit:
        return unit.but((*unit.terms, *_shared(unit)))

    if tied:
        they = "it is" if len(tied) == 1 else "they are"
        yield Edit(f"You counted {listed(tied, most=2)} too: {they} shared (tied), and counted already", at, change)


def _shared(unit: Unit) -> list[Term]:
    """The arrays of a layer that are another's."""
    return [
        Term(t.name, t.role, tuple(("", size) for size in t.shape))
        for t in unit.module.tensors
        if t.tied_to is not None and t.role in PARAMETER_ROLES and t.shape is not None
    ]


def _conventions(case: Case) -> Iterator[Edit]:
    for name, total in case.network.also.items():
        told = TITLES.get(name) or OTHERS.get(name) or f"another count of it, called {name}"
        front = "That is its total " if name in TITLES else "That is "
        yield Edit(f"{front}{told}{_itemised(case, name)}", total=total, scope=0 if name in TITLES else 0.4)


def _itemised(case: Case, name: str) -> str:
    """What another convention adds, as the network's own note says it."""
    title = {"torch": "PyTorch", "keras": "Keras", "textbook": "the textbook"}.get(name, name)
    found = [note for note in case.network.notes if note.startswith(f"by those of {title} it is ")]
    items = found[0].partition(": ")[2] if found else ""
    return f" ({items})" if items else ""


def _parts(case: Case) -> Iterator[Edit]:
    totals = case.network.totals
    table = embedding(case.network)
    found: list[tuple[str, Size | None, float]] = [
        ("You counted the trainable parameters only", totals.trainable, 0),
        ("You counted the frozen parameters only", totals.frozen, 0.5),
        ("You counted what is active for one token: the other experts belong to it too", totals.active, 0),
        ("You counted the buffers too", add(case.total, totals.buffers), 0.2),
        ("You counted all that is stored, buffers too, each name once more", totals.elements, 0.6),
        ("You counted the biases only", totals.biases, 1.5),
    ]
    matrices = [mul(u.copies, t.size) for u in case.units if u.kind not in TABLES for t in u.terms if _is_matrix(t)]
    if any(unit.kind in (*TABLES, *NORMS) for unit in case.units):
        found.append(("You counted matrices only, without embeddings, biases and norms", add(*matrices), 0.7))
    if table is not None:
        found += [("You left out the {n} parameters of the embeddings", add(case.total, mul(-1, table)), 0.3),
                  ("You counted the embeddings only", table, 1.5)]  # fmt: skip
    yield from (Edit(says, total=total, scope=scope) for says, total, scope in found if total not in (None, 0))


def _is_matrix(term: Term) -> bool:
    return term.role == "weight" and len(term.factors) > 1


def _neurons(case: Case) -> Iterator[Edit]:
    outs = [unit.value("n_out") for i in case.of(("Dense",)) for unit in (case.units[i],)]
    known = [size for size in outs if size is not None]
    if not known:
        return
    neurons = add(*known)
    yield Edit("You counted neurons, not parameters", total=neurons)
    first = case.units[case.of(("Dense",))[0]].value("n_in")
    if first is not None:
        yield Edit("You counted nodes, the inputs too, not parameters", total=add(neurons, first))


def _bytes(case: Case) -> Iterator[Edit]:
    for each, what in ((4, "float32"), (2, "float16"), (8, "float64")):
        yield Edit(f"Those are bytes: {each} for each parameter in {what}", total=mul(each, case.total), scope=each / 8)


# -- layers -----------------------------------------------------------------------------------------------------------


def _forgotten(case: Case) -> Iterator[Edit]:
    yield from (
        edit for edit in everywhere(case, "You left out the {n} parameters{of}", gone) if len(edit.at) < len(case.held)
    )


def _alone(case: Case) -> Iterator[Edit]:
    """One layer's own count taken for the whole network's."""
    for unit in (case.units[i] for i in case.held[:ALONE]) if len(case.held) > 1 else ():
        yield Edit(f"That is {unit.called} alone", total=unit.size, where=unit.name, stem="")
        if unit.copies != 1:
            yield Edit(f"That is one {unit.called} alone", total=unit.but(copies=1).size, scope=0.5, where=unit.name)


def _blocks(case: Case) -> Iterator[Edit]:
    """A part of the network taken for the whole, or left out."""
    for part in case.parts[:ALONE]:
        at = [i for i in part.at if case.units[i].terms]
        if len(at) < 2 or len(at) == len(case.held):
            continue
        size = add(*(case.units[i].size for i in at))
        yield Edit(f"That is {part.name} alone", total=size)
        if isinstance(size, int) and isinstance(part.copies, int) and part.copies > 1:
            yield Edit(f"That is one of {part.name} alone", total=size // part.copies, scope=0.3)
        yield Edit(f"You left out the {{n}} parameters of {part.name}", at, gone)


def _repeated(case: Case) -> Iterator[Edit]:
    def twice(unit: Unit) -> Unit:
        return unit.but(copies=mul(2, unit.copies))

    for edit in everywhere(case, "You counted the {n} parameters{of} twice", twice):
        if len(edit.at) < len(case.held):
            yield edit
    yield Edit("You counted everything twice", case.held, twice, scope=2)


def _fence(case: Case) -> Iterator[Edit]:
    """One block too many or too few: m - 1 matrices stand between m equal layers."""
    for block in case.blocks:
        copies = block.copies
        if not isinstance(copies, int) or copies < 2 or not any(case.units[i].terms for i in block.at):
            continue
        for by, says in ((1, "one too many"), (-1, "one too few")):
            yield _scaled(
                block, copies, copies + by, f"You counted {copies + by} of {block.name}, {says}: there are {copies}"
            )
        yield _scaled(block, copies, 1, f"You counted one of the {copies} equal {block.name}")
    equal: dict[Size, list[int]] = {}
    for i in case.of(("Dense",)):
        unit = case.units[i]
        if unit.value("n_in") == unit.value("n_out") is not None and unit.copies == 1:
            equal.setdefault(unit.size, []).append(i)
    for at in equal.values():
        name, n = case.units[at[0]].called, case.units[at[0]].value("n_out")
        yield Edit(f"You counted one layer of {n} to {n} too many, as {name}", at[:1], lambda u: u.but(copies=2))
        yield Edit(f"You counted one layer of {n} to {n} too few, as {name}", at[:1], gone)


def _scaled(block: Block, copies: int, wanted: int, says: str) -> Edit:
    def change(unit: Unit) -> Unit | None:
        held = unit.copies
        return None if not isinstance(held, int) or held % copies else unit.but(copies=held // copies * wanted)

    return Edit(says, block.at, change)


def _raw(case: Case) -> Iterator[Edit]:
    at = case.of(("Parameter", "ClassToken", "Scale"))
    yield from everywhere(case, "You left out the {n} bare parameters{of}, as tools that list layers do", gone, at)


def _off_by_one(case: Case) -> Iterator[Edit]:
    at = case.of(("Dense",))
    if not at:
        return
    for i, letter, what in ((at[-1], "n_out", "outputs"), (at[0], "n_in", "inputs")):
        size = case.units[i].value(letter)
        if size is None:
            continue
        for by in (1, -1):

            def change(unit: Unit, letter: str = letter, put: Size = size + by) -> Unit:
                return unit.each(lambda t: t.put(letter, put))

            name = case.units[i].called
            yield Edit(f"You counted {size + by} {what} of {name}: there are {size}", (i,), change, where=name)


def _added(case: Case) -> Iterator[Edit]:
    def change(unit: Unit) -> Unit | None:
        n_in, n_out = unit.value("n_in"), unit.value("n_out")
        if n_in is None or n_out is None:
            return None
        return unit.each(lambda t: t if t.role == "bias" else type(t)(t.leaf, t.role, (("n_in", n_in + n_out),)))

    yield from everywhere(case, "You added the sizes{where} where they are multiplied", change, case.of(("Dense",)))


ROWS = (
    Mistake("what is shared counted twice", 1.2, _listed),
    Mistake("another convention", 1.5, _conventions),
    Mistake("a part of the total", 1.9, _parts),
    Mistake("neurons counted", 3.5, _neurons),
    Mistake("bytes counted", 3.5, _bytes),
    Mistake("layers left out", 2.9, _forgotten),
    Mistake("a part alone, or left out", 2.7, _blocks),
    Mistake("one layer alone", 3, _alone),
    Mistake("layers counted twice", 3.2, _repeated),
    Mistake("one block too many or too few", 2.5, _fence),
    Mistake("bare parameters left out", 2.6, _raw),
    Mistake("outputs or inputs off by one", 4.5, _off_by_one),
    Mistake("sizes added", 5, _added),
)
