"""The tensors of a Keras 3 weights file: every object's variables, with the names, roles and sizes of Keras."""

from __future__ import annotations

from nparams.errors import shown
from nparams.files._hdf5 import Dataset
from nparams.files._keras import quantised, store
from nparams.files._keras.names import Names
from nparams.files._keras.numbers import number_of
from nparams.files._keras.order import DENSE
from nparams.files._keras.roles import not_the_model, role
from nparams.files._keras.variables import KINDS
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.files._hdf5 import Group
    from nparams.files._keras.config import Layer
    from nparams.files._keras.store import Stored
    from nparams.files._keras.variables import Named

    Path = tuple[str, ...]


class Read:
    """What a weights file holds, and what should be said of it."""

    __slots__ = (
        "alike",
        "bytes_alone",
        "disagree",
        "guessed",
        "kinds",
        "left_out",
        "lora",
        "named",
        "scheme",
        "tensors",
    )

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        #: object's name -> its class, where it is known
        self.kinds: dict[str, str] = {}
        #: layers that bear the name of another, and may be the same layer
        self.alike: list[str] = []
        #: objects of which the configuration says another size
        self.disagree: list[str] = []
        #: names of objects whose class is not known
        self.guessed: list[str] = []
        #: whether int8 kernels stand here of which nothing says how many bits a number has
        self.bytes_alone = False
        #: what holds no plain numbers
        self.left_out: list[str] = []
        self.scheme: str | None = None
        #: numbers that Keras adds for LoRA when it loads the model
        self.lora = 0
        #: whether objects bear their names, as Keras writes them since 3.6
        self.named = False


def read(roots: Sequence[Group], config: Layer | None, version: str | None = None) -> Read:
    """Every variable in a weights file of Keras 3, or in its shards; `config` is the model's configuration, if any."""
    found, stray = store.objects(roots)
    if config is not None:
        found = _in_order(found, config)
    return _Reader(found, config, older=(version or "").startswith("2.")).read(stray)


def _in_order(found: list[Stored], config: Layer) -> list[Stored]:
    """The objects in the order of the configuration; what it does not know stays with what it stands in."""

    def place(each: Stored) -> tuple[int, int]:
        if each.path[:1] in (("optimizer",), ("metrics",)):
            return 1, 0
        way = list(config.way(each.path))
        return 0, way[-1].order

    return sorted(found, key=place)


