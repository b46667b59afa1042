"""The rows as comma-separated values, the columns named as in the JSON contract."""

from __future__ import annotations

import csv
from io import StringIO

from nparams.network.written import tensor_rows
from nparams.views.cells import contract_cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nparams.network import Network
    from nparams.views.look import Look


def render(network: Network, look: Look | None = None, *, tensors: bool = False) -> str:
    """A header and one line a row (or a tensor); no sum line, so that the column total (adds) gives the network's."""
    table = _asked(look, tensors)
    rows = table(network)
    names = list((rows or table(_smallest()))[0])
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_safe(contract_cell(row[name])) for name in names] for row in rows)
    return out.getvalue().rstrip("\n")


def _asked(look: Look | None, tensors: bool) -> Callable[[Network], list[dict[str, object]]]:
    """What makes the lines."""
    if tensors:
        return tensor_rows
    if look is not None and look.by == "kind":
        return lambda network: network.by_kind()
    depth = None if look is None else look.depth
    return _rows if depth is None else lambda network: network.rows(depth=depth)


def _smallest() -> Network:
    """A network of one number: its header is that of an empty one too."""
    from nparams.network import Network, Tensor

    return Network(tensors=[Tensor("weight", (1,))])


def _rows(network: Network) -> list[dict[str, object]]:
    """The rows; with a column of totals for every other convention that is asked for."""
    rows = network.rows()
    for name, other in network.conventions.items():
        totals = {row.module.name: row.total for row in other.layers}
        for row, held in zip(rows, network.layers, strict=True):
            if other is not network:
                row[f"total_{name}"] = totals.get(held.module.name)
    return rows


def _safe(text: str) -> str:
    """A name from a file must not become a formula in a spreadsheet."""
    from nparams.errors import escaped

    text = escaped(text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
