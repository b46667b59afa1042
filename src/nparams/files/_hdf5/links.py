"""Links: the names that a group gives to other objects.

HDF5 File Format Specification version 3.0: IV.A.2.c (The Link Info Message), IV.A.2.g (The Link Message).  Only hard
links are followed; those that lead elsewhere by a path are refused, wherever they lead.
"""

from __future__ import annotations

from nparams.errors import shown

#: of a name, and of the path in a soft link
NAME_BYTES = 1 << 16


class Link:
    """A hard link: a name, the address of the object header, and when it was made (-1: not known)."""

    __slots__ = ("address", "key", "made", "name")

    def __init__(self, key: bytes, address: int, made: int = -1) -> None:
        #: the name as stored
        self.key = key
        self.name = text(key)
        self.address = address
        self.made = made


def text(data: bytes) -> str:
    """A name or a string's value: UTF-8, with an escape for each byte that is not."""
    return data.decode("utf-8", "backslashreplace")


def soft(name: str, path: bytes) -> str:
    """What to say of a soft link."""
    return f"a soft link {shown(name)} -> {shown(text(path))}: not followed; save a copy that holds the data itself"
