"""Fewer rows: down to a depth, or one for each kind of layer; they sum to the same total."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.network import Module, Network, Tensor
from tests.test_views_golden import nested
from tests.test_views_json import lazy, mixed

#: an embedding of 100 rows of 8; 3 blocks of 8·32 + 32 and 32·8; a head that is the embedding
BLOCKS = 3 * (8 * 32 + 32 + 32 * 8)

# network | depth | name, copies, total of each row
DEPTHS = [
    (nested, 0, [("", 1, 800 + BLOCKS)]),
    (nested, 1, [("embed", 1, 800), ("block0-2", 3, BLOCKS), ("head", 1, 0)]),
    (nested, 2, [("embed", 1, 800), ("block0-2.up", 3, 3 * 288), ("block0-2.down", 3, 3 * 256), ("head", 1, 0)]),
    (nested, 9, [("embed", 1, 800), ("block0-2.up", 3, 3 * 288), ("block0-2.down", 3, 3 * 256), ("head", 1, 0)]),
    (lambda: nparams.read("784-16-10"), 0, [("", 1, 784 * 16 + 16 + 16 * 10 + 10)]),
]


@pytest.mark.parametrize(("make", "depth", "rows"), DEPTHS)
def test_rows_to_a_depth(make: object, depth: int, rows: list[tuple[str, int, int]]) -> None:
    network: Network = make()  # type: ignore[operator]
    assert [(row["name"], row["copies"], row["total"]) for row in network.rows(depth=depth)] == rows
    assert sum(total for _, _, total in rows) == network.total
    text = network.table(depth=depth)
    assert all(name in text for name, _, _ in rows)
    assert ("block0-2.up" in text) is ("block0-2.up" in [name for name, _, _ in rows])


def test_what_is_in_a_summed_block() -> None:
    """Buffers, unknown sizes and repeats of all that is below."""
    inner = [
        Module("a.b.c", tensors=[Tensor("a.b.c.w", (2, 3)), Tensor("a.b.c.mask", (5,), role="buffer")]),
        Module("a.b.d", tensors=[Tensor("a.b.d.w", None), Tensor("a.b.d.bias", (7,), role="bias")]),
    ]
    network = Network(Module(children=[Module("a", children=[Module("a.b", children=inner)])]), read_as="x")
    (row,) = network.layers_to(1)
    assert (row.weights, row.biases, row.total, row.unknown, row.apart) == (6, 7, 13, 1, {"buffer": 5})
    assert (row.formula, row.numbers) == (None, None)


@pytest.mark.parametrize("text", ["h0..hl", "h0-h1-h2", "L x (dense 2*d on d; dense d)"])
def test_symbols_to_a_depth(text: str) -> None:
    network = nparams.read(text)
    (row,) = network.layers_to(0)
    assert nparams.expr.equal(row.total, network.total)
    assert nparams.expr.equal(row.weights, network.weights)


# network | kind, layers, weights, biases of each row
KINDS = [
    (
        nested,
        [("Dense", 7, 3 * 2 * 256, 3 * 32), ("Embedding", 1, 800, 0)],
    ),
    (
        lambda: nparams.read("input 8; dense 4; relu; 3 x (dense 4 no bias)"),
        [("Dense", 4, 8 * 4 + 3 * 16, 4), ("Activation", 1, 0, 0)],
    ),
]


@pytest.mark.parametrize(("make", "rows"), KINDS)
def test_by_kind(make: object, rows: list[tuple[str, int, int, int]]) -> None:
    network: Network = make()  # type: ignore[operator]
    found = network.by_kind()
    assert [(row["kind"], row["layers"], row["weights"], row["biases"]) for row in found] == rows
    assert sum(weights + biases for _, _, weights, biases in rows) == network.total
    assert [row["total"] for row in found] == [weights + biases for _, _, weights, biases in rows]
    shares = [row["share"] for row in found if isinstance(row["share"], float)]
    assert abs(sum(shares) - 1) < 1e-5


def test_bars_are_as_long_as_shares() -> None:
    lines = nested().table(by="kind").split("\n")
    whole = 800 + BLOCKS
    assert lines[3].endswith("█" * round(20 * BLOCKS / whole))
    assert lines[4].endswith("█" * round(20 * 800 / whole))


@pytest.mark.parametrize("make", [mixed, lazy])
def test_by_kind_of_anything(make: object) -> None:
    network: Network = make()  # type: ignore[operator]
    held = [row["total"] for row in network.by_kind()]
    assert sum(size for size in held if isinstance(size, int)) == network.totals.known
    assert "(not named)" in network.table(by="kind")


def test_symbols_by_kind() -> None:
    (row,) = nparams.read("h0..hl").by_kind()
    assert (row["kind"], row["layers"], row["total"]) == ("Dense", "l", "sum(i=1..l, (h[i-1] + 1)*h[i])")


REFUSED = [
    ({"by": "size"}, 'rows can be summed by kind, not by "size"'),
    ({"by": "kind", "depth": 1}, "rows are summed by kind or down to a depth, not both"),
    ({"depth": -1}, "depth is -1: 0 is the network itself, 1 what stands in it"),
]


@pytest.mark.parametrize(("asked", "said"), REFUSED)
def test_what_cannot_be_asked(asked: dict[str, object], said: str) -> None:
    with pytest.raises(NparamsError) as caught:
        nested().table(**asked)  # type: ignore[arg-type]
    assert str(caught.value) == said


def test_many_layers_that_hold_nothing_are_one_row() -> None:
    """Of code and live models, whose sizes are not followed; in a list of layers each has its place."""
    head = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    lines = [f"        self.{name} = nn.ReLU()\n" for name in "abcdefghi"] + ["        self.fc = nn.Linear(3, 1)\n"]
    assert "(9 more without parameters)" in str(nparams.read(head + "".join(lines)))
    assert "more without" not in str(nparams.read(head + "".join(lines[1:])))
    assert "more without" not in str(nparams.read("input 3; " + "dense 3; relu; dropout; " * 9 + "dense 1"))
