"""What a user must see beside the count of a summary: what was inferred, what does not fit, what cannot be told."""

from __future__ import annotations

from nparams.notation._summary.text import Summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network
    from nparams.notation._summary.explain import Explained

SHOWN = 4


def notes_of(summary: Summary, found: Explained, network: Network) -> list[str]:
    """The sentences, most important first."""
    return [
        *_against_totals(summary, network),
        *found.wrong[:SHOWN],
        *_more(found.wrong),
        *summary.notes,
        *_rounded(summary),
        *_unbuilt(summary),
        *_frozen(summary, found, network),
        *_inferred(found),
        *_several(found),
        *_unsplit(summary, found),
        *(row.note for row in summary.rows[:SHOWN] if row.note and ":" in row.note),
    ]


def _more(wrong: list[str]) -> list[str]:
    return [f"{len(wrong) - SHOWN:,} more rows do not fit their layers"] if len(wrong) > SHOWN else []


def _against_totals(summary: Summary, network: Network) -> list[str]:
    """The rows against the printed total."""
    printed, total = summary.printed, network.total
    if printed.rounded.get("total") and printed.total is None:
        return [f"the printed total is rounded ({printed.rounded['total']}): it is not held against the rows"]
    if printed.parameters is None or not isinstance(total, int) or total is None:
        return []
    if network.root.children[-1].name in ("rest", "not_shown"):
        return []
    rows = sum(row.own or 0 for row in summary.rows if not row.recursive)
    difference = printed.parameters - rows
    notes = []
    if difference:
        notes.append(
            f"the rows sum to {rows:,}, the printed total is {printed.parameters:,}: "
            f"{abs(difference):,} {'more' if difference > 0 else 'less'}; {_why(summary, difference)}"
        )
    if printed.optimizer and printed.total is not None:
        notes.append(f"the printed total {printed.total:,} holds {printed.optimizer:,} variables of the optimizer")
    both = (printed.trainable, printed.untrained)
    if None not in both and printed.total is not None and sum(both) != printed.parameters:  # type: ignore[arg-type]
        notes.append(
            f"the printed parts do not make the printed total: {both[0]:,} + {both[1]:,} is not {printed.parameters:,}"
        )
    return notes


def _why(summary: Summary, difference: int) -> str:
    if difference > 0:
        if summary.family == "torch":
            return "rows may be missing, or a module holds arrays of its own that no row shows"
        return "rows may be missing from the paste"
    if any(row.children for row in summary.rows):
        return "layers that are used twice, or nested rows, may be printed twice"
    return "a layer that is used twice may be printed twice, or a number was miscopied"


def _rounded(summary: Summary) -> list[str]:
    found = [f"{row.name} ({row.rounded})" for row in summary.rows if row.rounded and not row.children]
    if not found or (summary.printed.parameters is not None):
        return []
    return [
        f"counts are printed rounded, so their exact numbers are not known: {_listed(found)}; "
        "print sum(p.numel() for p in model.parameters()), or paste print(model)"
    ]


def _unbuilt(summary: Summary) -> list[str]:
    found = [row.name for row in summary.rows if row.unbuilt]
    if not found:
        return []
    return [f"not built yet, so there is nothing to count: {_listed(found)}; call model.build(input_shape)"]


def _frozen(summary: Summary, found: Explained, network: Network) -> list[str]:
    """What is printed as not trainable: statistics, frozen layers, or rows that may hold both."""
    notes, keras = [], summary.family == "keras"
    if found.statistics:
        own = network.also.get("framework")
        who = "Keras" if keras else "this summary"
        notes.append(
            f"{found.statistics:,} numbers are measured, not learned (means and variances): no parameters here; "
            f"{who} counts them as non-trainable{f', {own:,} in all' if own is not None else ''}"
        )
    left = (summary.printed.untrained or 0) - found.statistics
    if left <= 0 or (network.totals.frozen is not None and not (keras and found.opaque)):
        return notes
    if keras and found.opaque:
        told = _listed([row.name for row in found.opaque])
        notes.append(
            f"{left:,} {'more ' if found.statistics else ''}are printed as non-trainable: frozen layers, or statistics "
            f"inside {told}, which are counted as parameters here because their layers are not shown; "
            "summary(expand_nested=True) shows them"
        )
    else:
        notes.append(f"{left:,} parameters are printed as non-trainable; which rows are frozen is not printed")
    return notes


def _inferred(found: Explained) -> list[str]:
    """One sentence a type: what was not printed and follows from a count."""
    notes = []
    for kind, rows in found.inferred.items():
        name, said, count, told, others = rows[0]
        note = f"inferred: {name} has {said}, from {count:,} = {told}"
        if others:
            note += f" ({others} other layer{'s' if others > 1 else ''} would have as many)"
        if len(rows) > 1:
            note += f"; so for {len(rows) - 1:,} more row{'s' if len(rows) > 2 else ''} of type {kind}"
        notes.append(note)
    return notes


def _several(found: Explained) -> list[str]:
    if not found.several:
        return []
    name, count, ways = found.several[0]
    more = f"; and {len(found.several) - 1:,} more rows" if len(found.several) > 1 else ""
    return [f"{name}: several layers would have {count:,} ({'; '.join(ways[:3])}){more}: counted as printed"]


def _unsplit(summary: Summary, found: Explained) -> list[str]:
    if not found.unsplit or summary.form == "printed totals":
        return []
    told = _listed([f"{name} {count:,}" for name, count in found.unsplit])
    return [f"counted as printed, all as weights, for how they split into weights and biases is not shown: {told}"]


def _listed(found: list[str]) -> str:
    return ", ".join(found[:SHOWN]) + (f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else "")
