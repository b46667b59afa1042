"""What nparams answers for a config, and how it differs from what the library builds."""

from __future__ import annotations

import json
from typing import Any

import nparams
from nparams.errors import InvariantError, NparamsError
from tools.derive.trial.space import Found, Raw

SHOWN = 3


#: in the ties of an answer: the library makes one that is told beside it
FORCED = "*"


class Refusal(Exception):
    """nparams refuses this config, with its reason."""


def answer(model_type: str, head: str, raw: Raw) -> Found:
    """The tensors that nparams lists for a config.json.  Raises Refusal; any other error is a mistake."""
    config = json.loads(json.dumps({**raw, "model_type": model_type, "architectures": [head]}))
    try:
        return listed(nparams.read(config))
    except InvariantError:
        raise
    except NparamsError as error:
        raise Refusal(str(error)) from error


def use_entry(entry: dict[str, Any]) -> None:
    """Let nparams answer by this entry, whatever the packed catalogue has."""
    from nparams.architectures.catalogue import use

    use({entry["type"]: entry})


def listed(network: nparams.Network) -> Found:
    """A network's tensors as the library would list them."""
    parameters, ties, buffers = {}, {}, {}
    for tensor in network.tensors():
        shape: Any = tuple(tensor.shape or ())
        if tensor.role == "buffer":
            buffers[tensor.name] = shape
        else:
            parameters[tensor.name] = shape
            if tensor.tied_to:
                ties[tensor.name] = tensor.tied_to
    total: Any = network.also.get("library", network.total)
    if "library" in network.also:  # a tie that the file denies and the library makes: told beside the count
        ties = {FORCED: ""}
    return Found(total, parameters, ties, buffers)


def differences(real: Found, told: Found) -> list[str]:
    """How an answer is wrong, a line for each part of it; [] where it is right.

    >>> differences(Found(4, {"w": (2, 2)}, {}, {}), Found(6, {"w": (2, 3)}, {}, {}))
    ['total: 4 real, 6 told', 'parameters: w (2, 2) real, (2, 3) told']
    """
    lines = [] if real.total == told.total else [f"total: {real.total} real, {told.total} told"]
    for what in ("parameters", *(() if FORCED in told.ties else ("ties",)), "buffers"):
        lines += unlike(what, getattr(real, what), getattr(told, what))
    return lines


def unlike(what: str, real: dict[str, Any], told: dict[str, Any]) -> list[str]:
    """The names of which two tables say something else; the first few, and how many more."""
    names = [name for name in {**real, **told} if real.get(name) != told.get(name)]
    lines = [
        f"{what}: {name} {real.get(name, 'absent')} real, {told.get(name, 'absent')} told" for name in names[:SHOWN]
    ]
    return lines + ([f"{what}: {len(names) - SHOWN} more"] if len(names) > SHOWN else [])
