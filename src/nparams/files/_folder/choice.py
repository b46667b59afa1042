"""Which set of weights in a folder is counted, and the sentence that says so."""

from __future__ import annotations

from nparams.errors import ReadError, UnsupportedError, escaped, place, shown, uncounted
from nparams.files._folder.table import SPREAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from nparams.files._folder.inventory import Candidate, Inventory
    from nparams.files.bytesource import Folder
    from nparams.network import Network

MOST_COMPARED = 40
ADAPTER, OTHER = 1, 2  # kinds of Candidate.family


def best(candidates: Sequence[Candidate]) -> tuple[list[Candidate], str]:
    """The sets of equal rank that come first, and why they do: one of each model, where a name prefers none of them."""
    first = candidates[0]
    own = [each for each in candidates if each.family == first.family]
    if first.family[0] == OTHER and len(own) < len(candidates):
        models = {each.family: each for each in reversed(candidates)}
        return sorted(models.values(), key=lambda each: each.name), ""
    if first.variant:
        return [each for each in own if (each.form, each.stem) == (first.form, first.stem)], ""
    return [first], _reason(first, own, candidates)


def _reason(first: Candidate, own: Sequence[Candidate], candidates: Sequence[Candidate]) -> str:
    """Why one set of weights comes before the others that lie there; nothing where that is plain."""
    if any(each.form.partition("-")[0] != first.form.partition("-")[0] for each in own):
        return "the format that comes first"
    if any(each.stem == first.stem and each.variant for each in own):
        return "the plain variant"
    return "the usual name" if len(own) < len(candidates) else ""


def compared(folder: Folder, names: Sequence[str], load: Callable[[int], Network]) -> tuple[Network, list[int]]:
    """The first of several networks, and which are that one; ReadError with each one's count if several differ.

    Those without parameters (a vocabulary, an optimizer's state) are left out where others have some.
    """
    if len(names) == 1:
        return load(0), [0]
    if len(names) > MOST_COMPARED:
        raise ReadError(f"{place(folder.name)}: {len(names):,} models in this directory; name one: {listed(names)}")
    from nparams.network.split import fingerprint

    first, alike, prints, counts = None, [], set(), []
    for k, name in enumerate(names):
        try:
            network = load(k)
        except ReadError as error:
            prints.add(name)
            counts.append((name, _problem(str(error))))
            continue
        total = network.total
        if total != 0:
            first = first or network
            alike.append(k)
            prints.add(name if total is None else fingerprint(network))  # of the unknown nothing is the same
        counts.append((name, f"{total:,}" if isinstance(total, int) else uncounted(network.totals.unknown)))
    if first is not None and len(prints) == 1:
        return first, alike
    each = ", ".join(f"{shown(name, 80)[1:-1]} ({count})" for name, count in counts)
    raise ReadError(f"{place(folder.name)}: several models in this directory; name one: {each}")


def _problem(message: str) -> str:
    """What is wrong with a file, short enough for a list."""
    text = message.partition(": ")[2] or message
    return text if len(text) <= 60 else f"{text[:57]}..."


def check_whole(folder: Folder, chosen: Candidate, names: frozenset[str]) -> None:
    """ReadError where shards of a set are not here."""
    missing = [name for name in chosen.shards if name not in names]
    if missing:
        count = f"{len(missing):,} of {len(chosen.shards):,} shards are missing"
        raise ReadError(f"{place(folder.name)}: {count}: {listed(missing)}")


def sliced(folder: Folder, chosen: Candidate) -> UnsupportedError:
    """That each of several files holds a slice of every tensor."""
    names = f"{escaped(chosen.files[0])} to {escaped(chosen.files[-1])}"
    return UnsupportedError(
        f"{place(folder.name)}: {names} hold slices of the tensors for {len(chosen.files)} devices, which are not "
        "joined; count the model as it is published in one piece (safetensors)"
    )


def said_of(chosen: Candidate, why: str, held: Inventory, folder: Folder, inner: Collection[str] = ()) -> str:
    """The note on a choice: what was read, why, and what was not; `inner` are folders that are spoken of elsewhere."""
    if chosen.shards:
        first, last = chosen.shards[0], chosen.shards[-1]
        what = f"{len(chosen.shards)} shards, {first} to {last}; there is no index"
    else:
        what = escaped(chosen.name)
    read_from = f"read from {what}" + (f" ({why})" if why else "")
    left: dict[str, list[str]] = {}
    used = {*chosen.files, *chosen.shards}
    indexed = {(each.form, each.stem, each.variant) for each in held.candidates}
    for each in held.candidates:
        names = [name for name in each.files if name not in used]
        is_split = each.shard is not None
        if not names or each is chosen or (is_split and (f"{each.form}-index", each.stem, each.variant) in indexed):
            continue
        if is_split and len(names) > 1:
            names = [f"{names[0]} and {len(names) - 1:,} more shards"]
        left.setdefault(_relation(each, chosen), []).extend(names)
    return read_from + rest_of(held, left, None if chosen.form in SPREAD else folder, inner)


def _relation(each: Candidate, chosen: Candidate) -> str:
    """What another set is beside the chosen one, as far as names tell."""
    if each.family != chosen.family:
        return "an adapter" if each.family[0] == ADAPTER else "another name"
    if each.form.partition("-")[0] != chosen.form.partition("-")[0]:
        return "another format"
    if each.sliced:
        return "slices for several devices"
    if each.stem.startswith("consolidated"):
        return "a consolidated copy"
    return "another variant" if each.variant != chosen.variant else "another name"


def rest_of(held: Inventory, left: dict[str, list[str]], folder: Folder | None, inner: Collection[str]) -> str:
    """What was not read, by kind, as the end of a sentence; `folder` is None where its sub-folders are no question."""
    kinds = {**left}
    for what, names in held.rest.items():
        kinds.setdefault(what, []).extend(names)
    text = "; ".join(f"{listed(names)} ({what})" for what, names in kinds.items())
    beside = [] if folder is None else folder.folders()
    folders = [f"{name}/" for name in beside if not name.startswith(".") and name not in inner]
    said = f"; not read: {text}" if text else ""
    return said + (f"; sub-folders not visited: {listed(folders)}" if folders else "")


def nothing(folder: Folder, held: Inventory) -> ReadError:
    """That there is no model in a folder, and what there is instead."""
    names = sorted(held.names)
    holds = f"it holds {listed(names)}" if names else "it is empty"
    if held.rest:
        kinds = "; ".join(f"{listed(each)} ({what})" for what, each in held.rest.items())
        holds = f"it holds {kinds}"
    below = " or a folder in it" if folder.folders() else ""
    return ReadError(f"{place(folder.name)}: no model that can be read in this directory{below}; {holds}")


def listed(names: Sequence[str], limit: int = 6) -> str:
    """Names for a sentence: the first few, and how many more.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(shown(n, 80)[1:-1] for n in names[:limit]) + more
