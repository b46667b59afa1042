"""Pasted shapes as tensors: roles by name, and by order where there are no names."""

from __future__ import annotations

import re

from nparams.errors import NotationError, escaped, shown
from nparams.network import Tensor
from nparams.roles import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.notation._shapes.tree import Entry, Shape


#: how lecture notes call biases: b1, b_h, bi, bias_2
OFFSET = r"(?:b|bias)(?:_\w{1,8}|\d{1,3}|[a-z])?"


def tensors_of(entries: list[Entry], notes: list[str]) -> list[Tensor]:
    """A tensor for each entry; one that stands twice is counted once."""
    tensors = _unnamed(entries, notes)
    seen: dict[str, Tensor] = {}
    found: list[Tensor] = []
    twice: list[str] = []
    for entry, tensor in zip(entries, tensors, strict=True):
        before = seen.setdefault(tensor.name, tensor)
        if before is tensor:
            found.append(tensor)
        elif before.shape == tensor.shape:
            twice.append(tensor.name)
        else:
            raise NotationError(
                f"line {entry.line}: {shown(tensor.name)} stands here with the shape {tensor.shape}, and with "
                f"{before.shape} before; give each tensor a name of its own"
            )
    if twice:
        notes.append(f"{_listed(twice)} {'stands' if len(twice) == 1 else 'stand'} twice and is counted once")
    _tell_roles(found, notes)
    return found


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(escaped(name) for name in names[:3]) + more


def _tell_roles(tensors: list[Tensor], notes: list[str]) -> None:
    for role, told in (("buffer", "statistics or a fixed table, kept and not counted"), ("other", "not the model")):
        names = [t.name for t in tensors if t.role == role]
        if names:
            notes.append(f"by the name, {told}: {_listed(names)}")


# -- without names ----------------------------------------------------------------------------------------------------


def _unnamed(entries: list[Entry], notes: list[str]) -> list[Tensor]:
    taken = {entry.name for entry in entries if entry.name is not None}
    roles = _by_order(entries)
    made: list[Tensor] = []
    layer, inside = 0, 0
    for entry, role in zip(entries, roles, strict=True):
        if entry.name is not None:
            made.append(_named(entry, role))
            continue
        if role == "weight" and not (len(entry.shape or ()) == 1 and inside):
            layer, inside = layer + 1, 0
        inside += 1
        leaf = role if inside == 1 or role == "bias" else f"vector{inside}"
        name = f"layer{layer}.{leaf}"
        while name in taken:
            name += "_"
        taken.add(name)
        made.append(Tensor(name, entry.shape, entry.dtype, role=role))
    _tell(entries, roles, notes)
    return made


def _named(entry: Entry, by_order: str) -> Tensor:
    """By its name; where that ends in a number, by its place among its neighbours."""
    if _is_numbered(entry):
        return Tensor(entry.name or "", entry.shape, entry.dtype, role=by_order)
    plain = tuple(side if isinstance(side, int) else 0 for side in entry.shape or ())
    role, note = role_of(entry.name or "", plain, entry.dtype)
    vector = bool(plain) and sum(side != 1 for side in plain) <= 1  # (4,), and (4, 1) as lectures write columns
    if role == "weight" and vector and re.fullmatch(OFFSET, re.split(r"[./]", entry.name or "")[-1]):
        role, note = "bias", "a bias by its name, like b1"
    return Tensor(entry.name or "", entry.shape, entry.dtype, role=role, note=note)


def _by_order(entries: list[Entry]) -> list[str]:
    """Weight or bias, by where a shape stands: vectors right behind as many matrices are their biases."""
    roles = ["weight"] * len(entries)
    place = 0
    while place < len(entries):
        start = place
        while place < len(entries) and _rank(entries[place]) > 1:
            place += 1
        matrices = entries[start:place]
        first = place
        while place < len(entries) and _rank(entries[place]) == 1:
            place += 1
        if 0 < place - first <= len(matrices) and all(_fits(e.shape, matrices[-1].shape) for e in entries[first:place]):
            roles[first:place] = ["bias"] * (place - first)
        place = max(place, start + 1)
    return roles


def _is_numbered(entry: Entry) -> bool:
    return entry.name is not None and entry.name.rpartition(".")[2].isdigit()


def _rank(entry: Entry) -> int:
    told = entry.name is None or _is_numbered(entry)
    return len(entry.shape) if told and entry.shape is not None else -1


def _fits(vector: Shape | None, matrix: Shape | None) -> bool:
    if vector is None or matrix is None:
        return False
    sides: tuple[Size, ...] = (matrix[-1], matrix[0])
    return vector[0] in sides


def _tell(entries: list[Entry], roles: list[str], notes: list[str]) -> None:
    nameless = [role for entry, role in zip(entries, roles, strict=True) if _rank(entry) >= 0]
    if not nameless:
        return
    vectors = sum(_rank(entry) == 1 for entry in entries)
    biases = nameless.count("bias")
    if biases:
        notes.append(
            "shapes without names: a vector behind a matrix, as long as one of its sides, is taken for its bias "
            f"({biases:,} so)"
        )
    if vectors > biases:
        notes.append(
            f"without names, biases, scales and running statistics cannot be told apart: {vectors - biases:,} "
            f"vector{'' if vectors - biases == 1 else 's'} counted as weights"
        )


__all__ = ["tensors_of"]
