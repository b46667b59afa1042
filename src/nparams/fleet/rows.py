"""One model as a row of the table: COLUMNS names what a row holds, in the words of the JSON contract.

A row is a dict with every column; what a source cannot know is None.  Numbers are whole and below 2**63, which is what
a table's integers hold; a model beyond that is refused by name.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from nparams.errors import (
    ExprError,
    FetchError,
    FormatError,
    InvariantError,
    NparamsError,
    ReadError,
    UnsupportedError,
    UsageError,
    escaped,
)
from nparams.fleet._passing import passing, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from nparams.expr import Size
    from nparams.files.bytesource import Folder
    from nparams.fleet.units import Unit
    from nparams.network import Network
    from nparams.network.totals import Totals

    Row = dict[str, Any]


class Column(NamedTuple):
    """A column: its name, what kind of value it holds ("text", "int", "decimal", "map", "flags", "texts"), and what."""

    name: str
    kind: str
    what: str


COLUMNS = tuple(Column(*row) for row in (
    ("uri", "text", "the path or address that `nparams` takes (a set of shards or a web folder: `nparams scan`)"),
    ("kind", "text", "file, shards (one set in several files) or folder (one model: a repository, an adapter)"),
    ("format", "text", "the format of the weights: safetensors, gguf, pytorch, ...; of a pipeline those of its parts"),
    ("form", "text", "which source read it, as in the JSON contract"),
    ("read_as", "text", "what was understood, in a line"),
    ("total", "int", "parameters: logical scalars, a shared tensor once"),
    ("unknown", "int", "tensors without a known size; then there is no total"),
    ("weights", "int", "the split of total"),
    ("biases", "int", "the split of total"),
    ("buffers", "int", "elements that are kept with the model and are no parameters"),
    ("bookkeeping", "int", "elements of scales, zero points, indices of a quantised model"),
    ("other", "int", "elements of run state and the like"),
    ("elements", "int", "what the container's own reader would sum: every name, shapes as stored"),
    ("declared", "int", "the total that the files declare of themselves"),
    ("disagreement", "text", "why elements, declared and total differ, in words; null where they agree"),
    ("dtypes", "map", "{logical number type: parameters}"),
    ("components", "map", "{part: parameters}"),
    ("parameter_bytes", "int", "bytes of the parameters"),
    ("bytes", "int", "bytes of parameters, buffers and bookkeeping"),
    ("bits_per_parameter", "decimal", "8 x bytes of parameters and bookkeeping / total"),
    ("quantisation", "text", "the scheme, as its settings name it, else the packed number types"),
    ("architecture", "text", "model_type of the config.json, general.architecture of a GGUF"),
    ("fingerprint", "text", "hash of names and shapes of the parameters: one architecture, one value"),
    ("flags", "flags", "suspicious content, each {kind, text}; none is not a promise"),
    ("notes", "texts", "sentences that a user must see"),
    ("error_kind", "text", "why there is no count: format, unsupported, fetch, transfer, read or bug"),
    ("error", "text", "the same in one line"),
    ("size", "int", "bytes of its files"),
    ("stamp", "text", "etag, commit, or mtime_ns and inode; of several files a hash over theirs"),
    ("reader", "text", "version of nparams that read it"),
    ("read_at", "text", "when, UTC"),
    ("gone", "text", "when a later scan of the same place no longer found it; null while it is there"),
))  # fmt: skip
NAMES = tuple(column.name for column in COLUMNS)
_EMPTY: Row = dict.fromkeys(NAMES)
#: columns that hold lists
LISTS = tuple(column.name for column in COLUMNS if column.kind in ("flags", "texts"))
#: columns that hold whole numbers, and those that hold a map of them
INTS = tuple(column.name for column in COLUMNS if column.kind == "int")
MAPS = tuple(column.name for column in COLUMNS if column.kind == "map")
#: the most that a table's integers hold
MOST = 2**63 - 1
MOST_TEXT = 2_000  # characters of one text in a row: names and messages come from strangers
MOST_TEXTS = 50
#: classes of errors -> the word for them; of the rest it is "bug"
ERRORS = (
    (FormatError, "format"), (UnsupportedError, "unsupported"), (FetchError, "fetch"), (ReadError, "read"),
    (UsageError, "read"), (ExprError, "read"), (NparamsError, "bug"),
)  # fmt: skip
#: the error that a later try may not meet: such a row is read again by the next scan
TRANSFER = "transfer"
#: formats whose packing the settings beside them tell; any other says itself how its numbers are stored
DESCRIBED = frozenset(("safetensors", "pytorch", "torchscript", "paddle", "config"))


def counted(unit: Unit, network: Network, folder: Folder) -> Row:
    """The row of a model that was read in its folder.  Raises ReadError where a number is beyond what a table holds."""
    from nparams.network.split import components, fingerprint

    totals, declared = network.totals, network.also.get("declared")
    row = _blank(unit)
    row |= {
        "format": _format(network), "form": network.form, "read_as": _text(network.read_as),
        "total": totals.total, "unknown": totals.unknown, "weights": totals.weights, "biases": totals.biases,
        "buffers": totals.buffers, "bookkeeping": totals.bookkeeping, "other": totals.other,
        "elements": totals.elements, "declared": _held(declared),
        "dtypes": totals.dtypes, "components": components(network),
        "parameter_bytes": totals.parameter_bytes, "bytes": totals.bytes,
    }  # fmt: skip
    _check(unit, row)
    row |= {
        "bits_per_parameter": totals.bits_per_parameter, "quantisation": quantisation(network, folder),
        "architecture": architecture(network, folder), "fingerprint": fingerprint(network),
        "disagreement": disagreement(totals, declared),
        "flags": _flags(network.flags), "notes": [_text(note) for note in network.notes[:MOST_TEXTS]],
    }  # fmt: skip
    return row


def _format(network: Network) -> str:
    """That of the weights; of a pipeline those of its parts, each once."""
    return " ".join(sorted({form.removesuffix("-index") for form in network.formats or (network.form,)}))


def refused(unit: Unit, problem: BaseException) -> Row:
    """The row of what cannot be counted: the kind of error, its line, and what was suspicious until then."""
    row = _blank(unit)
    passes = passing(problem)
    if passes is not None:
        kind, said = TRANSFER, told(unit.uri, passes) if isinstance(passes, OSError) else str(passes)
    else:
        kind, said = next((word for group, word in ERRORS if isinstance(problem, group)), "bug"), _said(problem)
    row |= {"error_kind": kind, "error": _text(said)}
    if isinstance(problem, NparamsError):
        row["flags"] = _flags(problem.flags)
    return row


def _said(problem: BaseException) -> str:
    """The message; before that of an error that is none of ours its class.  Such a one may fail to tell it."""
    try:
        return str(problem) if isinstance(problem, NparamsError) else f"{type(problem).__name__}: {problem}"
    except Exception:
        return type(problem).__name__


def disagreement(totals: Totals, declared: Size | None) -> str | None:
    """Why the stored elements and the declared total are not the total, item by item; None where both are.

    >>> from nparams.network import Network, Tensor
    >>> tensors = [Tensor("w", (2, 3), "float32"), Tensor("running_mean", (3,), "float32", role="buffer")]
    >>> disagreement(Network(tensors=tensors).totals, 600)
    'elements 9 = total 6 + buffers 3; declared 600 is 100 x the total'
    """
    total, parts = totals.total, []
    if not isinstance(total, int):
        return None
    items = _items(totals, total)
    if items:
        parts.append(f"elements {totals.elements:,} = total {total:,}" + "".join(map(_signed, items)))
    if isinstance(declared, int) and declared != total:
        parts.append(f"declared {declared:,} is {_ratio(declared, total)}")
    return "; ".join(parts) or None


def _items(totals: Totals, total: int) -> list[tuple[str, int]]:
    """What the elements hold beside the total: the last item is what packing makes of shapes as stored."""
    items = [("buffers", _whole(totals.buffers)), ("bookkeeping", _whole(totals.bookkeeping))]
    items.append(("tied again", _whole(totals.listed) - total))
    packed = _whole(totals.elements) - total - sum(n for _, n in items)
    return [(what, n) for what, n in [*items, ("by the way they are stored", packed)] if n]


def _whole(size: Size) -> int:
    """A sum of a network whose total is a number: it is one too."""
    if not isinstance(size, int):
        raise InvariantError(f"a sum is {size}, and the total is a number")
    return size


def _signed(item: tuple[str, int]) -> str:
    what, n = item
    return f" {'-' if n < 0 else '+'} {what} {abs(n):,}"


def _ratio(declared: int, total: int) -> str:
    """How a declared total stands to the true one: times, or a part of it; to two digits, cut.

    >>> _ratio(333_312, 7_615_616_512), _ratio(3, 2), _ratio(3, 0)
    ('1/22,848.31 of the total', '1.5 x the total', 'not the total 0')
    """
    low, high = sorted((declared, total))
    if not low:
        return f"not the total {total:,}"
    hundredths = 100 * high // low
    told = f"{hundredths // 100:,}.{hundredths % 100:02}".rstrip("0").rstrip(".")
    return f"{told} x the total" if declared > total else f"1/{told} of the total"


def quantisation(network: Network, folder: Folder) -> str | None:
    """The scheme that the settings beside the model name, where its format leaves that to them; else the number types
    that are stored in blocks, sorted."""
    from nparams.dtypes import WHOLE
    from nparams.stored.settings import quantisation as told

    said = told(folder) if _format(network) in DESCRIBED else None
    if said is not None and said.method is not None:
        return _text(said.method if said.bits is None else f"{said.method} {said.bits}-bit")
    return " ".join(sorted(name for name in network.totals.dtypes or () if name not in WHOLE)) or None


def architecture(network: Network, folder: Folder) -> str | None:
    """What the file calls its architecture; else the model_type in the config.json beside it."""
    from nparams.stored.settings import config, is_described

    if network.architecture:
        return _text(network.architecture)
    held = config(folder)
    return _text(held["model_type"]) if is_described(held) else None


def empty() -> Row:
    """A row in which nothing is known yet.

    >>> empty()["total"], empty()["flags"]
    (None, [])
    """
    return _EMPTY | {name: [] for name in LISTS}


def _blank(unit: Unit) -> Row:
    from nparams import __version__

    row = empty()
    row |= {"uri": unit.uri, "kind": unit.kind, "size": _held(unit.size), "stamp": unit.stamp, "reader": __version__}
    row["read_at"] = now()
    return row


def now() -> str:
    """This second, as it stands in a row."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _held(told: object) -> int | None:
    """A number that a file or a listing tells of itself, if a table can hold it: no count fails for that."""
    return told if isinstance(told, int) and 0 <= told <= MOST else None


