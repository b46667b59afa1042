"""The machine that interprets code from its syntax tree: names, limits, what is unknown, and the way to a library.

Nothing of the text is run by Python: every statement and expression is walked by our own functions, which know a closed
set of operations.  A Library says what calling an imported name means.
"""

from __future__ import annotations

import ast
import re

from nparams.errors import NotationError, NparamsError
from nparams.expr import Expr, free_symbols
from nparams.expr.styles import SIGNS
from nparams.notation._code.library import Frame, Library
from nparams.notation._code.objects import Function, Instance
from nparams.notation._code.sizes import Copies
from nparams.notation._code.source import notes_of
from nparams.notation._code.values import MISSING, External, Native, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: nodes of the tree that are walked, entries that one list may hold, characters of one text, calls inside calls
MAX_STEPS = 1_500_000
#: ... of one statement at the top, as the training around a model has them
MAX_STATEMENT = 500_000
MAX_ENTRIES = 200_000
MAX_CHARACTERS = 1_000_000
MAX_CALLS = 90
#: terms and factors of one formula
MAX_WEIGHT = 4_000
#: comparisons that the code makes before it goes on, and how each is said where it must not hold
MOST_CONDITIONS = 100
OPPOSITE = {"lt": ("le", True), "le": ("lt", True), "eq": ("ne", False), "ne": ("eq", False)}


