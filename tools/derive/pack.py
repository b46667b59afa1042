"""Pack tools/derive/entries/*.json into the file of data that the wheel carries: python -m tools.derive.pack."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from nparams.architectures.catalogue import FILE, packed

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = ROOT / "tools" / "derive" / "entries"
PACKED = ROOT / "src" / "nparams" / "architectures" / FILE

#: what zlib looks back to
WINDOW = 32_000
#: what only those who review an entry read
UNUSED = frozenset(("why", "notes", "trace"))


def shortened(entry: Mapping[str, object]) -> bytes:
    """An entry as it is packed: what the program reads, where it came from and how it was verified; no spaces."""
    kept = {key: value for key, value in entry.items() if key not in UNUSED}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()


def dictionary(texts: list[bytes]) -> bytes:
    """What many entries have in common, the most common last, where it costs the fewest bits to point to."""
    seen: Counter[bytes] = Counter()
    for text in texts:
        seen.update({piece for piece in text.split(b'"') if len(piece) > 5})
    worth = sorted((count * len(piece), piece) for piece, count in seen.items() if count > 2)
    kept: list[bytes] = []
    size = 0
    for _, piece in reversed(worth):
        size += len(piece) + 1
        if size > WINDOW:
            break
        kept.append(piece)
    return b'"'.join(reversed(kept))


def read_entries(folder: Path = ENTRIES) -> dict[str, bytes]:
    """Every entry in a folder, by its type, as it is packed."""
    found = (json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json")))
    return {entry["type"]: shortened(entry) for entry in found}


def pack(folder: Path = ENTRIES) -> bytes:
    """The packed file for the entries in a folder."""
    entries = read_entries(folder)
    return packed(entries, dictionary(list(entries.values())))


def main() -> int:
    """Write the file and say how large it is."""
    data = pack()
    PACKED.write_bytes(data)
    print(f"{PACKED.relative_to(ROOT)}: {len(read_entries())} entries, {len(data):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
