"""The role of each tensor of a TorchScript archive."""

from __future__ import annotations

from nparams.dtypes import INTEGERS
from nparams.files._torchscript.objects import ATTRIBUTE, BUFFER, NATIVE_PART, PARAMETER
from nparams.roles import registered_role, role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._pytorch.arrays import Array
    from nparams.files._torchscript.objects import Found
    from nparams.files._torchscript.uses import Use


def role(found: Found, array: Array) -> tuple[str, str | None]:
    """(role, note) of a tensor that an object holds."""
    if found.how is PARAMETER or (found.how not in (BUFFER, ATTRIBUTE, NATIVE_PART) and array.trainable):
        return registered_role(found.name), array.note
    if found.how is BUFFER:
        return "buffer", array.note or "registered as a buffer"
    if found.how is ATTRIBUTE:
        return "other", "kept beside the modules, not registered"
    if found.how is NATIVE_PART:
        return packed(array)
    named, note = role_of(found.name, array.shape or (), array.dtype)
    return named, note or array.note


def packed(array: Array) -> tuple[str, str | None]:
    """A part of a packed layer: its weight, its bias, or numbers that say how it is applied."""
    quantised = array.note is not None and array.note.startswith("quantised")
    if quantised:
        return "weight", array.note
    if array.dtype in INTEGERS:
        return "bookkeeping", "how a packed layer is applied"
    return ("weight", "packed") if len(array.shape or ()) > 1 else ("bias", "packed")


def constant(array: Array, uses: Sequence[Use], frozen: bool) -> tuple[str, str | None]:
    """(role, note) of a constant of the code, by the arguments that it stands in.

    `frozen` says that the weights are constants: then an operand of additions and multiplications is one too, as long
    as it is more than one number.
    """
    whole = array.dtype in INTEGERS and not (array.note or "").startswith("quantised")
    if not whole and (array.shape or frozen):
        for letters in ("wb", "m", "ox" if frozen and array.size > 1 else ""):
            use = next((u for u in uses if u.letter in letters), None)
            if use is not None:
                return _by_use(array, use)
    what = f"of {uses[0].operator}" if uses and uses[0].letter != "-" else "of the code"
    return "other", f"a constant {what}"


def _by_use(array: Array, use: Use) -> tuple[str, str]:
    note = f"a constant, used by {use.operator}"
    if use.letter == "m":
        return "buffer", note
    narrow = sum(n > 1 for n in array.shape or ()) <= 1
    if use.letter == "b" or (use.letter == "o" and narrow) or (use.letter == "w" and use.listed and narrow):
        return "bias", note
    return "weight", note
