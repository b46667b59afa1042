"""Layer sizes: `784-16-16-10`, `[784, 16, 16, 10]`, `784 -> 16 -> 10`, `h0-h1-h2`, `d-4*d-d`, `h0..hl`.

A fully connected network: every node of a layer is connected to every node of the next, and every node that is not an
input is a neuron with a bias.  Text becomes elements (split), elements become sizes and ranges (elements), and
neighbours become dense layers (build).
"""

from __future__ import annotations

from nparams.errors import NotationError, UsageError, escaped, shown
from nparams.expr import Expr, add, symbol, total_of, whole_number
from nparams.layers.dense import dense
from nparams.network import Module, Network, Over
from nparams.notation._sizes.elements import Range, elements, end_of
from nparams.notation._sizes.text import is_numeric_list, is_symbolic_list, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

BIASES = ("all", "hidden", "none")
MAX_BITS = 3321  # of a size: 1,000 digits


def claims(text: str) -> bool:
    """Whether `text` can only be a list of sizes in numbers: decided without looking at any file."""
    return is_numeric_list(text)


def may_be(text: str) -> bool:
    """Whether `text` can be read as a list of sizes with symbols (asked after the file system)."""
    return is_symbolic_list(text)


def read(text: str, *, bias: str = "all", convention: str | None = None) -> Network:
    """The fully connected network of the layer sizes in `text`; a dense layer is the same under every convention.

    `bias`: "all" neurons have one, all but the output's ("hidden"), or "none".  Raises NotationError, with the
    position and what to type instead; UsageError for another `bias`.

    >>> read("784-16-16-10").total, read("784-16-16-10", bias="hidden").total
    (13002, 12992)
    """
    if bias not in BIASES:
        raise UsageError(f"bias {shown(bias)}: choose one of {', '.join(BIASES)}")
    notes: list[str] = []
    parts = elements(split(text, notes), text)
    if len(parts) == 1 and not isinstance(parts[0], Range):
        raise NotationError(f"{shown(text)} is one size; a network needs an input and an output: 784-10")
    modules = build(parts, bias)
    return Network(
        Module(children=modules), source=text, form="sizes", read_as=canonical(parts), described=describe(parts),
        where=conditions(parts), notes=notes, remarks=remarks(parts, bias), lengths=lengths(parts),
    )  # fmt: skip


# -- modules ----------------------------------------------------------------------------------------


def build(parts: list[Size | Range], bias: str) -> list[Module]:
    """One dense layer for each pair of neighbours; a range with symbols is one layer over an index."""
    steps = _steps(parts, _index_for(parts), split_last=bias == "hidden")
    plain = not any(isinstance(part, Range) for part in parts)
    modules = []
    for k, (n_in, n_out, over) in enumerate(steps):
        last = k == len(steps) - 1
        name = f"fc{k + 1}" if plain else _name(over, first=k == 0, last=last)
        has_bias = bias == "all" or (bias == "hidden" and not last)
        modules.append(dense(name, n_in, n_out, bias=has_bias, over=over))
    return modules


def _steps(parts: list[Size | Range], index: str, *, split_last: bool) -> list[tuple[Size, Size, Over | None]]:
    """(from, to, repeat) for each layer; with `split_last` the output layer stands alone."""
    steps: list[tuple[Size, Size, Over | None]] = []
    previous: Size | None = None
    for place, part in enumerate(parts):
        if not isinstance(part, Range):
            if previous is not None:
                steps.append((previous, part, None))
            previous = part
            continue
        if previous is not None:
            steps.append((previous, part.at(part.first), None))
        i = symbol(index)
        alone = split_last and place == len(parts) - 1
        end = add(part.last, -1) if alone else part.last
        steps.append((part.at(i - 1), part.at(i), Over(index, add(part.first, 1), end)))
        if alone:
            steps.append((part.at(end), part.at(part.last), None))
        previous = part.at(part.last)
    return steps


def _name(over: Over | None, *, first: bool, last: bool) -> str:
    if over is not None:
        return f"fc[{over.index}]"
    return "fc_in" if first and not last else "fc_out"


def _index_for(parts: list[Size | Range]) -> str:
    """A letter for the index of a sum that no size uses."""
    from nparams.expr import free_symbols

    used = set()
    for part in parts:
        sizes = (part.at(part.first), part.at(part.last)) if isinstance(part, Range) else (part,)
        used |= {name for size in sizes for name in free_symbols(size)}
    return next(c for c in "ijkmnpqrstuvwxyzabcdefgh" if c not in used)


# -- what was understood ----------------------------------------------------------------------------


def canonical(parts: list[Size | Range]) -> str:
    """The sizes as the tool itself writes them; reading it again gives the same network."""
    return "-".join(_written(part) for part in parts)


def _written(part: Size | Range) -> str:
    text = str(part)
    return f"({text})" if isinstance(part, Expr) and part.op == "add" else text


