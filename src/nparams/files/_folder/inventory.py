"""What lies in one folder, by its names alone: sets of weights that may be counted, and everything else by kind."""

from __future__ import annotations

import re

from nparams.files._folder.endings import ending_of, endings_of
from nparams.files._folder.table import (
    ADAPTERS,
    BARE,
    BESIDE,
    BESIDES,
    ENCODINGS,
    ENTRIES,
    OTHERS,
    OTHERS_HOLD,
    PREFERENCE,
    READ_NOT,
    SLICES,
    TRAINING,
    UNREAD,
    UNREAD_END,
    USUAL,
    VARIANTS,
)  # fmt: skip
from nparams.files.shards import shard_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from nparams.files._folder.endings import Endings, Row
    from nparams.files.shards import Shard


INDEX = re.compile(r"(?P<stem>.+)(?P<suffix>\.(?:safetensors|bin|msgpack))\.index(?:\.(?P<variant>\w+))?\.json")
INDEXES = {".bin": "pytorch-index", ".safetensors": "safetensors-index", ".msgpack": "flax-msgpack-index"}
VARIANT = re.compile(VARIANTS + r"\Z")
ENCODING = re.compile(ENCODINGS + r"\Z")
STATES = re.compile("|".join(f"(?:{pattern})" for pattern, _ in TRAINING))
ASIDE = re.compile("|".join(f"(?P<k{k}>{pattern})" for k, (pattern, _, _) in enumerate(OTHERS)))
SLICE = re.compile("|".join(f"(?:{pattern})" for pattern, _ in SLICES))
#: keras-team/keras keras/src/saving/saving_lib.py, `ShardedH5IOStore`: model_00000.weights.h5 for model.weights.json
KERAS_SHARD = re.compile(r"(?P<stem>.+)_\d{5}\.weights\.h5")
#: pytorch torch/distributed/checkpoint/filesystem.py: pieces, and the list of what they hold
PIECE, LIST = ".distcp", ".metadata"
#: endings of the names that a pattern above asks for: most names end otherwise, and need not be matched
SLICE_END, KERAS_SHARD_END, BESIDE_END = (".pth", ".pt"), ".weights.h5", tuple(ending for ending, _, _ in BESIDE)
INDEX_HOLDS, SHARD_HOLDS = ".index.", "-of-"
FORM_PLACE = {form: k for k, form in enumerate(PREFERENCE)}
USUAL_PLACE = {stem: k for k, stem in enumerate(USUAL)}
STRANGE = re.compile("|".join(f"(?P<k{k}>{pattern})" for k, (pattern, _) in enumerate(UNREAD)))


class Candidate:
    """One set of weights: a file, an index, or the shards of a set that has no index."""

    __slots__ = ("files", "form", "shard", "sliced", "stem", "variant")

    def __init__(self, form: str, stem: str, variant: str, files: list[str], sliced: bool = False) -> None:
        self.form = form
        #: the name without ending, shard number and variant
        self.stem = stem
        self.variant = variant
        self.files = files
        #: the place of the first file in a set that has no index
        self.shard: Shard | None = None
        #: whether each file holds a part of every tensor
        self.sliced = sliced

    @property
    def shards(self) -> list[str]:
        """All files that the set has by the numbers in their names, where there is no index: `files` may be fewer."""
        return [] if self.shard is None else self.shard.names()

    @property
    def name(self) -> str:
        """The file that stands for the set."""
        return self.files[0]

    @property
    def rank(self) -> tuple[int, bool, int, bool, bool, str]:
        """Its place among the candidates of one model: by format, whole or with an index, usual name, variant."""
        plain = self.form.removesuffix("-index")
        form = FORM_PLACE.get(plain, len(PREFERENCE))
        usual = USUAL_PLACE.get(self.stem, len(USUAL))
        split = self.shard is not None
        return form, split, usual, bool(self.variant), not self.form.endswith("-index"), self.name

    @property
    def family(self) -> tuple[int, str]:
        """The model that it holds, as far as a name tells: the usual names are one, and so are those of adapters."""
        if self.stem in USUAL_PLACE:
            return 0, ""
        return (1, "") if self.stem in ADAPTERS else (2, self.stem)

    def __repr__(self) -> str:
        return f"Candidate({self.form}, {self.stem!r}, {self.variant!r}, {self.files})"


