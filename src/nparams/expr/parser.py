"""Text to expression, by our own parser: nothing is ever evaluated as code.

::

    sum    := term (("+" | "-") term)*
    term   := factor (("*" | "·" | "//" | "%") factor | factor-that-needs-no-sign)*     "4d" and "2(d + 1)" are products
    factor := "-" factor | atom (("**" | "^") factor | "²")?
    atom   := 42 | name | name[sum] | h_{sum} | (sum) | [sum < sum] | max(sum, ...) | ceildiv(sum, sum)
            | trunc(0.25*sum) | sum(i=sum..sum, sum) | Σ_{i=sum..sum} term | Σ_{i=sum}^{sum} term
            | ⌊sum/sum⌋ | ⌈sum/sum⌉
"""

from __future__ import annotations

from math import isfinite

from nparams.expr.nodes import MAX_NESTED, Expr, symbol
from nparams.expr.tokens import SIGMA, Tokens

MAX_DEPTH = 60

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
COMPARISONS = {
    "<": ("lt", False), "<=": ("le", False), "≤": ("le", False), ">": ("lt", True), ">=": ("le", True),
    "≥": ("le", True), "==": ("eq", False), "=": ("eq", False), "!=": ("ne", False), "≠": ("ne", False),
}  # fmt: skip
FUNCTIONS = ("max", "min", "ceildiv")
RESERVED = frozenset((*FUNCTIONS, "trunc", "sum", *SIGMA))


def parse(text: str) -> int | Expr:
    """The expression that `text` spells, as written (integers are not folded).

    Raises ExprError with the position and what was found; WorkLimitError for text too long or nested too deeply.

    >>> parse("h0*h1 + h1"), parse("Σ_{i=1..l} (h_{i-1} + 1)·h_i"), parse("4d²")
    (Expr('h0*h1 + h1'), Expr('sum(i=1..l, (h[i-1] + 1)*h[i])'), Expr('4*d**2'))
    """
    tokens = Tokens(text)
    result = _Parser(tokens).sum()
    tokens.end()
    return result


