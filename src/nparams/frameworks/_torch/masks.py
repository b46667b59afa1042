"""Pruned models: torch.nn.utils.prune keeps a mask of zeros and ones beside each pruned parameter."""

from __future__ import annotations

import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.frameworks._torch.listing import Listing

#: weight_orig is the parameter, weight_mask a buffer (pytorch/pytorch torch/nn/utils/prune.py, BasePruningMethod.apply)
MASK, ORIGINAL = "_mask", "_orig"


def pruned(listing: Listing) -> int | None:
    """How many parameters masks set to zero; None where there are no masks, or none whose numbers are here."""
    if "buffer" not in listing.roles:
        return None
    masks = [
        k
        for k, (name, role) in enumerate(zip(listing.names, listing.roles, strict=True))
        if role == "buffer" and name.endswith(MASK)
    ]
    if not masks:
        return None
    places = {name: k for k, name in enumerate(listing.names)}
    torch = sys.modules["torch"]
    plain = (torch.Tensor, torch.nn.Buffer)
    found = None
    for k in masks:
        mask = listing.held[k]
        original = places.get(listing.names[k].removesuffix(MASK) + ORIGINAL)
        if type(mask) not in plain or original is None or listing.held[original].shape != mask.shape:
            continue
        if not mask.is_meta and listing.own(k):
            with suppress(RuntimeError, NotImplementedError):  # inside vmap there are no numbers to look at
                found = (found or 0) + mask.numel() - int(mask.count_nonzero())
    return found
