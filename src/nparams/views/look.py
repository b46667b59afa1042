"""How a view should look, and the small pieces of text that views share."""

from __future__ import annotations

from nparams.errors import UsageError, escaped, place, shown, uncounted
from nparams.expr import Expr, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network import Network


class Look:
    """What the reader's side can show.

    `width`: columns, or None for no limit; `unicode`: whether · and Σ can be shown; `rich`: draw with rich, in colour
    unless `colour` is off; `depth`: levels of modules below the root, or None for all; `by`: "kind" sums the rows of a
    table by kind of layer.  Raises UsageError where they cannot be had.
    """

    __slots__ = ("by", "colour", "depth", "rich", "unicode", "width")

    def __init__(
        self, *, width: int | None = None, unicode: bool = True, rich: bool = False, colour: bool = False,
        depth: int | None = None, by: str | None = None,
    ) -> None:  # fmt: skip
        if by not in (None, "kind"):
            raise UsageError(f"rows can be summed by kind, not by {shown(str(by))}")
        if by is not None and depth is not None:
            raise UsageError("rows are summed by kind or down to a depth, not both")
        if depth is not None and depth < 0:
            raise UsageError(f"depth is {depth}: 0 is the network itself, 1 what stands in it")
        self.width = width
        self.unicode = unicode
        self.rich = rich
        self.colour = colour
        self.depth = depth
        self.by = by

    @property
    def style(self) -> str:
        """The style for expressions."""
        return "unicode" if self.unicode else "text"

    def math(self, size: Size) -> str:
        """An expression, its numbers as they are."""
        return render(size, self.style)

    def number(self, size: Size | None) -> str:
        """A count for people: 12,960, a formula, or ? where it is unknown."""
        if size is None:
            return "?"
        return f"{size:,}" if isinstance(size, int) else render(size, self.style)

    def arrow(self) -> str:
        """What stands between a layer's input and output."""
        return "→" if self.unicode else "->"

    def times(self) -> str:
        """What stands before a number of copies."""
        return "×" if self.unicode else "x"

    def bar(self) -> str:
        """What a bar is drawn with."""
        return "█" if self.unicode else "#"

    def condition(self, words: str) -> str:
        """A condition such as l >= 1, with the textbook's sign where it can be shown."""
        return words.replace(">=", "≥").replace("<=", "≤") if self.unicode else words

    def name(self, name: str) -> str:
        """A name from a source, with what a terminal would act on or cannot show escaped."""
        return escaped(name) if self.unicode else escaped(name).encode("ascii", "backslashreplace").decode()

    def text(self, words: str) -> str:
        """Prose, in ASCII where nothing else can be shown."""
        return words if self.unicode else words.translate(PLAIN).encode("ascii", "replace").decode()


PLAIN = {ord("·"): "*", ord("×"): "x", ord("…"): "...", ord("→"): "->", ord("–"): "-", ord("−"): "-", ord("Σ"): "sum"}


def heading(network: Network, look: Look) -> str:
    """What was understood, for the line above every answer."""
    if network.is_file or (network.is_flat and not network.described):  # a file: its name, and what it is
        return look.text(escaped(f"{place(network.source)}: {network.read_as}"))
    if not network.described:
        return look.text(escaped(shortened(network.read_as)))
    read_as = shortened(network.read_as)
    gap = "\n" if len(read_as) + len(network.described) + 2 > (look.width or 120) else "  "
    return look.text(escaped(read_as) + gap + escaped(network.described))


def shortened(read_as: str) -> str:
    """What was understood, its middle left out where it is very long; JSON has it whole."""
    return read_as if len(read_as) <= 1200 else f"{read_as[:600]} … {read_as[-200:]}"


