"""An expression as summands, and each summand multiplied out into products of its numbers as they were written."""

from __future__ import annotations

from nparams.errors import NotationError, shown
from nparams.expr import Expr, add, product
from nparams.network import Module, Tensor
from nparams.network.notes import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

    #: the factors of a product, in the order in which they were written
    Product = tuple[Size, ...]

MAX_TERMS = 2_000
#: products that one summand may come to, and factors that each may have
MAX_PRODUCTS = 64
MAX_FACTORS = 24
MAX_POWER = 12


class Term:
    """One summand: the products that it comes to, and which of them are biases."""

    def __init__(self, place: int, expression: Size, products: list[Product]) -> None:
        self.name = f"term{place}"
        self.expression = expression
        self.products = products
        self.common = _common(products)
        rests = [without(p, self.common) for p in products]
        #: what is left of each product without the factors that all have
        self.rests = rests
        self.biased = [len(products) > 1 and rest == () for rest in rests]
        if len(products) == 2 and not any(self.biased):
            self.biased = [rest == (1,) for rest in rests]  # one neuron or filter: (5*5*6 + 1)
        if len(products) > 2 and not any(self.biased):
            self.biased = [rest == (2,) for rest in rests]  # two bias vectors a gate: g*(n*h + h*h + 2*h)
        #: a bare number that is the bias of an earlier summand
        self.of: Term | None = None

    @property
    def bare(self) -> bool:
        """Whether it is one number or symbol by itself."""
        return len(self.products) == 1 and len(self.products[0]) == 1

    @property
    def has_bias(self) -> bool:
        """Whether some of it are biases by the formula itself."""
        return any(self.biased)

    def module(self) -> Module:
        """A row with a tensor for each product."""
        tensors: list[Tensor] = []
        for factors, biased in zip(self.products, self.biased, strict=True):
            role = "bias" if biased or self.of is not None else "weight"
            nth = sum(t.role == role for t in tensors) + 1
            tensors.append(Tensor(f"{self.name}.{role}{nth if nth > 1 else ''}", factors, role=role))
        return Module(self.name, tensors=tensors)


def terms_of(expression: Size, body: str) -> tuple[list[Term], Size]:
    """The summands of an expression, and what it comes to; NotationError where that is less than nothing."""
    from nparams.expr import substitute

    value = substitute(expression, {})
    if _may_be_negative(value):
        raise NotationError(f"{shown(body)} is {number(value)}: a count of parameters is 0 or more")
    parts = list(expression.args) if isinstance(expression, Expr) and expression.op == "add" else [expression]
    if len(parts) > MAX_TERMS:
        raise NotationError(f"a sum of {len(parts):,} terms: at most {MAX_TERMS:,} are read")
    values = [substitute(part, {}) for part in parts]
    if any(_may_be_negative(part) for part in (*parts, *values)):
        return [Term(1, expression, [(value,)])], value
    return [Term(k + 1, part, _products(part, v)) for k, (part, v) in enumerate(zip(parts, values, strict=True))], value


def _may_be_negative(size: Size) -> bool:
    """Whether something is taken away: it is then no sum of arrays."""
    if isinstance(size, int):
        return size < 0
    return size.op == "mul" and isinstance(size.args[0], int) and size.args[0] < 0


def _products(part: Size, value: Size) -> list[Product]:
    """Multiplied out; one product of one number where that cannot be done."""
    found = expanded(part)
    if found is None or any(isinstance(f, int) and f < 0 for p in found for f in p):
        return [(value,)]
    if isinstance(value, int) and add(*(product(p) for p in found)) != value:
        return [(value,)]
    return found


def expanded(size: Size) -> list[Product] | None:
    """Products whose sum it is; None where it is no plain arithmetic or comes to too many."""
    if isinstance(size, int):
        return [(size,)]
    if size.op in ("sym", "idx"):
        return [(size,)]
    if size.op == "add":
        parts = [expanded(part) for part in size.args]
        return None if None in parts else _bounded([p for part in parts for p in part or ()])
    if size.op == "mul":
        return _multiplied([expanded(part) for part in size.args])
    if size.op == "pow" and isinstance(size.args[1], int) and 1 <= size.args[1] <= MAX_POWER:
        return _multiplied([expanded(size.args[0])] * size.args[1])
    return None


def _bounded(found: list[Product]) -> list[Product] | None:
    if len(found) > MAX_PRODUCTS or any(len(p) > MAX_FACTORS for p in found):
        return None
    return found


def _multiplied(parts: list[list[Product] | None]) -> list[Product] | None:
    """Every product of one from each; an added 1 leaves the others as they are, a factor 1 stays."""
    found: list[Product] = [()]
    for part in parts:
        if part is None:
            return None
        added = len(part) > 1
        choices = [() if added and p == (1,) else p for p in part]
        more = _bounded([(*one, *other) for one in found for other in choices])
        if more is None:
            return None
        found = more
    return [p or (1,) for p in found]


def _common(products: list[Product]) -> Product:
    """The factors that all products have, as often as all have them."""
    shared = list(products[0])
    for factors in products[1:]:
        left = list(factors)
        kept = []
        for factor in shared:
            if factor in left:
                left.remove(factor)
                kept.append(factor)
        shared = kept
    return tuple(shared)


def without(factors: Product, taken: Product) -> Product:
    """The factors without those."""
    left = list(factors)
    for factor in taken:
        if factor in left:
            left.remove(factor)
    return tuple(left)


__all__ = ["Term", "expanded", "terms_of", "without"]
