"""The modules of a configuration's network, by the names of its tensors and the classes that hold them.

A layer is of the textbook's kind where its class and arrays are those of one of torch.nn; its formula is written in the
fields of the configuration, with their numbers beside.
"""

from __future__ import annotations

from nparams.architectures.names import spelling
from nparams.expr import add, free_symbols, product, replace_raw
from nparams.layers._torch.held import Templates, kind_name, named_as
from nparams.layers._torch.ties import settle_formulas
from nparams.network import PARAMETER_ROLES, Module
from nparams.network.grouping import module_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.architectures.blocks import Group
    from nparams.architectures.names import Expansion
    from nparams.expr import Size
    from nparams.network import Tensor

    Shape = tuple[Size, ...]


def tree_of(flat: Sequence[Tensor], names: Expansion) -> Module:
    """The root of the tree; it holds the tensors themselves."""
    root = Module("", tensors=[], children=[])
    made = {"": root}
    held: dict[str, list[tuple[Tensor, Group]]] = {}
    for tensor, group in zip(flat, names.groups(), strict=True):
        above = tensor.name.rpartition(".")[0]
        if above not in held:
            module_at(above, made, ".")
            held[above] = []
        held[above].append((tensor, group))
    layers = _Layers(names)
    for name, inside in held.items():
        layers.fill(made[name], inside)
    settle_formulas(root)
    return root


class _Layers:
    """Makes layers of modules; what is alike is looked up once."""

    def __init__(self, names: Expansion) -> None:
        self.resolved = names.run.resolved
        self.table = names.run.program.table
        self.templates = Templates()
        self._known: dict[object, Module] = {}

    def fill(self, module: Module, inside: list[tuple[Tensor, Group]]) -> None:
        """Put tensors into the module that holds them: a layer, or beside the modules in it a row each."""
        if module.children or not module.name:
            rows = [self._row(tensor, group) for tensor, group in inside]
            module.children = [*rows, *module.children]
            return
        like = self._like(inside, module.name)
        module.tensors = [tensor for tensor, _ in inside]
        module.kind, module.takes, module.out = like.kind, like.takes, like.out
        module.formula, module.args = like.formula, like.args

    def _row(self, tensor: Tensor, group: Group) -> Module:
        kind = "Parameter" if tensor.role in PARAMETER_ROLES else "Buffer"
        formula, args = self._formula([(tensor, group)])
        return Module(tensor.name, kind, args, formula, tensors=[tensor])

    def _like(self, inside: list[tuple[Tensor, Group]], name: str) -> Module:
        key = tuple((id(group), tensor.shape, tensor.tied_to is None) for tensor, group in inside)
        if key not in self._known:
            self._known[key] = self._layer(inside, len(name) + 1)
        return self._known[key]

    def _layer(self, inside: list[tuple[Tensor, Group]], start: int) -> Module:
        """A layer without a name: its kind, its ends and its formula, which is checked against the tensors."""
        formula, args = self._formula(inside)
        word = inside[0][1].word
        shapes: dict[str, Shape] = {}
        apart: dict[str, Shape] = {}
        for tensor, _ in inside:
            (shapes if tensor.role in PARAMETER_ROLES else apart)[tensor.name[start:]] = tensor.shape or ()
        cls = named_as(word, shapes) if shapes else None
        like, whole = (None, False) if cls is None else self.templates.holding(cls, shapes, {}, apart)
        kind = word if cls is None else like.kind if like is not None and whole else kind_name(cls)
        ends = (like.takes, like.out) if like is not None and whole else (None, None)
        tensors = [tensor for tensor, _ in inside]
        return Module("", kind, args, formula, takes=ends[0], out=ends[1], tensors=tensors)

    def _formula(self, inside: list[tuple[Tensor, Group]]) -> tuple[Size | None, dict[str, Size]]:
        """What the parameters add in the fields of the configuration, and the numbers of these; None where an index
        has its say."""
        own = [(t, group) for t, group in inside if t.role in PARAMETER_ROLES and t.tied_to is None]
        if not own:
            return 0, {}
        formula = add(*[self._written(tensor, group) for tensor, group in own])
        args: dict[str, Size] = {}
        for name in sorted(free_symbols(formula)):
            slot = self.table.held.get(name)
            value = None if slot is None else self.resolved.slots[slot]
            if type(value) is not int:
                return None, {}
            args[name] = value
        return (formula if args or isinstance(formula, int) else None), args

    def _written(self, tensor: Tensor, group: Group) -> Size:
        """The size of a tensor as the entry writes it, with the numbers of its indices put in."""
        size = product(group.shape.sizes)
        if group.shape.fixed:
            return size
        form, order = spelling(group.name, group.block.letters)
        numbers = zip(order, parts_of(form, tensor.name), strict=True)
        return replace_raw(size, {group.block.letters[k]: value for k, value in numbers})


def parts_of(form: str, name: str) -> list[int]:
    """The numbers in a name of that form.

    >>> parts_of("layers.%d.blocks.%d.w", "layers.3.blocks.10.w")
    [3, 10]
    """
    import re

    pieces = "([0-9]+)".join(re.escape(piece.replace("%%", "%")) for piece in form.split("%d"))
    found = re.fullmatch(pieces, name)
    return [] if found is None else [int(number) for number in found.groups()]