class _Reader:
    def __init__(self, found: list[Stored], config: Layer | None, *, older: bool) -> None:
        self.found = found
        self.older = older
        self.names = Names(found, config)
        self.made = Read()
        self.taken: set[str] = set()
        #: file and address of a dataset -> the tensor that it is
        self.places: dict[tuple[int, int], Tensor] = {}
        #: (path, variable's name) -> its tensor
        self.by_path: dict[tuple[Path, str], Tensor] = {}
        #: tensors that are variables of another object: (tensor, that object's path, name)
        self.copies: list[tuple[Tensor, Path, str]] = []

    def read(self, stray: list[tuple[Path, Dataset, int]]) -> Read:
        made = self.made
        for stored in self.found:
            made.named = made.named or stored.name is not None
            if stored.kept:
                self._object(stored)
        for path, dataset, shard in stray:
            self._stray(path, dataset, shard)
        for tensor, path, name in self.copies:
            owner = self.by_path.get((path, name))
            if owner is not None and owner.shape == tensor.shape and tensor.tied_to is None:
                tensor.tied_to = owner.name
                tensor.note = "the wrapped layer's own, which is saved with both"
        return made

    def _object(self, stored: Stored) -> None:
        if not self.names.check(stored.path, [(dataset.shape or (), None) for _, dataset, _ in stored.kept]):
            self.made.disagree.append("/".join(stored.path))
        layer = self.names.layer(stored.path)
        sized = [(key, dataset, shard, *number_of(dataset, layer)) for key, dataset, shard in stored.kept]
        kept = [(dataset.shape or (), dtype) for _, dataset, _, dtype, _ in sized]
        reason = not_the_model(stored.path, stored.name, kept)
        if reason is not None:
            reason += f" ({stored.name})" if stored.name else ""
            named, kind = None, None
        else:
            named, kind = self.names.named(stored.path, kept, [key for key, *_ in sized])
        prefix = "/".join(stored.path) if reason else self.names.of(stored.path)
        held: dict[str, Tensor] = {}
        for k, (key, dataset, shard, dtype, told) in enumerate(sized):
            if not _has_numbers(dataset, dtype):
                self.made.left_out.append(f"{prefix}/{key}")
                continue
            leaf = key if named is None else named.names[k]
            if self.older and kind is not None and kind.startswith("DepthwiseConv") and leaf == "kernel":
                leaf = "depthwise_kernel"  # what tf.keras calls it
            tensor = Tensor(self._unused(f"{prefix}/{leaf}", stored.path, key), dataset.shape, dtype)
            self._add(tensor, dataset, shard)
            held[leaf] = tensor
            self.by_path[stored.path, leaf] = tensor
            self._tell(tensor, leaf, named, reason, told)
            if named is not None and leaf in named.copies:
                self.copies.append((tensor, (*stored.path, "layer"), leaf))
        if named is not None:
            self._settle(stored, held, named, kind, layer, prefix)

    def _tell(self, tensor: Tensor, leaf: str, named: Named | None, reason: str | None, told: str | None) -> None:
        if named is None:
            tensor.role, tensor.note = "other", reason
            return
        shape: Path = tensor.shape or ()  # type: ignore[assignment]
        tensor.role, note = role(leaf, shape, tensor.dtype, sure=named.sure, buffers=named.buffers)  # type: ignore[arg-type]
        tensor.note = tensor.note or told or note or named.note

    def _settle(
        self, stored: Stored, held: dict[str, Tensor], named: Named, kind: str | None, layer: Layer | None, prefix: str
    ) -> None:
        """What only all variables of an object tell: packed kernels, whether they are trained, adapters."""
        made = self.made
        if kind is None:
            made.guessed.append(prefix)
        else:
            made.kinds[prefix] = KINDS.get(kind, kind)
        mode = None if layer is None else layer.dtype()[1]
        if named.mode or mode:
            scheme = quantised.unpack(held, layer, mode or named.mode)
            made.scheme = made.scheme or scheme
            made.bytes_alone = made.bytes_alone or (mode is None and named.mode == "int8" and kind in DENSE)
        flag = self.names.trainable(stored.path)
        rank = None if layer is None else layer.settings.get("lora_rank")
        rank = rank if type(rank) is int and 0 < rank < 1 << 20 else 0
        for leaf, tensor in held.items():
            packed = tensor.dtype in ("int8", "uint8", "int4")
            kept = tensor.role == "bookkeeping" and (mode or named.mode) != "float8"
            frozen = leaf in named.buffers or packed or kept or (rank and leaf in quantised.WEIGHTS)
            tensor.trainable = False if frozen and flag is not None else flag
            if rank and leaf in ("kernel", "embeddings") and tensor.shape:
                last = tensor.shape[-1]
                made.lora += rank * ((tensor.size or 0) // (last or 1) + last)  # type: ignore[assignment]

    def _stray(self, path: Path, dataset: Dataset, shard: int) -> None:
        dtype, told = number_of(dataset, None)
        name = "/".join(path)
        if not _has_numbers(dataset, dtype):
            self.made.left_out.append(name)
            return
        tensor = Tensor(self._unused(name, path, ""), dataset.shape, dtype, "other", note=told or STRAY)
        self._add(tensor, dataset, shard)

    def _add(self, tensor: Tensor, dataset: Dataset, shard: int) -> None:
        first = self.places.setdefault((shard, dataset.address), tensor)
        if first is not tensor:
            tensor.tied_to = first.name
            tensor.note = "the same dataset under a second name"
        self.made.tensors.append(tensor)

    def _unused(self, name: str, path: Path, key: str) -> str:
        """A name that no other tensor has: by its path where Keras gave two objects one name."""
        if name in self.taken:
            name = "/".join((*path, store.VARS, key))
        while name in self.taken:
            name = f"{name}'"
        self.taken.add(name)
        return name


STRAY = "in no group that Keras writes: it would not be loaded"


def _has_numbers(dataset: Dataset, dtype: str | None) -> bool:
    return dataset.shape is not None and (dtype is not None or dataset.dtype_text.startswith("opaque"))


def listed(names: list[str], limit: int = 3) -> str:
    """The first few of some names, for a note.

    >>> listed(["a", "b", "c", "d", "e"])
    '"a", "b", "c" and 2 more'
    """
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(shown(name) for name in names[:limit]) + more
