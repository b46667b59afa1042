"""One walk over the modules of a live model: each tensor once, by the name that is registered first."""

from __future__ import annotations

from nparams.dtypes import TORCH
from nparams.frameworks._torch import kinds
from nparams.frameworks._torch.access import Class, children, items, look, own
from nparams.frameworks._torch.memory import tied
from nparams.frameworks._torch.special import Special
from nparams.network import Listed
from nparams.roles import registered_role

try:
    from nparams.frameworks._torch import packed, packed_modules  # type: ignore[attr-defined]
except ImportError:
    class packed:
        of_tensor = staticmethod(lambda *a: None)
    class packed_modules:
        of_module = staticmethod(lambda *a: None)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    #: (module, the one that it stands in)
    Chain = tuple[Any, "Chain | None"]

#: names that are listed again for modules that stand under several names
MOST_AGAIN = 200_000


class Walk:
    """What is found; `run` may be called for several models that stand beside each other."""

    def __init__(self) -> None:
        import torch

        self.torch = torch
        self.tensors = Listed()
        self.snapshots: list[object] = []
        #: id of a parameter -> its place in `tensors`; the same of buffers
        self.owners: dict[int, int] = {}
        self.buffers: dict[int, int] = {}
        #: id of a module -> its first name
        self.modules: dict[int, str] = {}
        #: memory -> the first parameter or buffer in it; memory that has several -> all of them
        self.storages: dict[int, tuple[int, Any]] = {}
        self.shared: dict[int, list[tuple[int, Any]]] = {}
        #: parameters and buffers whose numbers do not lie one after the other
        self.strided: list[tuple[int, Any]] = []
        self.special = Special(self)
        self.classes: dict[type, Class] = {}
        self.kinds: dict[tuple[Any, ...], Any] = {}
        self.roles: dict[str, str] = {}
        #: what is made by scripted modules when they are asked, held so that no id is used twice
        self.keep: list[object] = []
        self.leaves = self.filled = self.again_names = 0
        #: what wrappers say of themselves, each once
        self.wrapped: dict[str, None] = {}

    # -- modules ------------------------------------------------------------------------------------------------------

    def run(self, name: str, root: object) -> None:
        """Walk over a model under a name ("" for the model itself)."""
        stack: list[tuple[str, Any, Chain | None]] = [(name, root, None)]
        classes, modules = self.classes, self.modules
        while stack:
            name, module, up = stack.pop()
            told = classes.get(type(module)) or self._class(type(module))
            if id(module) in modules:
                self._again(name, module, up)
                continue
            modules[id(module)] = name
            held = own(module) if told.scripted else look(module, "__dict__")
            self._module(name, module, told, held)
            inner = held.get("_modules")
            if inner:
                below = children(told, name, held)
                chain = module, up
                below.reverse()
                stack += [(key, child, chain) for key, child in below]
            elif told.wraps is None:
                self.leaves += 1

    def _class(self, cls: type) -> Class:
        told = self.classes[cls] = Class(cls)
        return told

    def _module(self, name: str, module: object, told: Class, held: dict[str, Any]) -> None:
        """Everything that a module holds itself."""
        if told.wraps is not None:
            if told.wraps[1]:
                self.wrapped[told.wraps[1]] = None
            if told.fsdp:
                self.special.flattened(held)
        else:
            self.snapshots.append(kinds.snapshot(name, module))
        prefix = f"{name}." if name else ""
        parameters, buffers = held.get("_parameters"), held.get("_buffers")
        if self.special.pieces:
            parameters = self.special.unflattened(module, prefix, parameters)
        if parameters:
            self._parameters(prefix, parameters)
        if buffers:
            self._buffers(prefix, buffers)
        if told.foreign and (more := packed_modules.of_module(name, module)):
            for tensor in more:
                self.tensors.put(tensor)

    # -- tensors ------------------------------------------------------------------------------------------------------

    def _parameters(self, prefix: str, held: object) -> None:
        """The parameters of one module; the plain ones, which are nearly all, without a call of ours."""
        owners, roles, kinds_, storages = self.owners, self.roles, self.kinds, self.storages
        tensors, plain = self.tensors, self.torch.nn.Parameter
        names, held_kinds = tensors.names, tensors.kinds
        for leaf, p in held.items() if type(held) is dict else items(held):
            if p is None:
                continue
            name = prefix + leaf
            role = roles.get(leaf) or self._role(name, leaf)
            if type(p) is not plain or id(p) in owners:
                self.other(name, p, role)
                continue
            try:
                key = (p.shape, p.dtype, role, p.requires_grad)
                storage = p.untyped_storage()._cdata
                ordinary = p.is_contiguous()
            except (RuntimeError, NotImplementedError):  # sparse layouts
                self.other(name, p, role)
                continue
            kind = kinds_.get(key) or self._kind(key)
            place = owners[id(p)] = len(names)
            if not kind[4] and self.special.placeholder(name, p, role):
                continue
            names.append(name)
            held_kinds.append(kind)
            here = (place, p)
            if storages.setdefault(storage, here) is not here:
                self.shared.setdefault(storage, [storages[storage]]).append(here)
            if not ordinary:
                self.strided.append(here)

    def _buffers(self, prefix: str, held: object) -> None:
        """The buffers of one module, kept in checkpoints or not."""
        for leaf, b in items(held):
            if b is not None and isinstance(b, self.torch.Tensor):
                self.other(prefix + leaf, b, "buffer")

    def _role(self, name: str, leaf: str) -> str:
        """The role of a parameter; that of one in a list depends on the list's name."""
        role = registered_role(name)
        if registered_role(leaf) == role and not leaf[-1:].isdigit() and leaf != "original":
            self.roles[leaf] = role
        return role

    def _kind(self, key: tuple[Any, ...]) -> Any:
        shape, dtype, role, trainable = key
        size = 1
        for side in shape:
            size *= side
        called = str(dtype).removeprefix("torch.")
        kind = self.kinds[key] = (tuple(shape), TORCH.get(called, called), role, None, size, trainable)
        return kind

    def other(self, name: str, t: Any, role: str) -> None:
        """A tensor met again, a buffer, or one that is not plain."""
        owner = self.owners.get(id(t))
        if owner is None and role == "buffer":
            owner = self.buffers.get(id(t))
        if owner is not None:
            self.tensors.put(tied(self.tensors, name, role, owner))
            return
        self.keep.append(t)
        (self.buffers if role == "buffer" else self.owners)[id(t)] = len(self.tensors.names)
        if type(t) not in (self.torch.Tensor, self.torch.nn.Parameter):
            special = self.special.tensor(name, t, role)
            found = packed.of_tensor(name, t, role) if special is None else [special]
            if found:
                for tensor in found:
                    self.tensors.put(tensor)
                return
        self._plain(name, t, role)

    def _plain(self, name: str, t: Any, role: str) -> None:
        """A tensor as it is, and the memory that it lies in."""
        if (odd := self.special.layout(name, t, role)) is not None:
            self.tensors.put(odd)
            return
        here = (len(self.tensors.names), t)
        key = (t.shape, t.dtype, role, None if role == "buffer" else t.requires_grad)
        self.tensors.add(name, self.kinds.get(key) or self._kind(key))
        try:
            storage = t.untyped_storage()._cdata
            ordinary = t.is_contiguous()
        except (RuntimeError, NotImplementedError):  # no memory of its own to speak of
            return
        if self.storages.setdefault(storage, here) is not here:
            self.shared.setdefault(storage, [self.storages[storage]]).append(here)
        if not ordinary:
            self.strided.append(here)

    # -- under further names ------------------------------------------------------------------------------------------

    def _again(self, name: str, module: object, up: Chain | None) -> None:
        """A module that stands under a further name: everything in it is listed again, and counted no more."""
        if _within(module, up):
            return
        self.snapshots.append(kinds.again(name))
        stack: list[tuple[str, Any, Chain | None]] = [(name, module, up)]
        while stack and self.again_names < MOST_AGAIN:
            name, module, up = stack.pop()
            told, held = self.classes[type(module)], own(module)
            prefix = f"{name}." if name else ""
            for leaf, p in items(held.get("_parameters")):
                if p is not None:
                    self.other(prefix + leaf, p, self.roles.get(leaf) or self._role(prefix + leaf, leaf))
                    self.again_names += 1
            self._buffers(prefix, held.get("_buffers"))
            chain = module, up
            stack += [(key, c, chain) for key, c in reversed(children(told, name, held)) if not _within(c, chain)]


def _within(module: object, up: Chain | None) -> bool:
    """Whether a module stands somewhere in itself."""
    while up is not None:
        if up[0] is module:
            return True
        up = up[1]
    return False