def _check(unit: Unit, row: Row) -> None:
    numbers = [(name, row[name]) for name in INTS]
    numbers += [(name, n) for name in MAPS for n in (row[name] or {}).values()]
    for name, value in numbers:
        if value is not None and (not isinstance(value, int) or value > MOST):
            is_short = not isinstance(value, int) or value < 10**80
            told = f"{name} is {_text(str(value))}" if is_short else f"{name} has {value.bit_length():,} bits"
            raise UnsupportedError(f"{escaped(unit.uri)}: {told}, and a table holds whole numbers up to 2^63 - 1")


def _flags(flags: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    held = list(flags)
    kept = [{"kind": str(each["kind"]), "text": _text(each["text"])} for each in held[:MOST_TEXTS]]
    if len(held) > MOST_TEXTS:
        kept.append({"kind": "more", "text": f"{len(held) - MOST_TEXTS:,} more"})
    return kept


def _text(text: str) -> str:
    """One printable line of bounded length, whatever a file holds."""
    return escaped(text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}...")


def tensor_rows(unit: Unit, network: Network) -> list[Row]:
    """A row for every tensor under the contract's keys, with the model's uri; ReadError as `counted`."""
    from nparams.network.written import tensor_rows as of_network

    made: list[Row] = [{"uri": unit.uri, **row} for row in of_network(network)]
    for row in made:
        numbers = (*(row["shape"] or ()), *(row["stored"] or ()), row["count"], row["adds"])
        if any(n is not None and (not isinstance(n, int) or n > MOST) for n in numbers):
            raise UnsupportedError(f"{escaped(unit.uri)}: a tensor's size is beyond what a table holds, 2^63 - 1")
    return made
