"""Walking containers of arrays by a stack of our own: dicts, lists, tuples, records, and the trees that JAX knows.

Each value comes with its path.  A container inside itself is refused; one that stands in two places is walked twice,
and what it holds is told to be the same by whoever collects the arrays.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from nparams.errors import ReadError, UnsupportedError, shown
from nparams.frameworks._arrays.leaf import is_array, is_array_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Path = tuple[str, ...]
    #: what a value holds, by name; None: it is for the walker to say
    Opened = Iterable[tuple[str, Any]] | None

#: values that are looked at: containers that hold each other twice over grow without end
MOST = 10_000_000
#: the same for what stands under a container that was walked before
AGAIN = 200_000
#: containers in containers
DEEPEST = 4_000
#: what a tree of arrays may hold that is no array: settings
PLAIN = (str, bytes, bytearray, int, float, complex, type(None), type, range)


def walk(root: object, opened: Callable[[object], Opened]) -> Iterator[tuple[Path, Any]]:
    """(path, value) of everything that is no container, in order.

    `opened` is asked first what a value holds, and says None for what it does not know.  Raises ReadError for a
    container that holds itself, UnsupportedError for more than can be listed.
    """
    stack: list[tuple[Path, Any, bool]] = [((), root, False)]
    inside: set[int] = set()
    before: set[int] = set()
    seen = again = 0
    while stack:
        path, value, done = stack.pop()
        if done:
            inside.discard(id(value))
            continue
        seen += 1
        if seen > MOST or again > AGAIN:
            raise UnsupportedError("containers that hold each other twice over: too many arrays to list one by one")
        if len(path) > DEEPEST:
            raise UnsupportedError(f"containers in containers, more than {DEEPEST:,} deep")
        if type(value) is dict and all(map(is_array_type, set(map(type, value.values())))):  # most often: no stack
            again += id(value) in before
            before.add(id(value))
            seen += len(value)
            yield from [((*path, str(key)) if key != "" else path, held) for key, held in value.items()]
            continue
        entries = None if is_array(value) else opened(value)
        entries = entries if entries is not None or is_array(value) else entries_of(value)
        if entries is None:
            yield path, value
            continue
        if id(value) in inside:
            raise ReadError(
                f"{shown('.'.join(path))} is a container that holds itself; give the part that is the model"
            )
        again += id(value) in before
        inside.add(id(value))
        before.add(id(value))
        stack.append((path, value, True))
        stack.extend(((*path, key) if key else path, held, False) for key, held in reversed(list(entries)))


def entries_of(value: Any) -> Opened:
    """What a container holds, by name; None for what is none."""
    kind = type(value)  # what an object says of its class is for the object to say
    if issubclass(kind, PLAIN):
        return None
    if issubclass(kind, dict):
        return [(str(key), held) for key, held in dict.items(value)]
    if issubclass(kind, tuple):
        names = getattr(kind, "_fields", None) or map(str, range(len(value)))
        return list(zip(names, tuple.__iter__(value), strict=False))
    if issubclass(kind, list):
        return [(str(k), held) for k, held in enumerate(list.__iter__(value))]
    node = _one_level(value)
    if node is not None or callable(value):
        return node
    if issubclass(kind, Mapping):
        return [(str(key), held) for key, held in value.items()]
    return fields_of(value)


def fields_of(value: Any) -> Opened:
    """The fields of a record (a dataclass), read where they are kept; None for what is none."""
    fields = getattr(type(value), "__dataclass_fields__", None)
    if fields is None:
        return None
    held = kept(value)
    return [(name, held[name]) for name in fields if name in held]


def kept(value: Any) -> dict[str, Any]:
    """The attributes of an object, from its own dict and slots: no property is asked."""
    found: dict[str, Any] = {}
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            member = base.__dict__.get(slot)
            if member is not None and hasattr(member, "__objclass__"):
                try:
                    found[slot] = member.__get__(value)
                except AttributeError:
                    continue
    own = getattr(value, "__dict__", None)
    return found | own if isinstance(own, dict) else found


def _one_level(value: Any) -> Opened:
    """What a node of a class that is registered with JAX holds, as its own flatten says; None for other values."""
    jax = sys.modules.get("jax")
    if jax is None:
        return None
    try:
        pairs, _ = jax.tree_util.tree_flatten_with_path(value, is_leaf=lambda inner: inner is not value)
    except Exception as problem:
        raise ReadError(
            f"an object of type {type(value).__name__} cannot be taken apart: {type(problem).__name__}"
        ) from None
    if len(pairs) == 1 and pairs[0][1] is value:
        return None
    return [(_key(path), held) for path, held in pairs]


def _key(path: Any) -> str:
    """The name of a child: DictKey(key), GetAttrKey(name), SequenceKey(idx), FlattenedIndexKey(key)."""
    for entry in path:
        for attribute in ("key", "name", "idx"):
            if hasattr(entry, attribute):
                return str(getattr(entry, attribute))
    return ""