class Inventory:
    """The names in a folder, sorted out: `candidates`, best first, and `rest`: {what it is: names}."""

    __slots__ = ("candidates", "data", "names", "rest")

    def __init__(self, names: Sequence[str], rows: Sequence[Row]) -> None:
        self.names = frozenset(names)
        #: the index of a TensorFlow checkpoint -> its data files
        self.data = data_of(names, self.names)
        self.rest: dict[str, list[str]] = {}
        sets: dict[tuple[str, str, str, int], Candidate] = {}
        slices = [name for name in names if name.endswith(SLICE_END) and SLICE.fullmatch(name)]
        if len(slices) > 1:
            sets["", "", "", 0] = Candidate("pytorch", "consolidated.00", "", slices, sliced=True)
        apart = frozenset(slices if len(slices) > 1 else ())
        endings = endings_of(rows)
        for name in names:
            if name in apart or self._is_mapped(name) or ENTRIES.get(name) in self.names:
                continue
            what = kind_of_other(name, self.names, self.data)
            if what is not None:
                if what:
                    self.rest.setdefault(what, []).append(name)
                continue
            form = form_of(name, endings)
            if form == "dcp" and not self._has_pieces(name):
                continue  # Flutter keeps a .metadata too
            if form in BESIDES and not is_whole(name, form, self.names):
                continue
            if form is not None:
                self._add(sets, name, form)
            elif (unread := stranger(name)) is not None:
                self.rest.setdefault(f"{unread}, {READ_NOT}", []).append(name)
        self._set_aside_bare(sets)
        self.candidates = sorted(sets.values(), key=lambda each: (each.family[0], each.rank))

    def _set_aside_bare(self, sets: dict[tuple[str, str, str, int], Candidate]) -> None:
        """Bare arrays and pickles are the model only where nothing else may be."""
        if any(each.form not in BARE for each in sets.values()):
            for key in [key for key, each in sets.items() if each.form in BARE]:
                each = sets.pop(key)
                self.rest.setdefault(BARE[each.form], []).extend(each.files)

    def only(self, name: str, form: str, what: str) -> bool:
        """Keep, of the candidates of one form, the one of that name; the others are `what`.  False: it is none."""
        own = [each for each in self.candidates if each.form == form]
        if not any(each.name == name for each in own):
            return False
        for each in own:
            if each.name != name:
                self.candidates.remove(each)
                self.rest.setdefault(what, []).append(each.name)
        return True

    def _is_mapped(self, name: str) -> bool:
        """Whether a file is a shard of Keras weights, or a piece of a distributed checkpoint, whose map lies here."""
        if name.endswith(PIECE):
            return LIST in self.names
        match = KERAS_SHARD.fullmatch(name) if name.endswith(KERAS_SHARD_END) else None
        return match is not None and f"{match['stem']}.weights.json" in self.names

    def _has_pieces(self, name: str) -> bool:
        """Whether a file may be the list of a distributed checkpoint: pieces lie beside it."""
        return name == LIST and any(each.endswith(PIECE) for each in self.names)

    def _add(self, sets: dict[tuple[str, str, str, int], Candidate], name: str, form: str) -> None:
        stem, variant, count = parted(name, form)
        key = form, stem, variant, count
        if count:
            found = sets.get(key)
            if found is None:
                found = sets[key] = Candidate(form, stem, variant, [])
            found.shard = shard_of(name)
            found.files.append(name)
        else:
            sets[(form, name, "", 0)] = Candidate(form, stem, variant, [name])


def form_of(name: str, endings: Endings) -> str | None:
    """The form that a name's ending says; an index of a variant ends in .index.fp16.json."""
    index = INDEX.fullmatch(name) if INDEX_HOLDS in name else None
    if index is not None:
        return INDEXES[index["suffix"]]
    return ending_of(name, endings)


