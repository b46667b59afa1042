"""The sets of files in one folder that are a model each, by their names alone."""

from __future__ import annotations

from typing import NamedTuple

from nparams._claims import FILES
from nparams.files._folder.endings import endings_of
from nparams.files._folder.inventory import INDEX as INDEX_NAME
from nparams.files._folder.inventory import KERAS_SHARD, PIECE, Inventory, form_of, varied
from nparams.files._folder.steps import FILES as FLAX_STEPS
from nparams.files._folder.table import BARE, BESIDE, BESIDES, OWN_MODEL, READ_NOT
from nparams.fleet.reading import BESIDE as SETTINGS
from nparams.fleet.units import FILE, SHARDS, Listing, Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from nparams.files._folder.inventory import Candidate
    from nparams.fleet.units import Entry

INDEX = "-index"
#: names of folders that tell what a file beside them is
TELLING = frozenset(other for _, other in BESIDES.values() if not other.startswith("."))
#: what else belongs to a file of an ending, where it has the same stem: (its ending, that of the file)
TOGETHER = (*((ending, other) for ending, other, _ in BESIDE), (".prototxt", ".caffemodel"))
TOGETHER_END = tuple(other for _, other in TOGETHER)
#: what follows the name of an ONNX file in those of its numbers (onnx/onnx docs/ExternalData.md; huggingface/optimum)
NUMBERS = (".data", "_data")
#: forms whose first file is a list of what the others hold
LISTS = frozenset(("keras-shards", "dcp", "tf-checkpoint"))
#: what may be a model of its own beside models of other formats, and the forms that then are data or a text
PICKLED, DATA = BARE["pickle"], frozenset(form for form, what in BARE.items() if what != BARE["pickle"])
#: forms that may be read with any file of their folder that ends so
NEAR = {"onnx": "", "darknet": ".cfg", "ncnn": ".param"}


class Set(NamedTuple):
    """Files that are one model: what kind of unit, their names, the first the one that is opened, and the form."""

    kind: str
    names: tuple[str, ...]
    form: str


def inventory(files: Iterable[str], folders: Iterable[str] = ()) -> Inventory:
    """The names in a folder, sorted out; of its folders those that tell what a file is."""
    return Inventory([*files, *TELLING.intersection(folders)], FILES)


def sets_of(held: Inventory, mixed: bool = False) -> Iterator[Set]:
    """Every set of a folder: weights that may be counted, and those that are known and not read.

    Pickles are models of their own where others lie beside them; arrays are data there.  `mixed`: the names are some of
    a folder, so that nobody knows what else lies there.
    """
    taken: set[str] = set()
    for each in _candidates(held, mixed):
        taken.update(each.names)
        yield each
    for what, names in held.rest.items():
        if what.endswith(READ_NOT):
            yield from _unread([name for name in names if name not in taken])
        elif what in (OWN_MODEL, PICKLED) or (mixed and what in BARE.values()):
            yield from (Set(FILE, (name,), "") for name in names)
    steps = [name for name in held.names if name.startswith("checkpoint_") and FLAX_STEPS.fullmatch(name)]
    yield from (Set(FILE, (name,), "flax-msgpack") for name in sorted(steps))


def _candidates(held: Inventory, mixed: bool) -> Iterator[Set]:
    shards = _by_index(held.candidates)
    told: set[tuple[str, str, str]] = set()
    lone, meant = (None, []) if mixed else index_of_others(held)
    for each in held.candidates:
        if each in meant:
            continue
        if each is lone:
            yield Set(SHARDS, (each.name, *sorted(name for one in meant for name in one.files)), each.form)
            continue
        is_index, is_split = each.form.endswith(INDEX), each.shard is not None
        key = _key(each) if is_index or is_split else None
        if key is not None and is_index:
            own = [name for one in shards[key] for name in one.files] if key not in told else []
            told.add(key)
            yield Set(SHARDS if own or not mixed else FILE, (each.name, *sorted(own)), each.form)
        elif each.form == "keras-shards":
            yield Set(SHARDS, (each.name, *_of_map(each.name, held.names)), each.form)
        elif is_split or each.sliced:
            if key not in shards:
                yield Set(SHARDS, tuple(sorted(each.files)), each.form)
        else:
            yield Set(FILE, (each.name, *_beside(each, held)), each.form)


def _by_index(candidates: Iterable[Candidate]) -> dict[tuple[str, str, str], list[Candidate]]:
    """The shards of every index: those of its form and stem, however many the set is said to have."""
    found: dict[tuple[str, str, str], list[Candidate]] = {
        _key(each): [] for each in candidates if each.form.endswith(INDEX)
    }
    for each in candidates:
        if found and each.shard is not None and _key(each) in found:
            found[_key(each)].append(each)
    return found


