"""A corpus for fleets: thousands of models of mixed formats in nested folders, some hostile, some cut short.

Files look like gigabytes and take almost no room.  What must be said of each is known from what its maker was told, and
for a hostile one from its row in tests/attacks.

    expected = build("/tmp/corpus", 10_000)
    rows = count_batch(expected.units("/tmp/corpus"))
    assert expected.broken(rows) == []
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from nparams.fleet.units import FILE, FOLDER, Entry, Listing, Unit
from tests import fleet_formats as formats
from tests.attacks import _run
from tests.attacks._attack import Attack, Count
from tests.fleet_kinds import KINDS, gguf, safetensors
from tests.fleet_made import Content, Made
from tests.range_server import Sparse

#: endings of hostile files that are a model wherever they lie, whatever lies beside them
LOOSE = (".safetensors", ".gguf", ".pt", ".pth", ".onnx", ".h5", ".keras", ".npz", ".tflite", ".caffemodel", ".nemo",
         ".mlmodel", ".msgpack", ".dduf", ".pdparams", ".pt2")  # fmt: skip
LARGEST = 1_000_000  # bytes of a hostile file
#: kinds that no cut leaves whole: a message of protobuf alone may end between two fields
CUT = (safetensors, gguf, formats.torch_zip, formats.torch_legacy, formats.onnx, formats.numpy_archive, formats.hdf5,
       formats.keras)  # fmt: skip
WORDS = ("encoder", "ranker", "speech", "vision", "chat", "detector", "modèle", "Copy of model (2)", "net+head", "模型")
PLACES = ("research", "production", "archive", "team a", "2025", "customers", "émile", "exports")


class Wanted(NamedTuple):
    """One model, and what its row must say."""

    #: its folder, below the root
    folder: str
    kind: str
    names: tuple[str, ...]
    #: {path in its folder: bytes}
    sizes: Mapping[str, int]
    #: None where it must be refused
    total: int | None
    format: str | None = None
    declared: int | None = None
    flags: tuple[str, ...] = ()
    #: how the refusal ends
    error: str = ""
    #: "", "cut", or what a hostile one tries
    what: str = ""

    @property
    def path(self) -> str:
        """Its path below the root, as its row's uri ends."""
        return f"{self.folder}/{self.names[0]}" if self.names else self.folder