def parted(name: str, form: str) -> tuple[str, str, int]:
    """(stem, variant, how many shards) of a file's name; 0 shards where the name does not say.

    >>> parted("model.fp16-00001-of-00002.safetensors", "safetensors")
    ('model', 'fp16', 2)
    >>> parted("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "gguf")
    ('Llama-3.2-1B-Instruct', 'Q4_K_M', 0)
    """
    index = INDEX.fullmatch(name) if INDEX_HOLDS in name else None
    if index is not None:
        return index["stem"], index["variant"] or "", 0
    shard = shard_of(name) if SHARD_HOLDS in name else None
    if shard is not None:
        before, _, _ = shard.suffix.rpartition(".")
        stem, variant = varied(shard.stem + before, form)
        return stem, variant, shard.count
    base = name.rpartition(".")[0].removesuffix(".weights")
    return *varied(base, form), 0


def varied(base: str, form: str) -> tuple[str, str]:
    """A name without its ending, parted from the variant at its end."""
    for pattern in (ENCODING, VARIANT) if form == "gguf" else (VARIANT,):
        match = pattern.search(base)
        if match is not None and match.start() > 0:
            return base[: match.start()], match["variant"]
    return base, ""


def kind_of_other(name: str, names: frozenset[str], indexed: Collection[str] = ()) -> str | None:
    """What a file is that only looks like a model; "" for a part of another, None where it may be one.

    `indexed` are the indexes that have data files beside them.

    >>> kind_of_other("optimizer.pt", frozenset()), kind_of_other("mmproj-model-f16.gguf", frozenset())
    ('state of training', 'the vision or audio part, a model of its own')
    """
    if STATES.fullmatch(name):
        return "state of training"
    aside = ASIDE.fullmatch(name) if any(map(name.__contains__, OTHERS_HOLD)) else None
    if aside is not None and aside.lastgroup is not None:
        return OTHERS[int(aside.lastgroup[1:])][1]
    if name.endswith(INDEX_ENDING) and name not in indexed:
        return "an index without data files"
    if name.endswith(BESIDE_END):
        for ending, other, what in BESIDE:
            if name.endswith(ending) and name.removesuffix(ending) + other in names:
                return what
    return None


#: the index of a TensorFlow checkpoint; other programs call other things so too (a search index, a map of a book)
INDEX_ENDING, DATA = ".index", ".data-"


def data_of(names: Sequence[str], there: frozenset[str]) -> dict[str, list[str]]:
    """The data files of every index of a TensorFlow checkpoint: they bear its name, and then .data-.

    >>> names = ["m.ckpt.data-00000-of-00001", "m.ckpt.index", "book.index"]
    >>> data_of(names, frozenset(names))
    {'m.ckpt.index': ['m.ckpt.data-00000-of-00001']}
    """
    found: dict[str, list[str]] = {}
    for name in names:
        at = name.find(DATA) if DATA in name else -1
        while at >= 0:
            index = name[:at] + INDEX_ENDING
            if index in there:
                found.setdefault(index, []).append(name)
            at = name.find(DATA, at + 1)
    return found


def is_whole(name: str, form: str, names: frozenset[str]) -> bool:
    """Whether beside a file whose ending others bear too lies what belongs to it.

    >>> is_whole("a.xml", "openvino", frozenset(("a.xml", "a.bin"))), is_whole("pom.xml", "openvino", frozenset())
    (True, False)
    """
    ending, other = BESIDES[form]
    if not name.endswith(ending):
        return True
    return (name.removesuffix(ending) + other if other.startswith(".") else other) in names


def stranger(name: str) -> str | None:
    """The kind of weights that a file holds which nothing here reads."""
    match = STRANGE.fullmatch(name) if name.endswith(UNREAD_END) else None
    return None if match is None or match.lastgroup is None else UNREAD[int(match.lastgroup[1:])][1]
