"""The JSON texts in an archive, each bounded before it is parsed."""

from __future__ import annotations

from nparams.errors import FormatError, place, shown
from nparams.stored.plain import strict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files._zip import Archive

#: bytes of one text, and what makes objects in it: a weight has some 50 of these signs
MAX_BYTES, MOST_BYTES = 64_000_000, 400_000_000
MAX_SIGNS, MOST_SIGNS = 2_000_000, 50_000_000
SIGNS = (b"{", b"[", b",", b":")


class TooLong(FormatError):
    """A text with more in it than is parsed."""


def object_in(archive: Archive, name: str, file: str, limits: bool) -> dict[str, Any]:
    """The JSON object that a member is; FormatError where it is none, TooLong where it is none that is parsed."""
    signs = MAX_SIGNS if limits else MOST_SIGNS
    size = MAX_BYTES if limits else MOST_BYTES
    told, more = f"{place(file)}: {shown(name)}", "; --limits off reads more" if limits else ""
    if archive.member(name).size > size:
        raise TooLong(f"{told} takes {archive.member(name).size:,} bytes; at most {size:,} are read{more}")
    raw = archive.whole(name, size)
    found = sum(map(raw.count, SIGNS))
    if found > signs:
        raise TooLong(f"{told} holds {found:,} entries; at most {signs:,} are read{more}")
    try:
        held = strict(raw)
    except (ValueError, RecursionError) as problem:
        raise FormatError(f"{told} is no JSON: {problem}") from None
    if not isinstance(held, dict):
        raise FormatError(f"{told} is no JSON object")
    return held
