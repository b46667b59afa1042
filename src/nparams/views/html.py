"""HTML: what was understood, the answer, the tree to be opened, the table, and what else a reader must see.

A notebook shows `fragment`; `render` makes a page of its own of it.  Both need no script, no network and no style from
elsewhere, and a name that a stranger chose is text in them, never markup.
"""

from __future__ import annotations

from html import escape

from nparams.errors import InvariantError, escaped
from nparams.expr import Expr
from nparams.views.cells import columns, shown_rows
from nparams.views.html_style import PAGE, STYLE
from nparams.views.html_tree import Tree, math, percent
from nparams.views.look import Look, asides, counted, heading, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network
    from nparams.network.rows import Row
    from nparams.views.cells import Column

#: rows that the table shows
MOST_ROWS = 300
#: columns of expressions, which are set with indices below
MATH = {"formula": lambda row: row.formula, "numbers": lambda row: row.numbers}


def render(network: Network, look: Look | None = None) -> str:
    """A whole page; in ASCII with character references where the reader's side shows no Unicode.

    >>> import nparams
    >>> page = render(nparams.read("784-16-16-10"))
    >>> page.splitlines()[0], ">13,002</td>" in page, "<script" in page
    ('<!DOCTYPE html>', True, False)
    """
    title = _text(heading(network, Look()).split("\n")[0][:120])
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{PAGE}\n</style>\n</head>\n<body>\n{fragment(network, look)}\n"
        "</body>\n</html>"
    )
    return page if look is None or look.unicode else page.encode("ascii", "xmlcharrefreplace").decode()


def fragment(network: Network, look: Look | None = None) -> str:
    """The same for a page that is there already, such as a notebook's."""
    look = Look(depth=None if look is None else look.depth)
    symbols = isinstance(network.totals.known, Expr)
    parts = [
        f"<style>\n{STYLE}\n</style>",
        _understood(network, look),
        _answer(network, look),
        _list([*asides(network, look), *map(look.text, network.notes)]),
        _tree(network, look, symbols),
        _table(network, look),
    ]
    return '<div class="nparams">\n' + "\n".join(part for part in parts if part) + "\n</div>"


def _text(words: str) -> str:
    return escape(escaped(words))


def _understood(network: Network, look: Look) -> str:
    """What was read: as it was given, and in words."""
    lines = heading(network, look)
    given, gap, words = lines.partition("\n") if "\n" in lines else lines.partition("  ")
    said = f' <span class="np-dim">{_text(words)}</span>' if gap else ""
    return f'<p class="np-from"><code>{_text(given)}</code>{said}</p>'


def _answer(network: Network, look: Look) -> str:
    """The number, and its split into weights and biases, as text and as a bar."""
    totals = network.totals
    if isinstance(totals.known, Expr):
        forms = (("weights", totals.weights), ("biases", totals.biases))
        total = f'<p class="np-answer np-form">{math(totals.known)}<span> parameters</span></p>'
        rows = "".join(f"<dt>{name}</dt><dd>{math(size)}</dd>" for name, size in forms)
        return f"{total}{_warnings(network)}<dl>{rows}</dl>"
    noun = counted(totals.known, "parameter", look).partition(" ")[2]
    known = f" {noun} known" if totals.unknown else f" {noun}"
    number = f'<p class="np-answer"><b>{totals.known:,}</b><span>{known}</span></p>'
    return f"{number}{_warnings(network)}{_split(network, look)}"


def _warnings(network: Network) -> str:
    return "".join(f'<p class="np-missing">{_text(sentence)}</p>' for sentence in missing(network))


def _split(network: Network, look: Look) -> str:
    totals = network.totals
    known, weights, biases = totals.known, totals.weights, totals.biases
    if not isinstance(known, int) or not isinstance(weights, int) or not isinstance(biases, int):
        return ""
    if weights + biases != known:
        raise InvariantError(f"{weights:,} weights and {biases:,} biases are not {known:,} parameters")
    bars, keys = [], []
    for kind, size, noun in (("np-w", weights, "weight"), ("np-b", biases, "bias")):
        share = f' <span class="np-dim">{percent(size, known)}</span>' if known else ""
        keys.append(f'<span><b class="{kind}" aria-hidden="true"></b>{counted(size, noun, look)}{share}</span>')
        bars += [f'<b class="{kind}" style="flex:{100 * size / known:.3f}"></b>'] if size else []
    return f'<div class="np-split" aria-hidden="true">{"".join(bars)}</div><p class="np-key">{" ".join(keys)}</p>'


