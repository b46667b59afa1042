"""Splits of the total that go by the names of tensors: lookup tables, parts of a model, the fingerprint."""

from __future__ import annotations

from nparams.expr import add
from nparams.network.closed import closed_form
from nparams.network.tree import PARAMETER_ROLES
from nparams.roles import LOOKUP_KINDS, component_of, is_lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.expr import Size
    from nparams.network.network import Network
    from nparams.network.tree import Tensor


#: tensors that are written out for a fingerprint
WRITTEN_OUT = 20_000


def embedding(network: Network) -> Size | None:
    """Parameters in lookup tables (token, position, type); a tied head counts here, because it is that table."""
    if network.total is None:
        return None
    tables = {t.name for t in _in_kinds(network)}
    tables |= {t.name for t in _counted(network) if t.shape is not None and is_lookup(t.name, len(t.shape))}
    return _sum(network, tables)


def components(network: Network) -> dict[str, Size] | None:
    """{part: parameters}, summing to the total."""
    if network.total is None:
        return None
    names: dict[str, set[str]] = {}
    for t in _counted(network):
        names.setdefault(_part_of(network, t.name), set()).add(t.name)
    if len(names) == 1:
        return dict.fromkeys(names, network.total)
    return {part: _sum(network, held) for part, held in names.items()}


def _part_of(network: Network, name: str) -> str:
    """The component of a tensor: what the source says, else what its name does."""
    said = next((part for start, part in network.parts.items() if name.startswith(start)), None)
    return component_of(name) if said is None else said


def fingerprint(network: Network) -> str:
    """A hash of the sorted (name, shape) of the parameters: the same for the same architecture, whatever the dtype."""
    from hashlib import sha256

    lines = sorted(f"{name}\t{','.join(map(str, shape))}" for name, shape in _named_shapes(network))
    return sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _named_shapes(network: Network) -> Iterator[tuple[str, tuple[Size, ...]]]:
    """(name, shape) of every parameter; of very many copies the first, with how many there are."""
    from nparams.errors import UsageError
    from nparams.network.copies import every_tensor

    try:
        held = [t for t in every_tensor(network, WRITTEN_OUT) if t.role in PARAMETER_ROLES and t.tied_to is None]
    except UsageError:
        for chain, t in network.walk():
            if t.role in PARAMETER_ROLES and t.tied_to is None and t.shape is not None:
                yield t.name, (*t.shape, *(end for m in chain if m.over for end in (m.over.first, m.over.last)))
        return
    yield from ((t.name, t.shape) for t in held if t.shape is not None)


def _counted(network: Network) -> list[Tensor]:
    return [t for t in network.tensors() if t.role in PARAMETER_ROLES and t.tied_to is None]


def _in_kinds(network: Network) -> list[Tensor]:
    return [t for chain, t in network.walk() if chain[-1].kind in LOOKUP_KINDS]


def _sum(network: Network, names: set[str]) -> Size:
    if network.is_flat:
        return add(*(t.size for t in _counted(network) if t.name in names and t.size is not None))
    return closed_form(network.root, lambda t: t.size if t.name in names and t.tied_to is None else None)