class _Parser:
    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        #: indices of the sums that are open here
        self.indices: list[str] = []
        self.depth = 0

    def deeper(self) -> None:
        """One level of nesting more; whoever calls it takes it back."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.tokens.too_deep(f"nested more than {MAX_DEPTH} deep")

    def sum(self) -> int | Expr:
        self.deeper()
        terms = [self.term()]
        while sign := self.tokens.accept("+", "-"):
            term = self.term()
            terms.append(_negative(term) if sign == "-" else term)
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Expr("add", tuple(terms))

    def term(self) -> int | Expr:
        factors = [self.factor()]
        dividing = False
        while True:
            if self.tokens.accept("*"):
                factors.append(self.factor())
            elif sign := self.tokens.accept("//", "%"):
                factors = [Expr("floordiv" if sign == "//" else "mod", (_product(factors), self.factor()))]
                dividing = True
                continue
            elif self.tokens.after_number and (self.tokens.kind == "name" or self.tokens.next == "("):
                self._refuse_unclear(dividing)
                factors.append(self.factor())  # 4d, 2(d + 1)
            else:
                return _product(factors)
            dividing = False

    def _refuse_unclear(self, dividing: bool) -> None:
        if dividing:
            raise self.tokens.error(self.tokens.at, "a//2d may mean (a//2)*d or a//(2*d): write the brackets")

    def factor(self) -> int | Expr:
        signs = 0
        while self.tokens.accept("-"):
            signs += 1
        base = self.atom()
        if self.tokens.kind == "power":
            start, text = self.tokens.at, self.tokens.take()
            base = Expr("pow", (base, self.tokens.digits(start, text.translate(SUPERSCRIPTS))))
        elif self.tokens.accept("**"):
            self.deeper()
            base = Expr("pow", (base, self.factor()))
            self.depth -= 1
        return _negative(base) if signs % 2 else base

    def atom(self) -> int | Expr:
        tokens = self.tokens
        if tokens.kind == "number":
            return tokens.whole_number()
        if tokens.kind == "name":
            return self._named()
        sign = tokens.accept("(", "[", "Σ", "⌊", "⌈")
        if sign in ("⌊", "⌈"):
            return self._floor_or_ceiling(sign)
        if not sign:
            raise tokens.unexpected(f"expected a number, a name or '(', found {tokens.described}")
        return {"(": self._bracketed, "[": self._flag, "Σ": self._sigma}[sign]()

    def _bracketed(self) -> int | Expr:
        inner = self.sum()
        self.tokens.expect(")")
        return inner

    def _named(self) -> Expr:
        tokens = self.tokens
        start, name = tokens.at, tokens.take()
        if name in RESERVED and tokens.next == "(" and name not in SIGMA:
            tokens.take()
            return self._call(name)
        if name in SIGMA and tokens.next in ("_", "{"):
            return self._sigma()
        if name in SIGMA:
            raise tokens.unexpected(f"expected the range of a sum, such as Σ_{{i=1..l}}, found {tokens.described}")
        if tokens.accept("["):
            return Expr("idx", (self._until("]"),), name)
        if name.endswith("_") and len(name) > 1 and tokens.accept("{"):
            return Expr("idx", (self._until("}"),), name[:-1])
        if tokens.next == "(":
            raise tokens.error(
                start, f"{name}(...) is no function here: write {name}[...] for an index, {name}*(...) to multiply"
            )
        return self._symbol(name)

    def _until(self, sign: str) -> int | Expr:
        inner = self.sum()
        self.tokens.expect(sign)
        return inner

    def _symbol(self, name: str) -> Expr:
        stem, _, last = name.rpartition("_")
        if stem and last in self.indices and name not in self.indices:
            return Expr("idx", (Expr("sym", (), last),), stem)
        return symbol(name)

    # -- functions and sums -------------------------------------------------------------------------------------------

    def _call(self, name: str) -> Expr:
        if name == "trunc":
            return self._trunc()
        if name == "sum":
            index, first, last = self._range()
            self.tokens.expect(",")
            return self._body(index, first, last, whole=True)
        start = self.tokens.at
        args = [self.sum()]
        while self.tokens.accept(","):
            args.append(self.sum())
        self.tokens.expect(")")
        if name == "ceildiv" and len(args) != 2:
            raise self.tokens.error(start, f"ceildiv takes 2 values, found {len(args)}")
        return Expr(name, tuple(args))

    def _trunc(self) -> Expr:
        sign = -1.0 if self.tokens.accept("-") else 1.0
        start, kind, text = self.tokens.at, self.tokens.kind, self.tokens.take()
        factor = float(text) if kind == "number" else float("nan")
        if not isfinite(factor):
            raise self.tokens.error(start, "trunc is written trunc(0.25*x)")
        self.tokens.expect("*")
        self.deeper()
        inner = self.factor()
        self.depth -= 1
        self.tokens.expect(")")
        return Expr("trunc", (inner,), sign * factor)

    def _range(self) -> tuple[str, int | Expr, int | Expr]:
        index = self._index()
        self.tokens.expect("=")
        first = self.sum()
        self.tokens.expect("..")
        return index, first, self.sum()

    def _index(self) -> str:
        start, kind, described, index = self.tokens.at, self.tokens.kind, self.tokens.described, self.tokens.take()
        if kind != "name" or index in RESERVED:
            raise self.tokens.error(start, f"expected the index of a sum, found {described}")
        if index[-1].isdigit():
            raise self.tokens.error(start, f"{index} cannot be the index of a sum: write a letter such as i")
        return index

    def _sigma(self) -> Expr:
        """After Σ or Σ_: {i=1..l} or {i=1}^{l}, and the body."""
        if self.tokens.next == "_":
            self.tokens.take()
        self.tokens.expect("{")
        index = self._index()
        self.tokens.expect("=")
        first = self.sum()
        if self.tokens.accept("}"):
            self.tokens.expect("**")
            self.tokens.expect("{")
        else:
            self.tokens.expect("..")
        return self._body(index, first, self._until("}"), whole=False)

    def _body(self, index: str, first: int | Expr, last: int | Expr, *, whole: bool) -> Expr:
        self.indices.append(index)
        if len(self.indices) > MAX_NESTED:
            raise self.tokens.too_deep(f"sums nested more than {MAX_NESTED} deep")
        self.deeper()
        body = self._until(")") if whole else self.term()
        self.depth -= 1
        self.indices.pop()
        return Expr("sum", (first, last, body), index)

    def _flag(self) -> Expr:
        left = self.sum()
        sign = self.tokens.next if self.tokens.kind == "sign" else ""
        if sign not in COMPARISONS:
            raise self.tokens.unexpected(f"expected a comparison such as [a<b], found {self.tokens.described}")
        self.tokens.take()
        right = self._until("]")
        op, swapped = COMPARISONS[sign]
        return Expr(op, (right, left) if swapped else (left, right))

    def _floor_or_ceiling(self, sign: str) -> Expr:
        left = self.sum()
        self.tokens.expect("/")
        right = self._until("⌋" if sign == "⌊" else "⌉")
        return Expr("floordiv" if sign == "⌊" else "ceildiv", (left, right))


def _negative(term: int | Expr) -> int | Expr:
    if isinstance(term, int):
        return -term
    if term.op == "mul":
        first = term.args[0]
        return Expr("mul", (-first, *term.args[1:])) if isinstance(first, int) else Expr("mul", (-1, *term.args))
    return Expr("mul", (-1, term))


def _product(factors: list[int | Expr]) -> int | Expr:
    """A product as written, flat to the left: a*b*c is one node."""
    if len(factors) == 1:
        return factors[0]
    first = factors[0]
    head = first.args if isinstance(first, Expr) and first.op == "mul" else (first,)
    return Expr("mul", (*head, *factors[1:]))
