"""One row a tensor: its shape, number type, role, and what it adds to the total."""

from __future__ import annotations

from nparams.network import PARAMETER_ROLES
from nparams.network.copies import every_tensor
from nparams.views.look import Look, asides, heading, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Network, Tensor

HEAD = ("tensor", "shape", "dtype", "role", "adds", "note")
NUMERIC = 4


def render(network: Network, look: Look | None = None) -> str:
    """Every tensor by itself, nothing folded."""
    look = look or Look()
    rows = [HEAD, *(_row(t, look) for t in every_tensor(network))]
    wide = [max(len(row[k]) for row in rows) for k in range(len(HEAD))]
    lines = ["  ".join(_set(cell, w, k) for k, (cell, w) in enumerate(zip(row, wide, strict=True))) for row in rows]
    return "\n".join(
        [
            heading(network, look),
            "",
            *(line.rstrip() for line in lines),
            "",
            summary(network, look),
            *asides(network, look),
        ]
    )


def _set(cell: str, width: int, place: int) -> str:
    return cell.rjust(width) if place == NUMERIC else cell.ljust(width)


def _row(t: Tensor, look: Look) -> tuple[str, ...]:
    adds = t.size if t.role in PARAMETER_ROLES and t.tied_to is None else 0
    return (
        look.name(t.name), "?" if t.shape is None else f"({', '.join(map(str, t.shape))})", t.dtype or "",
        t.role, look.number(adds), look.name(_note(t)),
    )  # fmt: skip


def _note(t: Tensor) -> str:
    tied = [] if t.tied_to is None else [f"tied to {t.tied_to}"]
    held = [] if t.stored is None else [f"stored as {t.stored[0]:,} elements, {t.stored[1]:,} bytes"]
    return "; ".join([*tied, *held, *([t.note] if t.note else [])])
