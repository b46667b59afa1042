"""Python's builtins as interpreted code may use them: a closed table; nothing opens, imports or runs anything."""

from __future__ import annotations

from nparams.expr import Expr
from nparams.notation._code.machine import MAX_ENTRIES, described
from nparams.notation._code.operators import compare, operate, truth, whole
from nparams.notation._code.reflection import REFLECTION, exactly
from nparams.notation._code.sizes import Ratio, SymbolicRange
from nparams.notation._code.values import MISSING, External, Native, Thing, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.notation._code.machine import Machine

    Args = list[Any]
    Kwargs = dict[str, Any]

#: exceptions and the like: names that are only raised or compared
NAMES = frozenset(
    "Exception BaseException ValueError TypeError KeyError IndexError RuntimeError NotImplementedError AssertionError "
    "AttributeError ImportError ModuleNotFoundError StopIteration OSError IOError FileNotFoundError ArithmeticError "
    "ZeroDivisionError DeprecationWarning UserWarning Warning FutureWarning object NotImplemented "
    "Ellipsis bytes complex "
    "frozenset bytearray memoryview slice LookupError OverflowError KeyboardInterrupt SystemExit".split()
)
#: what is never done for the code
REFUSED = frozenset("open eval exec compile __import__ input breakpoint exit quit memoryview".split())


def builtin(name: str) -> Any:
    """The value of one of Python's own names; MISSING where it is none."""
    if name == "__name__":
        return "__main__"
    if name in BUILTINS:
        return Native(name, BUILTINS[name])
    if name in NAMES:
        return External(f"builtins.{name}")
    if name in REFUSED:
        return Native(name, _unknown(name))
    return MISSING


def _unknown(name: str) -> Callable[[Machine, Args, Kwargs], Any]:
    return lambda m, args, kwargs: m.unknown(f"{name}(...)")


