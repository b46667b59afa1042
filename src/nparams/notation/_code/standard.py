"""The pure functions of Python's standard library and numpy that code computes sizes with."""

from __future__ import annotations

import math
from itertools import pairwise

from nparams.expr import Expr
from nparams.notation._code.argparse import parser
from nparams.notation._code.machine import MAX_ENTRIES
from nparams.notation._code.objects import Partial
from nparams.notation._code.operators import operate, whole
from nparams.notation._code.sizes import Ratio
from nparams.notation._code.values import MISSING, Native, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.notation._code.machine import Machine

    Args = list[Any]
    Kwargs = dict[str, Any]
    Made = Callable[[Machine, Args, Kwargs], Any]

CONSTANTS: dict[str, Any] = {
    "math.pi": math.pi, "math.e": math.e, "math.inf": math.inf, "np.pi": math.pi, "numpy.pi": math.pi,
    "numpy.inf": math.inf, "typing.TYPE_CHECKING": False,
}  # fmt: skip


def standard(path: str) -> Any:
    """The constant or function of that dotted name; MISSING where it is not in the table."""
    if path in CONSTANTS:
        return CONSTANTS[path]
    made = FUNCTIONS.get(path)
    return MISSING if made is None else Native(path, made)


def _number(name: str, function: Callable[..., Any]) -> Made:
    """A function of numbers; of anything else the result is not known."""

    def call(m: Machine, args: Args, kwargs: Kwargs) -> Any:
        if all(isinstance(arg, (int, float)) for arg in args):
            if any(isinstance(arg, int) and arg.bit_length() > 1000 for arg in args):
                raise m.error(f"{name}() of a number too large")
            try:
                return function(*args)
            except (TypeError, ValueError, ArithmeticError) as error:
                raise m.error(f"{name}(): {error}") from None
        return m.unknown(f"{name}(...)")

    return call


