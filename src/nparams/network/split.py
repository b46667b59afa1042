"""Splits of the total that go by the names of tensors: lookup tables, parts of a model, the fingerprint."""

from __future__ import annotations

from nparams.expr import add
from nparams.network.closed import closed_form
from nparams.network.listed import Listed, parameters_in
from nparams.network.tree import PARAMETER_ROLES
from nparams.roles import LOOKUP_KINDS, components_of, is_lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.network.listed import Measures
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
    names, measures = _parameters(network)
    parts = _parts_of(network, names)
    few = dict.fromkeys(parts)
    if len(few) == 1:
        return dict.fromkeys(few, network.total)
    if network.is_flat:
        sizes: dict[str, list[Size]] = {part: [] for part in few}
        for part, (_, size) in zip(parts, measures, strict=True):
            sizes[part].append(size or 0)
        return {part: add(*each) for part, each in sizes.items()}
    held: dict[str, set[str]] = {part: set() for part in few}
    for part, name in zip(parts, names, strict=True):
        held[part].add(name)
    return {part: _sum(network, each) for part, each in held.items()}


def _parts_of(network: Network, names: Sequence[str]) -> list[str]:
    """The component of each tensor: what the source says, else what its name does."""
    if not network.parts:
        return components_of(names)
    starts = network.parts.items()
    said = [next((part for start, part in starts if name.startswith(start)), None) for name in names]
    named = iter(components_of([name for name, part in zip(names, said, strict=True) if part is None]))
    return [next(named) if part is None else part for part in said]


def fingerprint(network: Network) -> str:
    """A hash of the sorted (name, shape) of the parameters: the same for the same architecture, whatever the dtype."""
    from hashlib import sha256

    names, shapes = _shapes(network)
    told = {shape: "\t" + ",".join(map(str, shape)) for shape in set(shapes)}  # a model has few different ones
    lines = sorted(map(str.__add__, names, map(told.__getitem__, shapes)))
    return sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _shapes(network: Network) -> tuple[Sequence[str], list[tuple[Size, ...]]]:
    """Names and shapes of the parameters that are made; of very many copies the first, with how many there are."""
    from nparams.errors import UsageError
    from nparams.network.copies import every_tensor

    if network.is_flat:
        names, measures = _parameters(network)
    else:
        try:
            names, measures = parameters_in(every_tensor(network, WRITTEN_OUT))
        except UsageError:
            names, measures = _first_copies(network)
    held = [shape for shape, _ in measures if shape is not None]
    if len(held) < len(names):
        names = [name for name, (shape, _) in zip(names, measures, strict=True) if shape is not None]
    return names, held


def _first_copies(network: Network) -> tuple[list[str], list[Measures]]:
    """The parameters of the first of many copies: to their shapes are put the numbers of the first and the last."""
    names: list[str] = []
    measures: list[Measures] = []
    for chain, t in network.walk():
        if t.role in PARAMETER_ROLES and t.tied_to is None and t.shape is not None:
            names.append(t.name)
            ends = (end for m in chain if m.over for end in (m.over.first, m.over.last))
            measures.append(((*t.shape, *ends), t.size))
    return names, measures


def _parameters(network: Network) -> tuple[Sequence[str], Sequence[Measures]]:
    """The names of all parameters that are not another one, in order, and the shape and size of each."""
    flat = network.flat
    return flat.parameters() if isinstance(flat, Listed) else parameters_in(network.tensors())


def _counted(network: Network) -> list[Tensor]:
    return [t for t in network.tensors() if t.role in PARAMETER_ROLES and t.tied_to is None]


def _in_kinds(network: Network) -> list[Tensor]:
    return [t for chain, t in network.walk() if chain[-1].kind in LOOKUP_KINDS]


def _sum(network: Network, names: set[str]) -> Size:
    if network.is_flat:
        return add(*(t.size for t in _counted(network) if t.name in names and t.size is not None))
    return closed_form(network.root, lambda t: t.size if t.name in names and t.tied_to is None else None)
