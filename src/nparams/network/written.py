"""Every tensor as a row of plain values, under the keys of the JSON contract."""

from __future__ import annotations

from nparams.network.copies import every_tensor
from nparams.network.rows import plain
from nparams.network.tree import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network.network import Network
    from nparams.network.tree import Tensor


def tensor_rows(network: Network) -> list[dict[str, object]]:
    """Every tensor under the contract's keys, nothing folded."""
    return [_tensor(t) for t in every_tensor(network)]


def _tensor(t: Tensor) -> dict[str, object]:
    adds = t.size if t.role in PARAMETER_ROLES and t.tied_to is None else 0
    return {
        "name": t.name, "shape": None if t.shape is None else [plain(size) for size in t.shape], "dtype": t.dtype,
        "role": t.role, "trainable": t.trainable, "tied_to": t.tied_to,
        "stored": None if t.stored is None else list(t.stored), "note": t.note, "count": plain(t.size),
        "adds": plain(adds),
    }  # fmt: skip
