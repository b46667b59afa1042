"""Split GGUF: NAME-00001-of-00005.gguf … as one set, found by bare name beside the file that was given.

The names and keys are those of gguf-split and gguf-py (`split.no` counts from 0, the names from 1); see llama.cpp's
tools/gguf-split/README.md and the shard rule in ggml's docs/gguf.md.
"""

from __future__ import annotations

import os.path

from nparams.errors import FormatError, escaped, shown
from nparams.files.bytesource import each
from nparams.files.shards import shard_of
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.files._gguf.values import Value
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.files.gguf import Part
    from nparams.files.shards import Shard

SPLIT_NO, SPLIT_COUNT, SPLIT_TENSORS = "split.no", "split.count", "split.tensors.count"


def complete(source: ByteSource, given: Part, folder: Folder | None, read: Callable[[ByteSource], Part]) -> list[Part]:
    """The parts of the set that `given` belongs to, in order; [given] where it stands alone.

    Raises FormatError where a part is missing, or the parts contradict one another.
    """
    count = _number(given, SPLIT_COUNT)
    if count is None or count <= 1:
        return [given]
    shard = _place(given, count)
    names, number = shard.names(), shard.number
    folder = _folder_with(names, number, given, folder)
    own = names[number - 1]
    parts = list(each(folder, lambda name: given if name == own else read(folder.open(name)), names))
    for i, part in enumerate(parts):
        _check_place(part, i, count)
    _check_together(given, parts)
    return parts


def _place(given: Part, count: int) -> Shard:
    """The given file's place by its name, which must agree with the count in the file."""
    shard = shard_of(os.path.basename(given.name))
    if shard is None or shard.count != count:
        pattern = f"NAME-00001-of-{count:05d}.gguf"
        name = escaped(given.name)
        raise FormatError(f"{name}: one of {count:,} shards, but not named {pattern}, so the others can not be found")
    return shard


def _folder_with(names: list[str], number: int, given: Part, folder: Folder | None) -> Folder:
    """The folder, once it is known to hold every name."""
    name, count = escaped(given.name), len(names)
    if folder is None:
        raise FormatError(f"{name}: shard {number} of {count}, and the others are not at hand; give it in its folder")
    there = each(folder, lambda n: n == names[number - 1] or has(folder, n), names)
    missing = [n for n, found in zip(names, there, strict=True) if not found]
    if missing:
        held = f"{count - len(missing)} of {count} shards are in {shown(folder.name)}"
        raise FormatError(f"{name}: {shown(missing[0])} is missing: {held}; download the rest")
    return folder


def _check_place(part: Part, index: int, count: int) -> None:
    """Raise FormatError unless the part says of itself what its name says."""
    number, total = _number(part, SPLIT_NO), _number(part, SPLIT_COUNT)
    if (number, total) != (index, count):
        says = f"{SPLIT_NO} is {number} and {SPLIT_COUNT} {total}".replace("None", "absent")
        raise FormatError(f"{escaped(part.name)}: {says}, where its name says {index} and {count}: not one set")


def _check_together(given: Part, parts: list[Part]) -> None:
    """Raise FormatError where two parts give one key different values, or tensors are missing."""
    first: dict[str, tuple[Value, str]] = {}
    for part in parts:
        for key, value in part.values.items():
            other, where = first.setdefault(key, (value, part.name))
            if other != value and key != SPLIT_NO:
                says = f"key {shown(key)} is {shown(str(value))}, but {shown(str(other))} in {escaped(where)}"
                raise FormatError(f"{escaped(part.name)}: {says}: not one set")
    declared, _ = first.get(SPLIT_TENSORS, (None, ""))
    held = sum(len(part.listing.tensors) for part in parts)
    if declared is not None and declared != held:
        says = f"{SPLIT_TENSORS} is {declared}, but the {len(parts)} shards hold {held:,}"
        raise FormatError(f"{escaped(given.name)}: {says}")


def _number(part: Part, key: str) -> int | None:
    value = part.values.get(key)
    if isinstance(value, str):
        raise FormatError(f"{escaped(part.name)}: key {shown(key)} is the text {shown(value)} where a number belongs")
    return value
