"""What must be said of a live model, in sentences; each is short, and names what it is about."""

from __future__ import annotations

from nparams.errors import shown
from nparams.network import PARAMETER_ROLES, Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nparams.frameworks._torch.hidden import Group
    from nparams.frameworks._torch.listing import Listing

#: names in one sentence, ties that are told one by one
FEW, TIES = 3, 6


def sentences(listing: Listing) -> Iterator[str]:
    """All of them but those about what is not registered."""
    special, memory = listing.special, listing.memory
    yield from ties(listing.kinds)
    if special.lazy:
        yield (
            f"{named(special.lazy, 'parameter')} not created yet: the first call of the model creates "
            f"{'it' if len(special.lazy) == 1 else 'them'}"
        )
    if special.placeholders:
        a_few = "a placeholder" if len(special.placeholders) == 1 else "placeholders"
        yield f"{named(special.placeholders, 'parameter')} {a_few} of DeepSpeed's ZeRO-3 and counted whole"
    if special.sharded:
        yield f"{named(special.sharded, 'parameter')} spread over several processes and counted whole"
    for tensor in memory.expanded[:FEW]:
        yield f"{tensor.name} is expanded: {tensor.size:,} parameters by its shape, {tensor.stored[0]:,} in memory"  # type: ignore[index]
    if special.sparse:
        yield f"{named(special.sparse, 'parameter')} sparse and counted by shape; not all numbers are stored"
    for names in memory.inside[:FEW]:
        yield f"{listed(names)} overlap in memory; each is counted whole"
    if memory.unsure:
        yield "how many different numbers are in memory is not known: what overlaps has too many parts"


def ties(kinds: Iterable[object]) -> Iterator[str]:
    """What is tied to what; beyond a few, only how many."""
    tied = [t for t in kinds if type(t) is Tensor and t.tied_to is not None and t.role in PARAMETER_ROLES]
    for t in tied[:TIES]:
        yield f"{t.name} is {t.tied_to} itself (tied), and counted once"
    if len(tied) > TIES:
        yield f"{len(tied) - TIES:,} more tensors are tied to earlier ones"


def hidden(group: Group, count: int) -> str:
    """A warning: the optimizer never sees these."""
    a_dict = group.where.lower().endswith("dict")
    kind = "Module" if group.layers else "Parameter"
    better = f"use nn.{kind}{'Dict' if a_dict else 'List'}" if group.where != "a plain attribute" else "register it"
    what = f"{count:,} parameter{'s' if count != 1 else ''}{' in layers that stand' if group.layers else ''}"
    verb = "are" if count != 1 else "is"
    return f"{what} in {group.where} ({group.label}) {verb} not registered: the optimizer never sees them; {better}"


def unlisted(most: int) -> str:
    """Where shared modules in shared modules have too many names."""
    return f"shared modules have more than {most:,} names; `listed` and `elements` count the first {most:,} of them"


def named(names: Sequence[str], what: str) -> str:
    """`3 parameters (a, b, c) are`, `1 parameter (a) is`.

    >>> named(["fc.weight"], "parameter")
    '1 parameter (fc.weight) is'
    """
    s, are = ("", "is") if len(names) == 1 else ("s", "are")
    return f"{len(names):,} {what}{s} ({listed(names)}) {are}"


def listed(names: Sequence[str]) -> str:
    """A few names in a sentence.

    >>> listed(["a", "b", "c", "d"])
    'a, b, c, ...'
    """
    told = [name if len(name) <= 60 else shown(name).strip('"') for name in names[:FEW]]
    return ", ".join([*told, "..."] if len(names) > FEW else told)
