"""Trees: rows, folding, ties, repeats and formulas."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import InvariantError, ReadError
from nparams.expr import equal, parse
from nparams.network import Module, Network, Over, Tensor

T = Tensor


def flat(*tensors: Tensor) -> Network:
    """A network as a checkpoint gives it: names and shapes."""
    return Network(tensors=list(tensors), source="test", read_as="test")


def rows(network: Network) -> list[tuple[str, object, object]]:
    """(name, copies, total) of each row."""
    return [(row.name, row.copies, row.total) for row in network.layers]


def layers(numbers: list[int], shape: tuple[int, ...] = (2, 3), stem: str = "layers.") -> list[Tensor]:
    return [T(f"{stem}{n}.weight", shape) for n in numbers]


# what it shows | tensors | rows
FOLDED = [
    ("one row a layer", [T("a.weight", (2, 3)), T("a.bias", (2,), role="bias"), T("b.weight", (5,))],
     [("a", 1, 8), ("b", 1, 5)]),
    ("equal siblings", layers([*range(40)]), [("layers.0-39", 40, 240)]),
    ("gaps in the numbers", layers([0, 1, 2, 5, 7, 8]), [("layers.0-2,5,7-8", 6, 36)]),
    ("numbers out of order", layers([10, 2, 1, 11]), [("layers.1-2,10-11", 4, 24)]),
    ("another shape stays apart", [*layers([0, 1]), *layers([2], (9,)), *layers([3])],
     [("layers.0-1,3", 3, 18), ("layers.2", 1, 9)]),
    ("the same size in another shape stays apart", [*layers([0]), *layers([1], (3, 2))],
     [("layers.0", 1, 6), ("layers.1", 1, 6)]),
    ("another role stays apart", [*layers([0], (6,)), T("layers.1.weight", (6,), role="bias")],
     [("layers.0", 1, 6), ("layers.1", 1, 6)]),
    ("blocks in blocks", [T(f"h.{i}.e.{j}.w", (3,)) for i in range(4) for j in range(5)], [("h.0-3.e.0-4", 20, 60)]),
    ("blocks that differ inside", [T(f"h.{i}.e.{j}.w", (3,)) for i in range(2) for j in range(2 + i)],
     [("h.0.e.0-1", 2, 6), ("h.1.e.0-2", 3, 9)]),
    ("names with a stem before the number", layers([0, 1, 2], stem="block"), [("block0-2", 3, 18)]),
    ("no number, no folding", [T("a.weight", (2,)), T("b.weight", (2,))], [("a", 1, 2), ("b", 1, 2)]),
    ("slashes", [T("dense_1/kernel", (2, 2)), T("dense_2/kernel", (2, 2))], [("dense_1-2", 2, 8)]),
    ("names without a module", [T("w", (2, 2)), T("b", (2,), role="bias")], [("", 1, 6)]),
    ("a number of no dimensions", [T("a.scale", ())], [("a", 1, 1)]),
    ("a dimension of 0", [T("a.weight", (0, 7))], [("a", 1, 0)]),
    ("buffers are no parameters", [T("bn.weight", (4,)), T("bn.running_mean", (4,), role="buffer")], [("bn", 1, 4)]),
    ("nothing at all", [], []),
]  # fmt: skip


@pytest.mark.parametrize(("tensors", "wanted"), [row[1:] for row in FOLDED], ids=[row[0] for row in FOLDED])
def test_rows(tensors: list[Tensor], wanted: list[tuple[str, int, int]]) -> None:
    network = flat(*tensors)
    assert rows(network) == wanted
    assert network.total == sum(total for _, _, total in wanted)


def test_ties_are_counted_once_and_shown() -> None:
    network = flat(T("embed.weight", (10, 4)), T("head.weight", (10, 4), tied_to="embed.weight"))
    assert (network.total, network.totals.listed, network.totals.elements) == (40, 80, 80)
    assert rows(network) == [("embed", 1, 40), ("head", 1, 0)]
    assert network.layers[1].notes == ["weight tied to embed.weight"]
    assert "tied to embed.weight" in str(network)
    assert "adds nothing" in network.explain()


def test_unknown_tensors_leave_no_total() -> None:
    network = flat(T("a.weight", (2, 3)), T("b.weight", None), T("b.bias", None, role="bias"))
    assert (network.total, network.totals.known, network.totals.unknown) == (None, 6, 2)
    with pytest.raises(ReadError, match="2 tensors have no known size"):
        nparams.count(network)
    assert "no total" in str(network)
    assert "not created yet" in network.explain()


def test_statistics_in_symbols_are_summed() -> None:
    n = parse("n")
    statistics = [T("bn.running_mean", (n,), role="buffer"), T("bn.running_var", (n,), role="buffer")]
    held = [*statistics, T("bn.num_batches_tracked", (), role="buffer")]
    assert "2·n + 1 buffers\n" in str(flat(T("bn.weight", (n,)), *held))


# -- repeats ----------------------------------------------------------------------------------------------------------


def block(name: str, over: Over | None, *sizes: str, children: list[Module] | None = None) -> Module:
    """A module with one weight, its shape written as expressions."""
    shape = tuple(parse(size) for size in sizes)
    tensors = [T(f"{name}.weight", shape)] if sizes else []
    return Module(name, "Block", over=over, tensors=tensors, children=children or [])


L, N = parse("L"), parse("n")
# what it shows | modules | total | at these values | the number
REPEATED = [
    ("a plain repeat", [block("b[i]", Over("i", 1, L), "d", "d")], "L*d**2", {"L": 3, "d": 4}, 48),
    ("a repeat in numbers", [block("b[i]", Over("i", 1, 5), "2", "3")], "30", {}, 30),
    ("sizes that use the index", [block("b[i]", Over("i", 1, L), "h[i-1]", "h[i]")], "sum(i=1..L, h[i-1]*h[i])",
     {"L": 2, "h": [2, 3, 4]}, 18),
    ("a repeat in a repeat", [block("s[i]", Over("i", 1, L), children=[block("s[i].b[j]", Over("j", 1, N), "d")])],
     "L*n*d", {"L": 2, "n": 3, "d": 5}, 30),
    ("an inner size that uses the outer index",
     [block("s[i]", Over("i", 1, L), children=[block("s[i].b[j]", Over("j", 1, N), "c[i]")])],
     "sum(i=1..L, n*c[i])", {"L": 2, "n": 3, "c": [0, 5, 7]}, 36),
    ("an optional layer", [block("a", None, "d"), block("o", Over("i", 1, parse("f")), "d")], "d + f*d",
     {"d": 4, "f": 0}, 4),
    ("it stands once", [block("b[i]", Over("i", 1, 1), "d")], "d", {"d": 9}, 9),
]  # fmt: skip


@pytest.mark.parametrize("case", REPEATED, ids=[row[0] for row in REPEATED])
def test_repeats(case: tuple[str, list[Module], str, dict[str, object], int]) -> None:
    _, modules, total, values, number = case
    network = Network(Module(children=modules), read_as="test")
    assert equal(network.total, parse(total))
    assert network.layers, "the rows were checked against the total"
    made = network.substitute(values) if values else network
    assert made.total == number
    assert sum(row.total for row in made.layers) == number


# -- formulas ---------------------------------------------------------------------------------------------------------

# formula | args | shapes
HUGE = "(a+b+c+d)**50"  # too large to multiply out: agrees wherever it is tried, which is no disagreement
AGREE = [
    ("n*m", {"n": 2, "m": 3}, [(2, 3)]),
    ("n*m + m", {"n": parse("a"), "m": parse("b")}, [("b", "a"), ("b",)]),
    ("(n+m)**2", {"n": parse("a"), "m": 1}, [("a+1", "a+1")]),
    ("n*m + m", {"n": parse(HUGE), "m": 5}, [(5, HUGE), (5,)]),
]
DIFFER = [("n*m", {"n": 2, "m": 3}, [(2, 4)]), ("n*m", {"n": parse("a"), "m": 3}, [("a", 3), (3,)]), ("0", {}, [(1,)])]


def claimed(formula: str, args: dict[str, object], shapes: list[tuple[object, ...]]) -> Module:
    tensors = [T(f"t{k}", tuple(parse(str(size)) for size in shape)) for k, shape in enumerate(shapes)]
    return Module("layer", "Kind", args, parse(formula), tensors=tensors)


@pytest.mark.parametrize(("formula", "args", "shapes"), AGREE)
def test_formula_agrees(formula: str, args: dict[str, object], shapes: list[tuple[object, ...]]) -> None:
    assert claimed(formula, args, shapes).formula == parse(formula)


@pytest.mark.parametrize(("formula", "args", "shapes"), DIFFER)
def test_formula_that_disagrees_is_refused(
    formula: str, args: dict[str, object], shapes: list[tuple[object, ...]]
) -> None:
    with pytest.raises(InvariantError, match="layer: the formula gives"):
        claimed(formula, args, shapes)


# -- size -------------------------------------------------------------------------------------------------------------


def test_depth_300() -> None:
    module = Module("m300", tensors=[T("m300.weight", (2,))])
    for k in reversed(range(300)):
        module = Module(f"m{k}", tensors=[T(f"m{k}.weight", (2,))], children=[module])
    network = Network(Module(children=[module]), read_as="deep")
    assert network.total == sum(row.total for row in network.layers) == 602
    for view in (network.explain(), network.to_json(), str(network)):
        assert "602" in view


def test_deep_names() -> None:
    network = flat(*(T(".".join("m" * k) + ".weight", (2,)) for k in range(1, 300)))
    assert network.total == sum(row.total for row in network.layers) == 598


def test_ten_thousand_siblings_are_one_row() -> None:
    network = flat(*layers([*range(10_000)]))
    assert rows(network) == [("layers.0-9999", 10_000, 60_000)]


def test_a_thousand_symbolic_layers() -> None:
    network = nparams.read("h0..h1000")
    assert len(network.layers) == 1000
    assert network.substitute({"h": [1] * 1001}).total == 2000


def test_a_layer_keeps_its_own_name_where_names_have_dots_and_slashes():
    """Converters write net/block.1.conv: what divides a name from its parent's is what stands there."""
    inner = [Module(f"net/block.{k}.conv", "Conv", tensors=[Tensor(f"net/block.{k}.conv/w", (k, 2))]) for k in (1, 2)]
    network = Network(Module("", children=[Module("net", children=inner)]))
    assert [row["name"] for row in network.rows()] == ["net/block.1.conv", "net/block.2.conv"]
