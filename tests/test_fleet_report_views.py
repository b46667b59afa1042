"""The report about many models as people see it: golden_fleet/NAME.VIEW.txt.  NPARAMS_OVERWRITE=1 writes them anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from nparams.errors import InvariantError, NparamsError
from nparams.network.many import Area, Bin, Group, Report, Sizes
from nparams.views import fleet
from nparams.views._fleet.cells import wide
from nparams.views._fleet.chart import drawn as chart
from nparams.views._fleet.style import STYLE as OWN
from nparams.views._svg.style import STYLE as PICTURE
from nparams.views.html_style import PAGE, STYLE
from nparams.views.look import Look
from tests.fleet_reports import gone, hub, one, said
from tests.test_html import HOSTILE, Page

GOLDEN = Path(__file__).parent / "golden_fleet"
OVERWRITE = bool(os.environ.get("NPARAMS_OVERWRITE"))
LOOKS = {
    "80": Look(width=80), "140": Look(width=140), "piped": Look(), "ascii": Look(width=80, unicode=False),
    "terminal": Look(width=100, rich=True), "colour": Look(width=100, rich=True, colour=True),
}  # fmt: skip
STRANGE = ["\x1b[31mred", "<script>", "\u202eleft", "new\nline", "模型" * 30, "\u0645\u0631", "x" * 300, "", "=1+1"]
REPORTS = {"hub": hub, "one": one, "gone": gone, "strange": lambda: said(*STRANGE)}
VIEWS = ("text", "json", "page")


def rendered(name: str, view: str) -> str:
    """Each look under its own line, and looks that give the same text under one."""
    report = REPORTS[name]()
    if view == "json":
        return fleet.as_json(report) + "\n"
    if view == "page":
        text = fleet.page(report)
        for style, what in ((STYLE, "the style"), (PAGE, "of the page"), (PICTURE, "of pictures"), (OWN, "its own")):
            assert style in text
            text = text.replace(style, f"/* {what} */")
        return text + "\n"
    texts: dict[str, list[str]] = {}
    for look, how in LOOKS.items():
        texts.setdefault(fleet.render(report, how), []).append(look)
    return "".join(f"==== {', '.join(looks)}\n{text}\n" for text, looks in texts.items()).replace("\x1b", "␛")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", REPORTS)
def test_golden(name: str, view: str) -> None:
    found, path = rendered(name, view), GOLDEN / f"{name}.{view}.txt"
    if OVERWRITE:
        path.write_text(found, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == found, "if this is meant: NPARAMS_OVERWRITE=1"


def test_no_golden_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{view}.txt" for name in REPORTS for view in VIEWS}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [1, 20, 40, 60, 80, 100, 140, 400])
@pytest.mark.parametrize(("unicode", "rich"), [(True, True), (True, False), (False, False)])
def test_text_fits(name: str, width: int, unicode: bool, rich: bool) -> None:
    """Every line is within the terminal's width, but for sentences of a word that is longer."""
    text = fleet.render(REPORTS[name](), Look(width=width, unicode=unicode, rich=rich))
    assert all(c.isprintable() or c == "\n" for c in text)
    assert unicode or text.isascii()
    if width < 60:
        return
    for line in text.split("\n"):
        assert wide(line) <= width or max(map(wide, line.split())) > width - 6, line


@pytest.mark.parametrize("name", REPORTS)
def test_json_is_the_whole_report(name: str) -> None:
    report = REPORTS[name]()
    found = json.loads(fleet.as_json(report))
    assert found.pop("schema") == 1
    assert found == json.loads(json.dumps(report.to_dict()))
    assert list(found) == list(Report._fields)
    assert found["parameters"] == report.parameters
    if report.treemap:
        area = report.treemap[0]
        assert found["treemap"][0] == {**area._asdict(), "parts": [list(part) for part in area.parts]}


@pytest.mark.parametrize("key", ["architectures", "formats", "quantisations"])
def test_rows_that_do_not_sum_are_not_shown(key: str) -> None:
    report = hub()
    wrong = getattr(report, key)._replace(rest=Group(None, 1, 1, 1))
    report = report._replace(**{key: wrong})
    for view in (fleet.render, fleet.page):
        with pytest.raises(InvariantError, match="the rows sum to"):
            view(report)


