"""Text to expression, by our own parser: nothing is ever evaluated as code.

::

    sum    := term (("+" | "-") term)*
    term   := factor (("*" | "·" | "//" | "%") factor | factor-that-needs-no-sign)*      "4d" and "2(d + 1)" are products
    factor := "-" factor | atom (("**" | "^") factor | "²")?
    atom   := 42 | name | name[sum] | h_{sum} | (sum) | [sum < sum] | max(sum, ...) | ceildiv(sum, sum)
            | trunc(0.25*sum) | sum(i=sum..sum, sum) | Σ_{i=sum..sum} term | ⌊sum/sum⌋ | ⌈sum/sum⌉
"""

from __future__ import annotations

import re

from nparams.errors import ExprError, WorkLimitError, shown
from nparams.expr.nodes import Expr, symbol

MAX_TEXT = 1_000_000
MAX_DEPTH = 60
MAX_DIGITS = 1_000

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
COMPARISONS = {
    "<": ("lt", False), "<=": ("le", False), "≤": ("le", False), ">": ("lt", True), ">=": ("le", True),
    "≥": ("le", True), "==": ("eq", False), "=": ("eq", False), "!=": ("ne", False), "≠": ("ne", False),
}  # fmt: skip
FUNCTIONS = {"max": "max", "min": "min", "ceildiv": "ceildiv"}
RESERVED = frozenset((*FUNCTIONS, "trunc", "sum"))

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d[\d_]*(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+(?!\w))?)
    | (?P<name>[^\W\d⁰¹²³⁴⁵⁶⁷⁸⁹][^\W⁰¹²³⁴⁵⁶⁷⁸⁹]*)
    | (?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
    | (?P<sign>\*\*|//|\.\.|<=|>=|==|!=|[-+*·×%^()\[\]{},/=<>≤≥≠Σ∑⌊⌋⌈⌉−–…])
    )""",
    re.VERBOSE,
)
SAME_SIGN = {"·": "*", "×": "*", "^": "**", "−": "-", "–": "-", "∑": "Σ", "…": ".."}


def parse(text: str) -> int | Expr:
    """The expression that `text` spells, as written (integers are not folded).

    Raises ExprError with the position and what was found; WorkLimitError for text too long or nested too deeply.

    >>> parse("h0*h1 + h1"), parse("Σ_{i=1..l} (h_{i-1} + 1)·h_i"), parse("4d²")
    (Expr('h0*h1 + h1'), Expr('sum(i=1..l, (h[i-1] + 1)*h[i])'), Expr('4*d**2'))
    """
    parser = _Parser(text)
    result = parser.sum()
    parser.end()
    return result


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > MAX_TEXT:
            raise WorkLimitError(f"an expression of {len(text):,} characters: at most {MAX_TEXT:,} are read")
        self.text = text
        self.indices: list[str] = []
        self.depth = 0
        self.tokens = list(self._tokens())
        self.place = 0

    def _tokens(self) -> list[tuple[str, str, int]]:
        found, at = [], 0
        while at < len(self.text):
            match = TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                if self.text[at:].isspace():
                    break
                at += len(self.text[at:]) - len(self.text[at:].lstrip())
                raise self._error(at, f"{shown(self.text[at])} does not belong in an expression")
            kind = match.lastgroup
            value = match.group(kind)
            found.append((kind, SAME_SIGN.get(value, value), match.start(kind)))
            at = match.end()
        return found

    # -- looking at tokens ------------------------------------------------------------------------------------------

    def _error(self, at: int, what: str) -> ExprError:
        return ExprError(f"{shown(self.text)}, character {at + 1}: {what}")

    def _peek(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def _kind(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else "end"

    def _at(self) -> int:
        return self.tokens[self.place][2] if self.place < len(self.tokens) else len(self.text)

    def _take(self) -> str:
        value = self._peek()
        self.place += 1
        return value

    def _accept(self, *values: str) -> str:
        return self._take() if self._kind() != "name" and self._peek() in values else ""

    def _expect(self, value: str) -> None:
        if not self._accept(value):
            raise self._error(self._at(), f"expected {value!r}, found {self._found()}")

    def _found(self) -> str:
        return shown(self._peek()) if self._peek() else "the end"

    def end(self) -> None:
        """Raise unless everything was read."""
        if self._kind() != "end":
            raise self._error(self._at(), f"found {self._found()} where the expression should end")

    # -- the grammar ------------------------------------------------------------------------------------------------

    def sum(self) -> int | Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise WorkLimitError(f"brackets nested more than {MAX_DEPTH} deep")
        terms = [self.term()]
        while sign := self._accept("+", "-"):
            term = self.term()
            terms.append(_negative(term) if sign == "-" else term)
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Expr("add", tuple(terms))

    def term(self) -> int | Expr:
        result = self.factor()
        while True:
            if self._accept("*"):
                result = _times(result, self.factor())
            elif sign := self._accept("//", "%"):
                result = Expr("floordiv" if sign == "//" else "mod", (result, self.factor()))
            elif self.tokens[self.place - 1][0] == "number" and (self._kind() == "name" or self._peek() == "("):
                result = _times(result, self.factor())  # 4d, 2(d + 1)
            else:
                return result

    def factor(self) -> int | Expr:
        signs = 0
        while self._accept("-"):
            signs += 1
        base = self.atom()
        if self._kind() == "power":
            base = Expr("pow", (base, int(self._take().translate(SUPERSCRIPTS))))
        elif self._accept("**"):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise WorkLimitError(f"powers nested more than {MAX_DEPTH} deep")
            base = Expr("pow", (base, self.factor()))
            self.depth -= 1
        return _negative(base) if signs % 2 else base

    def atom(self) -> int | Expr:
        kind, start = self._kind(), self._at()
        if kind == "number":
            return self._number()
        if kind == "name":
            return self._named()
        sign = self._accept("(", "[", "Σ", "⌊", "⌈")
        if sign == "(":
            inner = self.sum()
            self._expect(")")
            return inner
        if sign == "[":
            return self._flag()
        if sign == "Σ":
            return self._sigma()
        if sign:
            return self._floor_or_ceiling(sign)
        if self._peek() == "/":
            raise self._error(start, "'/' may leave a fraction: write // for whole division, or ceildiv(a, b)")
        raise self._error(start, f"expected a number, a name or '(', found {self._found()}")

    def _number(self) -> int:
        start, text = self._at(), self._take()
        if not text.replace("_", "").isdigit():
            raise self._error(start, f"{text} is not a whole number")
        digits = text.replace("_", "")
        if len(digits) > MAX_DIGITS:
            raise WorkLimitError(f"a number of {len(digits):,} digits: at most {MAX_DIGITS:,} are read")
        return int(digits)

    def _named(self) -> Expr:
        start, name = self._at(), self._take()
        if name in RESERVED and self._peek() == "(":
            self._take()
            return self._call(name)
        if name in ("Σ", "Σ_", "∑", "∑_"):
            return self._sigma(opened=name.endswith("_"))
        if self._accept("["):
            inner = self.sum()
            self._expect("]")
            return Expr("idx", (inner,), name)
        if name.endswith("_") and self._accept("{"):
            inner = self.sum()
            self._expect("}")
            return Expr("idx", (inner,), name[:-1])
        if self._peek() == "(":
            raise self._error(start, f"{name}(...) is no function here: write {name}[...] for an index, {name}*(...) to multiply")
        stem, _, last = name.rpartition("_")
        if stem and last in self.indices:
            return Expr("idx", (Expr("sym", (), last),), stem)
        return symbol(name)

    def _call(self, name: str) -> Expr:
        if name == "trunc":
            return self._trunc()
        if name == "sum":
            index, first, last = self._range()
            self._expect(",")
            return self._body(index, first, last, whole=True)
        args = [self.sum()]
        while self._accept(","):
            args.append(self.sum())
        self._expect(")")
        if name == "ceildiv" and len(args) != 2:
            raise self._error(self._at(), f"ceildiv takes 2 values, found {len(args)}")
        return Expr(FUNCTIONS[name], tuple(args))

    def _trunc(self) -> Expr:
        start, text = self._at(), self._take()
        try:
            factor = float(text)
        except ValueError:
            raise self._error(start, "trunc is written trunc(0.25*x)") from None
        self._expect("*")
        inner = self.factor()
        self._expect(")")
        return Expr("trunc", (inner,), factor)

    def _range(self) -> tuple[str, int | Expr, int | Expr]:
        start, index = self._at(), self._take()
        if not index.isidentifier() or index in RESERVED:
            raise self._error(start, f"expected the index of a sum, found {shown(index)}")
        self._expect("=")
        first = self.sum()
        self._expect("..")
        return index, first, self.sum()

    def _sigma(self, opened: bool = False) -> Expr:
        if not opened and self._peek() == "_":
            self._take()
        self._expect("{")
        index, first, last = self._range()
        self._expect("}")
        return self._body(index, first, last, whole=False)

    def _body(self, index: str, first: int | Expr, last: int | Expr, *, whole: bool) -> Expr:
        self.indices.append(index)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise WorkLimitError(f"sums nested more than {MAX_DEPTH} deep")
        body = self.sum() if whole else self.term()
        if whole:
            self._expect(")")
        self.depth -= 1
        self.indices.pop()
        return Expr("sum", (first, last, body), index)

    def _flag(self) -> Expr:
        left = self.sum()
        start, sign = self._at(), self._take()
        if sign not in COMPARISONS:
            raise self._error(start, f"expected a comparison such as [a<b], found {shown(sign) if sign else 'the end'}")
        right = self.sum()
        self._expect("]")
        op, swapped = COMPARISONS[sign]
        return Expr(op, (right, left) if swapped else (left, right))

    def _floor_or_ceiling(self, sign: str) -> Expr:
        left = self.sum()
        self._expect("/")
        right = self.sum()
        self._expect("⌋" if sign == "⌊" else "⌉")
        return Expr("floordiv" if sign == "⌊" else "ceildiv", (left, right))


def _negative(term: int | Expr) -> int | Expr:
    if isinstance(term, int):
        return -term
    if term.op == "mul":
        first = term.args[0]
        return Expr("mul", (-first, *term.args[1:])) if isinstance(first, int) else Expr("mul", (-1, *term.args))
    return Expr("mul", (-1, term))


def _times(left: int | Expr, right: int | Expr) -> Expr:
    """A product as written, flat to the left: a*b*c is one node."""
    if isinstance(left, Expr) and left.op == "mul":
        return Expr("mul", (*left.args, right))
    return Expr("mul", (left, right))
