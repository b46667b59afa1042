"""Writes NumPy arrays byte by byte, right or wrong."""

from __future__ import annotations

from collections.abc import Mapping

from tests.zip_maker import M, archive


def array(text: str, data: bytes | int = 0, version: int = 1, length: int | None = None) -> bytes:
    """An array of any header text; `length` is the header's length as it claims."""
    raw = text.encode("utf-8" if version == 3 else "latin-1")
    width = 2 if version == 1 else 4
    size = len(raw) if length is None else length
    return b"\x93NUMPY" + bytes((version, 0)) + size.to_bytes(width, "little") + raw + bytes(data)


def of(descr: str, shape: str, data: int) -> bytes:
    """An array as NumPy writes its header."""
    return array(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}\n", data)


def npz(members: Mapping[str, bytes], deflated: bool = False) -> bytes:
    return archive([M(name, data, deflated) for name, data in members.items()])
