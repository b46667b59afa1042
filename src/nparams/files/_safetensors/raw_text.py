"""Text that is still bytes: checked and quoted without building it whole."""

from __future__ import annotations

PIECE = 1 << 16


def excerpt(raw: bytes, at: int) -> str:
    """A few characters at `at`, for a message."""
    return raw[at : at + 20].decode("utf-8", "replace")


def bad_utf8(raw: bytes) -> int | None:
    """The first byte that is not UTF-8, checked without building the text (which may take four times the memory)."""
    if raw.isascii():
        return None
    at = 0
    while at < len(raw):
        piece = raw[at : at + PIECE]
        try:
            piece.decode("utf-8")
        except UnicodeDecodeError as error:
            whole_end = at + len(piece) == len(raw)
            if whole_end or error.reason != "unexpected end of data" or error.start < len(piece) - 3:
                return at + error.start
            at += error.start
        else:
            at += len(piece)
    return None
