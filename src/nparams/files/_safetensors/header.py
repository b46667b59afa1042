"""The safetensors header: strict JSON, scanned one entry at a time, every field checked.

The reference library spells an entry in one way only, and a header in that spelling is cut apart without a parser, many
entries at a time (columns.py): each piece is accepted only if it is what the library would have written there.  Where a
window has any other, its entries are tried one by one, and from the first that differs the slow door reads on, one
bounded entry at a time.  The bytes are never made one text, so that memory follows the tensors.
"""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.files._safetensors.columns import CONTROLS, digitless, take
from nparams.files._safetensors.raw_text import bad_utf8, excerpt
from nparams.files._safetensors.spec import MAX_NAME, MAX_TENSORS, Header, Reading, spec_of
from nparams.roles import UNUSUAL_HINTS, role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nparams.files._safetensors.entry import Entries
    from nparams.files._safetensors.spec import Spec
    from nparams.network.listed import Kind

MOST_TENSORS = 120_000  # in one file, unless limits are off: several times what any file has, and 5 s at worst
REMEMBERED = 10_000  # specifications, and kinds for each

BETWEEN, SPACED_BETWEEN = b'},"', b'}, "'
TYPED, SHAPED = b'"dtype":"', b'","shape":['
BLANK = b" \t\n\r"
#: what torch and transformers write before the first tensor
USUAL_METADATA = b'"__metadata__":{"format":"pt"},'
WINDOW = 1 << 18  # how much is cut apart at a time

#: headers that were read lately, by their bytes, the bytes of data and the limit: the steps of a training run and many
#: fine-tunes have one and the same, and among very many files it is not read twice
lately: dict[tuple[bytes, int, int], Header] = {}
MOST_LATELY, LONGEST_LATELY = 64, 65_536  # how many, of so many bytes


def scan(raw: bytes, room: int, file: str, limits: bool = True) -> Header:
    """Parse and check a header; `room` is how many bytes of data follow it.

    Raises FormatError: not UTF-8, not JSON, a duplicate name, an unknown dtype, a wrong field, data that overlaps,
    leaves a gap or does not fill the file.
    """
    most = MOST_TENSORS if limits else MAX_TENSORS
    known = lately.get((raw, room, most)) if len(raw) <= LONGEST_LATELY else None
    if known is not None:
        return known.copy()
    header = _scanned(raw, room, file, most)
    if len(raw) <= LONGEST_LATELY and not header.tensors.special:
        if len(lately) >= MOST_LATELY:
            lately.pop(next(iter(lately)), None)
        lately[raw, room, most] = header.copy()
    return header


def _scanned(raw: bytes, room: int, file: str, most: int) -> Header:
    scanner = Scanner(raw, room, file, most)
    bad = bad_utf8(raw)
    if bad is not None:
        raise FormatError(f"{place(file)}: the header is not UTF-8 at byte {8 + bad:,}")
    scanner.run()
    scanner.check_names()
    scanner.check_cover()
    return scanner.header