class Machine:
    """One run over a text."""

    def __init__(self, library: Library, given: Mapping[str, object] | None = None) -> None:
        self.library = library
        #: values for names that the code leaves open (--set), and those that were asked for
        self.given = dict(given or {})
        self.asked: set[str] = set()
        #: numbers that the code gives names and that --set could change
        self.offered: dict[str, int] = {}
        self.module = Frame()
        self.frame = self.module
        self.line = 0
        self.steps = 0
        self.limit = MAX_STEPS
        self.calls = 0
        #: whether messages name a line
        self.lines = True
        #: the texts that stand in the code, so that --set vgg_name=VGG16 is known to be one
        self.words: set[str] = set()
        #: names that nothing binds
        self.free: dict[str, Any] = {}
        #: unknowns that stand in a formula, by their symbol
        self.symbols: dict[str, Unknown] = {}
        #: ... and lists of them whose entries do, by the name in front of the number
        self.lists: dict[str, Unknown] = {}
        #: loops over symbolic ranges that are open: (index, first, last)
        self.repeats: list[tuple[str, int | Expr, int | Expr]] = []
        #: lists and dicts that were made inside such a loop: how many loops were open then
        self.born: dict[int, tuple[Any, int]] = {}
        #: how many nodes a formula has, written out
        self.weights: dict[int, tuple[Expr, int]] = {}
        self.notes: list[str] = []
        #: comparisons of sizes without which the code itself refuses
        self.conditions: dict[Expr, None] = {}
        #: unknown values into which the code puts something, and what
        self.changed: list[tuple[Unknown, Any]] = []
        #: the value of the last expression at the top of the text
        self.last: Any = MISSING
        #: statements at the top of the text that could not be followed: (line, why)
        self.skipped: list[tuple[int, str]] = []

    # -- limits and messages ------------------------------------------------------------------------------------------

    def step(self, cost: int = 1) -> None:
        """Count work; refuse when there has been too much."""
        self.steps += cost
        if self.steps > self.limit:
            raise self.error(f"the code takes more than {self.limit:,} steps to follow")

    def error(self, text: str) -> NotationError:
        """A refusal that names the line."""
        if self.lines and self.line:
            text = f"line {self.line}: {text}"
        made = NotationError(text)
        made.placed = True  # type: ignore[attr-defined]
        return made

    def placed(self, error: NparamsError) -> NotationError:
        """Another room's refusal with the line that it happened in."""
        if isinstance(error, NotationError) and getattr(error, "placed", False):
            return error
        return self.error(str(error))

    def note(self, sentence: str) -> None:
        """A sentence that the user must see, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def needs(self, tested: Any, *, holds: bool) -> None:
        """The code goes on only where a comparison of sizes holds, or does not: a condition of what it makes."""
        flag = tested.flag if isinstance(tested, Unknown) else None
        if flag is None or len(self.conditions) >= MOST_CONDITIONS:
            return
        if not free_symbols(flag).isdisjoint(index for index, _, _ in self.repeats):
            return  # it differs from copy to copy
        if not holds:
            op, turned = OPPOSITE[flag.op]
            flag = Expr(op, flag.args[::-1] if turned else flag.args)
        self.conditions[flag] = None

    def conditions_on(self, names: frozenset[str]) -> list[str]:
        """Those that speak of these names alone, as a network states them."""
        held = [flag for flag in self.conditions if free_symbols(flag) <= names]
        return [f"{flag.args[0]} {SIGNS[flag.op]} {flag.args[1]}" for flag in held]

    def here(self) -> str:
        """`line 12: ` for a note, nothing for a text of one line."""
        return f"line {self.line}: " if self.lines and self.line else ""

    # -- unknowns -----------------------------------------------------------------------------------------------------

    def unknown(self, text: str, name: str | None = None) -> Any:
        """A value that the text does not tell; what --set says of its name, if it does."""
        if name is not None and name in self.given:
            return self.take(name)
        return Unknown(text, self.line, name)

    def told_later(self, name: str) -> Any:
        """What whoever runs the code hands in: --set says it, or it stays a symbol."""
        return self.take(name) if name in self.given else Unknown(name, self.line, name, told_of=True)

    def take(self, name: str) -> Any:
        """The value that --set gives a name."""
        self.asked.add(name)
        return self._resolved(self.given[name])

    def _resolved(self, value: Any) -> Any:
        """A bare word that --set gives is a name of the code, or a symbol."""
        from nparams.expr import symbol
        from nparams.notation._code.given import Named

        if isinstance(value, list):
            return [self._resolved(each) for each in value]
        if not isinstance(value, Named):
            return value
        if value in self.module.names:
            return self.module.names[value]
        return str(value) if value in self.words else symbol(str(value))

    def offer(self, name: str, value: Any) -> Any:
        """A number that the code gives a name; what --set says instead, if it does."""
        if name in self.given:
            return self.take(name)
        if type(value) is int:
            self.offered[name] = value
        return value

    def size_of(self, value: Any) -> Any:
        """An unknown as a symbol that formulas can hold; anything else as it is."""
        return self.symbol_of(value) if isinstance(value, Unknown) else value

    def symbol_of(self, value: Unknown) -> int | Expr:
        """The symbol that stands for an unknown: its name in the code, with a number where two share one."""
        from nparams.expr import symbol

        value = self._same_length(value)
        if value.entry is not None and (made := self._entry(value, value.entry)) is not None:
            return made
        name = word = value.name or _word(value.text)
        if word in self.given and isinstance(made := self.take(word), (int, Expr)):
            return made
        count = 1
        while self.symbols.setdefault(word, value) is not value:
            count += 1
            word = f"{name}_v{count}"
        return symbol(word)

    def _same_length(self, value: Unknown) -> Unknown:
        """len(chars) is one symbol as long as chars is the same."""
        inner = value.text[4:-1] if value.name is None and value.text.startswith("len(") else ""
        held = self.peek(inner) if inner.isidentifier() else None
        return held.parts.setdefault(("len",), value) if isinstance(held, Unknown) else value

    def _entry(self, value: Unknown, entry: tuple[Unknown, int]) -> int | Expr | None:
        """X.shape[1] is X_shape1, which y.shape[1] is not; None where its list has no name to number."""
        from nparams.expr import indexed

        whole, index = entry
        stem = re.sub(r"\W+", "_", whole.text).strip("_")
        if not stem or not stem[-1].isalpha() or len(stem) > 40:
            return None
        while self.lists.setdefault(stem, whole) is not whole:
            stem = f"{stem}_other"
        word = f"{stem}{index}"
        if word in self.given and isinstance(made := self.take(word), (int, Expr)):
            return made
        self.symbols.setdefault(word, value)
        return indexed(stem, index)

    # -- names --------------------------------------------------------------------------------------------------------

    def lookup(self, name: str) -> Any:
        """What a name is bound to here; a name that nothing binds is the library's, a builtin, or unknown."""
        frame: Frame | None = self.frame
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.outer
        if name in self.free:
            return self.free[name]
        self.free[name] = value = self._unbound(name)
        return value

    def _unbound(self, name: str) -> Any:
        from nparams.notation._code.builtins import builtin

        if name in self.given:
            return self.take(name)
        for found in (builtin(name), self.library.name(self, name)):
            if found is not MISSING:
                return found
        return Unknown(name, self.line, name, told_of=True)

    def peek(self, name: str) -> Any:
        """What a name is bound to here, MISSING where nothing binds it; nothing is made for it."""
        frame: Frame | None = self.frame
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.outer
        return self.free.get(name, MISSING)

    def bind(self, name: str, value: Any) -> None:
        """Give a name a value in the running frame."""
        if isinstance(value, Unknown) and value.name is None:
            value.name = name
            if name in self.given:
                value = self.take(name)
        self.frame.globals.get(name, self.frame).names[name] = value

    # -- calls and attributes -----------------------------------------------------------------------------------------

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call whatever it is."""
        self.step()
        if isinstance(function, Thing):
            return function.call(self, args, kwargs)
        if isinstance(function, Expr):
            return self.unknown(f"{function}(...)")
        raise self.error(f"{described(function)} cannot be called")

    def external(self, path: str) -> Any:
        """The value of a dotted name: a constant, a pure function of the standard library, or the name."""
        from nparams.notation._code.standard import standard

        for found in (self.library.external(self, path), standard(path)):
            if found is not MISSING:
                return found
        return External(path)

    def call_external(self, path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a dotted name: the library's; unknown where it is nobody's."""
        found = self.library.call(self, path, args, kwargs)
        return self.unknown(f"{path}(...)") if found is MISSING else found

    def attribute(self, owner: Any, name: str) -> Any:
        """owner.name."""
        self.step()
        if isinstance(owner, Thing):
            found = owner.get(self, name)
            if found is MISSING:
                return self._no_attribute(owner, name)
            return found
        from nparams.notation._code.methods import method

        return method(self, owner, name)

    def _no_attribute(self, owner: Thing, name: str) -> Any:
        if isinstance(owner, (Function, Native)):
            return self.unknown(f"{owner.told()}.{name}")
        raise self.error(f"{owner.told()} has no attribute {name}")

    def set_attribute(self, owner: Any, name: str, value: Any) -> None:
        """owner.name = value."""
        if isinstance(value, Unknown) and value.name is None:
            value.name = name
            if name in self.given:
                value = self.take(name)
        if isinstance(owner, Thing):
            if self.repeats and isinstance(owner, Instance):
                self.check_turn(owner, f"{owner.told()}.{name}", owner.attributes.get(name, MISSING), value)
            owner.set(self, name, value)
        elif owner is None or isinstance(owner, (int, float, str, list, tuple, dict, Expr)):
            raise self.error(f"{described(owner)} takes no attribute {name}")

    def entries(self, value: Any) -> list[Any] | None:
        """What a loop over a value goes through, None where that is not known; NotationError for no collection."""
        if isinstance(value, (list, tuple, range)):
            self.step(len(value))
            self.check_entries(len(value))
            return list(value)
        if isinstance(value, str):
            return list(value)
        if isinstance(value, (dict, set, frozenset)):
            return list(value)
        if isinstance(value, Thing):
            return value.iterate(self)
        if isinstance(value, Expr):
            return None
        raise self.error(f"{described(value)} cannot be gone through")

    def fresh(self, held: Any) -> Any:
        """Remember in which loop over a symbolic range a list or dict was made."""
        if self.repeats:
            self.born[id(held)] = (held, len(self.repeats))
        return held

    def repeated(self, value: Any, into: Any) -> Any:
        """What one turn of symbolic loops puts into something that was there before stands for all of their turns."""
        if not self.repeats:
            return value
        depth = into.depth if isinstance(into, Instance) else self.born.get(id(into), (None, 0))[1]
        for index, first, last in reversed(self.repeats[depth:]):
            value = Copies(value, index, first, last)
        return value

    def check_turn(self, owner: Any, told: str, before: Any, value: Any) -> None:
        """Refuse a turn of a symbolic loop that leaves something else than it found."""
        from nparams.notation._code.operators import same_value

        if not self.repeats or before is MISSING or before is value:
            return
        depth = owner.depth if isinstance(owner, Instance) else self.born.get(id(owner), (None, 0))[1]
        if len(self.repeats) > depth and not same_value(self, before, value):
            raise self.error(
                f"each turn of the loop changes {told}, so the number of turns must be known{self.turns()}"
            )

    def check_alike(self, *sides: Any) -> None:
        """Refuse a question about the number of a turn: then the turns of a symbolic loop are not alike."""
        indices = {index for index, _, _ in self.repeats}
        if indices and any(isinstance(side, Expr) and indices & free_symbols(side) for side in sides):
            raise self.error(f"the turns of the loop are not alike, so their number must be known{self.turns()}")

    def turns(self) -> str:
        """--set for the name that says how many turns the open loops take."""
        lasts = [last for _, _, last in self.repeats if isinstance(last, Expr)]
        names = sorted(name for last in lasts for name in free_symbols(last))
        return f"; --set {names[0]}=... gives it a value" if names else ""

    def check_entries(self, count: int) -> None:
        """Refuse lists that are too long."""
        if count > MAX_ENTRIES:
            raise self.error(f"a list of {count:,} entries: at most {MAX_ENTRIES:,} are followed")

    def checked(self, size: Any) -> Any:
        """A formula, unless it is too long written out."""
        if isinstance(size, Expr):
            weight = 1 + sum(self.weights.get(id(a), (a, 1))[1] for a in size.args)
            if weight > MAX_WEIGHT:
                raise self.error(f"a formula of more than {MAX_WEIGHT:,} terms")
            self.weights[id(size)] = (size, weight)
        return size

    def check_characters(self, count: int) -> None:
        """Refuse texts that are too long."""
        if count > MAX_CHARACTERS:
            raise self.error(f"a text of {count:,} characters: at most {MAX_CHARACTERS:,} are followed")

    # -- running ------------------------------------------------------------------------------------------------------

    def run(self, tree: ast.Module) -> None:
        """Interpret a whole text, statement by statement; one that cannot be followed leaves its names unknown."""
        from nparams.notation._code.statements import execute, poison

        self.notes += notes_of(tree)
        self.words = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        for statement in tree.body:
            self.limit = min(self.steps + MAX_STATEMENT, MAX_STEPS)
            try:
                execute(self, statement)
            except NotationError as error:
                if self.steps > MAX_STEPS:
                    raise
                self.frame, self.calls, self.repeats = self.module, 0, []
                self.skipped.append((statement.lineno, str(error)))
                self.library.lose(statement, str(error))
                self.limit = MAX_STEPS
                poison(self, statement)
        self.limit = MAX_STEPS


def described(value: Any) -> str:
    """A value in a few words, for a message.

    >>> described([1, 2]), described(None)
    ('a list', 'None')
    """
    if value is None or isinstance(value, (bool, int, float, Expr)):
        return str(value)[:60]
    if isinstance(value, Thing):
        return value.told()
    return "a text" if isinstance(value, str) else f"a {type(value).__name__}"


def _word(text: str) -> str:
    """A name for what has none: X_train.shape[1] as X_train_shape_1."""
    word = re.sub(r"\W+", "_", text).strip("_")[:40]
    return word if word and not word[0].isdigit() and not word[-1:].isdigit() else f"n_{word or 'unknown'}_"