def _floor(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    held = args[0] if args else 0
    if isinstance(held, Ratio):
        return operate(m, "//", held.over, held.under)
    if isinstance(held, (int, float)):
        return _number("floor", math.floor)(m, args, kwargs)
    return held if isinstance(held, Expr) else m.unknown("floor(...)")


def _ceil(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    held = args[0] if args else 0
    if isinstance(held, Ratio):
        return Expr("ceildiv", (held.over, held.under))
    if isinstance(held, (int, float)):
        return _number("ceil", math.ceil)(m, args, kwargs)
    return held if isinstance(held, Expr) else m.unknown("ceil(...)")


def _prod(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args and not isinstance(args[0], (int, float)) else args
    if entries is None:
        return m.unknown("prod(...)")
    total: Any = 1
    for entry in entries:
        total = operate(m, "*", total, entry)
    return total


def _partial(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    if not args:
        raise m.error("partial() needs a function")
    return Partial(args[0], args[1:], kwargs)


def _reduce(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[1]) if len(args) > 1 else None
    if not entries:
        return args[2] if len(args) > 2 else m.unknown("reduce(...)")
    value = args[2] if len(args) > 2 else entries.pop(0)
    for entry in entries:
        value = m.call(args[0], [value, entry], {})
    return value


def _operator(sign: str) -> Made:
    return lambda m, args, kwargs: operate(m, sign, *args) if len(args) == 2 else m.unknown("an operator")


def _chain(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    found: list[Any] = []
    for arg in args:
        entries = m.entries(arg)
        if entries is None:
            return m.unknown("chain(...)")
        found += entries
        m.check_entries(len(found))
    return found


def _flat(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args else []
    return m.unknown("chain(...)") if entries is None else _chain(m, entries, {})


def _product(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    from itertools import product

    lists = [m.entries(arg) or [] for arg in args] * int(
        kwargs.get("repeat", 1) if kwargs.get("repeat", 1) in (1, 2, 3) else 1
    )
    m.check_entries(math.prod(map(len, lists)))
    return list(product(*lists))


def _repeat(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    times = args[1] if len(args) > 1 else kwargs.get("times")
    if not isinstance(times, int):
        return m.unknown("repeat(...)")
    m.check_entries(times)
    return [args[0]] * times


def _accumulate(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args else None
    if entries is None:
        return m.unknown("accumulate(...)")
    found: list[Any] = []
    for entry in entries:
        found.append(entry if not found else operate(m, "+", found[-1], entry))
    return found


def _pairwise(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    entries = m.entries(args[0]) if args else None
    return m.unknown("pairwise(...)") if entries is None else list(pairwise(entries))


def deep_copy(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    """copy.deepcopy: containers and objects anew, each once."""
    return copied(m, args[0], {}) if args else None


def copied(m: Machine, value: Any, seen: dict[int, Any]) -> Any:
    """A value copied all the way down."""
    m.step()
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, (list, tuple)):
        entries = [copied(m, entry, seen) for entry in value]
        seen[id(value)] = entries if isinstance(value, list) else tuple(entries)
        return seen[id(value)]
    if isinstance(value, dict):
        seen[id(value)] = {key: copied(m, held, seen) for key, held in value.items()}
        return seen[id(value)]
    copier = getattr(value, "copied", None)
    return value if copier is None else copier(m, seen)


def _copy(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    held = args[0] if args else None
    return dict(held) if isinstance(held, dict) else list(held) if isinstance(held, list) else held


def _linspace(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    """Rates that grow from layer to layer: as many unknown numbers."""
    count = args[2] if len(args) > 2 else kwargs.get("num", kwargs.get("steps", 50))
    if not isinstance(count, int) or count > MAX_ENTRIES:
        return m.unknown("linspace(...)")
    return [Unknown("a rate", m.line) for _ in range(count)]


def _ordered(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    from nparams.notation._code.builtins import made_dict

    return made_dict(m, args, kwargs)


def _default_dict(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return _ordered(m, args[1:], kwargs)


def _namespace(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    from nparams.notation._code.objects import Class, Instance

    made = Instance(Class("SimpleNamespace", [], m.line))
    made.attributes.update(kwargs)
    return made


def _namedtuple(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    from nparams.notation._code.objects import Class

    names = args[1] if len(args) > 1 else ()
    words = names.replace(",", " ").split() if isinstance(names, str) else m.entries(names) or []
    made = Class(str(args[0]) if args else "tuple", [], m.line)
    made.fields = {str(word): None for word in words}
    return made


def _field(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    from nparams.notation._code.classes import Field

    return Field(kwargs.get("default", MISSING), kwargs.get("default_factory"))


def _pydantic_field(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    from nparams.notation._code.classes import Field

    return Field(args[0] if args else kwargs.get("default", MISSING), kwargs.get("default_factory"))


def _identity(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    """typing.cast(T, x) gives x, and so do decorators that wrap a function."""
    return args[-1] if args else None


def _array(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    """numpy.array of whole numbers is used as a list of them."""
    held = args[0] if args else None
    if isinstance(held, (list, tuple, range)) and all(isinstance(entry, (int, Expr)) for entry in held):
        return list(held)
    return m.unknown("numpy.array(...)")


def _numpy_whole(m: Machine, args: Args, kwargs: Kwargs) -> Any:
    return whole(m, args[0]) if args else 0


FUNCTIONS: dict[str, Made] = {
    "math.sqrt": _number("sqrt", math.sqrt), "math.log": _number("log", math.log),
    "math.log2": _number("log2", math.log2),
    "math.log10": _number("log10", math.log10), "math.exp": _number("exp", math.exp),
    "math.pow": _number("pow", math.pow),
    "math.gcd": _number("gcd", math.gcd), "math.isqrt": _number("isqrt", math.isqrt),
    "math.cos": _number("cos", math.cos),
    "math.sin": _number("sin", math.sin), "math.lcm": _number("lcm", math.lcm),
    "math.floor": _floor, "math.ceil": _ceil, "math.trunc": _floor, "math.prod": _prod,
    "functools.partial": _partial, "functools.reduce": _reduce,
    "functools.wraps": lambda m, a, k: Native("wraps", _identity),
    "operator.mul": _operator("*"), "operator.add": _operator("+"), "operator.floordiv": _operator("//"),
    "itertools.chain": _chain, "itertools.chain.from_iterable": _flat, "itertools.product": _product,
    "itertools.repeat": _repeat, "itertools.accumulate": _accumulate, "itertools.pairwise": _pairwise,
    "copy.deepcopy": deep_copy,
    "copy.copy": _copy,
    "collections.OrderedDict": _ordered, "collections.defaultdict": _default_dict,
    "collections.namedtuple": _namedtuple,
    "types.SimpleNamespace": _namespace, "argparse.Namespace": _namespace, "easydict.EasyDict": _namespace,
    "argparse.ArgumentParser": parser,
    "dataclasses.field": _field, "pydantic.Field": _pydantic_field, "attr.ib": _field, "attrs.field": _field,
    "typing.cast": _identity, "typing.OrderedDict": _ordered,
}  # fmt: skip
for _name in ("numpy", "np"):
    FUNCTIONS |= {
        f"{_name}.prod": _prod, f"{_name}.sqrt": FUNCTIONS["math.sqrt"], f"{_name}.log2": FUNCTIONS["math.log2"],
        f"{_name}.log": FUNCTIONS["math.log"], f"{_name}.floor": _floor, f"{_name}.ceil": _ceil,
        f"{_name}.cumsum": _accumulate, f"{_name}.linspace": _linspace, f"{_name}.array": _array,
        f"{_name}.int64": _numpy_whole, f"{_name}.int32": _numpy_whole, f"{_name}.power": _operator("**"),
        f"{_name}.asarray": _array,
    }  # fmt: skip
