"""The table of mistakes, from its parts: a name, how common it is, and where it may have been made."""

from __future__ import annotations

from nparams.analyses._mistakes_biases import ROWS as BIASES
from nparams.analyses._mistakes_flatten import ROWS as FLATTEN
from nparams.analyses._mistakes_recurrent import ROWS as RECURRENT
from nparams.analyses._mistakes_transformers import ROWS as TRANSFORMERS
from nparams.analyses._mistakes_whole import ROWS as WHOLE
from nparams.analyses._mistakes_windows import ROWS as WINDOWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.analyses._edits import Edit
    from nparams.analyses._terms import Case

TABLE = (*BIASES, *FLATTEN, *RECURRENT, *TRANSFORMERS, *WHOLE, *WINDOWS)
RANKS = {row.name: row.rank for row in TABLE}


def edits(case: Case) -> list[Edit]:
    """Every single mistake that can be made in a network, the most common first."""
    found: list[Edit] = []
    for row in TABLE:
        for edit in row.find(case):
            edit.mistake = row.name
            found.append(edit)
    found.sort(key=rank)
    return found


def rank(edit: Edit) -> float:
    """How uncommon an edit is: its mistake, and how odd it is to make it just there."""
    return RANKS[edit.mistake] + edit.scope
