"""What readers of several formats say alike: the print-back, and totals that a file declares of itself.

A declared total is shown beside the count, in words where they differ, and never used: published files have declared
333,312 parameters for 7.6 billion (huggingface_hub issue 4221).
"""

from __future__ import annotations

from nparams.stored.plain import whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from nparams.network import Network

#: what a declared total is called in a header's metadata, an index or a configuration
TOTALS = (
    "total_parameters",
    "num_parameters",
    "parameter_count",
    "total_params",
    "num_params",
    "n_params",
    "n_parameters",
)


def told(form: str, count: int, scheme: str | None, shards: int = 1) -> str:
    """The print-back of a file: how many tensors, in how many files, and how they are packed.

    >>> told("safetensors", 3, None, 2)
    'safetensors, 3 tensors, 2 shards'
    """
    parts = [form, f"{count:,} tensor{'' if count == 1 else 's'}"]
    return ", ".join([*parts, *([f"{shards:,} shards"] if shards > 1 else []), *([scheme] if scheme else [])])


def declared_in(held: Mapping[str, object]) -> int | None:
    """The total that metadata or a configuration declares, under any of the usual names.

    >>> declared_in({"format": "pt", "total_parameters": "333312"})
    333312
    """
    return next((n for key in TOTALS if (n := whole_number(held.get(key))) is not None), None)


def say_total(network: Network, value: object, who: str) -> None:
    """Keep a declared total in `also`, with a note where the tensors hold another.

    >>> from nparams.network import Network, Tensor
    >>> network = Network(tensors=[Tensor("w", (2, 3), "float32")])
    >>> say_total(network, "8", "the file")
    >>> network.also, network.notes
    ({'declared': 8}, ['the file declares 8 parameters; its tensors hold 6'])
    """
    declared = whole_number(value)
    if declared is None or "declared" in network.also:
        return
    network.also["declared"] = declared
    if network.total is not None and network.total != declared:
        network.notes.append(f"{who} declares {declared:,} parameters; its tensors hold {network.total:,}")


def say_bytes(network: Network, value: object, held: int | None) -> None:
    """A note where an index declares another number of bytes than its tensors take (a tied one once, or each time)."""
    declared = whole_number(value)
    if declared is None or held is None or declared == held:
        return
    network.notes.append(f"the index declares {declared:,} bytes of tensors; the shards hold {held:,}")
