"""Arrays that stand in place of a layer's own, under the names that torch.nn.utils gives them.

Source: torch/nn/utils/prune.py, spectral_norm.py, weight_norm.py and parametrize.py of PyTorch 2.13.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.layers._torch.recover import Shapes

PARAMETRIZED = "parametrizations."


def logical(leaf: str) -> str:
    """The parameter that an array stands for.

    >>> logical("parametrizations.weight.original"), logical("weight_orig"), logical("parametrizations.w.0.basis")
    ('weight', 'weight', 'w.0.basis')
    """
    inside = leaf.removeprefix(PARAMETRIZED)
    return inside.removesuffix(".original") if inside != leaf else leaf.removesuffix("_orig")


def plain(shapes: Shapes) -> tuple[Shapes, bool]:
    """The shapes of the layer as it was before, and whether what is kept is as large: a norm adds lengths.

    >>> plain({"bias": (4,), "weight_g": (4, 1), "weight_v": (4, 3)})
    ({'bias': (4,), 'weight': (4, 3)}, False)
    >>> plain({"parametrizations.weight.original": (4, 3)})
    ({'weight': (4, 3)}, True)
    """
    found: dict[str, tuple[Size, ...]] = {}
    same = True
    for leaf, shape in shapes.items():
        stem, pair = _halves(leaf)
        if pair is None or f"{stem}{pair}" not in shapes:
            found[logical(leaf)] = shape
        elif leaf.endswith(("_v", "1")):
            found[stem.removeprefix(PARAMETRIZED).removesuffix(".original").removesuffix("_")] = shape
            same = False
    return found, same


#: the two halves of a normed weight, length and direction: each with the ending of the other
HALVES = {"_g": "v", "_v": "g", ".original0": "1", ".original1": "0"}


def _halves(leaf: str) -> tuple[str, str | None]:
    other = next((HALVES[end] for end in HALVES if leaf.endswith(end)), None)
    return leaf[:-1], other
