"""Weights as indices into codebooks: EXL3 and AQLM."""

from __future__ import annotations

from nparams.stored._packed.scheme import Found, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.stored._packed.scheme import Group

EXL3 = ("suh", "svh", "su", "sv", "mcg", "mul1", "scale")
PADDED = "EXL3 rounds both sides of a layer up to a multiple of 128, and counts here are of the rounded layers"


def exl3(group: Group, leaf: str) -> Found | None:
    """trellis int16 (in/16, out/16, 16·bits), suh (in) and svh (out), or su and sv with 16 signs to a number.

    turboderp-org/exllamav3 exllamav3/modules/quant/exl3.py, `LinearEXL3`, and modules/linear.py (`pad_to`).  There are
    half bits too: 16·bits is a whole number.
    """
    packed, rest = group.entry(leaf), group.present(*EXL3)
    if packed.dtype not in ("int16", "uint16") or len(packed.shape) != 3 or not rest:
        return None
    shape = packed.shape[1] * 16, packed.shape[0] * 16
    signs = [(group.get("svh"), group.get("sv")), (group.get("suh"), group.get("su"))]
    told = tuple(whole.size if whole else bits.size * 16 if bits else None for whole, bits in signs)
    if told != shape:
        raise Unknown("EXL3", "the signs beside it do not give its size", rest)
    return Found("EXL3", shape, "exl3", rest, PADDED)


def aqlm(group: Group, leaf: str) -> Found | None:
    """codes (out/o, in/i, K), codebooks (K, entries, o, i), scales (out/o, 1, 1, 1).

    Vahe1994/AQLM inference_lib/src/aqlm/inference.py, `QuantizedLinear`; its `prepare_matmul_op` turns the codes round
    where they are used without a GPU.
    """
    codes, books, rest = group.entry(leaf), group.get("codebooks"), group.present("codebooks", "scales")
    if books is None:
        return None
    if len(codes.shape) != 3 or len(books.shape) != 4 or codes.shape[2] != books.shape[0]:
        raise Unknown("AQLM", f"codes {codes.shape} do not fit codebooks {books.shape}", rest)
    scales = group.get("scales")
    if scales is not None and scales.shape[:1] == codes.shape[1:2] != codes.shape[:1]:
        return Found("AQLM", (codes.shape[1] * books.shape[2], codes.shape[0] * books.shape[3]), "aqlm", rest)
    return Found("AQLM", (codes.shape[0] * books.shape[2], codes.shape[1] * books.shape[3]), "aqlm", rest)
