"""What is said of a checkpoint: the print-back, notes and flags."""

from __future__ import annotations

from nparams.errors import shown
from nparams.files._tensorflow.bundle import OBJECT_GRAPH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.files._tensorflow.beside import Beside
    from nparams.files._tensorflow.bundle import Bundle
    from nparams.files._tensorflow.variables import Variable

Flag = dict[str, str]


def told(bundle: Bundle, held: Sequence[Variable]) -> str:
    """The print-back: how many variables, in how many data files."""
    count = sum(each.aside is None for each in held)
    kind = "checkpoint of before TensorFlow 0.12" if bundle.old else "TensorFlow checkpoint"
    parts = [kind, f"{count:,} variable{'' if count == 1 else 's'}"]
    return ", ".join([*parts, *([f"{bundle.shards:,} data files"] if bundle.shards > 1 else [])])


def notes_of(bundle: Bundle, held: Sequence[Variable], beside: Beside) -> list[str]:
    """Everything that a user must see."""
    return [*set_aside(held), *_by_names(bundle, held, beside), *_cut(bundle), *_missing(beside)]


def set_aside(held: Sequence[Variable]) -> Iterator[str]:
    """What is no part of the model, by reason."""
    aside = [each for each in held if each.aside is not None]
    if not aside:
        return
    size = sum(each.entry.size for each in aside)
    kinds: dict[str, int] = {}
    for each in aside:
        why = (each.aside or "").partition(" (")[0]
        kinds[why] = kinds.get(why, 0) + 1
    said = "; ".join(f"{count:,}: {why}" for why, count in sorted(kinds.items(), key=lambda item: -item[1])[:5])
    yield f"set aside: {many(len(aside), 'variable')} of {many(size, 'number')} ({said})"


def _by_names(bundle: Bundle, held: Sequence[Variable], beside: Beside) -> Iterator[str]:
    """That the graph of objects could not be read, where there is one."""
    if beside.problem and held:
        yield (
            f"what is the model's is told by the keys alone: {beside.problem} ({OBJECT_GRAPH} would say, and give the "
            "names of variables)"
        )


def _cut(bundle: Bundle) -> Iterator[str]:
    cut = [entry for entry in bundle.entries if entry.slices > 1 or entry.partial]
    if cut:
        yield (
            f"{many(len(cut), 'variable')} saved in slices, {shown(cut[0].key)} the first: counted once, by the shape "
            "of the whole"
        )


def _missing(beside: Beside) -> Iterator[str]:
    for names, what in ((beside.absent, "not beside the index"), (beside.short, "shorter than the index says")):
        if names:
            more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
            yield f"{shown(names[0], 80)[1:-1]}{more}: {what}; it can be counted, and not be restored"


def flags_of(bundle: Bundle, beside: Beside) -> list[Flag]:
    """What is odd and can be counted."""
    found = []
    for offset in bundle.damaged[:1]:
        text = f"{many(len(bundle.damaged), 'block')} of {bundle.name} (the first at {offset:,}) of another checksum"
        found.append({"kind": "checksum", "text": text})
    partial = [entry for entry in bundle.entries if entry.partial]
    if partial:
        found.append({"kind": "no-data", "text": f"{shown(partial[0].key)}: slices of it are missing"})
    for name in beside.short[:1]:
        found.append({"kind": "no-data", "text": f"{shown(name, 80)[1:-1]} ends before the last of its tensors does"})
    return found


def many(count: int, what: str) -> str:
    """A count and what is counted.

    >>> many(1, "variable"), many(2_000, "number")
    ('1 variable', '2,000 numbers')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
