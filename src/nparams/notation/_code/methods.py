"""Methods of texts, lists, dicts, tuples, sets and numbers: a closed table; results are bounded."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import Expr
from nparams.notation._code.machine import described
from nparams.notation._code.values import Native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.notation._code.machine import Machine

#: methods of plain values that are safe as they are: they give nothing larger than what goes in
SAFE = {
    str: frozenset(
        "lower upper strip lstrip rstrip startswith endswith split rsplit splitlines partition rpartition "
        "find rfind index "
        "count isdigit isalpha isnumeric isidentifier isupper islower title capitalize swapcase "
        "removeprefix removesuffix "
        "casefold encode".split()
    ),
    list: frozenset("append pop index count copy insert remove reverse clear".split()),
    tuple: frozenset("index count".split()),
    dict: frozenset("get copy pop setdefault clear".split()),
    set: frozenset("copy add discard remove union intersection difference issubset issuperset clear".split()),
    int: frozenset("bit_length".split()),
    float: frozenset("is_integer".split()),
}


def method(m: Machine, owner: Any, name: str) -> Any:
    """The method of a plain value, as something that can be called."""
    special = SPECIAL.get((type(owner), name))
    if special is not None:
        return Native(name, lambda m, args, kwargs: special(m, owner, args, kwargs))
    if name in SAFE.get(type(owner), ()):
        return Native(name, lambda m, args, kwargs: _plain(m, owner, name, args, kwargs))
    if isinstance(owner, (Expr, int, float)) and name in ("item", "real", "numpy", "tolist"):
        return owner if name == "real" else Native(name, lambda m, args, kwargs: owner)
    if owner is None:
        raise m.error(f"None has no attribute {name}")
    return m.unknown(f"{described(owner)}.{name}")


def _plain(m: Machine, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    m.step(1 + (len(owner) // 64 if hasattr(owner, "__len__") else 0))
    if isinstance(owner, list) and name in ("append", "insert"):
        m.check_entries(len(owner) + 1)
        args = [*args[:-1], m.repeated(args[-1], owner)] if args else args
    try:
        return getattr(owner, name)(*args, **kwargs)
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise m.error(f"{described(owner)}.{name}(): {error}"[:200]) from None


def _items(m: Machine, owner: dict[Any, Any], args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
    return list(owner.items())


def _keys(m: Machine, owner: dict[Any, Any], args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
    return list(owner)


def _values(m: Machine, owner: dict[Any, Any], args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
    return list(owner.values())


def _update(m: Machine, owner: dict[Any, Any], args: list[Any], kwargs: dict[str, Any]) -> None:
    from nparams.notation._code.builtins import made_dict

    more = made_dict(m, args, kwargs)
    if isinstance(more, dict):
        m.check_entries(len(owner) + len(more))
        owner.update(more)


def _extend(m: Machine, owner: list[Any], args: list[Any], kwargs: dict[str, Any]) -> None:
    entries = m.entries(args[0]) if args else []
    if entries is None:
        raise m.error(f"what {described(args[0])} holds is not known, so the list is not")
    m.check_entries(len(owner) + len(entries))
    owner += [m.repeated(entry, owner) for entry in entries]


def _join(m: Machine, owner: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    entries = m.entries(args[0]) if args else None
    if entries is None or not all(isinstance(entry, str) for entry in entries):
        return m.unknown("a text")
    m.check_characters(sum(map(len, entries)) + len(owner) * len(entries))
    return owner.join(entries)


def _replace(m: Machine, owner: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if len(args) < 2 or not all(isinstance(arg, str) for arg in args[:2]):
        return m.unknown("a text")
    m.check_characters(len(owner) * (len(args[1]) + 1))
    return owner.replace(args[0], args[1])


def _format(m: Machine, owner: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """{} and {name} without specifications; what is more is left unknown."""
    values = [*args, *kwargs.values()]
    plain = all(isinstance(value, (int, str, float)) for value in values)
    if not plain or ":" in owner or "!" in owner or "." in owner.replace("...", "") or "[" in owner:
        if m.repeats and any(isinstance(v, Expr) for v in values) and ":" not in owner and "!" not in owner:
            return owner.replace("{}", f"[{next(v for v in values if isinstance(v, Expr))}]", 1)
        return m.unknown("a text")
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    m.check_characters(len(owner) + owner.count("{") * longest)
    try:
        return owner.format(*args, **kwargs)
    except (LookupError, ValueError):
        raise m.error("format() with values that do not fit") from None


def _sort(m: Machine, owner: list[Any], args: list[Any], kwargs: dict[str, Any]) -> None:
    from nparams.notation._code.builtins import BUILTINS

    owner[:] = BUILTINS["sorted"](m, [list(owner)], kwargs)


def _popitem(m: Machine, owner: dict[Any, Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        return owner.popitem()
    except KeyError:
        raise NotationError("popitem() of an empty dict") from None


SPECIAL: dict[tuple[type, str], Callable[[Machine, Any, list[Any], dict[str, Any]], Any]] = {
    (dict, "items"): _items, (dict, "keys"): _keys, (dict, "values"): _values, (dict, "update"): _update,
    (dict, "popitem"): _popitem, (list, "extend"): _extend, (list, "sort"): _sort, (str, "join"): _join,
    (str, "replace"): _replace, (str, "format"): _format,
}  # fmt: skip
