"""Mistakes about norms, attention, feed-forward layers, experts, adapters and capsules."""

from __future__ import annotations

from functools import partial

from nparams.analyses._edits import Edit, Mistake, everywhere, fits, gone
from nparams.analyses._leaves import NORMS
from nparams.analyses._terms import TABLES, Case, Term, Unit
from nparams.expr import mul, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.expr import Size

STATISTICS = ("running_mean", "running_var", "moving_mean", "moving_variance")


def _statistics(case: Case) -> Iterator[Edit]:
    def kept(unit: Unit) -> Unit | None:
        found = [t for t in unit.module.tensors if t.name.rpartition(".")[2] in STATISTICS and t.size is not None]
        return unit.but((*unit.terms, *(Term("statistic", "buffer", (("c", t.size or 0),)) for t in found)))

    def supposed(unit: Unit) -> Unit | None:
        c = unit.value("c")
        return None if c is None else unit.but((*unit.terms, *[Term("statistic", "buffer", (("c", c),))] * 2))

    at = case.of(("BatchNorm", None))
    yield from everywhere(case, "You counted the {n} running means and variances{of} too: they are measured, not "
                          "learned", kept, at)  # fmt: skip
    others = case.of(NORMS - {"BatchNorm"})
    for edit in everywhere(case, "You counted {n} means and variances{of}: none are kept there", supposed, others):
        edit.scope += 2
        yield edit


def _norms(case: Case) -> Iterator[Edit]:
    at = case.of(NORMS)
    yield from everywhere(case, "You left out the {n} scales and shifts{of}", gone, at)


def _scaled(case: Case) -> Iterator[Edit]:
    """γ and β for each value of the image, not for each channel."""

    def change(unit: Unit) -> Unit | None:
        size, c = product(unit.takes or ()), unit.value("c")
        return None if c is None else unit.each(lambda t: t.put("c", size) if t.factors else t)

    at = [i for i in case.of(NORMS) if len(case.units[i].takes or ()) > 1]
    yield from everywhere(
        case, "You counted a scale and a shift for each value{where}, not for each channel", change, at
    )


def _grouped(case: Case) -> Iterator[Edit]:
    def ignored(unit: Unit) -> Unit | None:
        q = unit.value("q")
        return None if q is None else unit.each(lambda t: t.put("kv", q))

    def single(unit: Unit) -> Unit | None:
        d_h = unit.arg("d_h")
        return None if d_h is None or unit.arg("kv") is None else unit.each(lambda t: t.put("kv", d_h))

    at = case.of(("Attention",))
    yield from everywhere(case, "You gave each query head its own key and value heads{where}: they are shared here",
                          ignored, at)  # fmt: skip
    for edit in everywhere(case, "You counted a single key and value head{where}", single, at):
        edit.scope += 2
        yield edit


def _matrices(case: Case) -> Iterator[Edit]:
    at = case.of(("Attention",))
    for says, leaves in (
        ("You left out the matrix that brings the heads together{where}", ("o.",)),
        ("You counted one matrix for queries, keys and values{where}: there are three", ("k.", "v.")),
        ("You left out queries, keys and values{where}", ("q.", "k.", "v.")),
        ("You left out the matrix of the values{where}", ("v.",)),
    ):
        yield from _less(case, says, at, leaves)


def _less(case: Case, says: str, at: list[int], leaves: tuple[str, ...]) -> Iterator[Edit]:
    """Arrays left out: matrices alone, or with their biases."""
    for roles in (("weight",), ("weight", "bias")):

        def change(unit: Unit, roles: tuple[str, ...] = roles) -> Unit | None:
            return unit.each(lambda t: None if t.leaf.startswith(leaves) and t.role in roles else t)

        yield from everywhere(case, says, change, at)


