"""Which tensors of an exported program are parameters and which are buffers, where only its graph says so.

pytorch torch/_export/serde/schema.py (`GraphSignature`): a list of inputs since 2.2, two dictionaries before.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PARAMETERS, BUFFERS = "parameter", "buffer"


def registered(program: dict[str, Any]) -> dict[str, str]:
    """Name -> "parameter" or "buffer"; {} where the program does not say.

    >>> spec = {"parameter": {"arg": {"name": "p"}, "parameter_name": "fc.weight"}}
    >>> registered({"graph_module": {"signature": {"input_specs": [spec]}}})
    {'fc.weight': 'parameter'}
    """
    held: Any = program
    for key in ("graph_module", "signature"):
        held = held.get(key) if isinstance(held, dict) else None
    if not isinstance(held, dict):
        return {}
    return _specs(held.get("input_specs")) or _old(held)


def _specs(told: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for spec in told if isinstance(told, list) else ():
        for kind in (PARAMETERS, BUFFERS):
            inner = spec.get(kind) if isinstance(spec, dict) else None
            name = inner.get(f"{kind}_name") if isinstance(inner, dict) else None
            if isinstance(name, str):
                found[name] = kind
    return found


def _old(held: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind in (PARAMETERS, BUFFERS):
        names = held.get(f"inputs_to_{kind}s")
        found |= {name: kind for name in names.values() if isinstance(name, str)} if isinstance(names, dict) else {}
    return found
