"""The symbols of a network: what its total depends on, and which of them count copies."""

from __future__ import annotations

from nparams.errors import UsageError
from nparams.expr import Expr, free_symbols
from nparams.expr.nodes import FLAGS
from nparams.expr.poly import Canonical, natural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network import Network


def leaves_of(size: Size) -> list[Expr]:
    """The symbols and numbered entries that a total depends on, in order of their names; UsageError for lists."""
    table = Canonical()
    used = {key: None for monomial in table.poly(size) for key, _ in monomial}
    found: dict[Expr, None] = {}
    inside: list[Size] = [table.atoms[key].expr for key in used]
    while inside:
        node = inside.pop()
        if isinstance(node, int):
            continue
        if node.op == "sum" or (node.op == "idx" and not isinstance(node.args[0], int)):
            for name in sorted(free_symbols(node)):
                if _is_list(node, name):
                    raise UsageError(
                        f"{name} is a list of sizes without an end: give the number of layers and the sizes that are "
                        f"known, such as --set l=3 --set {name}0=784 --set {name}3=10"
                    )
                found[Expr("sym", (), name)] = None
            continue
        if node.op in ("sym", "idx"):
            found[node] = None
        else:
            inside.extend(node.args)
    return sorted(found, key=natural)


def _is_list(size: Expr, name: str) -> bool:
    """Whether `name` stands with an index in `size`."""
    stack: list[Size] = [size]
    while stack:
        node = stack.pop()
        if isinstance(node, Expr):
            if node.op == "idx" and node.label == name:
                return True
            stack.extend(node.args)
    return False


def depths_of(network: Network) -> set[str]:
    """The symbols that say how many copies of a module there are."""
    found: set[str] = set()
    stack = [network.root]
    while stack:
        module = stack.pop()
        if module.over is not None:
            found |= _counting(module.over.first) | _counting(module.over.last)
        stack.extend(module.children)
    return found


def _counting(end: Size) -> set[str]:
    """The symbols that an end of a range grows with: not those that a comparison in it asks about."""
    found: set[str] = set()
    stack = [end]
    while stack:
        part = stack.pop()
        if not isinstance(part, Expr) or part.op in FLAGS:
            continue
        if part.op in ("sym", "idx"):
            found |= {str(leaf) for leaf in free_symbols(part)}
        stack.extend(part.args)
    return found


def nothing_varies(network: Network) -> str:
    """Why no size of a network can be looked for: it has no letter, or none that its total depends on."""
    found: set[str] = set()
    stack = [network.root]
    while stack:
        module = stack.pop()
        shapes = [module.takes, module.out, *(tensor.shape for tensor in module.tensors)]
        found |= {name for shape in shapes for size in shape or () for name in free_symbols(size)}
        stack.extend(module.children)
    if found:
        return f"its total does not depend on {', '.join(sorted(found))}"
    return (
        "every size is a number, so nothing can vary; write a letter for one, such as 784-h-h-10, or name one of code "
        "with --vary"
    )
