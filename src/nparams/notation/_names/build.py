"""A definition of a named network as modules: its lines through the layer list, and a tree out of its dotted names."""

from __future__ import annotations

from nparams.expr import add
from nparams.layers.flow import Flow
from nparams.layers.layer import Setting
from nparams.network import Module, Network
from nparams.notation._names.lines import named
from nparams.notation._stack.build import Builder
from nparams.notation._stack.parse import named_steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.notation._names.lines import Net


def built(net: Net, convention: str, classes: int | None, top: bool) -> Network:
    """The network of one definition, with another number of classes or without its top."""
    lines = net.lines(classes)
    if not top:
        lines = [line for line in lines if not _within(named(line), net.top)]
    setting = Setting(convention)
    steps = named_steps(lines)
    modules, _ = Builder(setting).run(steps, steps[0].flow or Flow())
    return Network(nested(modules))


def _within(name: str, tops: list[str]) -> bool:
    return any(name == top or name.startswith(f"{top}.") for top in tops)


def statistics(network: Network) -> Size:
    """What Keras's own summary counts beside the parameters; PyTorch's counters of batches are not among it."""
    return add(*(t.size for t in network.tensors() if t.role == "buffer" and t.shape and t.size is not None))


def nested(modules: list[Module]) -> Module:
    """The tree that dotted names say: layer1.0.conv1 stands in layer1.0, which stands in layer1."""
    root = Module("", children=[])
    made: dict[str, Module] = {"": root}
    for module in modules:
        _parent(module.name.rpartition(".")[0], made).children.append(module)  # type: ignore[attr-defined]
    for block in [block for name, block in made.items() if name][::-1]:
        block.takes, block.out = block.children[0].takes, block.children[-1].out
    return root


def _parent(name: str, made: dict[str, Module]) -> Module:
    missing = []
    while name not in made:
        missing.append(name)
        name = name.rpartition(".")[0]
    parent = made[name]
    for path in reversed(missing):
        made[path] = Module(path, children=[])
        parent.children.append(made[path])  # type: ignore[attr-defined]
        parent = made[path]
    return parent