def _range(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    bounds = [m.size_of(arg) for arg in args]
    if all(type(b) is int for b in bounds) and 1 <= len(bounds) <= 3:
        if len(bounds) == 3 and bounds[2] == 0:
            raise m.error("range() with a step of 0")
        made = range(*bounds)
        first, last, step = made.start, made.stop, made.step
        if (last - first) // step > 10 * MAX_ENTRIES:
            return m.unknown(f"range({described(last)})")
        return made
    if all(isinstance(b, (int, Expr)) for b in bounds) and 1 <= len(bounds) <= 2:
        first, last = (0, bounds[0]) if len(bounds) == 1 else bounds
        return SymbolicRange(first, operate(m, "-", last, 1))
    return m.unknown("range(...)")


def _len(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    (held,) = exactly(m, "len", args, 1)
    if isinstance(held, Thing):
        return held.length(m)
    if isinstance(held, (str, list, tuple, dict, set, range)):
        return len(held)
    raise m.error(f"{described(held)} has no length")


def _int(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return whole(m, args[0]) if args else 0


def _float(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    held = args[0] if args else 0.0
    if isinstance(held, (int, float, str)):
        try:
            return float(held)
        except (ValueError, OverflowError):
            raise m.error(f"float({described(held)}) is no number") from None
    return held if isinstance(held, (Expr, Unknown, Ratio)) else m.unknown("float(...)")


def _str(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    held = args[0] if args else ""
    if isinstance(held, Expr) and m.repeats:
        return f"[{held}]"
    return str(held) if isinstance(held, (int, float, str)) or held is None else m.unknown("str(...)")


def _bool(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    known = truth(m, args[0]) if args else False
    return m.unknown("bool(...)") if known is None else known


def _list(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    found = m.entries(args[0]) if args else []
    return m.unknown(f"list({described(args[0])})") if found is None else m.fresh(found)


def _tuple(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    found = _list(m, args, kwargs)
    return tuple(found) if isinstance(found, list) else found


def _set(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    from nparams.notation._code.entries import as_set

    found = _list(m, args, kwargs)
    return as_set(m, found) if isinstance(found, list) else found


def made_dict(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    """dict(...), from pairs, another dict and names."""
    from nparams.notation._code.entries import put

    found: dict[Any, Any] = {}
    if args and isinstance(args[0], dict):
        found.update(args[0])
    elif args:
        pairs = m.entries(args[0])
        if pairs is None:
            return m.unknown("dict(...)")
        for pair in pairs:
            entries = m.entries(pair)
            if entries is None or len(entries) != 2:
                raise m.error("dict() takes pairs of a key and a value")
            put(m, found, entries[0], entries[1])
    found.update(kwargs)
    return found


def _sum(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args else []
    if entries is None:
        return m.unknown("sum(...)")
    total: Any = args[1] if len(args) > 1 else kwargs.get("start", 0)
    for entry in entries:
        total = operate(m, "+", total, entry)
    return total


def _extreme(sign: str) -> Callable[[Machine, Args, Kwargs], Any]:
    def find(m: Machine, args: Args, kwargs: Kwargs) -> Any:
        entries = m.entries(args[0]) if len(args) == 1 else args
        if not entries or "key" in kwargs:
            return kwargs.get("default", m.unknown("an extreme")) if not entries else m.unknown("an extreme")
        sizes = [m.size_of(entry) for entry in entries]
        if any(isinstance(size, Expr) for size in sizes):
            whole_sizes = all(isinstance(size, (int, Expr)) for size in sizes)
            return Expr("max" if sign == ">" else "min", tuple(sizes)) if whole_sizes else m.unknown("an extreme")
        best = sizes[0]
        for entry in sizes[1:]:
            best = entry if compare(m, sign, entry, best) is True else best
        return best

    return find


def _abs(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return abs(args[0]) if args and isinstance(args[0], (int, float)) else m.unknown("abs(...)")


def _round(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    if args and all(isinstance(arg, (int, float)) for arg in args):
        try:
            return round(*args)
        except (TypeError, ValueError, OverflowError):
            raise m.error("round() of these has no value") from None
    return args[0] if args and isinstance(args[0], Expr) else m.unknown("round(...)")


def _enumerate(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args else []
    start = args[1] if len(args) > 1 else kwargs.get("start", 0)
    if entries is None or not isinstance(start, int):
        return m.unknown("enumerate(...)")
    return list(enumerate(entries, start))


def _zip(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    lists = [m.entries(arg) for arg in args]
    if any(entries is None for entries in lists):
        return m.unknown("zip(...)")
    return list(zip(*[entries or [] for entries in lists], strict=False))


def _reversed(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args else []
    return m.unknown("reversed(...)") if entries is None else entries[::-1]


def _sorted(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args else []
    if entries is None:
        return m.unknown("sorted(...)")
    key = kwargs.get("key")
    keys = entries if key is None else [m.call(key, [entry], {}) for entry in entries]
    try:
        order = sorted(
            range(len(entries)), key=lambda k: keys[k], reverse=truth(m, kwargs.get("reverse", False)) is True
        )
    except TypeError:
        return m.unknown("sorted(...)")
    return [entries[k] for k in order]


def _map(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    lists = [m.entries(arg) for arg in args[1:]]
    if not args or any(entries is None for entries in lists):
        return m.unknown("map(...)")
    return [m.call(args[0], list(row), {}) for row in zip(*[entries or [] for entries in lists], strict=False)]


def _filter(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    test, over = exactly(m, "filter", args, 2)
    entries = m.entries(over)
    if entries is None:
        return m.unknown("filter(...)")
    passed = [truth(m, entry if test is None else m.call(test, [entry], {})) for entry in entries]
    if None in passed:
        return m.unknown("filter(...)")
    return [entry for entry, keep in zip(entries, passed, strict=True) if keep]


def _any(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    known = [truth(m, entry) for entry in (m.entries(args[0]) if args else None) or []]
    return True if True in known else m.unknown("any(...)") if None in known else False


def _all(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    known = [truth(m, entry) for entry in (m.entries(args[0]) if args else None) or []]
    return False if False in known else m.unknown("all(...)") if None in known else True


# -- objects ----------------------------------------------------------------------------------------------------------


def _next(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args and not isinstance(args[0], Unknown) else None
    if entries:
        if isinstance(args[0], list):
            return args[0].pop(0)
        return entries[0]
    return args[1] if len(args) > 1 and entries is not None else m.unknown("next(...)")


def _pow(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return operate(m, "**", *args) if len(args) == 2 else m.unknown("pow(...)")


def _divmod(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    left, right = exactly(m, "divmod", args, 2)
    return operate(m, "//", left, right), operate(m, "%", left, right)


def _nothing(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return None


BUILTINS: dict[str, Callable[[Machine, Args, Kwargs], Any]] = {
    **REFLECTION,
    "range": _range, "xrange": _range, "len": _len, "int": _int, "float": _float, "str": _str, "bool": _bool,
    "list": _list, "tuple": _tuple, "set": _set, "dict": made_dict, "sum": _sum, "max": _extreme(">"),
    "min": _extreme("<"), "abs": _abs, "round": _round, "enumerate": _enumerate, "zip": _zip, "reversed": _reversed,
    "sorted": _sorted, "map": _map, "filter": _filter, "any": _any, "all": _all, "next": _next, "iter": _list,
    "pow": _pow, "divmod": _divmod,
    "print": _nothing, "id": _unknown("id"),
    "repr": _unknown("repr"), "hash": _unknown("hash"), "format": _unknown("format"),
    "chr": _unknown("chr"), "ord": _unknown("ord"), "dir": _unknown("dir"), "help": _nothing,
}  # fmt: skip
