"""One tree of an Orbax checkpoint, a folder -> its leaves.

Which leaves there are, `_METADATA` says; without it, the names of the arrays do, whose keys are joined by dots
(google/orbax checkpoint/orbax/checkpoint/_src/serialization/type_handlers.py).  Shapes and number types stand in zarr's
record of each array, in the OCDBT database or in a folder of its own.
"""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, escaped, shown
from nparams.files._orbax import directories, ocdbt
from nparams.files._orbax.items import TOGETHER
from nparams.files._orbax.tree import METADATA, read_tree
from nparams.files._orbax.zarr import SECOND, THIRD, record
from nparams.stored.trees import Leaf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._orbax.tree import Node
    from nparams.files._orbax.zarr import Zarr
    from nparams.files.bytesource import Folder

ENDINGS = tuple(f"/{name}".encode() for name in (SECOND, THIRD))
#: types of leaves that are no arrays -> what they are; "" for what holds nothing
PLAIN = {"scalar": "a number, not an array"}
NOTHING = frozenset(("None", "Dict", "List", "Tuple", "NamedTuple", "string", "Unknown"))
#: where processes say which arrays are keys of random numbers (orbax _src/metadata/array_metadata_store.py)
METADATAS, PROCESS = "array_metadatas", "process_"
MAX_METADATAS = 8_000_000  # bytes
KEYS = "random_key_impl"
MAPS = (*range(0x80, 0x90), 0xDE, 0xDF)  # how a map of msgpack begins


class Checkpoint:
    """The leaves of one tree, and what should be said of them."""

    __slots__ = ("flags", "leaves", "listed", "where")

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.flags: list[dict[str, str]] = []
        #: whether a list of the leaves was there
        self.listed = False
        #: how the arrays are kept, in words
        self.where = "zarr"


def read_checkpoint(folder: Folder, *, limits: bool = True) -> Checkpoint:
    """The tree in a folder.

    Raises FormatError for what is damaged or hostile, ReadError where a part of it is not here.
    """
    names = frozenset(folder.names())
    made = Checkpoint()
    arrays = _arrays(folder, names, made, limits)
    packed = _packed(folder, names, limits)
    if METADATA in names:
        with folder.open(METADATA) as source:
            nodes = read_tree(source, limits=limits)
        made.listed = True
        _by_list(nodes, arrays, packed, made)
    else:
        made.leaves = [_leaf(tuple(name.split(".")), held) for name, held in arrays.items()]
        made.leaves += [leaf for name, leaf in packed.items() if name not in arrays]
        made.listed = TOGETHER in names
    _set_keys_aside(folder, made)
    return made


def _arrays(folder: Folder, names: frozenset[str], made: Checkpoint, limits: bool) -> dict[str, Zarr]:
    """Every array that is stored, by its name."""
    if ocdbt.NAME not in names:
        problem = ocdbt.unreadable(folder)
        if problem is not None:
            raise problem
        return directories.every(folder, limits=limits)
    made.where = "OCDBT"
    found = {}
    for key, data in ocdbt.values(folder, ENDINGS, limits=limits).items():
        try:
            text = key.decode()
        except UnicodeDecodeError:
            raise FormatError(f"{ocdbt.NAME}: the key {shown(key.decode('utf-8', 'replace'))} is no UTF-8") from None
        name = text[: text.rfind("/")]
        held = record(data, f"{ocdbt.NAME}: {escaped(text[-200:])}")
        if held is not None:
            if name in found:
                raise FormatError(f"{ocdbt.NAME}: {shown(name)} has two records, one of each version of zarr")
            found[name] = held
    return found


def _packed(folder: Folder, names: frozenset[str], limits: bool) -> dict[str, Leaf]:
    """Leaves that stand together in one file of msgpack, by name: Orbax until 0.5 could write them so, and T5X does.

    What stands in a record of its own is a text there ("PLACEHOLDER://params.w"), and so no leaf.
    """
    if TOGETHER not in names or TOGETHER in folder.folders():
        return {}
    from nparams.files._flax.tree import leaves_of

    with folder.open(TOGETHER) as source:
        if not source.size or source.read(0, 1)[0] not in MAPS:  # TensorFlow writes a text of that name
            return {}
        return {".".join(leaf.path): leaf for leaf in leaves_of(source, limits=limits)}


def _by_list(nodes: list[Node], arrays: dict[str, Zarr], packed: dict[str, Leaf], made: Checkpoint) -> None:
    """The leaves that are listed; those that are not are flagged, for Orbax would not restore them."""
    left = set(arrays)
    for node in nodes:
        name = ".".join(node.path)
        held = arrays.get(name)
        left.discard(name)
        if held is not None:
            made.leaves.append(_leaf(node.path, held, PLAIN.get(node.kind or "")))
        elif name in packed:
            made.leaves.append(packed[name])
        elif node.kind not in NOTHING:
            if not arrays and not packed:
                leaves = "1 leaf" if len(nodes) == 1 else f"{len(nodes):,} leaves"
                where = f"{ocdbt.NAME} or a folder for each array, and none of that is here"
                raise ReadError(f"{METADATA} lists {leaves}; shapes stand in {where}")
            raise FormatError(f"{METADATA} lists {shown(name)}, which is not stored. Cut short?")
    if left:
        first = escaped(min(left)[:80])
        many = "1 array is" if len(left) == 1 else f"{len(left):,} arrays are"
        text = f"{many} stored that {METADATA} does not list, the first {first}: not counted"
        made.flags.append({"kind": "unlisted", "text": text})


def _leaf(path: tuple[str, ...], held: Zarr, why: str | None = None) -> Leaf:
    return Leaf(path, held.shape, held.dtype, held.size, stored=held.stored, why=why or held.why)


def _set_keys_aside(folder: Folder, made: Checkpoint) -> None:
    """Arrays that are keys of random numbers: only what each process wrote of its arrays says so."""
    leaves = [leaf for leaf in made.leaves if leaf.dtype == "uint32" and leaf.why is None]
    if not leaves or METADATAS not in folder.folders():
        return
    inside = folder.folder(METADATAS)
    names = [name for name in inside.names() if name.startswith(PROCESS)]
    keys = _keys(inside, names[0]) if names else frozenset()
    for leaf in leaves:
        if ".".join(leaf.path) in keys:
            leaf.why = "random numbers' state"


def _keys(folder: Folder, name: str) -> frozenset[str]:
    """The names of arrays that a process says are keys of random numbers."""
    from nparams.stored.plain import strict

    with folder.open(name) as source:
        if source.size > MAX_METADATAS:
            return frozenset()
        raw = source.read(0, source.size)
    if KEYS.encode() not in raw:
        return frozenset()
    try:
        held = strict(raw)
        told = [each["array_metadata"] for each in held["array_metadatas"]]
        return frozenset(each["param_name"] for each in told if KEYS in (each.get("ext_metadata") or {}))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise FormatError(f"{name}: not what Orbax writes of its arrays") from None
