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

#: words of a field's name, all of them there, and the letter that papers use for it
USUAL = tuple(
    (frozenset(words.split()), letter)
    for letter, rows in {
        "V": "vocab", "T": "type vocab", "tie": "tie", "L": "layers|layer|depth",
        "k": "heads key value|heads kv|head kv", "d": "head dim|d kv", "a": "heads|head",
        "m": "intermediate moe|ffn moe", "S": "experts shared", "u": "experts tok", "E": "experts",
        "f": "intermediate|inner|ffn|ff|mlp dim", "P": "position|positions|ctx",
        "h": "hidden|model|embd|embed dim|dim", "C": "labels", "p": "patch", "n": "patches", "I": "image",
        "c": "channels", "e": "embedding", "r": "rank", "K": "kernel", "N": "state",
    }.items()
    for words in rows.split("|")
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
    for field in sorted(entry.fields, key=_extra):  # num_layers has the better claim to L than num_decoder_layers
        symbol = symbol_of(field)
        if not is_open(entry, field) or not (symbol in spoken or _numbered(symbol) in spoken):
            continue
        found[symbol] = next(letter for letter in _candidates(field) if letter not in taken)
        taken.add(found[symbol])
    return found


def _extra(field: str) -> int:
    """How many words a field's name has that its letter does not stand for."""
    words = {word for word in field.rpartition(".")[2].lower().split("_") if word not in EMPTY}
    return min((len(words - wanted) for wanted, _ in USUAL if wanted <= words), default=9)


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
    words = [word for word in name.lower().split("_") if word not in EMPTY] or [name.lower()]
    fitting = [row for row in USUAL if row[0] <= set(words)]
    yield from (letter + below for _, letter in sorted(fitting, key=lambda row: -len(row[0])))
    telling = [word.strip("0123456789") for word in words]
    telling = [word for word in telling if word] or ["x"]
    first = telling[0]
    if len(telling) > 1:
        yield "".join(word[0] for word in telling) + below
    for length in range(2, len(first) + 1):
        yield first[:length] + "".join(word[0] for word in telling[1:]) + below
    yield symbol_of(field)
    for more in count(1):
        yield f"{symbol_of(field)}{'x' * more}"
