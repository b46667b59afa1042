"""What a picture is written with: elements, coordinates of two decimals, and text that fits where it stands."""

from __future__ import annotations

from html import escape, unescape

from nparams.errors import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

#: the width of a character in parts of the size of its text, about what the widest usual font takes; strong text
SANS, MONO, WIDE, BOLD = 0.58, 0.6, 1.05, 1.1
#: characters of a name in a title
TOLD = 160
#: how far an index stands below its line
BELOW = 3


def at(place: float) -> str:
    """A coordinate, of two decimals at most.

    >>> at(12.0), at(1 / 3), at(-0.001)
    ('12', '0.33', '0')
    """
    text = f"{place:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def tag(name: str, content: str = "", /, *, cls: str = "", **attributes: str | float) -> str:
    """An element: text of its attributes is escaped, numbers are coordinates, `data_row` is data-row, "" is left out.

    >>> tag("circle", cls="np-node", cx=4.0, cy=2.5, data_row='a"b')
    '<circle class="np-node" cx="4" cy="2.5" data-row="a&quot;b"/>'
    """
    held = [f' class="{cls}"'] if cls else []
    for key, value in attributes.items():
        text = safe(value) if isinstance(value, str) else at(value)
        held += [f' {key.rstrip("_").replace("_", "-")}="{text}"'] if text else []
    end = f">{content}</{name}>" if content else "/>"
    return f"<{name}{''.join(held)}{end}"


def safe(words: str) -> str:
    """Text of a stranger's, which nothing acts on.

    >>> safe("a<b\\n")
    'a&lt;b\\\\n'
    """
    return escape(escaped(words))


def text(
    x: float, y: float, content: str, cls: str = "", *, anchor: str = "", size: float = 0, transform: str = ""
) -> str:  # fmt: skip
    """A line of text, whose content is markup already; nothing where it has none."""
    if not content:
        return ""
    return tag("text", content, cls=cls, x=x, y=y, text_anchor=anchor, font_size=size or "", transform=transform)


def told(words: str) -> str:
    """A title: what a pointer and a screen reader are told."""
    return f"<title>{safe(shortened(words, TOLD))}</title>"


def shortened(name: str, most: int) -> str:
    """A name of `most` characters, its middle left out where it is longer.

    >>> shortened("model.layers.0.mlp", 11)
    'model….mlp'
    """
    if len(name) <= most:
        return name
    last = max(0, most // 2 - 1)
    return f"{name[: max(0, most - last - 2)]}…{name[len(name) - last :]}"


def width(words: str, size: float, *, mono: bool = False, bold: bool = False) -> float:
    """About how wide a text is, rather too wide than too narrow: 7 characters of 14 px take 58.8 in a fixed font.

    >>> width("conv1.w", 14, mono=True)
    58.8
    """
    each = (MONO if mono else SANS) * (BOLD if bold and not mono else 1)
    wide = sum(c > "\u2e7f" for c in words)
    return round(size * (each * (len(words) - wide) + WIDE * wide), 2)


def fitted(name: str, room: float, size: float, *, mono: bool = False, bold: bool = False) -> str:
    """A name as text that fits into `room`, as markup; nothing where hardly any of it would."""
    words = escaped(shortened(name, 200))
    while words and (wide := width(words, size, mono=mono, bold=bold)) > room:
        fewer = min(len(words) - 1, int(len(words) * room / wide))
        words = shortened(words, fewer) if fewer > 4 else ""
    return escape(words)


# -- sizes: written as HTML, of which a line of a picture is made -----------------------------------------------------


def sized(size: Size | None) -> str:
    """A size as HTML: commas in a bare number, an expression with its indices below, ? where it is not known.

    >>> from nparams.expr import parse
    >>> sized(12544), sized(parse("h0*d")), sized(None)
    ('12,544', '<i>h</i><sub>0</sub>·<i>d</i>', '?')
    """
    if size is None:
        return "?"
    if isinstance(size, int):
        return f"{size:,}"
    from nparams.expr import render

    return render(size, "html")


def plain(marked: str) -> str:
    """The words of such HTML, an index after its name: what a title says.

    >>> plain("<i>h</i><sub>0</sub> &lt; 3")
    'h0 < 3'
    """
    return unescape("".join(piece.rpartition(">")[2] for piece in marked.split("<")))


def line(marked: str, room: float, points: float) -> str:
    """Such HTML as the content of a text: names in italics, indices below; cut to plain words where it is too wide.

    >>> line("<i>h</i><sub>0</sub> biases", 90, 14)
    '<tspan class="np-var">h</tspan><tspan class="np-low" dy="3">0</tspan><tspan dy="-3"> biases</tspan>'
    """
    words = plain(marked)
    if width(words, points) > room:
        return fitted(words, room, points)
    return _spans(marked)


def _spans(marked: str) -> str:
    """The <i> and <sub> as pieces of a line; what comes after an index goes up again."""
    out: list[str] = []
    level = shown = italic = 0
    for piece in marked.split("<"):
        mark, _, words = piece.rpartition(">")
        level += {"sub": 1, "/sub": -1}.get(mark, 0)
        italic += {"i": 1, "/i": -1}.get(mark, 0)
        if not words:
            continue
        kind = " ".join([*(["np-low"] if level else []), *(["np-var"] if italic else [])])
        held = (f' class="{kind}"' if kind else "") + (f' dy="{BELOW * (level - shown)}"' if level != shown else "")
        out.append(f"<tspan{held}>{words}</tspan>" if held else words)
        shown = level
    return "".join(out)