def describe(parts: list[Size | Range]) -> str:
    """The network in words.

    >>> describe([784, 16, 16, 10])
    'fully connected: 784 inputs, hidden layers 16 and 16, 10 outputs'
    """
    first, last = parts[0], parts[-1]
    inputs = end_of(first.base, first.first) if isinstance(first, Range) else first
    outputs = end_of(last.base, last.last) if isinstance(last, Range) else last
    ends = [_plural(inputs, "input"), _plural(outputs, "output")]
    return f"fully connected: {ends[0]}, {_hidden(parts)}, {ends[1]}"


def _plural(size: Size | str, noun: str) -> str:
    return f"{_grouped(size)} {noun}{'' if size == 1 else 's'}"


def _grouped(size: Size | str) -> str:
    return f"{size:,}" if isinstance(size, int) else str(size)


def _hidden(parts: list[Size | Range]) -> str:
    if any(isinstance(part, Range) for part in parts):
        return "a hidden layer for each size between"
    inner = [_grouped(size) for size in parts[1:-1] if not isinstance(size, Range)]
    if not inner:
        return "no hidden layer"
    if len(inner) > 6:
        return f"{len(inner):,} hidden layers"
    if len(inner) == 1:
        return f"hidden layer {inner[0]}"
    return f"hidden layers {', '.join(inner[:-1])} and {inner[-1]}"


def conditions(parts: list[Size | Range]) -> list[str]:
    """What must hold for ranges to make sense: h0..hl needs l >= 1, and so does 784-h1..hl-10."""
    least = 1 if len(parts) == 1 else 0
    return [f"{part.last} >= {add(part.first, least)}" for part in parts if isinstance(part, Range)]


def lengths(parts: list[Size | Range]) -> dict[str, tuple[int, Size]]:
    """The first index of each indexed symbol and how many entries it has: h0..hl has l + 1 from h0, h1-h2 has 2."""
    found: dict[str, tuple[int, Size]] = {}
    for base, first, last in _spans(parts):
        begin = min(first, found[base][0]) if base in found else first
        before = add(*found[base], -1) if base in found else last
        end = max(before, last) if isinstance(before, int) and isinstance(last, int) else last
        found[base] = (begin, add(end, 1 - begin))
    return found


def _spans(parts: list[Size | Range]) -> list[tuple[str, int, Size]]:
    spans: list[tuple[str, int, Size]] = []
    for part in parts:
        if isinstance(part, Range) and isinstance(part.first, int):
            spans.append((part.base, part.first, part.last))
        elif isinstance(part, Expr) and part.op == "idx" and isinstance(part.args[0], int):
            spans.append((str(part.label), part.args[0], part.args[0]))
    return spans


# -- what a teacher would add -----------------------------------------------------------------------

INPUTS = "Why do the inputs have no bias?"
OUTPUTS = "And the outputs?"
GENERAL = "What is the general formula?"


def remarks(parts: list[Size | Range], bias: str) -> list[tuple[str, str, Size | None]]:
    """(question, answer, formula) for the end of an explanation."""
    i, last = symbol("i"), symbol("l")
    before, here = Expr("idx", (i - 1,), "h"), Expr("idx", (i,), "h")
    body = {"all": (before + 1) * here, "none": before * here, "hidden": before * here}[bias]
    formula: Size = total_of("i", 1, last, body)
    if bias == "hidden":
        formula = Expr("add", (formula, total_of("i", 1, last - 1, here)))
    return [
        (INPUTS, "They are not neurons: an input node only hands a number in. A bias is added where a weighted sum is "
         "formed, and the first sums are formed in the layer after the inputs.", None),
        (OUTPUTS, OUTPUT_ANSWERS[bias], None),
        (GENERAL, "With h0 inputs, hidden layers of h1 … h(l-1) neurons and hl outputs:", formula),
    ]  # fmt: skip


OUTPUT_ANSWERS = {
    "all": "They are neurons like those of the hidden layers: each forms a weighted sum and adds its own bias. "
    "(Some texts leave those biases out: --bias hidden.)",
    "hidden": "They would have one each as well; here they were left out, because --bias hidden says so.",
    "none": "Here no neuron has a bias, because --bias none says so: the count is the number of connections.",
}


def _given(size: object) -> str:
    """What was given in place of a size: as it is printed, or the name of its class."""
    try:
        return escaped(repr(size)[:60])
    except Exception:  # lists too deep in each other; what its class makes of being printed
        return f"a {type(size).__name__}"[:60]


def from_sizes(sizes: list[object] | tuple[object, ...]) -> str:
    """The text of a list given in Python, so that there is one reader: [784, 16, 10] or ["d", "4*d", "d"].

    Raises NotationError for anything but whole numbers, texts and expressions.
    """
    for place, size in enumerate(sizes):
        number = whole_number(size)
        if number is None and not isinstance(size, (str, Expr)):
            raise NotationError(f"size {place + 1} is {_given(size)}: layer sizes are whole numbers")
        if number is not None and number.bit_length() > MAX_BITS:
            raise NotationError(f"size {place + 1} has more than 1,000 digits")
    return f"[{', '.join(str(size) for size in sizes)}]"


__all__ = ["claims", "from_sizes", "may_be", "read"]
