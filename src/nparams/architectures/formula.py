"""The closed form of a type, or of one config.json, in the fields of the file: with short letters, and how it is known.

A type alone has every whole number and flag as a symbol.  A file fixes its flags and words (its case) and keeps the
numbers, so that its formula says what they do to the total.
"""

from __future__ import annotations

from nparams.architectures import catalogue
from nparams.architectures._config.asked import Asked, entry_of
from nparams.architectures._config.experts import Router
from nparams.architectures._config.general import general
from nparams.architectures._config.heads import main
from nparams.architectures.letters import letters
from nparams.architectures.slots import symbol_of
from nparams.architectures.symbolic import symbolic
from nparams.errors import InvariantError
from nparams.expr import free_symbols, replace_raw, substitute, symbol
from nparams.stored.experts import USED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.architectures.entry import Entry
    from nparams.expr import Size
    from nparams.network import Network


#: the letter for the number of experts that a token uses
ROUTED = "u"


class Letter:
    """A letter of the formula: the field that it stands for, and its value where a file says one."""

    __slots__ = ("field", "is_flag", "letter", "value")

    def __init__(self, letter: str, field: str, is_flag: bool, value: int | None) -> None:
        self.letter = letter
        self.field = field
        self.is_flag = is_flag
        self.value = value


class Formula:
    """A closed form in letters.

    `total` and `active` (None where it is the total, or unknown) are expressions in the letters of `legend`; `where`
    the conditions under which they hold; `number` the total that the file has.
    """

    __slots__ = ("active", "cases", "entry", "head", "legend", "letters", "notes", "number", "total", "where")

    def __init__(self, entry: Entry, head: str, network: Network, values: Mapping[str, int] | None) -> None:
        self.entry = entry
        self.head = head
        short = letters(entry, head)
        spoken = _spoken(network)
        for name in sorted(spoken - short.keys()):  # how many experts a token uses plays no part in the total
            if name.rpartition("__")[2] in USED and ROUTED not in short.values():
                short[name] = ROUTED
        self.legend = [
            Letter(short.get(name, name), field, type(entry.fields[field]) is bool, (values or {}).get(field))
            for field in entry.fields
            if (name := symbol_of(field)) in spoken
        ]
        #: symbol of a field -> its letter
        self.letters = {name: symbol(short[name]) for name in spoken if name in short}
        self.total: Size = replace_raw(network.totals.known, self.letters)
        active = network.totals.active
        same = active is None or active == network.totals.known
        self.active: Size | None = None if same or active is None else replace_raw(active, self.letters)
        self.where = network.where
        #: the words and rules that the formula is of
        self.cases = list(network.notes)
        self.notes: list[str] = []
        self.number: int | None = None

    @property
    def verified(self) -> str:
        """On what it was compared, with which version, and when."""
        made, configs = self.entry.made, self.entry.heads[self.head].verified.get("configs")
        compared = f"compared with {configs:,} models" if isinstance(configs, int) else "compared with models"
        when = f", {made['date']}" if "date" in made else ""
        return f"{compared} that transformers {made.get('transformers', '?')} made of random configurations{when}"


def _spoken(network: Network) -> set[str]:
    """The symbols of the formula, one that is indexed among them."""
    found = set(free_symbols(network.totals.known)) | set(free_symbols(network.totals.active or 0))
    for condition in network.where:
        found |= _words(condition)
    return found


def _words(text: str) -> set[str]:
    from nparams.errors import ExprError
    from nparams.expr import parse

    try:
        return set(free_symbols(parse(f"[{text}]")))
    except ExprError:
        return set()


def is_type(name: str) -> bool:
    """Whether a name is that of a type in the catalogue."""
    return name in catalogue.types()


def of_type(kind: str, which: str | None = None, given: Mapping[str, object] | None = None) -> Formula:
    """The formula of a type's usual class, or of another; `given` are numbers for some of its fields."""
    from nparams.architectures._config.heads import chosen

    entry = entry_of(kind, {})
    head = chosen(entry.heads, {}, which, kind, entry.without).name if which is not None else main(entry.heads)
    fixed: dict[str, Any] = {}
    if given:
        from nparams.architectures._config.given import put_in

        fixed = dict(put_in({}, entry, given))
    names = {field: symbol(symbol_of(field)) for field in entry.fields}
    network = symbolic(entry, head, fixed, route=Router(entry.fields, names.get))
    return Formula(entry, head, network, None)


def of_config(held: Mapping[str, Any], which: str | None = None, given: Mapping[str, object] | None = None) -> Formula:
    """The formula of a file: its flags and words as they are, its numbers as symbols."""
    asked = Asked(held, given)
    network = asked.network(which)
    entry, head = asked.entry, asked.choice.name
    free = [field for field, value in network.fields.items() if type(value) is int and not _is_flag(entry, field)]
    made = Formula(entry, head, general(asked, head, free), network.fields)
    made.notes = network.notes
    made.number = network.total if isinstance(network.total, int) else None
    worth = substitute(made.total, {row.letter: row.value for row in made.legend if row.value is not None})
    if isinstance(worth, int) and worth != made.number:
        raise InvariantError(f"{head}: the formula gives {worth:,}, the tensors hold {made.number:,}")
    return made


def _is_flag(entry: Entry, field: str) -> bool:
    return type(entry.fields[field]) is bool or "bool" in entry.kinds.get(field, "").split()
