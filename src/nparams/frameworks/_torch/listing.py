"""From what the walk has found to the list of tensors: each once, its further names tied to it."""

from __future__ import annotations

import sys

from nparams.frameworks._torch.access import Bare, shape_of, strange
from nparams.frameworks._torch.flat import Piece
from nparams.frameworks._torch.hidden import is_parameter
from nparams.frameworks._torch.memory import Memory
from nparams.frameworks._torch.special import PAIRS, Special, canonical, paired, ragged
from nparams.network import PARAMETER_ROLES, Listed, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nparams.frameworks._torch.walk import Walk


class Listing:
    """The tensors of a walk.  What is the same for all plain ones is asked of all of them at once, for speed."""

    def __init__(self, walk: Walk) -> None:
        self.names = walk.names
        self.held = walk.held
        self.roles = walk.roles
        #: a kind for each plain tensor (see network.Listed), a Tensor for each other one
        self.kinds: list[Any] = [None] * len(self.names)
        #: the tensors that a packed one consists of besides itself
        self.more: dict[int, list[Tensor]] = {}
        #: the places of parameters that stand in a flat one
        self.pieces = [k for k, held in enumerate(self.held) if type(held) is Piece] if walk.flat.pieces else []
        self.special = Special()
        self.memory = Memory(self.names, self.kinds)
        self._kinds: dict[tuple[Any, ...], Any] = {}
        #: classes of tensors that answer for themselves; whether there are only such
        self._classes: set[type] = set()
        self._ordinary = False

    def tensors(self) -> Listed:
        """All of them, by name and kind."""
        aliases = self._aliases()
        plain = self._apart(aliases)
        self._fill(plain)
        for k, owner in aliases.items():
            self.memory.tie(k, owner, self.roles[k])
        return self._listed()

    def _aliases(self) -> dict[int, int]:
        """{place: place of the tensor that it is}; the first parameter owns, else what is first."""
        ids = list(map(id, self.held))
        for k in self.pieces:
            ids[k] = id(self.held[k].shares or self.held[k])
        if len(set(ids)) == len(ids):
            return {}
        first = dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
        for k, key in enumerate(ids):
            if self.roles[k] in PARAMETER_ROLES and self.roles[first[key]] not in PARAMETER_ROLES:
                first[key] = k
        return {k: first[key] for k, key in enumerate(ids) if first[key] != k}

    def _apart(self, aliases: dict[int, int]) -> Sequence[int]:
        """Make the Tensors of all that is not plain; the places of the rest."""
        torch: Any = sys.modules["torch"]
        classes = {torch.nn.Parameter, torch.Tensor}
        self._classes = classes
        if not aliases and classes.issuperset(map(type, self.held)):
            self._ordinary = True
            return range(len(self.held))
        plain = []
        for k, held in enumerate(self.held):
            if k in aliases:
                continue
            found = None
            if type(held) not in classes:
                found = self.special.tensors(self.names[k], held, self.roles[k])
            if found is None:
                plain.append(k)
            else:
                self.kinds[k], *more = found
                if more:
                    self.more[k] = more
        return plain

    def _fill(self, plain: Sequence[int]) -> None:
        """Give plain tensors their kinds, and look at the memory in which they lie."""
        whole = len(plain) == len(self.held)
        held = self.held if self._ordinary else [self._bare(self.held[k], self.names[k]) for k in plain]
        roles = self.roles if whole else [self.roles[k] for k in plain]
        known, kind = self._kinds, self._kind
        try:
            made = [
                known.get(key := (t.shape, t.dtype, role, t.requires_grad)) or kind(key)
                for t, role in zip(held, roles, strict=True)
            ]
            storages = [t.untyped_storage()._cdata for t in held]
            ordinary = (
                all(map(sys.modules["torch"].Tensor.is_contiguous, held))
                if self._ordinary
                else all(t.is_contiguous() for t in held)
            )
            broken = [] if ordinary else [k for k, t in zip(plain, held, strict=True) if not t.is_contiguous()]
        except (RuntimeError, NotImplementedError):  # sparse layouts, and what else has no memory of its own
            self._ordinary = False
            self._one_by_one(plain)
            return
        for k, each in zip(plain, made, strict=True) if not whole else ():
            self.kinds[k] = each
        if whole:
            self.kinds[:] = made
        if not all(each[4] and each[1] != PAIRS for each in known.values()):
            self._odd(plain)
        self.memory.add(plain, held, storages, broken)

    def _bare(self, t: Any, name: str) -> Any:
        """What answers for a tensor, now that it is known to have a shape."""
        if not issubclass(type(t), sys.modules["torch"].Tensor):
            raise strange(name, t, "tensor")
        if not Bare(t).is_nested:
            shape_of(t, name)
        return t if type(t) in self._classes else Bare(t)

    def _one_by_one(self, plain: Sequence[int]) -> None:
        """The same where some have no memory."""
        if len(plain) > 1:
            for k in plain:
                self._fill((k,))
        elif plain:
            self._alone(plain[0])

    def _kind(self, key: tuple[Any, ...]) -> Any:
        shape, dtype, role, trainable = key
        size = 1
        for side in shape:
            size *= side
        kept = trainable if role in PARAMETER_ROLES else None
        kind = self._kinds[key] = (tuple(shape), canonical(dtype), role, None, size, kept)
        return kind

    def _odd(self, plain: Sequence[int]) -> None:
        for k in plain:
            if self.kinds[k][1] == PAIRS:
                self.kinds[k] = paired(self.names[k], self.held[k], self.roles[k])
            elif not self.kinds[k][4] and type(self.held[k]) in self._classes:
                self.kinds[k] = self.special.placeholder(self.names[k], self.held[k], self.roles[k]) or self.kinds[k]

    def _alone(self, k: int) -> None:
        """A tensor that has no memory to speak of, or none that lies in order."""
        if (made := ragged(self.names[k], self.held[k], self.roles[k])) is not None:
            self.kinds[k] = made
            return
        t, role = self._bare(self.held[k], self.names[k]), self.roles[k]
        self.kinds[k] = self.special.layout(self.names[k], t, role) or self._kind(
            (t.shape, t.dtype, role, t.requires_grad)
        )

    def dtypes(self) -> set[str | None]:
        """The number types among the parameters."""
        found: set[str | None] = {kind[1] for kind in self._kinds.values() if kind[2] in PARAMETER_ROLES}
        return found | {kind.dtype for kind in self.kinds if type(kind) is Tensor and kind.role in PARAMETER_ROLES}

    def own(self, k: int) -> bool:
        """Whether what stands there is no further name of something else."""
        kind = self.kinds[k]
        return not isinstance(kind, Tensor) or kind.tied_to is None

    def size_at(self, k: int) -> int:
        """How many numbers a parameter has, registered or not; 0 for what is none, or is not created yet."""
        kind = self.kinds[k]
        size: Any = kind.size if isinstance(kind, Tensor) else kind[4]
        return size or 0 if self.own(k) and is_parameter(self.held[k]) else 0

    def _listed(self) -> Listed:
        tensors = Listed()
        if not self.more:
            tensors.names, tensors.kinds = self.names, self.kinds
            tensors.special = [kind for kind in self.kinds if type(kind) is Tensor]
            return tensors
        for k, kind in enumerate(self.kinds):
            if isinstance(kind, Tensor):
                tensors.put(kind)
            else:
                tensors.add(self.names[k], kind)
            for more in self.more.get(k, ()):
                tensors.put(more)
        return tensors
