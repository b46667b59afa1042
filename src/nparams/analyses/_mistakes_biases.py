"""Mistakes about biases: none, too few, too many, counted by another size."""

from __future__ import annotations

from nparams.analyses._edits import Edit, Mistake, everywhere, fits
from nparams.analyses._leaves import NORMS, RECURRENT
from nparams.analyses._terms import Case, Term, Unit
from nparams.expr import add, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.expr import Size

#: the side of each array that has a bias for each entry, where the layer was declared without
OUTS = {"Dense": {"weight": "n_out"}, "Conv": {"weight": "c_out"}, "ConvTranspose": {"weight": "c_out"},
        "DepthwiseConv": {"weight": "c_in"}, "SeparableConv": {"pointwise.weight": "c_out"},
        "PatchEmbedding": {"weight": "d"}, "RMSNorm": {"weight": "c"}, "LayerNorm": {"weight": "c"},
        "Attention": {"q.weight": "q", "k.weight": "kv", "v.weight": "kv", "o.weight": "d"},
        "FeedForward": {"gate.weight": "f", "up.weight": "f", "down.weight": "d"}}  # fmt: skip
INS = {"Dense": "n_in", "Conv": "c_in", "ConvTranspose": "c_in"}


def _unbiased(unit: Unit) -> Unit | None:
    return unit.each(lambda term: None if term.role == "bias" else term) if unit.has("bias") else None


def _none(case: Case) -> Iterator[Edit]:
    neurons = [i for i in case.held if case.units[i].kind not in NORMS]
    yield from everywhere(case, "You left out the {n} biases{of}", _unbiased, ends=True)
    if len(neurons) < len(case.held):
        at = fits(case, _unbiased, neurons)
        if at:
            yield Edit("You left out the {n} biases, but counted the shifts of the norms", at, _unbiased, scope=0.2)


def _output(case: Case) -> Iterator[Edit]:
    at = fits(case, _unbiased)
    if len(at) > 1:
        name = case.units[at[-1]].called
        yield Edit(f"You left out the {{n}} biases of the output layer, {name}", at[-1:], _unbiased, where=name)


def _one_each(case: Case) -> Iterator[Edit]:
    def change(unit: Unit) -> Unit | None:
        return None if not unit.has("bias") else _with(_unbiased(unit), Term("bias", "bias", ()))

    yield from everywhere(case, "You counted one bias for each layer, not one for each neuron{of}", change)


def _one_in_all(case: Case) -> Iterator[Edit]:
    at = fits(case, _unbiased)
    first = case.units[at[0]].name if at else ""

    def change(unit: Unit) -> Unit | None:
        bare = _unbiased(unit)
        return bare if bare is None or unit.name != first else _with(bare, Term("bias", "bias", ()))

    if len(at) > 1:
        yield Edit("You counted one bias for the whole network", at, change)


def _with(unit: Unit | None, *terms: Term) -> Unit | None:
    return None if unit is None else unit.but((*unit.terms, *terms))


def _inputs(case: Case) -> Iterator[Edit]:
    first = case.units[case.held[0]] if case.held else None
    came = case.units[0].takes if case.units else None
    if first is None or first.kind in ("Embedding", "PositionEmbedding"):
        return
    sizes: list[Size | None] = [first.value("n_in"), first.value("n"), first.value("c_in")]
    if came is not None:
        sizes.append(product(came))
    for size in dict.fromkeys(s for s in sizes if s is not None):
        extra = Term("bias", "bias", (("inputs", size),))
        yield Edit("You gave the {n} inputs biases too", case.held[:1], lambda unit, t=extra: _with(unit, t))  # type: ignore[misc]


def _undeclared(case: Case) -> Iterator[Edit]:
    def change(unit: Unit) -> Unit | None:
        if unit.has("bias") or not unit.terms:
            return None
        sides = OUTS.get(unit.kind or "", {})
        if unit.kind in RECURRENT:
            return _with(unit, *[t.without("n").without("below") for t in unit.terms if t.leaf.startswith("weight_ih")])
        if unit.kind == "Dense" and unit.name.rpartition(".")[2] == "router":
            return None
        found = [(sides[t.leaf], t.value(sides[t.leaf])) for t in unit.terms if t.leaf in sides]
        return _with(unit, *[Term("bias", "bias", ((letter, size),)) for letter, size in found if size is not None])

    yield from everywhere(case, "You counted {n} biases{of} that are not there", change)


