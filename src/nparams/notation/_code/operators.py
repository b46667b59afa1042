"""Operators and comparisons on the values of interpreted code: exact on numbers, a formula where a size is unknown."""

from __future__ import annotations

import ast
import operator

from nparams.errors import ExprError
from nparams.expr import Expr, mul
from nparams.notation._code.machine import described
from nparams.notation._code.objects import Class
from nparams.notation._code.sizes import Ratio, Scaled
from nparams.notation._code.values import External, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.notation._code.machine import Machine

SIGNS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.MatMult: "@",
}  # fmt: skip
PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "|": operator.or_,
    "&": operator.and_, "^": operator.xor, "@": operator.matmul,
}  # fmt: skip
#: what a formula can hold
EXACT = ("+", "-", "*", "//", "%", "**")
MAX_BITS = 14_000


def operate(m: Machine, sign: str, left: Any, right: Any) -> Any:
    """left sign right."""
    m.step()
    if isinstance(left, (Unknown, Thing)):
        return left.operate(m, sign, right, turned=False)
    if isinstance(right, (Unknown, Thing)):
        return right.operate(m, sign, left, turned=True)
    if isinstance(left, Expr) or isinstance(right, Expr):
        return _symbolic(m, sign, left, right)
    _check_growth(m, sign, left, right)
    try:
        return PLAIN[sign](left, right)
    except (TypeError, ValueError, ArithmeticError, KeyError) as error:
        if sign == "%" and isinstance(left, str):
            return m.unknown("a text")
        raise m.error(f"{described(left)} {sign} {described(right)} has no value ({error})") from None


def unknown_operation(m: Machine, sign: str, mine: Unknown, other: Any, *, turned: bool) -> Any:
    """An unknown and a size make a formula in the unknown's symbol; anything else stays unknown."""
    whole = isinstance(other, (int, Expr, Unknown)) and not isinstance(other, bool)
    factor = isinstance(other, float) and sign in ("*", "/")
    if (whole and sign in (*EXACT, "/")) or factor:
        left, right = (m.size_of(other), m.size_of(mine)) if turned else (m.size_of(mine), m.size_of(other))
        return operate(m, sign, left, right)
    return m.unknown(f"{mine.text} {sign} ...")


def _symbolic(m: Machine, sign: str, left: Any, right: Any) -> Any:
    exact = all(isinstance(side, (int, Expr)) for side in (left, right))
    if sign == "%" and isinstance(left, str) and m.repeats and left.count("%") == 1:
        return left.replace("%d", f"[{right}]").replace("%s", f"[{right}]").replace("%i", f"[{right}]")
    try:
        if exact and sign in EXACT:
            return m.checked(PLAIN[sign](left, right))
        if exact and sign == "/":
            return Ratio(left, right)
    except ExprError as error:
        raise m.error(str(error)) from None
    size, factor = (left, right) if isinstance(left, Expr) else (right, left)
    if isinstance(factor, float) and (sign == "*" or (sign == "/" and size is left)):
        return Scaled(factor, size) if sign == "*" else Scaled(1 / factor, size) if factor else m.unknown("a quotient")
    return m.unknown(f"{described(left)} {sign} {described(right)}")


