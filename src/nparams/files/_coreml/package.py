"""A Core ML package: a folder whose Manifest.json names the model in it.

apple/coremltools modelpackage/src/ModelPackage.cpp: `rootModelIdentifier` is a key of `itemInfoEntries`, whose `path`
lies below Data.
"""

from __future__ import annotations

import json

from nparams.errors import FormatError, ReadError, UnsupportedError, bare_name, place, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files.bytesource import ByteSource, Folder

MANIFEST, DATA = "Manifest.json", "Data"
MOST_MANIFEST = 1_000_000
DEEPEST = 8  # folders in a path
ENTRIES, ROOT = "itemInfoEntries", "rootModelIdentifier"


def is_manifest(name: str) -> bool:
    """Whether a file is called as the list of a package is."""
    return bare_name(name).endswith(MANIFEST)


def model_in(source: ByteSource, folder: Folder | None) -> tuple[Folder, str]:
    """The folder that the model of a package lies in, and its name there.

    Raises UnsupportedError for a Manifest.json of another kind, FormatError for one that names no model here.
    """
    name = place(source.name)
    held = _read(source)
    entries, root = held.get(ENTRIES), held.get(ROOT)
    if not isinstance(entries, dict):
        raise UnsupportedError(f"{name}: no {ENTRIES} in it, so it is not the list of a Core ML package")
    entry = entries.get(root) if isinstance(root, str) else None
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not path:
        raise FormatError(f"{name}: its {ROOT} {shown(str(root))} is no entry with a path")
    if folder is None:
        raise FormatError(f"{name}: names {shown(path)}, which lies in the package. Give the package's folder")
    parts = path.split("/")
    if len(parts) > DEEPEST or any(part in ("", ".", "..") for part in parts):
        raise FormatError(f"{name}: {shown(path)} is no plain path in the package")
    try:
        at = folder.folder(DATA)
        for part in parts[:-1]:
            at = at.folder(part)
    except ReadError:
        where = f"not in the package (its folder {DATA}); links that lead out are not followed"
        raise FormatError(f"{name}: {shown(path)} is {where}") from None
    return at, parts[-1]


def _read(source: ByteSource) -> dict[str, Any]:
    if source.size > MOST_MANIFEST:
        raise FormatError(f"{place(source.name)}: {source.size:,} bytes, where up to {MOST_MANIFEST:,} are read")
    try:
        held = json.loads(source.read(0, source.size))
    except (ValueError, RecursionError) as problem:
        said = str(problem).partition(":")[0] if isinstance(problem, ValueError) else "nested too deep"
        raise FormatError(f"{place(source.name)}: no JSON: {said}") from None
    if not isinstance(held, dict):
        raise UnsupportedError(f"{place(source.name)}: not the list of a Core ML package")
    return held