def summary(network: Network, look: Look) -> str:
    """The answer: 13,002 parameters = 12,960 weights + 42 biases; in symbols, the three closed forms."""
    totals = network.totals
    if totals.total is None:
        return f"{counted(totals.known, 'parameter', look)} known; {missing(network)[0]}"
    parts = f"{counted(totals.weights, 'weight', look)} + {counted(totals.biases, 'bias', look)}"
    if isinstance(totals.total, Expr):
        forms = (("weights", totals.weights), ("biases", totals.biases), ("total", totals.total))
        return "\n".join(f"{name:<7}  {look.number(size)}" for name, size in forms)
    return f"{counted(totals.total, 'parameter', look)} = {parts}"


def missing(network: Network) -> list[str]:
    """The sentence that a partial count must carry; nothing where every size is known."""
    unknown = network.totals.unknown
    if not unknown:
        return []
    return [f"{uncounted(unknown)}, so there is no total"]


def counted(count: Size, noun: str, look: Look) -> str:
    """A count and its noun: 1 weight, 16 weights, h weights."""
    return f"{look.number(count)} {noun}{'' if count == 1 else PLURALS.get(noun, 's')}"


#: what a plural adds, where it is not an s
PLURALS = {"bias": "es", "bookkeeping": "", "other": ""}


def asides(network: Network, look: Look) -> list[str]:
    """What else the reader should see under the answer: what was set aside, ties, stored size, conditions."""
    totals = network.totals
    lines = []
    apart = [(totals.buffers, "buffer"), (totals.bookkeeping, "bookkeeping"), (totals.other, "other")]
    held = [counted(size, name, look) for size, name in apart if size != 0]
    if held:
        lines.append(f"not parameters: {', '.join(held)}")
    if totals.listed != totals.known:
        lines.append(f"by name, each tied tensor again: {look.number(totals.listed)}")
    if totals.active is not None and totals.active != totals.total:
        lines.append(f"used per token: {look.number(totals.active)}")
    if isinstance(totals.trainable, int) and isinstance(totals.frozen, int) and totals.frozen:
        share = f" ({totals.trainable / totals.known:.2%})" if isinstance(totals.known, int) else ""
        lines.append(f"trained: {totals.trainable:,}{share}; frozen: {totals.frozen:,}")
    if isinstance(totals.parameter_bytes, int) and totals.dtypes:
        lines.append(_stored(network))
    lines += [f"{words}: {look.number(network.also[name])}" for name, words in ALSO.items() if name in network.also]
    if network.where:
        lines.append(look.condition(f"where {', '.join(network.where)}"))
    return lines


#: other counts that no note explains, in words
ALSO = {
    "folded": "with batch normalisation folded into convolutions",
    "here": "different numbers in this process",
    "real": "as real numbers, a complex one being two",
    "nonzero": "not masked by pruning",
}


def _stored(network: Network) -> str:
    totals = network.totals
    kinds = list(totals.dtypes or ())
    named = ", ".join(kinds[:4]) + (", ..." if len(kinds) > 4 else "")
    bits = totals.bits_per_parameter
    rate = "" if bits is None else f", {bits:g} bits a parameter"
    held = totals.parameter_bytes
    assert isinstance(held, int)
    exact = f"{held:,} bytes ({human(held)})" if held >= 1000 else human(held)
    return f"stored as {named}: {exact}{rate}"


def human(count: int) -> str:
    """Bytes as people say them, in powers of 1,000, rounded to one decimal.

    >>> human(52_008), human(21_192), human(999_950), human(999)
    ('52.0 kB', '21.2 kB', '1.0 MB', '999 bytes')
    """
    if count < 1000:
        return f"{count} byte{'' if count == 1 else 's'}"
    unit, size = "kB", 1000
    for name in ("MB", "GB", "TB", "PB"):
        if (count * 10 + size // 2) // size >= 10_000:
            unit, size = name, size * 1000
    tenths = (count * 10 + size // 2) // size
    return f"{tenths // 10:,}.{tenths % 10} {unit}"


def shape(sizes: tuple[Size, ...] | None, look: Look) -> str:
    """A shape for people: 28x28x1; nothing where it is not known."""
    if sizes is None:
        return ""
    return look.times().join(render(size, look.style).replace(" ", "") for size in sizes)