def index_of_others(held: Inventory) -> tuple[Candidate | None, list[Candidate]]:
    """The index that no shards bear the name of, and the files that it may mean: those with the ending of its shards.

    Which they are, only its content tells.
    """
    shards = _by_index(held.candidates)
    lone = next((each for each in held.candidates if each.form.endswith(INDEX) and not shards[_key(each)]), None)
    match = INDEX_NAME.fullmatch(lone.name) if lone is not None else None
    if match is None:
        return None, []
    form = lone.form.removesuffix(INDEX) if lone is not None else ""
    files = [each for each in held.candidates if each.form == form and each.name.endswith(match["suffix"])]
    return lone, [each for each in files if each.shard is None or _key(each) not in shards]


def _key(each: Candidate) -> tuple[str, str, str]:
    """What an index and its shards have in common: model.fp16 may be written model and fp16."""
    stem, variant = (each.stem, each.variant) if each.variant else varied(each.stem, each.form)
    return each.form.removesuffix(INDEX), stem, variant


def is_lone_index(each: Set) -> bool:
    """Whether an index has no shards of its own name: which files it means, only its content tells.

    >>> is_lone_index(Set(SHARDS, ("model.safetensors.index.json",), "safetensors-index"))
    True
    """
    return each.form.endswith(INDEX) and len(each.names) == 1


def weights_of(each: Set) -> tuple[str, ...]:
    """The files of a set that hold its numbers: not the index, nor what only lies beside them.

    >>> weights_of(Set(FILE, ("net.caffemodel", "net.prototxt"), "caffe"))
    ('net.caffemodel',)
    >>> weights_of(Set(SHARDS, ("m.safetensors.index.json", "m-00001-of-00001.safetensors"), "safetensors-index"))
    ('m-00001-of-00001.safetensors',)
    """
    if each.form.endswith(INDEX) or each.form in LISTS:
        return each.names[1:] or each.names
    return each.names if each.kind == SHARDS else each.names[:1]


def is_data(each: Set) -> bool:
    """Whether a set is an array or a text that is no model where models of other formats lie beside it.

    >>> is_data(Set(FILE, ("X_test.npy",), "")), is_data(Set(FILE, ("mlp.joblib",), ""))
    (True, False)
    """
    return form_of(each.names[0], endings_of(FILES)) in DATA


def _of_map(name: str, names: Collection[str]) -> list[str]:
    """The shards of Keras weights that lie beside their map."""
    stem = name.removesuffix(".weights.json")
    matches = ((each, KERAS_SHARD.fullmatch(each)) for each in names if each.startswith(stem))
    return sorted(each for each, match in matches if match is not None and match["stem"] == stem)


def _beside(each: Candidate, held: Inventory) -> list[str]:
    """What changes with a file because it is a part of the same model."""
    name = each.name
    found = []
    for ending, other in TOGETHER if name.endswith(TOGETHER_END) else ():
        if name.endswith(other) and (made := name.removesuffix(other) + ending) in held.names:
            found.append(made)
    if each.form == "onnx":
        found += [made for ending in NUMBERS if (made := name + ending) in held.names]
    elif each.form == "tf-checkpoint":
        found += sorted(held.data.get(name, ()))
    elif each.form == "dcp":
        found += sorted(other for other in held.names if other.endswith(PIECE))
    return found


def _unread(names: list[str]) -> Iterator[Set]:
    """Known weights that nothing here reads: a row each, which says so; pieces of one checkpoint have one together."""
    pieces = sorted(name for name in names if name.endswith(PIECE))
    if pieces:
        yield Set(FILE, tuple(pieces), "")
    yield from (Set(FILE, (name,), "") for name in names if not name.endswith(PIECE))


class Units:
    """The units of the sets in one folder, with the files beside each that its reader may ask for.

    `mixed`: it is no single model, and its settings are nobody's.
    """

    __slots__ = ("_all", "_files", "_place", "_settings")

    def __init__(self, place: str, files: dict[str, Entry], mixed: bool = False) -> None:
        self._place = place
        self._files = files
        self._settings = {name: files[name] for name in SETTINGS if name in files and not mixed}
        #: with all files of the folder, one for all units that need it
        self._all: Listing | None = None

    def of(self, each: Set) -> Unit:
        """The unit of a set."""
        if each.form in NEAR or is_lone_index(each):
            if self._all is None:
                self._all = Listing(self._place, dict(self._files))
            return Unit(self._all, each.kind, each.names)
        files = self._files
        listed = {name: files[name] for name in each.names if name in files}
        return Unit(Listing(self._place, listed | self._settings), each.kind, each.names)


def bare_file(place: str, name: str, entry: Entry) -> Unit:
    """The unit of one file that is read whatever it is."""
    return Unit(Listing(place, {name: entry}), FILE, (name,))
