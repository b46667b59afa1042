"""What a published checkpoint holds beyond the parameters of the class: saved buffers, and layers that draft tokens.

A draft layer (multi-token prediction) is one more layer like the last, a matrix that joins two hidden states, three
norms, and in some models tables of its own: vllm-project/vllm vllm/model_executor/models/deepseek_mtp.py,
vllm/model_executor/models/qwen3_5_mtp.py.  The library leaves these layers out when it loads a file.
"""

from __future__ import annotations

from nparams.architectures._config.versions import at, put
from nparams.architectures.network import network_of
from nparams.errors import NparamsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.architectures._config.asked import Asked
    from nparams.network import Network

LAYERS = "num_hidden_layers"
#: fields that say how many draft layers there are
DRAFTS = ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_layers")
#: (types, part, field, copies of the vocabulary's table that a draft layer has of its own)
KNOWN = (
    (("deepseek_v3", "deepseek_v32"), "", "num_nextn_predict_layers", 2),
    (("glm_moe_dsa",), "", "num_nextn_predict_layers", 0),
    (("qwen3_5", "qwen3_5_moe"), "text_config", "mtp_num_hidden_layers", 0),
)


def tell(network: Network, asked: Asked, name: str) -> None:
    """Say what a checkpoint holds besides, and how many numbers that makes in all."""
    head = asked.plan.head(name)
    said = _draft_layers(asked, head.mentioned)
    if said is None and not head.has_buffers:
        return
    total, buffers = network.total, network.totals.buffers
    if not isinstance(total, int) or not isinstance(buffers, int):
        return
    held = [f"{buffers:,} numbers in buffers"] if buffers else []
    drafted = 0
    if said is not None:
        layers = "1 draft layer" if said[1] == 1 else f"{said[1]:,} draft layers"
        found = _drafted(asked, name, *said)
        if found is None:
            network.notes.append(
                f"a checkpoint may hold {layers} as well ({said[0]}), which {name} has not: not counted"
            )
            return
        drafted = found
        held.append(f"{layers} of {drafted:,} ({said[0]})")
    if held:
        network.also["checkpoint"] = total + buffers + drafted
        more = f"{' and '.join(held)}, which are no parameters of {name}"
        network.notes.append(
            f"a checkpoint also holds {more}: {network.also['checkpoint']:,} in all (also: checkpoint)"
        )


def _draft_layers(asked: Asked, mentioned: str) -> tuple[str, int] | None:
    """(field, number) of draft layers that the file has and the class has not."""
    for part in ("", "text_config"):
        place = at(asked.held, part) or {}
        for field in DRAFTS:
            count = place.get(field)
            if type(count) is int and 0 < count < 1_000 and field not in mentioned:
                return f"{part}.{field}".removeprefix("."), count
    return None


def _drafted(asked: Asked, name: str, field: str, count: int) -> int | None:
    """The numbers in the draft layers of a type whose layout is known; None for any other."""
    for kinds, part, known, tables in KNOWN:
        if asked.entry.type in kinds and field == f"{part}.{known}".removeprefix("."):
            try:
                return count * _draft(asked, name, part, tables)
            except (NparamsError, TypeError):
                return None
    return None


def _draft(asked: Asked, name: str, part: str, tables: int) -> int:
    """The numbers in one draft layer: a layer as the last is, what joins two states, norms, tables."""
    before = f"{part}." if part else ""
    fields = asked.entry.resolve(asked.held).numbers()
    h, words, layers = (fields[before + each] for each in ("hidden_size", "vocab_size", LAYERS))
    shorter = _shorter(asked.held, part, layers)
    return _numbers(asked, name, asked.held) - _numbers(asked, name, shorter) + 2 * h * h + 3 * h + tables * words * h


def _numbers(asked: Asked, name: str, held: Mapping[str, Any]) -> int:
    """Parameters and saved buffers."""
    totals = network_of(asked.entry, name, held).totals
    return totals.known + totals.buffers  # type: ignore[return-value]


def _shorter(held: Mapping[str, Any], part: str, layers: int) -> Mapping[str, Any]:
    """The file with one layer less: lists of an entry for each layer as well."""
    place = at(held, part) or {}
    made = put(held, f"{part}.{LAYERS}".removeprefix("."), layers - 1)
    for field, value in place.items():
        if isinstance(value, list) and len(value) == layers:
            made = put(made, f"{part}.{field}".removeprefix("."), value[:-1])
    return made
