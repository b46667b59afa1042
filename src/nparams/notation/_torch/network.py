"""Modules that interpreted code made, as a Network: names, ties, and the textbook's account of each layer."""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.layers._torch.call import renamed, tensors_of
from nparams.layers._torch.held import Templates, named_as, outline
from nparams.layers._torch.ties import settle_formulas
from nparams.network import Module, Over, Tensor
from nparams.notation._code.sizes import Copies
from nparams.notation._torch.methods import parameters_of
from nparams.notation._torch.modules import Param, TorchModule
from nparams.notation._torch.strangers import Stranger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine
    from nparams.notation._torch.library import TorchLibrary

#: modules inside modules
MAX_DEPTH = 150
MAX_MODULES = 200_000


class Builder:
    """Builds the modules of one network in torch's order, so that the first name of a shared tensor owns it."""

    def __init__(self, m: Machine, library: TorchLibrary) -> None:
        self.m = m
        self.library = library
        #: modules that were built: each stands in torch's lists of parameters once
        self.built: dict[int, TorchModule] = {}
        #: the first name of each parameter, and the parameter, which keeps its id its own
        self.owners: dict[int, tuple[str, Param]] = {}
        #: tensors that are other ones: (name, owner)
        self.ties: list[tuple[str, str]] = []
        self.strangers: list[tuple[str, Stranger]] = []
        #: names of parameters whose shape the text does not tell
        self.shapeless: list[tuple[str, int]] = []
        self.count = 0
        self.templates = Templates()

    def root(self, module: TorchModule) -> Module:
        """The whole tree; a layer that is the whole network stands under its class's name."""
        if module.spec is not None and not module.children:
            return self._lone(module)
        made = self.module(module, "", 0)
        return made if made.children else Module(children=[made] if made.tensors else [])

    def _lone(self, module: TorchModule) -> Module:
        """A layer that is the whole network: its row bears its class's name, its tensors none in front, as in torch."""
        made = self.module(module, module.name.lower(), 0)
        stack = [made]
        while stack:
            inner = stack.pop()
            for t in inner.tensors:
                t.name = t.name[len(made.name) + 1 :]
            for child in inner.children:
                child.name = child.name[len(made.name) + 1 :]
            stack.extend(inner.children)
        return Module(children=made.children if made.children and not made.tensors else [made])

    def module(self, module: TorchModule, name: str, depth: int, over: Over | None = None) -> Module:
        """One module with everything in it."""
        self.count += 1
        self.m.step(12)
        if depth > MAX_DEPTH or self.count > MAX_MODULES:
            raise NotationError(
                f"modules inside modules, more than {MAX_DEPTH} deep" if depth > MAX_DEPTH
                else f"more than {MAX_MODULES:,} modules"
            )  # fmt: skip
        if id(module) in self.built:
            return self._again(module, name, over)
        self.built[id(module)] = module
        if module.spec is not None and (made := self._layer(module, name, over)) is not None:
            return made
        if name and module.container is None and not any(module.children.values()):
            return self._own(module, name, over)
        front = f"{name}." if name else ""
        children = [
            self._raw(front + leaf, param) for leaf, param in module.params.items() if param is not None
        ]  # torch names a module's own parameters before those of its children
        for child_name, child in module.children.items():
            children += self._child(child, front + child_name, front, depth)
        return Module(name, over=over, children=children)

    def _again(self, module: TorchModule, name: str, over: Over | None) -> Module:
        """A module under another name: every tensor is the earlier one."""
        front = f"{name}." if name else ""
        held = [(leaf, p) for leaf, p in parameters_of(module) if p.shape is not None]
        return Module(name, over=over, tensors=[self._tensor(front + leaf, param) for leaf, param in held])

    def _child(self, child: Any, name: str, front: str, depth: int) -> list[Module]:
        if isinstance(child, Copies):
            return [self._copies(child, name, front, depth)]
        if isinstance(child, Stranger):
            if child.origin not in self.m.symbols.values():  # what a size was read from is no module
                self.strangers.append((name, child))
                return [Module(name, tensors=[Tensor(f"{name}.?", None)])] if child.sure else []
            return []
        return [self.module(child, name, depth + 1)] if isinstance(child, TorchModule) else []

    def _copies(self, child: Copies, name: str, front: str, depth: int) -> Module:
        """Equal copies over an index: blocks.[i]."""
        inner = child.value
        over = Over(child.index, child.first, child.last)
        label = f"[{child.index}]"
        if label not in name:
            name = f"{front}{label}"
        if isinstance(inner, Stranger):
            return Module(name, over=over, children=self._child(inner, f"{name}.0", f"{name}.", depth))
        if isinstance(inner, Copies):
            return Module(name, over=over, children=[self._copies(inner, f"{name}.[{inner.index}]", f"{name}.", depth)])
        if isinstance(inner, Param):
            return Module(name, over=over, children=[self._raw(name, inner)])
        return self.module(inner, name, depth + 1, over)

    # -- layers -------------------------------------------------------------------------------------------------------

    def _layer(self, module: TorchModule, name: str, over: Over | None) -> Module | None:
        """A layer of torch.nn by its table; None where the code put other tensors or modules into it."""
        assert module.spec is not None
        if module.spec.free:
            return None if module.children or module.params else self._made(module, name, over)
        made = self._made(module, name, over)
        held = {t.name[len(name) + 1 :]: t for t in tensors_of(made)}
        params = {leaf: p for leaf, p in module.params.items() if p is not None}
        if module.children or list(held) != list(params) or any(held[k].shape != params[k].shape for k in held):
            return self._changed(module, name, over) if not module.children else None
        for leaf, t in held.items():
            self._settle(t, params[leaf])
        settle_formulas(made)
        return made

    def _made(self, module: TorchModule, name: str, over: Over | None) -> Module:
        assert module.spec is not None
        made = renamed(self.library.template(module), name)
        made.over = over
        return made

    def _changed(self, module: TorchModule, name: str, over: Over | None) -> Module:
        """A layer some of whose tensors the code replaced: as torch.nn.utils does, or by others."""
        assert module.spec is not None
        held = {leaf: p for leaf, p in module.params.items() if p is not None}
        tensors = [self._tensor(f"{name}.{leaf}", p) for leaf, p in held.items()]
        shapes = {leaf: p.shape for leaf, p in held.items() if not p.buffer and p.shape is not None}
        apart = {leaf: p.shape for leaf, p in held.items() if p.buffer and p.shape is not None}
        made, whole = self.templates.holding(module.spec, shapes, module.given, apart)
        copy = outline(made, module.spec, name, tensors)
        if made is not None and whole and not made.children:
            copy = renamed(made, name)
            copy.tensors = tensors
            settle_formulas(copy)
        copy.over = over
        return copy

    def _own(self, module: TorchModule, name: str, over: Over | None) -> Module:
        """A class that holds only arrays is a layer of its own kind, of torch.nn's where name and arrays agree."""
        held = {leaf: p for leaf, p in module.params.items() if p is not None}
        tensors = [self._tensor(f"{name}.{leaf}", p) for leaf, p in held.items()]
        shapes = {leaf: p.shape for leaf, p in held.items() if not p.buffer and p.shape is not None}
        like = named_as(module.name, shapes) if shapes else None
        made, whole = None, False
        if like is not None:
            made, whole = self.templates.holding(like, shapes, module.attributes)
        if made is None or not whole or made.children:
            return Module(name, module.name, over=over, tensors=tensors)
        made = renamed(made, name)
        made.over, made.tensors = over, tensors
        settle_formulas(made)
        return made

    def _raw(self, name: str, param: Param) -> Module:
        """A parameter or buffer that a module holds by itself."""
        return Module(name, "Buffer" if param.buffer else "Parameter", tensors=[self._tensor(name, param)])

    def _tensor(self, name: str, param: Param) -> Tensor:
        made = Tensor(name, param.shape, role=role_of(name, param))
        self._settle(made, param)
        if param.shape is None and not param.buffer:
            self.shapeless.append((name, param.line))
        return made

    def _settle(self, t: Tensor, param: Param) -> None:
        """Whether a tensor is trained, and whether it is one that was there before."""
        if param.buffer:
            return
        t.trainable = param.trainable
        owner, _ = self.owners.setdefault(id(param), (t.name, param))
        if owner != t.name:
            t.tied_to = owner
            self.ties.append((t.name, owner))


def role_of(name: str, param: Param) -> str:
    """A parameter by itself is a weight, unless its name says that it is added on."""
    if param.buffer:
        return "buffer"
    leaf = name.rpartition(".")[2]
    return "bias" if leaf in ("bias", "beta", "b") or leaf.endswith("_bias") or leaf.startswith("bias_") else "weight"