class Scanner(Reading):
    """The whole header, by the quickest way that its spelling allows."""

    def __init__(self, raw: bytes, room: int, file: str, most: int) -> None:
        super().__init__(raw, room, file, most)
        self.specs: dict[bytes, Spec] = {}
        self.slow: Entries | None = None

    def run(self) -> None:
        """The whole header: an object, then nothing but padding."""
        raw = self.raw
        if not raw.startswith(b"{"):
            self.fail(0, f"a safetensors header begins with {{, found {shown(excerpt(raw, 0)[:1])}")
        if raw.count(b'"data_offsets"') > self.most:
            self.too_many(0)
        at, mark = self._opening()
        if mark == b",":
            at, mark = self._windows(at)
        if mark == b"," and self.in_order:
            at = self._usual(at)
            at, mark = self._last(at)
        while mark == b",":
            at, mark = self.any_spelling(at)
        if raw[at:].strip(BLANK):
            self.fail(at, f"found {shown(excerpt(raw, at))} after the header's end")

    def _opening(self) -> tuple[int, bytes]:
        """Where the first tensor may stand, and the mark before it: a comma, or a brace if there is none."""
        raw = self.raw
        if raw.startswith(USUAL_METADATA, 1):
            self.has_metadata = True
            self.header.metadata["format"] = "pt"
            return 1 + len(USUAL_METADATA), b","
        if raw.startswith(b'{"__metadata__"'):
            return self.any_spelling(1)
        blank = len(raw) - 1 - len(raw[1:].lstrip(BLANK))
        return (blank + 2, b"}") if raw.startswith(b"}", blank + 1) else (1, b",")

    def _windows(self, at: int) -> tuple[int, bytes]:
        """As many windows as hold nothing but entries in a library's spelling; where they end, and the mark there."""
        raw, size = self.raw, len(self.raw)
        while True:
            first = at + raw.startswith(b" ", at)
            if at + WINDOW >= size:
                last = raw[first:].rstrip(BLANK)
                is_taken = last.endswith(b"]}}") and take(self, last[:-1] + b",")
                return (first + len(last), b"}") if is_taken else (at, b",")
            cut = max(raw.rfind(mark, first, at + WINDOW) for mark in (BETWEEN, SPACED_BETWEEN)) + 2
            if cut < first or not take(self, raw[first:cut]):
                return at, b","
            at = cut

    def _last(self, at: int) -> tuple[int, bytes]:
        """The last entry in the library's spelling, if that is what is left; the place where it ends, and its mark."""
        piece = self.raw[at : at + WINDOW].rstrip(BLANK)
        whole = at + WINDOW >= len(self.raw) and piece.startswith(b'"') and piece.endswith(b"]}}")
        if not whole or b"\\" in piece or BETWEEN in piece or len(piece.translate(None, CONTROLS)) != len(piece):
            return at, b","
        return (at + len(piece), b"}") if self._pieces([piece[1:-2]], at) > at else (at, b",")

    def any_spelling(self, at: int) -> tuple[int, bytes]:
        """One entry through the slow door, which is loaded when it is first needed."""
        if self.slow is None:
            from nparams.files._safetensors.entry import Entries

            self.slow = Entries(self)
        return self.slow.any_spelling(at)

    def _usual(self, at: int) -> int:
        """As many entries in the library's spelling as follow, but for the last; the place where they end."""
        raw = self.raw
        while raw.startswith(b'"', at):
            cut = raw.rfind(BETWEEN, at, at + WINDOW)
            window = raw[at + 1 : cut]
            if cut < 0 or b"\\" in window or len(window.translate(None, CONTROLS)) != len(window):
                break
            reached = self._pieces(window.split(BETWEEN), at)
            if reached != cut + 2:
                return reached
            at = reached
        return at

    def _pieces(self, pieces: list[bytes], at: int) -> int:
        """Entries without their first quote and last brace; the place of the first that is not as expected.

        The loop for every tensor of every file: what could be a call of its own is written out.
        """
        tensors, specs, room = self.header.tensors, self.specs, self.room
        add_name, add_kind = tensors.names.append, tensors.kinds.append
        add_start, add_end = self.header.starts.append, self.header.ends.append
        by_leaf, reached, written = self.by_leaf(map(_name_of, pieces)), self.reached, b"%d" % self.reached
        for piece in pieces:
            name_bytes, _, rest = piece.partition(b'":{')
            typed, _, placed = rest.partition(b',"data_offsets":[')
            spec = specs.get(typed) or self.spec(typed)
            if spec is None:
                break
            _, _, _, length, kinds = spec
            end = reached + length
            before, written = written, b"%d" % end
            name = name_bytes.decode()
            if placed != b"%b,%b]" % (before, written) or end > room:
                break
            if '"' in name or len(name) > MAX_NAME:
                break
            leaf = name.rpartition(".")[2]
            kind = kinds.get(leaf) if by_leaf else None
            add_name(name)
            add_kind(kind or self.kind(name, leaf, spec))
            add_start(reached)
            add_end(end)
            reached = end
            at += len(piece) + 3
        self.reached = reached
        return at

    def by_leaf(self, names: Iterable[str]) -> bool:
        """Whether the last part of a name tells its role: no name here has a part that only the full rules know."""
        self.note_hints(digitless(names))
        return self.header.hints.isdisjoint(UNUSUAL_HINTS)

    def kind(self, name: str, leaf: str, spec: Spec) -> Kind:
        dtype, shape, size, _, kinds = spec
        role, note = role_of(name, shape, dtype)
        kind = (shape, dtype, role, note, size, None)
        if len(kinds) < REMEMBERED:
            kinds[leaf] = kind
        return kind

    def spec(self, text: bytes) -> Spec | None:
        """A dtype and shape understood, remembered by their text (a model has few different ones)."""
        head, found, dims = text.partition(SHAPED)
        if not found or not head.startswith(TYPED) or not dims.endswith(b"]"):
            return None
        numbers = dims[:-1].split(b",") if len(dims) > 1 else []
        if not all(n.isdigit() and len(n) <= 18 and (n[:1] != b"0" or n == b"0") for n in numbers):
            return None
        spec = spec_of(head[len(TYPED) :].decode(), [int(n) for n in numbers])
        if isinstance(spec, str):
            return None
        if len(self.specs) < REMEMBERED:
            self.specs[text] = spec
        return spec

    # -- what only the whole header can tell --------------------------------------------------------------------------

    def check_names(self) -> None:
        """No name twice, and no tensor under the name of the metadata."""
        names = set(self.header.tensors.names)
        if "__metadata__" in names:
            raise FormatError(f"{place(self.file)}: __metadata__ must be an object of texts, and is a tensor here")
        if len(names) == len(self.header.tensors):
            return
        names.clear()
        for name in self.header.tensors.names:
            if name in names:
                raise FormatError(f"{place(self.file)}: header: the name {shown(name)} appears twice")
            names.add(name)

    def check_cover(self) -> None:
        """Data in order fills the file: no overlap, no gap, nothing behind."""
        if not self.in_order:
            self._check_order()
        if self.reached != self.room:
            raise FormatError(
                f"{place(self.file)}: the tensors end at data byte {self.reached:,}, "
                f"but {self.room:,} bytes of data follow the header"
            )

    def _check_order(self) -> None:
        starts, at = self.header.starts, 0
        for k in sorted(range(len(starts)), key=lambda k: (starts[k], self.header.ends[k])):
            if starts[k] != at:
                gap = f"leaves a gap of {starts[k] - at:,} bytes before it"
                what = "overlaps the tensor before it" if starts[k] < at else gap
                name = shown(self.header.tensors.names[k])
                raise FormatError(f"{place(self.file)}: {name} at data byte {starts[k]:,} {what}")
            at = self.header.ends[k]
        self.reached = at


def _name_of(piece: bytes) -> str:
    return piece.partition(b'"')[0].decode()
