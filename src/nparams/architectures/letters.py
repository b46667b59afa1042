"""Short letters for the fields of a head, for a formula that fits a line: V words, h hidden, L layers, a heads, ..."""

from __future__ import annotations

from itertools import count

from nparams.architectures.sight import is_open
from nparams.architectures.slots import symbol_of
from nparams.expr import free_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.architectures.entry import Entry

#: words of a field's name, all of them there -> the letter that papers use; the first row whose letter is free is taken
USUAL = (
    ("vocab", "V"), ("tie", "tie"), ("layers", "L"), ("layer", "L"), ("depth", "L"), ("heads key value", "k"),
    ("heads kv", "k"), ("head kv", "k"), ("head dim", "d"), ("heads", "a"), ("head", "a"), ("intermediate moe", "m"),
    ("ffn moe", "m"), ("experts shared", "S"), ("experts tok", "u"), ("experts", "E"), ("intermediate", "f"),
    ("inner", "f"), ("ffn", "f"), ("ff", "f"), ("mlp dim", "f"), ("position", "P"), ("positions", "P"), ("ctx", "P"),
    ("hidden", "h"), ("model", "h"), ("embd", "h"), ("embed dim", "h"), ("dim", "h"), ("labels", "C"),
    ("type vocab", "T"), ("patch", "p"), ("image", "I"), ("channels", "c"), ("embedding", "e"), ("rank", "r"),
    ("kernel", "K"), ("state", "N"),
)  # fmt: skip
#: words that say nothing
EMPTY = frozenset("num n size config of the max total".split())


def letters(entry: Entry, head: str) -> dict[str, str]:
    """A letter for every number or flag that the formula of a head speaks of, by its symbol; lists keep their names.

    Fields of a part of the configuration have its first letter below: h_v is the hidden_size of vision_config.
    """
    program = entry.program(head)
    spoken = {name for block in program.blocks for size, _ in block.texts() for name in free_symbols(size)}
    tests = entry.raw.get("tests", {})
    spoken |= {symbol_of(tests[name][0]) for name in spoken if name in tests}
    taken = {span.letter for block in program.blocks for span in block.spans} | {"z"}
    found: dict[str, str] = {}
    for field in entry.fields:
        symbol = symbol_of(field)
        if not is_open(entry, field) or not (symbol in spoken or _numbered(symbol) in spoken):
            continue
        found[symbol] = next(letter for letter in _candidates(field) if letter not in taken)
        taken.add(found[symbol])
    return found


def _numbered(symbol: str) -> str:
    """The base that expressions see of a name that ends in a number."""
    return symbol.rstrip("0123456789").rstrip("_")


def _candidates(field: str) -> Iterator[str]:
    """Letters for a field, the best first.

    >>> from itertools import islice
    >>> list(islice(_candidates("vision_config.hidden_size"), 2)), next(_candidates("attention_bias"))
    (['h_v', 'hi_v'], 'ab')
    """
    *above, name = field.split(".")
    below = f"_{above[-1][0]}" if above else ""
    words = name.lower().split("_")
    for wanted, letter in USUAL:
        if set(wanted.split()) <= set(words):
            yield letter + below
            break
    telling = [word.strip("0123456789") for word in words if word not in EMPTY] or words
    telling = [word for word in telling if word] or ["x"]
    first = telling[0]
    if len(telling) > 1:
        yield "".join(word[0] for word in telling) + below
    for length in range(2, len(first) + 1):
        yield first[:length] + "".join(word[0] for word in telling[1:]) + below
    yield symbol_of(field)
    for more in count(1):
        yield f"{symbol_of(field)}{'x' * more}"