def _list(sentences: list[str]) -> str:
    items = "".join(f"<li>{_text(sentence)}</li>" for sentence in sentences)
    return f'<ul class="np-list">{items}</ul>' if items else ""


# -- the tree and the table -------------------------------------------------------------------------------------------


#: heading -> its class; in symbols, without the second and the last
HEADS = (
    ("module", "np-what"), ("arithmetic", "np-how"), ("weights", "np-num"), ("biases", "np-num"), ("total", "np-num"),
    ("share", "np-num np-share"),
)  # fmt: skip
#: columns of the longest arithmetic that stands on one line
LONGEST = 30


def _tree(network: Network, look: Look, symbols: bool) -> str:
    """The columns are as wide as their widest cell, at every level alike: their widths stand in one property."""
    wide = "20cqw 14cqw 26cqw" if symbols else _widths(columns(network, look))
    heads = [pair for pair in HEADS if not (symbols and pair[0] in ("arithmetic", "share"))]
    head = " ".join(f'<span class="{kind}">{name}</span>' for name, kind in heads)
    return (
        f'<div class="np-tree{" np-symbols" if symbols else ""}" style="--np-cols:{wide}">\n'
        f'<div class="np-line np-head">{head}</div>\n{Tree(network, look).lines()}\n{_sum(network, symbols)}</div>'
    )


def _widths(made: list[Column]) -> str:
    """Of the columns after the first, in em: a digit is two thirds of one at most."""
    found = {column.name: column.width for column in made}
    numbers = [f"{max(found.get(name, 0), 8) * 0.66:.1f}em" for name in ("weights", "biases", "total")]
    return " ".join([f"{min(max(found.get('numbers', 0), 12), LONGEST) * 0.6:.1f}em", *numbers, "10em"])


def _sum(network: Network, symbols: bool) -> str:
    totals = network.totals
    if symbols:
        return ""
    name = "known" if totals.unknown else "sum"
    two, total = (
        "".join(
            f'<span class="np-num{"" if unit else " np-all"}">{math(size)}<span class="np-unit"> {unit}</span></span> '
            for size, unit in cells
        )
        for cells in (((totals.weights, "weights"), (totals.biases, "biases")), ((totals.known, ""),))
    )
    return (
        f'<div class="np-line np-sum"><span class="np-what">{name}</span> <span class="np-how"></span> '
        f'<span class="np-two">{two}</span>{total}<span></span></div>\n'
    )


def _table(network: Network, look: Look) -> str:
    """The rows of every other view, to be copied into a document."""
    made, rows = columns(network, look), shown_rows(network, look.depth)
    if not rows:
        return ""
    head = "".join(f'<th scope="col"{_kind(column)}>{_text(column.name)}</th>' for column in made)
    shown = min(len(rows), MOST_ROWS)
    body = "\n".join(f"<tr>{''.join(_td(c, k, rows[k]) for c in made)}</tr>" for k in range(shown))
    foot = "".join(f"<td{_kind(column)}>{_text(column.foot)}</td>" for column in made)
    foot = f"<tfoot><tr>{foot}</tr></tfoot>" if any(column.foot for column in made) else ""
    rest = f'<p class="np-dim">… and {len(rows) - shown:,} rows more</p>' if shown < len(rows) else ""
    words = f"the same as a table of {len(rows):,} row{'' if len(rows) == 1 else 's'}"
    return (
        f'<details class="np-rows"><summary>{words}</summary>\n<div class="np-scroll"><table class="np-table">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n{foot}</table>{rest}</div></details>"
    )


def _kind(column: Column) -> str:
    return ' class="np-num"' if column.numeric else ""


def _td(column: Column, k: int, row: Row) -> str:
    cell = _text(column.cells[k])
    if column.name in MATH and cell:
        cell = math(MATH[column.name](row))
    if column.name == "layer":
        return f'<th scope="row"><span class="np-name">{cell}</span></th>'
    kind = "np-num" if column.numeric else "np-wide" if len(column.cells[k]) > 40 else ""
    return f'<td class="{kind}">{cell}</td>' if kind else f"<td>{cell}</td>"