class Expected(NamedTuple):
    """The models of a corpus, in the order in which they were made."""

    count: int
    seed: int
    models: tuple[Wanted, ...]

    def units(self, root: str) -> list[Unit]:
        """Their units below a folder or an address: those of one folder share its listing."""
        files: dict[str, dict[str, Entry]] = {}
        for each in self.models:
            entries = ((name, Entry(size, f"{name}:{size}")) for name, size in each.sizes.items())
            files.setdefault(each.folder, {}).update(entries)
        listings = {folder: Listing(f"{root}/{folder}", held) for folder, held in files.items()}
        return [Unit(listings[each.folder], each.kind, each.names) for each in self.models]

    def broken(self, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """A line for each row that does not say what it must, for each model without a row, and with several."""
        wanted, left = {each.path: each for each in self.models}, {each.path for each in self.models}
        found = []
        for row in rows:
            path = next((p for p in endings(row["uri"]) if p in wanted), None)
            if path is None or path not in left:
                found.append(f"{row['uri']}: {'no such model' if path is None else 'twice'}")
                continue
            left.remove(path)
            if said(row, wanted[path]) != (must := meant(wanted[path])):
                found.append(f"{row['uri']} ({wanted[path].what}): {said(row, wanted[path])} and not {must}")
        return found + [f"{path}: no row" for path in sorted(left)]


def endings(uri: str) -> Iterator[str]:
    """The ends of a path: a/b/c, b/c, c."""
    while uri:
        yield uri
        uri = uri.partition("/")[2]


def said(row: Mapping[str, Any], wanted: Wanted) -> tuple[object, ...]:
    """What a row says of what `meant` asks for."""
    if wanted.total is None:
        kind = row["error_kind"]
        told = str(row["error"])[-len(wanted.error) :] if wanted.error else ""
        return row["kind"], row["total"], "refused" if kind in ("format", "unsupported", "read") else kind, told
    flags = tuple(flag["kind"] for flag in row["flags"])
    return row["kind"], row["total"], row["format"] if wanted.format else None, row["declared"], row["size"], flags


def meant(wanted: Wanted) -> tuple[object, ...]:
    """What its row must say."""
    if wanted.total is None:
        return wanted.kind, None, "refused", wanted.error
    own = wanted.names or wanted.sizes
    size = sum(wanted.sizes[name] for name in own)
    return wanted.kind, wanted.total, wanted.format, wanted.declared, size, wanted.flags


# -- making ----------------------------------------------------------------------------------------------------------


def build(folder: str | os.PathLike[str], count: int = 10_000, seed: int = 0) -> Expected:
    """Write a corpus of `count` models into a folder; the same for the same seed."""
    made = []
    for wanted, files in models(count, seed):
        for name, content in files.items():
            write(Path(folder, wanted.folder, name), content)
        made.append(wanted)
    return Expected(count, seed, tuple(made))


def described(count: int, seed: int = 0) -> Expected:
    """What `build` would give; nothing is written."""
    return Expected(count, seed, tuple(wanted for wanted, _ in models(count, seed)))


def objects(expected: Expected) -> dict[str, Content]:
    """The files of a corpus by their paths below its root, for a server."""
    made = models(expected.count, expected.seed)
    return {f"{wanted.folder}/{name}": content for wanted, files in made for name, content in files.items()}


def models(count: int, seed: int) -> Iterator[tuple[Wanted, Mapping[str, Content]]]:
    """Each model with its files."""
    rng = Random(seed)
    odd = rng.sample(range(count), 2 * max(1, count // 100))
    hostile, cut = set(odd[::2]), set(odd[1::2])
    attacks = rng.sample(hostile_rows(), len(hostile_rows()))
    shelf = ""
    for number in range(count):
        if rng.random() < 0.1 or not shelf:
            parts = (f"{rng.choice(PLACES)}-{rng.randrange(100)}" for _ in range(rng.randrange(0, 4)))
            shelf = "/".join((*parts, f"shelf-{number:06}"))
        stem = f"{rng.choice(WORDS)}-{number:06}"
        if number in hostile:
            yield attacked(attacks[number % len(attacks)], shelf, stem)
        elif number in cut:
            yield cut_short(rng, shelf, stem)
        else:
            (kind,) = rng.choices(KINDS, [share for share, _ in KINDS])
            yield placed(shelf, stem, kind[1](rng, stem))


def placed(shelf: str, stem: str, made: Made) -> tuple[Wanted, Mapping[str, Content]]:
    """A model on a shelf, beside others; one that is a folder in a folder of its own."""
    folder = f"{shelf}/{stem}" if made.kind == FOLDER else shelf
    sizes = {name: size_of(content) for name, content in made.files.items()}
    return Wanted(folder, made.kind, made.names, sizes, made.total, made.format, made.declared), made.files


def attacked(row: Attack, shelf: str, stem: str) -> tuple[Wanted, Mapping[str, Content]]:
    """A hostile file among others."""
    assert isinstance(row.content, bytes)
    name = stem + row.file[row.file.index(".") :]
    held = Wanted(shelf, FILE, (name,), {name: len(row.content)}, None, what=row.what)
    if isinstance(row.expected, Count):
        return held._replace(total=row.expected.total, flags=row.expected.flags), {name: row.content}
    return held._replace(error=row.expected.replace(row.file, name)), {name: row.content}


def cut_short(rng: Random, shelf: str, stem: str) -> tuple[Wanted, Mapping[str, Content]]:
    """A file that ends too early: in what describes it, or in its numbers, or before its first byte."""
    (name, content) = next(iter(rng.choice(CUT)(rng, stem).files.items()))
    size = size_of(content)
    head = len(content.head) if isinstance(content, Sparse) else size
    end = rng.choice((0, rng.randrange(head), rng.randrange(size * 9 // 10)))
    short = content.part(0, min(head, end) - 1) if isinstance(content, Sparse) else content[:end]
    return Wanted(shelf, FILE, (name,), {name: end}, None, what="cut"), {name: Sparse(short, end)}


@cache
def hostile_rows() -> list[Attack]:
    """The attacks that are one file of bytes, to be refused or flagged."""
    rows = [row for table in _run.tables().values() for row in table]
    return [row for row in rows if row.file.endswith(LOOSE) and "-of-" not in row.file and is_alone(row)]


def is_alone(row: Attack) -> bool:
    plain = isinstance(row.content, bytes) and len(row.content) <= LARGEST and not row.beside and not row.text
    return plain and (isinstance(row.expected, str) or bool(row.expected.flags))


def size_of(content: Content) -> int:
    return content.size if isinstance(content, Sparse) else len(content)


def write(path: Path, content: Content) -> None:
    """The file; what is not there of a sparse one takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = content if isinstance(content, Sparse) else Sparse(content, len(content))
    with path.open("wb") as file:
        file.write(held.head)
        file.truncate(held.size)
        if held.tail:
            file.seek(held.size - len(held.tail))
            file.write(held.tail)
