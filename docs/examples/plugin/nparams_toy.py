"""A format of one's own: TOY1, how many tensors, then for each its name, its sizes and its float32 numbers."""

from nparams.errors import FormatError, shown
from nparams.network import Network, Tensor
from nparams.registry import Source

SOURCE = Source(
    "toy", "file", "nparams_toy", "toy weights", "weights.toy", suffixes=(".toy",), magic=((0, b"TOY1"),)
)  # fmt: skip


def read(source, folder=None, *, limits=True):
    """The network in a .toy file; `source` has a name, a size and read(offset, length)."""
    tensors, at = [], 5
    for _ in range(source.read(4, 1)[0]):
        length, rank = source.read(at, 2)
        if rank > 4:
            raise FormatError(f"{source.name}: byte {at + 1}: a tensor of {rank} dimensions; a toy has up to 4")
        name = source.read(at + 2, length).decode("ascii", "replace")
        sizes = source.read(at + 2 + length, 4 * rank)
        shape = tuple(int.from_bytes(sizes[k : k + 4], "little") for k in range(0, 4 * rank, 4))
        role = "bias" if name.endswith("bias") else "weight"
        tensors.append(Tensor(name, shape, "float32", role))
        at += 2 + length + 4 * rank + 4 * tensors[-1].size  # the numbers are not read
        if at > source.size:
            raise FormatError(f"{source.name}: {shown(name)} ends at byte {at:,} of {source.size:,}. Cut short?")
    return Network(tensors=tensors, source=source.name, form="toy", read_as=f"toy weights, {len(tensors)} tensors")