def _check_growth(m: Machine, sign: str, left: Any, right: Any) -> None:
    """Refuse what would fill the memory: powers, shifts, and texts and lists many times over."""
    if sign == "*":
        for held, times in ((left, right), (right, left)):
            if isinstance(held, (str, list, tuple, bytes)) and isinstance(times, int):
                (m.check_characters if isinstance(held, (str, bytes)) else m.check_entries)(len(held) * max(times, 0))
    if sign == "+" and isinstance(left, (str, bytes, list, tuple)) and isinstance(right, type(left)):
        (m.check_characters if isinstance(left, (str, bytes)) else m.check_entries)(len(left) + len(right))
        m.step(len(left) // 64)
    if sign == "%" and isinstance(left, bytes):
        raise m.error(f"{described(left)} % ... is not worked out")
    if sign == "%" and isinstance(left, str):
        if "*" in left:
            raise m.error("a % that takes its width from outside")
        longest = max(
            (len(v) for v in (right if isinstance(right, tuple) else (right,)) if isinstance(v, str)), default=0
        )
        m.check_characters(len(left) + sum(int(d) for d in _numbers(left)) + left.count("%") * longest)
    if sign in ("*", "**", "<<") and isinstance(left, int) and isinstance(right, int):
        bits = (
            left.bit_length() * right
            if sign == "**"
            else left.bit_length() + (right if sign == "<<" else right.bit_length())
        )
        if bits > MAX_BITS and (abs(left) > 1 or sign == "<<"):
            raise m.error(f"{described(left)} {sign} {described(right)} has more than 4,000 digits")


def _numbers(text: str) -> list[str]:
    from re import findall

    return [digits[:9] for digits in findall(r"\d+", text)]


# -- comparisons ------------------------------------------------------------------------------------------------------


def compare(m: Machine, sign: str, left: Any, right: Any) -> Any:
    """left sign right: True, False, or an unknown."""
    m.step()
    if sign in ("is", "is not"):
        same = _same(m, left, right)
        return m.unknown("a comparison") if same is None else same == (sign == "is")
    if sign in ("in", "not in"):
        held = _holds(m, right, left)
        return m.unknown("a comparison") if held is None else held == (sign == "in")
    if sign in ("==", "!=") and (equal := same_value(m, left, right)) is not None:
        return equal == (sign == "==")
    if any(isinstance(side, (Thing, Expr)) for side in (left, right)):
        m.check_alike(left, right)
        made = m.unknown(f"{described(left)} {sign} {described(right)}")
        if all(type(side) in (int, Expr) for side in (left, right)):
            op, turned = FLAGS[sign]
            made.flag = Expr(op, (right, left) if turned else (left, right))
        return made
    if any(isinstance(side, (list, tuple, dict, set)) for side in (left, right)):
        return m.unknown(f"{described(left)} {sign} {described(right)}")
    try:
        return ORDER[sign](left, right)
    except TypeError:
        raise m.error(f"{described(left)} {sign} {described(right)} cannot be compared") from None


#: how expressions write a comparison: the operation, and whether its sides change places
FLAGS = {
    "<": ("lt", False), "<=": ("le", False), ">": ("lt", True), ">=": ("le", True), "==": ("eq", False),
    "!=": ("ne", False),
}  # fmt: skip
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def _same(m: Machine, left: Any, right: Any) -> bool | None:
    """left is right; what stands for a value that is only not told is not None."""
    if left is right:
        return True
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Unknown) and not (other is None and one.told_of):
            return None
    if left is None or right is None or isinstance(left, bool) or isinstance(right, bool):
        return False
    return same_value(m, left, right)


def same_value(m: Machine, left: Any, right: Any) -> bool | None:
    """left == right where that can be told; lists in lists are work that counts."""
    m.step()
    if left is right:
        return True
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    if isinstance(left, Expr) or isinstance(right, Expr):
        if left == right:
            return True
        return None if all(isinstance(side, (Expr, int, float)) for side in (left, right)) else False
    if isinstance(left, (Class, External)) or isinstance(right, (Class, External)):
        return bool(left == right)
    if isinstance(left, Thing) or isinstance(right, Thing):
        return left is right if type(left) is type(right) else False
    if isinstance(left, (list, tuple, dict)):
        return _same_entries(m, left, right)
    return bool(left == right)


def _same_entries(m: Machine, left: Any, right: Any) -> bool | None:
    if type(left) is not type(right) or len(left) != len(right):
        return False
    if isinstance(left, dict):
        if left.keys() != right.keys():
            return False
        left, right = list(left.values()), [right[key] for key in left]
    found = [same_value(m, a, b) for a, b in zip(left, right, strict=True)]
    return False if False in found else None if None in found else True


def _holds(m: Machine, where: Any, what: Any) -> bool | None:
    """what in where."""
    if isinstance(where, str) and isinstance(what, str):
        return what in where
    if isinstance(where, Thing) and not hasattr(where, "iterate"):
        return None
    entries = m.entries(where)
    if entries is None:
        return None
    m.step(len(entries))
    found = [same_value(m, entry, what) for entry in entries]
    return True if True in found else None if None in found else False


# -- truth ------------------------------------------------------------------------------------------------------------


def truth(m: Machine, value: Any) -> bool | None:
    """Whether a value counts as true; None where that is not known."""
    if isinstance(value, Thing):
        return value.truth()
    if isinstance(value, Expr):
        return None
    return bool(value)


def whole(m: Machine, value: Any) -> Any:
    """int(value)."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Scaled):
        return Expr("trunc", (value.size,), value.factor)
    if isinstance(value, Ratio):
        return operate(m, "//", value.over, value.under)
    if isinstance(value, Expr):
        return value
    try:
        if isinstance(value, str):
            m.check_characters(len(value) * 400)
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise m.error(f"int({described(value)}) is no whole number") from None


def negative(m: Machine, value: Any) -> Any:
    """-value."""
    if isinstance(value, Unknown):
        return m.unknown(f"-{value.text}")
    if isinstance(value, Expr):
        return mul(-1, value)
    if isinstance(value, (int, float)):
        return -value
    return m.unknown(f"-{described(value)}")
