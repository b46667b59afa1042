"""Which files and sub-folders of a folder that is one model belong to it, and which are models of their own."""

from __future__ import annotations

from nparams.files._folder.cache import SNAPSHOTS
from nparams.fleet._find.globs import BLOBS
from nparams.fleet._find.named import TRAINED, is_format, is_same_step
from nparams.fleet._find.whole import has_model, has_weights, is_cached

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.fleet._find.node import Node
    from nparams.fleet._find.whole import Rule


def members(node: Node, rule: Rule | None) -> tuple[list[Node], list[Node]]:
    """(the folders of a folder that is one model, itself the first; the sub-folders that are none of it)."""
    inside: list[Node] = []
    apart: list[Node] = []
    #: (a folder, whether it or one above it holds another format of the model)
    todo = [(node, False)]
    while todo:
        each, again = todo.pop()
        inside.append(each)
        for inner in each.below:
            if rule is not None and rule.is_such is is_cached and _is_unread(inner, each, node):
                continue
            once_more = again or is_format(inner.name)
            if rule is None or is_same_state(inner, each) or _belongs(inner, rule, node, each is node, once_more):
                todo.append((inner, once_more))
            else:
                apart.append(inner)
    return inside, apart


def _is_unread(inner: Node, above: Node, node: Node) -> bool:
    """Whether a folder of a cache is not for reading: the blobs, which the snapshots link to; a snapshot without
    weights, which may be the current one where its download was cut short, or nothing but settings had changed."""
    if above is node:
        return inner.name == BLOBS
    return above.name == SNAPSHOTS and above in node.below and not has_weights(inner)


def _belongs(inner: Node, rule: Rule, node: Node, is_top: bool, once_more: bool) -> bool:
    """Whether a folder below one that is one model belongs to it; `once_more`: it holds another format of it."""
    if is_top and rule.parts is not None:
        return inner.name in rule.parts
    if rule.apart is None:
        return True
    if TRAINED.fullmatch(inner.name) and has_model(inner):
        return False
    return once_more or not rule.apart(node, inner)


def is_same_state(inner: Node, above: Node) -> bool:
    """Whether a folder in a step of training that has weights holds what these were saved from: the same once more."""
    return is_same_step(above.name, inner.name) and bool(above.held.candidates)