def test_numbers_of_the_tables_sum_to_the_total() -> None:
    """Read back from the text: a golden file can freeze a lie."""
    text = fleet.render(hub(), Look())
    for title in ("By architecture", "By format", "By quantisation", "By number type"):
        table = next(part for part in text.split("\n\n") if part.startswith(title)).split("\n")[2:]
        assert sum(int(re.findall(r"[\d,]{5,}", row)[0].replace(",", "")) for row in table) == hub().parameters


# -- bars and boxes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 27, 58])
@pytest.mark.parametrize("width", [20, 40, 80, 140])
def test_a_chart_of_any_number_of_bins(count: int, width: int) -> None:
    edges = [k * 10**power for power in range(20) for k in (1, 2, 5)][:count]
    lines = chart([Bin(least, k % 7, 0) for k, least in enumerate(edges, 1)], Look(width=width))
    assert bool(lines) == (count <= width - 3)
    assert all(len(line) <= width for line in lines)
    if lines:
        floor = lines[-2].index("└") + 1
        shown = [
            "█" in column or "▇" in column or any(c in "▁▂▃▄▅▆" for c in column) for column in columns(lines, floor)
        ]
        each = (len(lines[-2]) - floor) // count
        assert [any(shown[k * each : (k + 1) * each]) for k in range(count)] == [
            bool(k % 7) for k in range(1, count + 1)
        ]


def columns(lines: list[str], floor: int) -> list[str]:
    wide = len(lines[-2])
    return ["".join(line.ljust(wide)[k] for line in lines[:-2]) for k in range(floor, wide)]


@pytest.mark.parametrize("width", [48, 61, 80, 120, 300])
@pytest.mark.parametrize("parts", [[1, 1], [5, 3, 1], [97, 1, 1, 1], [1] * 40, [10**18, 1], list(range(1, 60))])
def test_boxes_fill_the_picture(width: int, parts: list[int]) -> None:
    """Areas are shares of the whole within the rounding to characters, every line is closed, and names stay inside."""
    areas = tuple(Area(f"a{k}", 1, 1, part, ()) for k, part in enumerate(parts))
    report = gone()._replace(treemap=areas, parameters=sum(parts))
    from nparams.views._fleet.boxes import drawn

    lines = drawn(report, Look(width=width))
    if not lines:
        assert max(parts) / sum(parts) > 0.95 or max(parts) / sum(parts) * min(width, 120) * 17 < 44
        return
    assert {len(line) for line in lines} == {min(width, 120)}
    assert lines[0][0] + lines[0][-1] + lines[-1][0] + lines[-1][-1] == "┌┐└┘"
    assert all(line[0] in "│├└┌" and line[-1] in "│┤┘┐" for line in lines)


def test_boxes_are_drawn_to_scale() -> None:
    from nparams.views._fleet.boxes import drawn

    report = gone()._replace(
        treemap=(Area("three", 1, 1, 75, ()), Area("one", 1, 1, 25, ())), parameters=100
    )  # fmt: skip
    lines = drawn(report, Look(width=81))
    assert lines[0].index("┬") == 60
    assert "three" in lines[1][:60]
    assert "one" in lines[1][60:]


# -- the page ---------------------------------------------------------------------------------------------------------

ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "h3", "p", "b", "bdi", "span",
    "code", "dl", "dt", "dd", "div", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "svg", "g", "rect",
    "text", "tspan", "path",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "class", "scope", "style", "aria-label", "aria-hidden", "role", "viewbox",
    "width", "height", "x", "y", "dx", "rx", "d", "font-size", "font-weight", "text-anchor", "stroke-width",
}  # fmt: skip


def checked(text: str) -> Page:
    """The page, if nothing in it acts: our tags and attributes only, and styles that are widths."""
    page = Page(text)
    assert page.tags <= ALLOWED
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    assert all(re.fullmatch(r"width:\d+\.\d\d%", value or "") for name, value in page.attributes if name == "style")
    assert not re.search(r"url\(|@import|expression\(|src=|href=|http", OWN)
    return page


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_words_of_strangers_are_text(text: str) -> None:
    made = fleet.page(said(text, "other"))
    page = checked(made)
    assert all(c.isprintable() or c == "\n" for c in made)
    assert "alert(1)" not in text or text[:10] in "".join(page.text)
    for width in (60, 80, None):
        drawn = fleet.render(said(text, "other"), Look(width=width))
        assert all(c.isprintable() or c == "\n" for c in drawn)


