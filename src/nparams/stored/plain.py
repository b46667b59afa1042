"""Plain values as files and settings write them: strict JSON, whole numbers, and where settings lie."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import json
    from typing import Any, NoReturn, Protocol

    class Opened(Protocol):
        """The bytes of one file of settings."""

        @property
        def size(self) -> int:
            """How many bytes there are."""

        def read(self, offset: int, length: int) -> bytes:
            """Exactly `length` bytes at `offset`; ReadError if that cannot be."""

    class Folder(Protocol):
        """What lies beside the arrays, by bare name."""

        def names(self) -> list[str]:
            """Every entry's bare name, sorted."""

        def open(self, name: str) -> Opened:
            """The file of that bare name; ReadError if it cannot be read."""


LONGEST = 40  # digits


def has(folder: Folder, name: str) -> bool:
    """Whether a file of that bare name lies there; a folder that cannot be listed is asked for the one file."""
    asked = getattr(folder, "has", None)
    return name in folder.names() if asked is None else asked(name)


class Taken:
    """Settings that were in memory already, as the bytes of a file.

    >>> Taken(b"{}").read(0, 2)
    b'{}'
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`."""
        return self.data[offset : offset + length]


def strict(text: str | bytes) -> Any:
    """The value of a JSON text; ValueError for a key that comes twice, NaN, or anything else that JSON does not have.

    >>> strict('{"a": 1, "a": 2}')
    Traceback (most recent call last):
      ...
    ValueError: the key a appears twice
    """
    return decoder().decode(text if isinstance(text, str) else text.decode())


def settings(text: str | bytes) -> Any:
    """The value of a JSON text that may have NaN and Infinity, as transformers writes them into config.json.

    >>> settings('{"time_step_limit": [0.0, Infinity]}')
    {'time_step_limit': [0.0, inf]}
    """
    import json

    decoder = json.JSONDecoder(object_pairs_hook=_unique)
    return decoder.decode(text if isinstance(text, str) else text.decode())


def decoder() -> json.JSONDecoder:
    """What reads strict JSON piece by piece."""
    import json  # most headers are read without

    return json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)} appears twice")
    return held


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def whole_number(value: object) -> int | None:
    """A number as a file writes it: an int, or digits; None for anything else.

    >>> whole_number(7), whole_number("7615616512"), whole_number("7B"), whole_number(True)
    (7, 7615616512, None, None)
    """
    if type(value) is int:
        return value if 0 <= value < 10**LONGEST else None
    if isinstance(value, float) and value.is_integer() and 0 <= value < 2**53:
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < LONGEST:
        return int(value)
    return None