def _heads(case: Case) -> Iterator[Edit]:
    """Heads share the width: multiplying by them counts each as large as the whole."""

    def times(unit: Unit, which: tuple[str, ...], roles: tuple[str, ...]) -> Unit | None:
        h = unit.arg("h")
        if h is None:
            return None
        return unit.each(lambda t: t.times("h", h) if t.leaf.startswith(which) and t.role in roles else t)

    def one(unit: Unit) -> Unit | None:
        h, d = unit.arg("h"), unit.value("d")
        if not isinstance(h, int) or not isinstance(d, int) or unit.arg("kv") is not None or h < 2 or d % h:
            return None
        return unit.each(lambda t: t.put("q", d // h).put("kv", d // h))

    at = case.of(("Attention",))
    for what, which in (("queries, keys and values", ("q.", "k.", "v.")), ("all", ("",))):
        for roles in (("weight",), ("weight", "bias")):
            yield from everywhere(
                case, f"You multiplied {what} by the heads{{where}}: heads share the width",
                lambda unit, w=which, r=roles: times(unit, w, r), at,  # type: ignore[misc]
            )  # fmt: skip
    yield from everywhere(case, "You counted queries, keys and values of one head{where}", one, at)


def _feed(case: Case) -> Iterator[Edit]:
    at = case.of(("FeedForward",))

    def gated(unit: Unit) -> Unit | None:
        if any(t.leaf.startswith("gate") for t in unit.terms):
            return None
        return unit.but((*unit.terms, *[t for t in unit.terms if t.leaf == "up.weight"]))

    def inner(unit: Unit, by: int) -> Unit | None:
        d = unit.value("d")
        return None if d is None else unit.each(lambda t: t.put("f", mul(by, d)))

    yield from _less(case, "You left out the gate{where}: it has three matrices", at, ("gate",))
    yield from _less(case, "You counted one matrix{where}: it goes up and down again", at, ("down", "gate"))
    for edit in everywhere(case, "You counted a gate{where}: it has two matrices", gated, at):
        edit.scope += 1
        yield edit
    for by, told in ((4, "four times the width"), (1, "the width")):
        says = f"You took {told} for the size inside{{where}}"
        for edit in everywhere(case, says, partial(inner, by=by), at):
            edit.scope += 1
            yield edit


def _routed(case: Case) -> list[int]:
    """The units of experts of which a token uses a few."""
    found: set[str] = set()
    stack = [(case.network.root, False)]
    while stack:
        module, inside = stack.pop()
        inside = inside or module.routed is not None
        if inside:
            found.add(module.name)
        stack.extend((child, inside) for child in module.children)
    return [i for i in case.held if case.units[i].module.name in found]


def _experts(case: Case) -> Iterator[Edit]:
    at = _routed(case)
    if not at:
        return
    count = case.units[at[0]].module.over
    experts: Size | None = case.units[at[0]].arg("E") if count is None else count.last
    routers = [i for i in case.held if case.units[i].name.rpartition(".")[2] in ("router", "gate")]
    if isinstance(experts, int) and experts > 1:

        def one(unit: Unit) -> Unit | None:
            copies = unit.copies
            return None if not isinstance(copies, int) or copies % experts else unit.but(copies=copies // experts)

        yield Edit(f"You counted one of the {experts} experts", at, one)
        rest = [i for i in case.held if i not in at]

        def all_but_routers(unit: Unit) -> Unit:
            return unit.but(() if unit.name in names else None, mul(unit.copies, experts))

        names = {case.units[i].name for i in routers}
        says = f"You multiplied everything by the {experts} experts: only feed-forward layers are there {experts} times"
        yield Edit(says, rest, lambda unit: unit.but(copies=mul(unit.copies, experts)))
        if routers:
            yield Edit(f"{says}, and left out the routers", rest, all_but_routers)
    yield Edit("You left the experts out", at, gone, scope=1)
    if routers:
        yield Edit("You left out the {n} weights of the routers", routers, gone, scope=0.5)


def _adapters(case: Case) -> Iterator[Edit]:
    at = [i for i in case.held if any("lora_" in t.leaf for t in case.units[i].terms)]

    def keep(*wanted: str) -> object:
        return lambda unit: unit.each(lambda t: t if any(word in t.leaf for word in wanted) else None)

    def drop(word: str) -> object:
        return lambda unit: unit.each(lambda t: None if word in t.leaf else t)

    yield from everywhere(case, "You counted one of the two matrices of each adapter (A){of}", drop("lora_B"), at)  # type: ignore[arg-type]
    yield from everywhere(case, "You counted one of the two matrices of each adapter (B){of}", drop("lora_A"), at)  # type: ignore[arg-type]
    yield from everywhere(case, "You left the adapters out{where}", drop("lora_"), at)  # type: ignore[arg-type]
    targets = sorted({t.leaf.partition(".")[0] for i in at for t in case.units[i].terms if ".lora_" in t.leaf})
    for target in targets if len(targets) > 1 else ():

        def change(unit: Unit, target: str = target) -> Unit | None:
            return unit.each(lambda t: None if ".lora_" in t.leaf and not t.leaf.startswith(f"{target}.") else t)

        def alone(unit: Unit, target: str = target) -> Unit | None:
            return unit.each(lambda t: t if t.leaf.startswith(f"{target}.lora_") else None)

        says = f"You counted the adapter of one matrix ({target}), not of all {len(targets)}"
        yield Edit(says, fits(case, change), change)
        yield Edit(f"{says}, and nothing that is frozen", fits(case, alone), alone)


def _tables(case: Case) -> Iterator[Edit]:
    at = case.of(TABLES)
    words = {"Embedding": "entries of the vocabulary", "PositionEmbedding": "learned positions"}
    for i in at:
        unit = case.units[i]
        yield Edit(
            f"You left out the {{n}} parameters of the {words[unit.kind or '']}, {unit.called}",
            (i,),
            gone,
            where=unit.name,
        )
    for i in case.of(("Dense",)):
        unit = case.units[i]
        pair = (unit.value("n_out"), unit.value("n_in"))
        if any((case.units[k].value("V"), case.units[k].value("d")) == pair for k in at):

            def shared(u: Unit) -> Unit:
                return u.each(lambda t: None if t.role == "weight" else t)

            yield Edit(
                f"You took {unit.called} to share the table of the embedding: it has weights of its own", (i,), shared
            )


def _capsules(case: Case) -> Iterator[Edit]:
    """Routing coefficients c and b are worked out, not learned."""
    for times in (2, 1):

        def change(unit: Unit, times: int = times) -> Unit | None:
            n, n_in = unit.arg("n"), unit.arg("n_in")
            if n is None or n_in is None:
                return None
            return unit.but((*unit.terms, *[Term("routing", "weight", (("n_in", n_in), ("n", n)))] * times))

        yield from everywhere(case, "You counted routing coefficients{where}: they are worked out, not learned", change,
                              case.of(("Capsule",)))  # fmt: skip


ROWS = (
    Mistake("statistics counted", 1.7, _statistics),
    Mistake("norms left out", 2.2, _norms),
    Mistake("a scale for each value", 4, _scaled),
    Mistake("shared key and value heads ignored", 1.8, _grouped),
    Mistake("matrices of attention", 2.6, _matrices),
    Mistake("heads multiplied in", 3, _heads),
    Mistake("matrices of feed-forward layers", 2.6, _feed),
    Mistake("experts", 1.9, _experts),
    Mistake("half of an adapter", 2.4, _adapters),
    Mistake("a table left out", 2.1, _tables),
    Mistake("routing counted", 3.5, _capsules),
)
