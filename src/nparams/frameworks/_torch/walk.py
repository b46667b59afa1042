"""One walk over the modules of a live model: what stands in it, by name, in the order in which it is registered."""

from __future__ import annotations

from nparams.errors import UnsupportedError
from nparams.frameworks._torch import kinds, packed_modules
from nparams.frameworks._torch.access import Class, actual, children, items, leaf_name, look, own, strange
from nparams.frameworks._torch.flat import Flat
from nparams.frameworks._torch.hidden import is_module, suspects
from nparams.roles import registered_role

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.frameworks._torch.kinds import Snapshot

    #: (module, the one that it stands in)
    Chain = tuple[Any, "Chain | None"]

#: names that are listed again for modules that stand under several names
MOST_AGAIN = 200_000
#: letters of a name that is long, and of all long ones together
LONG, MOST_LETTERS = 1_000, 100_000_000


class Walk:
    """What stands in the models that `run` is called for: `names`, `held` and `roles` belong together."""

    def __init__(self) -> None:
        self.names: list[str] = []
        #: tensors of PyTorch; a Piece of a flat parameter, a Tensor of ours where only that is known
        self.held: list[Any] = []
        self.roles: list[str] = []
        self.snapshots: list[Snapshot] = []
        #: id of a module -> its first name
        self.modules: dict[int, str] = {}
        #: by identity: how classes are compared may be for a metaclass to say
        self.classes: dict[int, Class] = {}
        #: letters in names that are very long
        self.letters = 0
        #: where a module may hold others that are not registered: (its name, its class, attribute, what is there)
        self.suspects: list[tuple[str, str, str, Any]] = []
        self.flat = Flat()
        #: the first model
        self.first: object = None
        #: what wrappers say of themselves, each once
        self.wrapped: dict[str, None] = {}
        #: modules that hold parameters themselves; that hold neither parameters nor modules
        self.filled = self.empty = 0
        #: names that stand for what has stood before
        self.again = 0
        #: whether what is found is not registered
        self.aside = False
        self._roles: dict[str, str] = {}

    def run(self, name: str, root: object) -> None:
        """Walk over a model under a name ("" for the model itself)."""
        stack: list[tuple[str, Any, Chain | None]] = [(name, root, None)]
        self.first = root if self.first is None else self.first
        classes, modules, names, snapshots = self.classes, self.modules, self.names, self.snapshots
        snapshot = kinds.snapshot
        while stack:
            name, module, up = stack.pop()
            told = classes.get(id(type(module))) or self._class(name, module)
            if id(module) in modules:
                self._again(name, module, up)
                continue
            modules[id(module)] = name
            if len(name) > LONG:
                self._measure(name)
            attributes, before = look(module, "__dict__"), len(names)
            if told.odd:
                attributes = self._odd(name, module, told, attributes)
            if told.wraps is None:
                snapshots.append(snapshot(name, actual(module) if told.scripted else module))
            prefix = f"{name}." if name else ""
            held = attributes.get("_parameters")
            if self.flat.pieces or (held if type(held) is dict else held is not None):
                self._parameters(prefix, held, module)
            if len(names) > before:
                self.filled += 1
            elif not any(True for _ in items(attributes.get("_modules"))):
                self.empty += 1
            held = attributes.get("_buffers")
            if held if type(held) is dict else held is not None:
                self._buffers(prefix, held)
            if len(attributes) != told.clean:
                self._suspect(name, module, told, attributes)
            held = attributes.get("_modules")
            if held if type(held) is dict else held is not None:
                below = children(told, name, attributes)
                chain = module, up
                below.reverse()
                stack += [(key, child, chain) for key, child in below]

    def _class(self, name: str, module: object) -> Class:
        if not is_module(module):
            raise strange(name, module, "module")
        told = self.classes[id(type(module))] = Class(type(module))
        return told

    def _measure(self, name: str) -> None:
        """Each name holds those of all modules around it: thousands inside each other take memory by the square."""
        self.letters += len(name)
        if self.letters > MOST_LETTERS:
            most = f"{MOST_LETTERS:,}"
            raise UnsupportedError(f"modules inside each other so deep that their names have over {most} letters")

    def _odd(self, name: str, module: object, told: Class, attributes: dict[str, Any]) -> dict[str, Any]:
        """The attributes of a module that is more than what is registered in it."""
        if told.scripted:
            attributes = own(module)
        if told.wraps is not None:
            self.wrapped |= {told.wraps[1]: None} if told.wraps[1] else {}
            if told.fsdp:
                self.flat.unfold(attributes)
        elif told.packs:
            for tensor in packed_modules.of_module(name, module) or ():
                self.put(tensor.name, tensor, tensor.role)
            told.settle(packed_modules.READERS.get(type(module)) is not None)
        return attributes

    def _suspect(self, name: str, module: object, told: Class, attributes: dict[str, Any]) -> None:
        if told.wraps is None and not told.scripted:
            found = suspects(told, attributes)
            self.suspects += [(name, type(module).__name__, key, value) for key, value in found]

    def _parameters(self, prefix: str, held: object, module: object) -> None:
        if self.flat.pieces:
            held = self._flattened(prefix, module, held)
        names, found, roles, known = self.names, self.held, self.roles, self._roles
        for leaf, p in held.items() if type(held) is dict else items(held):
            if p is not None:
                if type(leaf) is not str:
                    leaf = leaf_name(leaf)
                names.append(prefix + leaf)
                found.append(p)
                roles.append(known.get(leaf) or self._role(prefix, leaf))

    def _buffers(self, prefix: str, held: object) -> None:
        """The buffers of one module, whether checkpoints keep them or not."""
        role = "other" if self.aside else "buffer"
        names, found, roles = self.names, self.held, self.roles
        for leaf, b in held.items() if type(held) is dict else items(held):
            if b is not None:
                if type(leaf) is not str:
                    leaf = leaf_name(leaf)
                names.append(prefix + leaf)
                found.append(b)
                roles.append(role)

    def put(self, name: str, held: object, role: str) -> None:
        """One more."""
        self.names.append(name)
        self.held.append(held)
        self.roles.append(role)

    def enter_aside(self) -> None:
        """What is found from now on is not registered."""
        self.aside = True
        self._roles.clear()

    def drop(self, start: int, known: set[int]) -> None:
        """Of what was found since `start` keep what was not known, and know it."""
        for k in reversed(range(start, len(self.held))):
            if id(self.held[k]) in known:
                del self.names[k], self.held[k], self.roles[k]
            else:
                known.add(id(self.held[k]))

    def _role(self, prefix: str, leaf: str) -> str:
        """The role of a parameter: by its last name, unless that is a number or what a parametrization says."""
        if self.aside:
            return "other"
        # Keras on torch registers its variables by path: dense/kernel
        role = registered_role(prefix + leaf.replace("/", "."))
        if not leaf[-1:].isdigit() and leaf != "original":
            self._roles[leaf] = role
        return role

    def _flattened(self, prefix: str, module: object, parameters: object) -> dict[str, Any]:
        """Put those parameters of a module that FSDP keeps in a flat one; the others."""
        pieces = self.flat.pieces.get(id(module), ())
        for piece in pieces:
            self.put(prefix + piece.leaf, piece, self._role(prefix, piece.leaf))
        apart = {piece.leaf for piece in pieces} | {"_flat_param"}
        return {leaf: p for leaf, p in items(parameters) if leaf not in apart}

    # -- under further names ------------------------------------------------------------------------------------------

    def _again(self, name: str, module: object, up: Chain | None) -> None:
        """A module that stands under a further name: everything in it is listed again, and counted no more."""
        if self.aside or _within(module, up):
            return
        self.snapshots.append(kinds.again(name))
        stack: list[tuple[str, Any, Chain | None]] = [(name, module, up)]
        while stack and self.again < MOST_AGAIN:
            name, module, up = stack.pop()
            attributes, before = own(module), len(self.names)
            prefix = f"{name}." if name else ""
            self._parameters(prefix, attributes.get("_parameters") or {}, module)
            self._buffers(prefix, attributes.get("_buffers"))
            self.again += len(self.names) - before
            chain = module, up
            below = children(self.classes[id(type(module))], name, attributes)
            stack += [(key, child, chain) for key, child in reversed(below) if not _within(child, chain)]


def _within(module: object, up: Chain | None) -> bool:
    """Whether a module stands somewhere in itself."""
    while up is not None:
        if up[0] is module:
            return True
        up = up[1]
    return False