@pytest.mark.parametrize("name", REPORTS)
def test_pictures_are_whole_and_named(name: str) -> None:
    """Each picture is XML of its own with a title, has no id, and its tiles and columns lie inside it."""
    pictures = re.findall(r"<svg.*?</svg>", fleet.page(REPORTS[name]()), re.DOTALL)
    assert len(pictures) == (0 if name == "gone" else 4)
    for each in pictures:
        root = ElementTree.fromstring(each)
        at = "{http://www.w3.org/2000/svg}" if root.tag.startswith("{") else ""
        assert root.get("role") == "img"
        assert (root.find(f"{at}title").text or "") == root.get("aria-label")  # type: ignore[union-attr]
        _, _, wide_, high = map(float, (root.get("viewBox") or "").split())
        for rect in root.iter(f"{at}rect"):
            x, y, w, h = (float(rect.get(key) or 0) for key in ("x", "y", "width", "height"))
            assert x >= -0.01
            assert y >= -0.01
            assert x + w <= wide_ + 0.01
            assert y + h <= high + 0.01
        assert " id=" not in each


def test_areas_of_the_treemap_are_shares() -> None:
    from nparams.views._fleet.pictures import treemap

    root = ElementTree.fromstring(treemap(hub(), 1000))
    sizes: dict[str, float] = {}
    for tile in root.iter("g"):
        if tile.get("class") == "np-tile":
            rect = tile.find("rect")
            assert rect is not None
            sizes[(tile.findtext("title") or "")] = float(rect.get("width", 0)) * float(rect.get("height", 0))
    whole = sum(sizes.values())
    assert abs(whole - 1000 * 520) < 100
    for title, size in sizes.items():
        parameters = int(re.findall(r"([\d,]+) parameters", title)[0].replace(",", ""))
        assert abs(size / whole - parameters / hub().parameters) < 1e-3, title


def test_a_page_stays_small() -> None:
    areas = tuple(Area(f"a{k}", 1, 24, 24, tuple((f"m{j}", 1) for j in range(24))) for k in range(40))
    report = gone()._replace(models=960, parameters=960, treemap=areas, sizes=Sizes((Bin(1, 960, 960),), 1, 1, 1))
    whole = Group("x", 960, 960, 0)
    every: dict[str, Any] = {name: hub().formats._replace(top=(whole,)) for name in ("architectures", "formats")}
    assert len(fleet.page(report._replace(**every, quantisations=every["formats"]))) < 400_000


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the command asks the report for; it gets the hub's, or the one named."""
    seen: list[tuple[str, int]] = []

    def report(folder: str, top: int = 10) -> Report:
        seen.append((folder, top))
        return REPORTS[folder]()

    monkeypatch.setattr("nparams.fleet.report.report", report)
    return seen


def run(*words: str) -> int:
    from nparams.cli.scan_report import run as command

    return command(list(words))


def test_the_command(asked: list[tuple[str, int]], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("hub", "--width", "80") == 0
    assert capsys.readouterr().out == fleet.render(hub(), Look(width=80)) + "\n"
    assert run("hub", "--json", "--top", "3") == 0
    assert json.loads(capsys.readouterr().out)["place"] == "scans/hub"
    page = tmp_path / "page.html"
    assert run("one", "--html", str(page)) == 0
    assert capsys.readouterr().out == fleet.render(one(), Look()) + "\n"
    assert page.read_text(encoding="utf-8") == fleet.page(one())
    assert run("one", "--html", "-") == 0
    assert capsys.readouterr().out == fleet.page(one()) + "\n"
    assert asked == [("hub", 10), ("hub", 3), ("one", 10), ("one", 10)]


# report | exit status with --strict | what is said
STRICT = [
    ("hub", 1, "nparams: --strict: 2 with flags, 3 that could not be counted\n"), ("one", 0, ""), ("gone", 0, ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "status", "words"), STRICT)
def test_strict(
    name: str, status: int, words: str, asked: list[tuple[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(name, "--strict") == status
    assert capsys.readouterr().err == words
    assert run(name) == 0


# words | what is said
REFUSED = [
    (["hub", "--top", "0"], r"--top is 0: each section shows 1 entry or more"),
    (["hub", "--top", "x"], r'argument --top: "x" is not a whole number. Try: nparams scan report --help'),
    ([], r"the following arguments are required: DIR. Try: nparams scan report --help"),
    (["hub", "--html", "no/such/place.html"], r'--html "no/such/place.html": no such file or directory'),
]


@pytest.mark.parametrize(("words", "text"), REFUSED)
def test_refused(words: list[str], text: str, asked: list[tuple[str, int]]) -> None:
    with pytest.raises(NparamsError) as problem:
        run(*words)
    assert str(problem.value) == text
