"""Expression trees: exact integers, named and indexed symbols, and what may be done with them.

An expression is an `int` or an `Expr(op, args)`.  Trees are immutable, n-ary and hashable, and everything that walks
them uses its own stack, so that a thousand layers, or a thousand nested brackets, are ordinary.  The operators
(`a + 2*b`) fold integers as they go; `Expr(op, args)` builds the tree exactly as written.
"""

from __future__ import annotations

from nparams.errors import ExprError, WorkLimitError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: operations whose value is 0 or 1
FLAGS = frozenset(("lt", "le", "eq", "ne"))

#: no number may have more bits than this (Python itself prints at most 4,300 digits)
MAX_BITS = 14_000
#: nodes of two trees that are compared without remembering which
SMALL = 64
#: sums inside sums: the only thing that is walked by recursion
MAX_NESTED = 30


class Expr:
    """One node.  `args` are its operands; `label` is what is not an operand.

    label: the name of a symbol ("sym") or of an indexed symbol ("idx"), the index of a "sum" (operands: first, last,
    body), the double of a "trunc".  The index of a sum hides every symbol of the same name, indexed ones too.

    >>> h = symbol("h0")
    >>> h * 16 + 16
    Expr('h0*16 + 16')
    """

    __slots__ = ("_hash", "args", "flat", "label", "op")

    def __init__(self, op: str, args: tuple[int | Expr, ...], label: str | float | None = None) -> None:
        self.op = op
        self.args = args
        self.label = label
        #: made by `add`: no operand but the last is a plain integer
        self.flat = False
        self._hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            _hash_all(self)
        return self._hash  # type: ignore[return-value]

    def __eq__(self, other: object) -> bool:
        """The same tree.  (`equal` asks for the same value.)"""
        return isinstance(other, Expr) and _same_tree(self, other)

    def __add__(self, other: int | Expr) -> int | Expr:
        return add(self, other) if _fits(other) else NotImplemented

    def __radd__(self, other: int) -> int | Expr:
        return add(other, self) if _fits(other) else NotImplemented

    def __sub__(self, other: int | Expr) -> int | Expr:
        return add(self, mul(-1, other)) if _fits(other) else NotImplemented

    def __rsub__(self, other: int) -> int | Expr:
        return add(other, mul(-1, self)) if _fits(other) else NotImplemented

    def __mul__(self, other: int | Expr) -> int | Expr:
        return mul(self, other) if _fits(other) else NotImplemented

    def __rmul__(self, other: int) -> int | Expr:
        return mul(other, self) if _fits(other) else NotImplemented

    def __neg__(self) -> int | Expr:
        return mul(-1, self)

    def __pow__(self, other: int | Expr) -> int | Expr:
        return power(self, other) if _fits(other) else NotImplemented

    def __rpow__(self, other: int) -> int | Expr:
        return power(other, self) if _fits(other) else NotImplemented

    def __floordiv__(self, other: int | Expr) -> int | Expr:
        return build("floordiv", (self, other)) if _fits(other) else NotImplemented

    def __rfloordiv__(self, other: int) -> int | Expr:
        return build("floordiv", (other, self)) if _fits(other) else NotImplemented

    def __mod__(self, other: int | Expr) -> int | Expr:
        return build("mod", (self, other)) if _fits(other) else NotImplemented

    def __rmod__(self, other: int) -> int | Expr:
        return build("mod", (other, self)) if _fits(other) else NotImplemented

    def __str__(self) -> str:
        from nparams.expr.text import render

        return render(self)

    def __repr__(self) -> str:
        return f"Expr({str(self)!r})"


def _fits(other: object) -> bool:
    """Whether it is something to reckon with: no float ever enters a count."""
    return isinstance(other, (int, Expr))


def _hash_all(root: Expr) -> None:
    """Hashes from the leaves up, without recursion."""
    stack = [root]
    while stack:
        node = stack[-1]
        missing = [a for a in node.args if isinstance(a, Expr) and a._hash is None] if node._hash is None else []
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        if node._hash is None:
            node._hash = hash((node.op, node.args, node.label))


def _same_tree(one: Expr, other: Expr) -> bool:
    pairs: list[tuple[int | Expr, int | Expr]] = [(one, other)]
    seen: set[tuple[int, int]] = set()  # shared subtrees of large trees are compared once
    compared = 0
    while pairs:
        a, b = pairs.pop()
        if a is b:
            continue
        if not (isinstance(a, Expr) and isinstance(b, Expr)):
            if isinstance(a, Expr) or isinstance(b, Expr) or a != b:
                return False
            continue
        if not _same_node(a, b):
            return False
        compared += 1
        if compared > SMALL:
            if (id(a), id(b)) in seen:
                continue
            seen.add((id(a), id(b)))
        pairs.extend(zip(a.args, b.args, strict=True))
    return True


def _same_node(a: Expr, b: Expr) -> bool:
    if a._hash is not None and b._hash is not None and a._hash != b._hash:
        return False
    return a.op == b.op and a.label == b.label and len(a.args) == len(b.args)


def symbol(name: str) -> Expr:
    """A named symbol; `h0` and `h_0` are the indexed symbol h[0].

    >>> symbol("h0") == symbol("h_0") == indexed("h", 0)
    True
    """
    if not name.isidentifier():
        raise ExprError(f"{shown(name)} is not a name: letters, digits and _ only, and no digit first")
    base = name.rstrip("0123456789")
    digits = name[len(base) :]
    if digits and (digits == "0" or digits[0] != "0"):
        stem = base[:-1] if base.endswith("_") else base
        if stem and stem[-1].isalpha():
            return Expr("idx", (int(bounded_text(digits)),), stem)
    return Expr("sym", (), name)