def _twice(case: Case) -> Iterator[Edit]:
    yield from everywhere(case, "You counted the biases{of} twice", lambda unit: _with(
        unit, *[t for t in unit.terms if t.role == "bias"]))  # fmt: skip


def _by_inputs(case: Case) -> Iterator[Edit]:
    def change(unit: Unit) -> Unit | None:
        size = unit.value(INS.get(unit.kind or "", "none"))
        if size is None or not unit.has("bias"):
            return None
        return _with(_unbiased(unit), Term("bias", "bias", (("in", size),)))

    yield from everywhere(case, "You counted a bias for each value that comes in, not for each neuron{of}", change)


def _constants(case: Case) -> Iterator[Edit]:
    """Sizes that hold a node of constant 1, whose weights are the biases; and that node fed from below as well."""
    at = case.of(("Dense",))
    if len(at) < 2:
        return
    last = case.units[at[-1]].name

    def less(unit: Unit) -> Unit | None:
        n_out = unit.value("n_out")
        bare = _unbiased(unit) or unit
        return bare if unit.name == last or n_out is None else bare.each(lambda t: t.put("n_out", add(n_out, -1)))

    def more(unit: Unit) -> Unit | None:
        n_in, n_out = unit.value("n_in"), unit.value("n_out")
        if unit.name == last or n_in is None or n_out is None or not unit.has("bias"):
            return None
        return unit.but([Term("weight", "weight", (("n_in", add(n_in, 1)), ("n_out", add(n_out, 1))))])

    yield Edit("You took one node of each layer for the constant that carries the biases", fits(case, less, at), less)
    yield Edit(
        "You connected the node that carries a layer's biases to the layer before it", fits(case, more, at), more
    )


def _vectors(case: Case) -> Iterator[Edit]:
    def second(unit: Unit) -> Unit | None:
        return _with(unit, *[t for t in unit.terms if t.leaf.partition("_l")[0].removesuffix("_reverse") == "bias"])

    def first(unit: Unit) -> Unit | None:
        return unit.each(lambda t: None if t.leaf.startswith("bias_hh") else t)

    at = case.of(RECURRENT)
    yield from everywhere(case, "You counted two bias vectors, b_ih and b_hh{of}, as PyTorch has them", second, at)
    yield from everywhere(case, "You counted one bias vector{where}, as texts have it; here there are two", first, at)


def _sized(case: Case) -> Iterator[Edit]:
    """A norm counted by the feed of the layer: nothing but its shift or its scale."""
    at = case.of(NORMS)

    def scales(unit: Unit) -> Unit | None:
        return unit.each(lambda t: None if t.role == "bias" else t) if unit.has("weight") else None

    yield from everywhere(
        case, "You left out the {n} shifts (β) of the norms, and counted their scales{of}", scales, at
    )


def _places(case: Case) -> Iterator[Edit]:
    """A bias of a convolution at each position: W·H·c_out of them."""

    def change(unit: Unit) -> Unit | None:
        places = positions(unit.out, unit.value("c_out"))
        if places is None or not unit.has("bias"):
            return None
        return unit.each(lambda t: t.times("out", places) if t.role == "bias" else t)

    yield from everywhere(case, "You counted a bias at each position of the image{where}", change, case.of(("Conv",)))


def positions(shape: tuple[Size, ...] | None, channels: Size | None) -> Size | None:
    """How many positions a shape has beside its channels, None where it has none."""
    if shape is None or len(shape) < 2 or channels not in (shape[0], shape[-1]):
        return None
    return product(shape[:-1] if channels == shape[-1] else shape[1:])


ROWS = (
    Mistake("no biases", 1, _none),
    Mistake("no biases of the output", 1.3, _output),
    Mistake("one bias for each layer", 2.2, _one_each),
    Mistake("one bias in all", 3.5, _one_in_all),
    Mistake("biases of the inputs", 2.5, _inputs),
    Mistake("biases that are not there", 2.2, _undeclared),
    Mistake("biases counted twice", 4, _twice),
    Mistake("biases by what comes in", 4, _by_inputs),
    Mistake("bias nodes inside the sizes", 4.5, _constants),
    Mistake("one or two bias vectors", 1.8, _vectors),
    Mistake("norms without shifts", 1.25, _sized),
    Mistake("a bias at each position", 4.5, _places),
)
