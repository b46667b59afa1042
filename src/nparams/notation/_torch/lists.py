"""Layers in plain lists and dicts of Python, which torch.nn.Module does not register: parameters() never sees them."""

from __future__ import annotations

from nparams.expr import Expr, add, product
from nparams.notation._code.sizes import Copies
from nparams.notation._torch.modules import Param, TorchModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.network import Network

MAX_MODULES = 20_000


def tell_unregistered(root: TorchModule, network: Network) -> None:
    """Note the layers that a model holds and PyTorch does not count, and how many parameters they have."""
    modules = _modules([root])
    known = {id(each) for each in modules}
    for module in modules:
        for name, value in module.attributes.items():
            lost = [each for each in _held(value) if id(each) not in known]
            if lost:
                known |= {id(each) for each in _modules(lost)}
                _tell(network, f"{module.name}.{name}", lost, "dict" if isinstance(value, dict) else "list")


def _modules(start: list[TorchModule]) -> list[TorchModule]:
    """Modules and all that they have registered."""
    found: list[TorchModule] = []
    seen: set[int] = set()
    stack = list(reversed(start))
    while stack and len(found) < MAX_MODULES:
        each = stack.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        found.append(each)
        inner = [child.value if isinstance(child, Copies) else child for child in each.children.values()]
        stack += [child for child in reversed(inner) if isinstance(child, TorchModule)]
    return found


def _held(value: Any) -> list[TorchModule]:
    """The modules in a list, tuple or dict."""
    entries = list(value.values()) if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
    return [each for each in entries[:MAX_MODULES] if isinstance(each, TorchModule)]


def _tell(network: Network, name: str, lost: list[TorchModule], kind: str) -> None:
    sizes: list[Size] = []
    for module in _modules(lost):
        for held in module.params.values():
            if isinstance(held, Param) and not held.buffer and held.shape is not None:
                sizes.append(product(held.shape))
    count = add(*sizes) if sizes else 0
    if count == 0:
        return
    network.also["unregistered"] = add(network.also.get("unregistered", 0), count)
    told = str(count) if isinstance(count, Expr) else f"{count:,}"
    network.notes.append(
        f"{name} is a plain {kind} of Python, so PyTorch does not register its layers: their {told} parameters are not "
        f"counted, nor trained; nn.Module{kind.capitalize()}(...) registers them"
    )
