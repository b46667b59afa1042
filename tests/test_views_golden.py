"""What people see, word for word: golden/NAME.VIEW.WIDTH.txt.  NPARAMS_OVERWRITE=1 writes the files anew.

A golden file can freeze a lie, so every number that is shown is also added up again here.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import nparams
from nparams.network import Module, Network, Tensor
from nparams.registry import VIEWS
from nparams.views import explain, table
from nparams.views.html_style import PAGE, STYLE
from nparams.views.look import Look
from nparams.views.svg import STYLE as PICTURE
from tests.test_views_json import lazy, mixed

GOLDEN = Path(__file__).parent / "golden"
OVERWRITE = bool(os.environ.get("NPARAMS_OVERWRITE"))
MODULES = {view.name: view.module for view in VIEWS} | {"tensors": "nparams.views.tensors"}
LOOKS = {
    "80": Look(width=80), "140": Look(width=140), "piped": Look(), "ascii": Look(unicode=False),
    "terminal": Look(width=100, rich=True), "colour": Look(width=100, rich=True, colour=True),
}  # fmt: skip
SHOWN = {"drawn": ("table", "tree"), "once": ("json", "csv", "latex", "html", "svg")}


def hostile() -> Network:
    """Names that would act on a terminal, in Markdown, in HTML or in a spreadsheet."""
    names = ["\x1b[31mred", "a|b*c_d", "<script>", "=1+1", "[bold]", ":smile:", "new\nline", "é→Σ"]
    return Network(
        tensors=[Tensor(f"{n}.weight", (2, 3)) for n in names], source="hostile\x1b", read_as="hostile \x1b[1m"
    )


def nested() -> Network:
    """Blocks in blocks, layers of known kinds, and a tie."""
    from nparams.layers.dense import dense

    blocks = [
        Module(
            f"block{k}", "Block", children=[dense(f"block{k}.up", 8, 32), dense(f"block{k}.down", 32, 8, bias=False)]
        )
        for k in range(3)
    ]
    table = Module("embed", "Embedding", tensors=[Tensor("embed.weight", (100, 8))])
    head = Module("head", "Dense", tensors=[Tensor("head.weight", (100, 8), tied_to="embed.weight")])
    return Network(Module(children=[table, *blocks, head]), source="nested", form="test", read_as="nested blocks")


NETWORKS = {
    "digits": lambda: nparams.read("784-16-16-10"),
    "hidden": lambda: nparams.read("784-16-16-10", bias="hidden"),
    "symbols": lambda: nparams.read("h0-h1-h2-h3-h4-h5"),
    "general": lambda: nparams.read("h0..hl"),
    "ends": lambda: nparams.read("784-h1..hl-10", bias="hidden"),
    "put_in": lambda: nparams.read("h0..hl", set={"h": [784, 16, 16, 10]}),
    "one_layer": lambda: nparams.read("3-1", bias="none"),
    "mixed": mixed,
    "lazy": lazy,
    "nested": nested,
    "hostile": hostile,
}


def looks_of(view: str) -> list[str]:
    """The looks that can change a view."""
    if view in SHOWN["once"]:
        return ["piped"]
    return [*LOOKS] if view in SHOWN["drawn"] else ["80", "140", "piped", "ascii"]


def render(name: str, view: str, look: str) -> str:
    from importlib import import_module

    text = str(import_module(MODULES[view]).render(NETWORKS[name](), LOOKS[look]))
    for style, name in ((STYLE, "the style"), (PAGE, "of the page"), (PICTURE, "of the picture")):
        text = text.replace(style, f"/* {name} */")
    return text


CASES = [(name, view) for name in NETWORKS for view in MODULES]


@pytest.mark.parametrize(("name", "view"), CASES)
def test_golden(name: str, view: str) -> None:
    """One file a view: each look under its own line, and looks that give the same text under one."""
    texts: dict[str, list[str]] = {}
    for look in looks_of(view):
        texts.setdefault(render(name, view, look), []).append(look)
    found = "".join(f"==== {', '.join(looks)}\n{text}\n" for text, looks in texts.items()).replace("\x1b", "␛")
    path = GOLDEN / f"{name}.{view}.txt"
    if OVERWRITE:
        path.write_text(found, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == found, "if this is meant: NPARAMS_OVERWRITE=1"


def test_no_golden_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{view}.txt" for name, view in CASES}


@pytest.mark.parametrize(("name", "view"), CASES)
def test_widths_and_characters(name: str, view: str) -> None:
    for look in looks_of(view):
        text = render(name, view, look)
        assert text
        assert look == "colour" or "\x1b" not in text
        assert look != "ascii" or text.isascii()
        if view != "markdown" and look not in ("terminal", "colour"):  # two spaces end a line of Markdown
            assert not any(line.endswith(" ") for line in text.split("\n")), "no spaces at the ends of lines"
        assert look == "colour" or all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("name", NETWORKS)
def test_columns_add_up(name: str) -> None:
    """The cells that the table shows, read back as numbers, sum to the line that it shows under them."""
    from nparams.views.cells import columns

    made = {column.name: column for column in columns(NETWORKS[name](), Look())}
    for key in ("weights", "biases", "total"):
        cells = [cell.replace(",", "") for cell in made[key].cells if cell != "?"]
        if all(cell.isdigit() for cell in cells) and made[key].foot:
            assert sum(map(int, cells)) == int(made[key].foot.replace(",", ""))


@pytest.mark.parametrize("width", [1, 10, 20, 40, 60, 80, 100, 140, 1000])
def test_a_table_fits(width: int) -> None:
    """Columns that are not needed give way; what is needed stays, whatever the width."""
    for rich in (False, True):
        text = str(import_table().render(nparams.read("784-16-16-10"), Look(width=width, rich=rich)))
        assert "13,002" in text
        assert width < 60 or max(map(len, text.split("\n\n")[1].splitlines())) <= width
        assert width < 60 or all(key in text for key in ("weights", "biases", "total"))


def import_table() -> object:
    from nparams.views import table

    return table


# levels | lines of the tree
DEPTHS = [(0, 1), (1, 4), (2, 6), (None, 6)]


@pytest.mark.parametrize(("depth", "lines"), DEPTHS)
def test_depth_of_the_tree(depth: int | None, lines: int) -> None:
    from nparams.views.tree import render as draw

    assert len(draw(nested(), Look(depth=depth)).split("\n\n")[1].splitlines()) == lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1-3", "Each is connected to the 1 value that comes in: one weight a"),
        ("lstm 9 on 1", "In each gate a cell weighs the 1 value that comes in,"),
        ("lstm 1 on 9", "and the 1 output of the step before."),
        ("11-3", "Each is connected to all 11 values that come in: one weight a"),
    ],
)
def test_one_is_no_plural(text: str, said: str) -> None:
    assert said in nparams.read(text).explain()


#: networks that hold nothing, as a paste of layers without parameters may
BARE = {
    "nothing": lambda: Network(Module(), source="x", read_as="x"),
    "no tensors": lambda: Network(tensors=[], source="x", read_as="x"),
    "a block": lambda: Network(Module("net", "Net", children=[Module("net.inner", "Block", children=[Module()])])),
    "a module of code": lambda: nparams.read("import torch.nn as nn\nclass Net(nn.Module):\n    pass\n"),
}


@pytest.mark.parametrize("name", BARE)
def test_a_network_without_rows_is_rendered(name: str) -> None:
    from importlib import import_module

    for view, module in MODULES.items():
        for look in LOOKS.values():
            text = str(import_module(module).render(BARE[name](), look))
            assert "0" in text or view in ("csv", "report"), view


def test_names_of_classes_act_on_nothing() -> None:
    """A class may be named by whoever wrote the text, as a layer may."""
    from importlib import import_module

    names = ["\x1b[31mred", "a|b`c", "new\nline", "\u202eleft", "\ud800", "{brace}", "x" * 3000]
    parts = [Module(n, n, tensors=[Tensor(f"{n}.weight", (2, 3))]) for n in names]
    for view, module in MODULES.items():
        text = str(
            import_module(module).render(Network(Module(children=parts), source="x", read_as="x"), Look(width=80))
        )
        assert all(c.isprintable() or c == "\n" for c in text), view


@pytest.mark.parametrize("view", ["formula", "latex"])
def test_a_part_is_not_passed_off_as_the_total(view: str) -> None:
    assert "no total" in render("lazy", view, "piped")


def crowded(bare: int, name: str = "fc1") -> Network:
    """A layer with parameters, and `bare` others that hold a shape each."""
    shapes = [Tensor(f"reshape{k}.shape", (k + 1,), "int64", "buffer") for k in range(bare)]
    return Network(tensors=[Tensor(f"{name}.weight", (3, 2), "float32"), *shapes], source="m.onnx", form="onnx")


@pytest.mark.parametrize(("bare", "rows"), [(0, 1), (2, 3), (3, 2), (300, 2)])
def test_what_holds_no_parameters_is_one_row_where_it_is_much(bare: int, rows: int) -> None:
    lines = table.render(crowded(bare), Look()).split("\n")
    assert len(lines[3 : lines.index("", 3)]) == rows + (rows > 1)  # and the sum
    told = f"({bare} more without parameters)"
    assert (told in "\n".join(lines)) is (bare > 2)
    if bare > 2:
        assert f"{bare * (bare + 1) // 2:,} buffers" in next(line for line in lines if told in line)
    assert len(crowded(bare).rows()) == bare + 1
    steps = [line for line in explain.render(crowded(bare), Look()).split("\n") if line[:1].isdigit()]
    assert [told in line for line in steps[:-1]] == [False] * (rows - (bare > 2)) + [True] * (bare > 2)


def test_long_names_are_cut_in_the_middle() -> None:
    name = f"first{'x' * 200}last"
    for look, mark in ((Look(), "…"), (Look(unicode=False), "...")):
        (line,) = [line for line in table.render(crowded(0, name), look).split("\n") if line.startswith("first")]
        assert line.split()[0] == f"{name[:46]}{mark}{name[-32:]}"
