"""The rows as comma-separated values, the columns named as in the JSON contract."""

from __future__ import annotations

import csv
from io import StringIO

from nparams.views.cells import contract_cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network
    from nparams.views.look import Look


def render(network: Network, look: Look | None = None) -> str:
    """A header and one line a row; no sum line, so that the column total adds up to the network's."""
    out = StringIO()
    rows = network.rows()
    names = list(rows[0]) if rows else ["name", "total"]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_safe(contract_cell(row[name])) for name in names] for row in rows)
    return out.getvalue().rstrip("\n")


def _safe(text: str) -> str:
    """A name from a file must not become a formula in a spreadsheet."""
    from nparams.errors import escaped

    text = escaped(text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
