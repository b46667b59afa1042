"""Folding: siblings that differ only by an index and agree in shape are one row, or one branch of the tree.

Layers that data flows through one after the other (their source says what each takes) fold only where a run repeats, so
that rows stay in the order of the network; names in a file have no such order, and fold wherever they stand.
"""

from __future__ import annotations

from nparams.expr import free_symbols
from nparams.network.closed import postorder
from nparams.network.grouping import separator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

    from nparams.network.tree import Module

    Folded = tuple[Module, str, int]

SPANS = 6  # ranges that a label of folded siblings shows
PERIOD = 12  # layers in a run that repeats


def folded(parent: Module, signatures: dict[int, Hashable]) -> list[Folded]:
    """(first of its kind, label, how many): siblings whose names differ by an index and whose trees are equal."""
    children = parent.children
    tails = [tail_of(child.name, parent.name) for child in children]
    keys = [_key(child, tail, signatures) for child, tail in zip(children, tails, strict=True)]
    members = list(zip(children, tails, strict=True))
    if children and all(child.takes is not None or child.out is not None for child in children):
        groups = [[members[k] for k in run] for run in _runs(keys)]
    else:
        found: dict[Hashable, list[tuple[Module, str]]] = {}
        for key, member in zip(keys, members, strict=True):
            found.setdefault(key, []).append(member)
        groups = list(found.values())
    return [_group(group) for group in groups]


def tail_of(name: str, parent: str) -> str:
    """What a name has more than its parent's; the last part of a name that does not begin with that.

    >>> tail_of("net/block.1.conv", "net"), tail_of("layers.0", "model")
    ('block.1.conv', '0')
    """
    start = len(parent) + 1
    inside = parent and name.startswith(parent) and len(name) > start and name[start - 1] in "./"
    return name[start:] if inside else name.rpartition(separator(name))[2]


def mark_between(parent: str, name: str) -> str:
    """What divides a name from its parent's.

    >>> mark_between("net", "net/block.1.conv")
    '/'
    """
    follows = name[len(parent) : len(parent) + 1] if name.startswith(parent) else ""
    return follows if follows in (".", "/") else separator(name)


def _key(child: Module, tail: str, signatures: dict[int, Hashable]) -> Hashable:
    stem = tail.rstrip("0123456789")
    return (stem, signatures[id(child)]) if len(stem) < len(tail) and child.over is None else id(child)


def _runs(keys: list[Hashable]) -> list[list[int]]:
    """The places that fold into one row each: a, b, a, b, a, b is two rows, of places 0 2 4 and 1 3 5.

    >>> _runs(["a", "b", "a", "b", "c"])
    [[0, 2], [1, 3], [4]]
    """
    found: list[list[int]] = []
    at = 0
    while at < len(keys):
        period, times = _longest(keys, at)
        found += [list(range(at + k, at + period * times, period)) for k in range(period)]
        at += period * times
    return found


def _longest(keys: list[Hashable], at: int) -> tuple[int, int]:
    """The period and how often it repeats from a place on, so that most is folded; (1, 1) where nothing repeats."""
    best = (1, 1)
    for period in range(1, min(PERIOD, (len(keys) - at) // 2) + 1):
        end = at + period
        while end < len(keys) and keys[end] == keys[end - period]:
            end += 1
        times = (end - at) // period
        if times > 1 and period * times > best[0] * best[1]:
            best = (period, times)
    return best


def _group(members: list[tuple[Module, str]]) -> Folded:
    first, tail = members[0]
    if len(members) == 1:
        return first, _copies_in(first, tail), 1
    stem = tail.rstrip("0123456789")
    return first, stem + ranges([int(t[len(stem) :]) for _, t in members]), len(members)


def _copies_in(module: Module, tail: str) -> str:
    """block[i] as block1-12 where twelve equal copies are meant; block[i] where sizes depend on i."""
    over = module.over
    if over is None or not (isinstance(over.first, int) and isinstance(over.last, int)) or depends(module, over.index):
        return tail
    return tail.replace(f"[{over.index}]", f"{over.first}-{over.last}")


def depends(module: Module, index: str) -> bool:
    """Whether any size under a module depends on the index of its copies."""
    stack = [module]
    while stack:
        inner = stack.pop()
        sizes = [*inner.args.values(), *(size for t in inner.tensors for size in t.shape or ())]
        sizes += [] if inner.over is None else [inner.over.first, inner.over.last]  # a part under a condition
        if any(not isinstance(size, int) and index in free_symbols(size) for size in sizes):
            return True
        stack.extend(inner.children)
    return False


def ranges(numbers: list[int]) -> str:
    """Whole numbers as ranges; of many, the first two and the last.

    >>> ranges([0, 1, 2, 5, 7, 8]), ranges(list(range(1, 40, 3)))
    ('0-2,5,7-8', '1,4,...,37')
    """
    spans: list[list[int]] = []
    for n in sorted(numbers):
        if spans and n == spans[-1][1] + 1:
            spans[-1][1] = n
        else:
            spans.append([n, n])
    texts = [str(a) if a == b else f"{a}-{b}" for a, b in spans]
    return ",".join(texts if len(texts) <= SPANS else [*texts[:2], "...", texts[-1]])


def signatures_of(root: Module) -> dict[int, Hashable]:
    """For each module a key that is equal for equal trees: kinds, shapes and roles, names without their own prefix."""
    known: dict[Hashable, int] = {}
    result: dict[int, Hashable] = {}
    for module, children in postorder(root):
        start = len(module.name)
        key = (
            module.kind, tuple(module.args.items()), None if module.over is None else id(module), module.routed,
            module.takes, module.out,
            tuple((t.name[start:], t.shape, t.role, t.tied_to is None) for t in module.tensors),
            tuple((c.name[start:], result[id(c)]) for c in children),
        )  # fmt: skip
        result[id(module)] = known.setdefault(key, len(known))  # a small number stands for the whole tree
    return result
