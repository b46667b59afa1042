"""The rows of a fleet one to a line: aligned for people, or JSON for programs."""

from __future__ import annotations

import json

from nparams.errors import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

COUNT, TYPES = 17, 12  # columns of the total, and of number types
LEAST = 24  # columns of a name, at least


def line(row: Mapping[str, Any], width: int = 100) -> str:
    """A row for people: the total, the number type, and where it lies; below that why it is refused, where it is.

    >>> row = {"total": 13002, "dtypes": {"float32": 13002}, "uri": "models/mnist.safetensors"}
    >>> print(line({**row, "error": None, "flags": [], "unknown": 0}))
               13,002  float32       models/mnist.safetensors
    >>> print(line({**row, "error": "mnist.safetensors: header says 128 bytes, but the file has 34"}, 50))
              refused  models/mnist.safetensors
                       header says 128 bytes, but the
                       file has 34
    """
    if row["error"] is not None:
        return _refused(row, width)
    total = f"{row['unknown']:,} unknown" if row["total"] is None else f"{row['total']:,}"
    head = f"{total:>{COUNT}}  {_types(row):<{TYPES}}  "
    flags = f"  ({len(row['flags']):,} flagged)" if row["flags"] else ""
    return head + _shortened(escaped(row["uri"]), max(width - len(head) - len(flags), LEAST)) + flags


def _refused(row: Mapping[str, Any], width: int) -> str:
    """Where it lies, and the reason in lines that fit, without the name that it begins with."""
    from textwrap import wrap

    uri, error = escaped(row["uri"]), escaped(row["error"])
    for name in (uri, f'"{uri}"', uri.rpartition("/")[2], f'"{uri.rpartition("/")[2]}"'):
        error = error.removeprefix(f"{name}: ")
    indent = " " * (COUNT + 2)
    told = wrap(error, max(width, LEAST + COUNT), initial_indent=indent, subsequent_indent=indent)
    return "\n".join([f"{'refused':>{COUNT}}  {_shortened(uri, max(width - len(indent), LEAST))}", *told])


def data(row: Mapping[str, Any]) -> str:
    """A row for programs: one JSON object with every column.

    >>> data({"uri": "m.bin", "total": 6})
    '{"uri": "m.bin", "total": 6}'
    """
    return json.dumps(row)


def _types(row: Mapping[str, Any]) -> str:
    """The number type of most parameters, and how many others there are."""
    dtypes = row["dtypes"] or {}
    if not dtypes:
        return ""
    most = max(dtypes, key=dtypes.__getitem__)
    return most if len(dtypes) == 1 else f"{most} +{len(dtypes) - 1}"


def _shortened(uri: str, width: int) -> str:
    """A place whose end is what tells it from others."""
    return uri if len(uri) <= width else f"…{uri[len(uri) - width + 1 :]}"
