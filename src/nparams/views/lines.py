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
    """A row for people: the total, the number type, and where it lies; why there is no total, where it is refused.

    >>> row = {"total": 13002, "dtypes": {"float32": 13002}, "uri": "models/mnist.safetensors"}
    >>> print(line({**row, "error": None, "flags": [], "unknown": 0}))
               13,002  float32       models/mnist.safetensors
    """
    if row["error"] is not None:
        return f"{'refused':>{COUNT}}  {escaped(row['error'])}"
    total = f"{row['unknown']:,} unknown" if row["total"] is None else f"{row['total']:,}"
    head = f"{total:>{COUNT}}  {_types(row):<{TYPES}}  "
    flags = f"  ({len(row['flags']):,} flagged)" if row["flags"] else ""
    return head + _shortened(escaped(row["uri"]), max(width - len(head) - len(flags), LEAST)) + flags


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
