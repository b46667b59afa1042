"""Many entries of a safetensors header at once: cut at every quote, the same piece of all entries is one column.

There are ten pieces to an entry, of which six are the same in all entries of one writer: the reference library, MLX
(ml-explore/mlx mlx/io/safetensors.cpp: keys sorted by name, data in another order), or Python's json.dumps (a space
after each colon and comma).  A window of entries is taken whole, after every piece of it has been checked, or not at
all: then others read it entry by entry, and say what is wrong where.
"""

from __future__ import annotations

from itertools import accumulate, pairwise

from nparams.files._safetensors.spec import MAX_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nparams.files._safetensors.header import Scanner
    from nparams.files._safetensors.spec import Spec

    #: a column, and what ends each piece of it: the comma before the next field, or the brace of the entry with it
    Column = tuple[list[str], str]
    #: where the data of each begins and ends
    Places = tuple[list[int], list[int]]

#: pieces of an entry: name, colon and brace, then four of the dtype and two of each other field, in any order
ENTRY, NAME, OPEN, FIRST = 10, 1, 2, 3
FIELDS = {"dtype", "shape", "data_offsets"}
#: the colon and brace as json.dumps writes them
SPACED = ": {"
METADATA = b'"__metadata__"'
CONTROLS = bytes(range(32))
DIGITS = b"0123456789"
LONGEST = 18  # digits


def take(scanner: Scanner, window: bytes) -> bool:
    """Whether a window is nothing but whole entries, each with the comma behind it; then their tensors are added."""
    if b"\\" in window or METADATA in window or len(window.translate(None, CONTROLS)) != len(window):
        return False
    pieces = window.decode().split('"')
    count, more = divmod(len(pieces), ENTRY)
    if more != 1 or pieces[0] or not count:
        return False
    columns = [pieces[k::ENTRY] for k in range(ENTRY)]
    columns.append(columns[0][1:])  # the last piece of an entry stands before the first of the next
    if columns[OPEN][0] == SPACED:
        for k in range(OPEN, ENTRY + 1, 2):  # those outside of quotes
            columns[k] = [piece.replace(": ", ":").replace(", ", ",") for piece in columns[k]]
    names, fields = columns[NAME], _fields(columns, count)
    if fields is None or max(map(len, names)) > MAX_NAME:
        return False
    specs = _specs(scanner, fields["dtype"][0], *fields["shape"])
    places = specs and _places(scanner, specs, *fields["data_offsets"])
    if not specs or not places:
        return False
    _add(scanner, names, specs, places)
    return True


def _fields(columns: Sequence[list[str]], count: int) -> dict[str, Column] | None:
    """The values of each field, in the order of the first entry; None where another entry has another order."""
    found: dict[str, Column] = {}
    same, at = [(OPEN, ":{")], FIRST
    while at < ENTRY:
        key = columns[at][0]
        last = at + (3 if key == "dtype" else 1)
        end = "}," if last == ENTRY else ","
        if key not in FIELDS or last > ENTRY:
            return None
        same += [(at, key)] if key != "dtype" else [(at, key), (at + 1, ":"), (last, end)]
        found[key] = columns[at + 2 if key == "dtype" else last], end
        at = last + 1
    return found if len(found) == 3 and all(columns[k].count(text) == count for k, text in same) else None


def _specs(scanner: Scanner, dtypes: Sequence[str], shapes: Sequence[str], end: str) -> list[Spec] | None:
    """What the dtype and shape of each come to; None where one is not as a library writes it."""
    found: dict[tuple[str, str], Spec] = {}
    pairs = list(zip(dtypes, shapes, strict=True))
    for pair in set(pairs):
        dtype, shape = pair
        text = f'"dtype":"{dtype}","shape"{shape.removesuffix(end)}'.encode()
        spec = scanner.specs.get(text) or scanner.spec(text)
        if spec is None or not shape.endswith(end):
            return None
        found[pair] = spec
    return [found[pair] for pair in pairs]


def _places(scanner: Scanner, specs: Sequence[Spec], told: Sequence[str], end: str) -> Places | None:
    """Where the data of each lies, one behind the other as a rule; None where an offset does not fit."""
    ends = list(accumulate((spec[3] for spec in specs), initial=scanner.reached))
    written = map(str, ends)
    if [f":[{first},{last}]{end}" for first, last in pairwise(written)] != told:
        return _in_any_order(scanner, specs, told, end)
    if ends[-1] > scanner.room:
        return None
    scanner.reached = ends[-1]
    return ends[:-1], ends[1:]


def _in_any_order(scanner: Scanner, specs: Sequence[Spec], told: Sequence[str], end: str) -> Places | None:
    """The same of entries whose data lie in another order."""
    starts, ends = [], []
    for spec, text in zip(specs, told, strict=True):
        first, _, last = text.removesuffix(f"]{end}")[2:].partition(",")
        if not (first.isdigit() and last.isdigit() and len(first) <= LONGEST and len(last) <= LONGEST):
            return None
        start, stop = int(first), int(last)
        if text != f":[{start},{stop}]{end}" or stop - start != spec[3] or stop > scanner.room:
            return None
        starts.append(start)
        ends.append(stop)
    scanner.in_order = False
    scanner.reached = ends[-1]
    return starts, ends


def _add(scanner: Scanner, names: list[str], specs: Sequence[Spec], places: Places) -> None:
    header = scanner.header
    is_plain = scanner.by_leaf(names)
    header.tensors.names += names
    header.starts += places[0]
    header.ends += places[1]
    add = header.tensors.kinds.append
    for name, spec in zip(names, specs, strict=True):
        leaf = name.rpartition(".")[2]
        add((spec[4].get(leaf) if is_plain else None) or scanner.kind(name, leaf, spec))


def digitless(names: Iterable[str]) -> str:
    """The different names without their digits: few, for names differ by their numbers mostly."""
    return b"\n".join({*"\n".join(names).encode().translate(None, DIGITS).split(b"\n")}).decode()
