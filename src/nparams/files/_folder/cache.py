"""The cache of a model hub: models--org--name/{blobs, refs, snapshots}, its snapshots full of links.

huggingface/huggingface_hub docs/source/en/guides/manage-cache.md: refs/main holds the name of the snapshot that is
current.
"""

from __future__ import annotations

import re

from nparams.errors import ReadError, escaped, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder

SNAPSHOTS, REFS, MAIN = "snapshots", "refs", "main"
#: the path of a model's own folder in a cache; its name tells what it is where the links of a copy were followed, and
#: so no blobs lie in it, or where a snapshot was asked for by its commit, and so no refs
NAMED = re.compile(r"(?:.*[/\\])?models--[^/\\]+[/\\]?", re.DOTALL)


def is_cache(names: frozenset[str], path: str = "") -> bool:
    """Whether a folder with these names in it is one repository in a hub's cache.

    >>> is_cache(frozenset(("blobs", "snapshots"))), is_cache(frozenset(("snapshots",)), "hub/models--org--name")
    (True, True)
    """
    return SNAPSHOTS in names and (REFS in names or "blobs" in names or NAMED.fullmatch(path) is not None)


def snapshot(folder: Folder) -> tuple[str, str]:
    """(the snapshot to read, why); ReadError where there is none, or several with nothing to choose by."""
    held = folder.folder(SNAPSHOTS).folders()
    where = place(folder.name)
    if not held:
        raise ReadError(f"{where}: a hub's cache without a snapshot: nothing of it has been downloaded")
    current = _main(folder)
    if current in held:
        return current, "which refs/main names"
    if len(held) == 1:
        return held[0], "the only one"
    listed = ", ".join(escaped(name[:60]) for name in held[:6])
    raise ReadError(f"{where}: {len(held)} snapshots, and refs/main names none of them; name one: snapshots/{listed}")


def _main(folder: Folder) -> str:
    """The snapshot that refs/main names; "" where it names none."""
    try:
        with folder.folder(REFS).open(MAIN) as source:
            return source.read(0, min(source.size, 200)).decode("ascii", "replace").strip()
    except ReadError:
        return ""
