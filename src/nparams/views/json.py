"""The JSON contract: one object, every key present, integers exact, symbolic sizes as text, null for the unknowable."""

from __future__ import annotations

import json

from nparams.network.rows import plain
from nparams.network.split import components, embedding, fingerprint
from nparams.network.written import tensor_rows
from nparams.views.look import Look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.network import Network

SCHEMA = 1


def render(network: Network, look: Look | None = None, *, tensors: bool = False) -> str:
    """The object as text: one line a key, and one line for each row or tensor."""
    lines = [f"  {json.dumps(key)}: {_value(held)}" for key, held in contract(network, tensors=tensors).items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _value(held: object) -> str:
    """A list of objects one to a line, anything else on one line."""
    if isinstance(held, list) and held and isinstance(held[0], dict):
        return "[\n" + ",\n".join(f"    {json.dumps(item)}" for item in held) + "\n  ]"
    return json.dumps(held)


def contract(network: Network, *, tensors: bool = False) -> dict[str, object]:
    """The object itself."""
    totals = network.totals
    tables = embedding(network)
    return {
        "schema": SCHEMA,
        "source": network.source,
        "form": network.form,
        "read_as": network.read_as,
        "convention": network.convention,
        "total": plain(totals.total),
        "known": plain(totals.known),
        "unknown": totals.unknown,
        "weights": plain(totals.weights),
        "biases": plain(totals.biases),
        "trainable": plain(totals.trainable),
        "frozen": plain(totals.frozen),
        "listed": plain(totals.listed),
        "buffers": plain(totals.buffers),
        "bookkeeping": plain(totals.bookkeeping),
        "other": plain(totals.other),
        "elements": plain(totals.elements),
        "parameter_bytes": plain(totals.parameter_bytes),
        "bytes": plain(totals.bytes),
        "bits_per_parameter": totals.bits_per_parameter,
        "embedding": plain(tables),
        "non_embedding": plain(_difference(totals.total, tables)),
        "active": plain(totals.active),
        "components": _plain_values(components(network)),
        "dtypes": _plain_values(totals.dtypes),
        "formula": network.formula(),
        "where": list(network.where),
        "also": _plain_values(network.also),
        "fingerprint": fingerprint(network),
        "flags": list(network.flags),
        "layers": network.rows(),
        "tensors": tensor_rows(network) if tensors else None,
        "notes": list(network.notes),
    }


def _difference(total: Size | None, part: Size | None) -> Size | None:
    if total is None or part is None:
        return None
    if part == 0:
        return total
    from nparams.network.closed import tidy

    return tidy(total - part)


def _plain_values(values: dict[str, Size] | None) -> dict[str, object] | None:
    return None if values is None else {name: plain(size) for name, size in values.items()}