def indexed(name: str, index: int | Expr) -> Expr:
    """The entry of `name` at `index`."""
    if not name.isidentifier():
        raise ExprError(f"{shown(name)} is not a name: letters, digits and _ only, and no digit first")
    return Expr("idx", (index,), name)


def add(*terms: int | Expr) -> int | Expr:
    """The sum, flat, its integers folded into one at the end.

    >>> add(1, symbol("d"), 2)
    Expr('d + 3')
    """
    if len(terms) == 2 and type(terms[0]) is int and type(terms[1]) is int:
        return bounded(terms[0] + terms[1])
    if len(terms) == 2 and _grows(*terms):
        return _flat((*terms[0].args, terms[1]))  # type: ignore[union-attr]
    kept: list[int | Expr] = []
    constant = 0
    for term in terms:
        if isinstance(term, int):
            constant += term
        elif term.op != "add":
            kept.append(term)
        else:
            constant += _spread(term, kept)
    if constant or not kept:
        kept.append(bounded(constant))
    return kept[0] if len(kept) == 1 else _flat(tuple(kept))


def _flat(args: tuple[int | Expr, ...]) -> Expr:
    made = Expr("add", args)
    made.flat = True
    return made


def _grows(left: int | Expr, right: int | Expr) -> bool:
    """Whether `right` just goes after the operands of `left`: the usual step of a long sum."""
    if isinstance(left, int) or isinstance(right, int) or right.op == "add":
        return False
    return left.flat and not isinstance(left.args[-1], int)


def _spread(term: Expr, kept: list[int | Expr]) -> int:
    """The operands of a sum put into `kept`, but for its integers: their total."""
    if term.flat:
        kept.extend(term.args)
        return kept.pop() if isinstance(kept[-1], int) else 0  # type: ignore[return-value]
    kept.extend(part for part in term.args if not isinstance(part, int))
    return sum(part for part in term.args if isinstance(part, int))


def mul(*factors: int | Expr) -> int | Expr:
    """The product, flat; integers fold, an integer sign goes first.

    >>> mul(2, symbol("d"), 3), mul(0, symbol("d"))
    (Expr('6*d'), 0)
    """
    kept: list[int | Expr] = []
    constant, place = 1, None
    for factor in factors:
        for part in factor.args if isinstance(factor, Expr) and factor.op == "mul" else (factor,):
            if isinstance(part, int):
                constant = bounded(constant * part)
                place = len(kept) if place is None else place
            else:
                kept.append(part)
    if constant == 0 or not kept:
        return constant
    if constant != 1:
        kept.insert(0 if constant < 0 or place is None else place, constant)
    return kept[0] if len(kept) == 1 else Expr("mul", tuple(kept))


def product(shape: Iterable[int | Expr]) -> int | Expr:
    """The product of a shape; () gives 1."""
    result: int | Expr = 1
    for size in shape:
        result = result * size
    return result


def power(base: int | Expr, exponent: int | Expr) -> int | Expr:
    """base ** exponent, for a whole exponent of 0 or more."""
    if exponent == 0 or exponent == 1:
        return base if exponent == 1 else 1
    return build("pow", (base, exponent))


def total_of(index: str, first: int | Expr, last: int | Expr, body: int | Expr) -> Expr:
    """The sum of `body` over index = first..last; empty when last < first.

    >>> total_of("i", 1, symbol("l"), indexed("h", symbol("i")))
    Expr('sum(i=1..l, h[i])')
    """
    if not index.isidentifier() or index[-1].isdigit():
        raise ExprError(f"{shown(index)} cannot be the index of a sum: write a letter such as i")
    return Expr("sum", (first, last, body), index)


def build(op: str, args: tuple[int | Expr, ...], label: str | float | None = None) -> int | Expr:
    """The node, folded to an integer where every operand is one (a sum over an index is left as it is)."""
    if op == "add":
        return add(*args)
    if op == "mul":
        return mul(*args)
    if op in ("sym", "idx", "sum") or not all(isinstance(a, int) for a in args):
        return Expr(op, args, label)
    from nparams.expr.arithmetic import compute

    return compute(op, args, label)


def bounded(value: int) -> int:
    """`value`, or WorkLimitError if it is too long to print."""
    if value.bit_length() > MAX_BITS:
        raise WorkLimitError("a number of more than 4,000 digits: too large to work out")
    return value


def bounded_text(digits: str) -> str:
    """`digits`, or WorkLimitError if there are too many for Python to read."""
    if len(digits) > 4_000:
        raise WorkLimitError("a number of more than 4,000 digits: too large to work out")
    return digits


def check_number(value: object) -> int:
    """`value` if it is a true int (bool and float are not) of a printable length; ExprError otherwise."""
    if type(value) is not int:
        raise ExprError(f"{shown(repr(value))} is not a whole number")
    return bounded(value)


def whole_number(value: object) -> int | None:
    """`value` as an int if it is a whole number of any kind (numpy's too); None for anything else, bool included.

    >>> whole_number(784), whole_number(784.0), whole_number(True)
    (784, None, None)
    """
    if type(value) is int:
        return value
    mock = any(base.__module__ == "unittest.mock" for base in type(value).__mro__)  # says 1 to every such question
    if mock or isinstance(value, bool) or not hasattr(value, "__index__"):
        return None
    from operator import index

    try:
        return index(value)
    except TypeError:  # an array has __index__, and an answer only where it holds a single whole number
        return None
