"""Which folders are one model each, by the names in them alone, and which of their sub-folders belong to them.

The rule, in the order of the table RULES, first come:

- a compiled Core ML model, one repository in a hub's cache, an Orbax step or tree: all below it (of the cache not the
  blobs, which its snapshots link to);
- a diffusers pipeline (model_index.json), a sentence-transformers model (modules.json), and what a config.json or its
  like describes beside weights, if these bear a usual name (model.safetensors, adapter_model.bin) or all one stem: all
  below it, for other formats of the same model (onnx/, openvino/, original/) and its parts lie there.  Only what is
  named as a step of training (checkpoint-500/, global_step20/, epoch_3/) and holds a model is one of its own;
- a SavedModel, a Core ML package, a distributed checkpoint: their own few sub-folders, and no others;
- an index whose shards bear other names than its own, beside what it may mean and the same model in other formats: the
  files in that folder.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from nparams._claims import FILES
from nparams.files._folder.cache import is_cache
from nparams.files._folder.choice import best
from nparams.files._folder.endings import endings_of
from nparams.files._folder.inventory import LIST, PIECE, form_of
from nparams.files._folder.pipeline import INDEX, MODULES
from nparams.files._folder.steps import STEP as STEP_FOLDER
from nparams.files._folder.table import BESIDES, COMPILED, PARTS
from nparams.files._orbax.items import DEFAULT, LOOKED, RECORDS, STEP, TOGETHER, TREES
from nparams.files._orbax.items import PARTS as NO_ITEMS
from nparams.fleet._find.globs import BLOBS, MODEL_OF_HUB
from nparams.fleet._find.node import Node
from nparams.fleet._find.sets import index_of_others, inventory, sets_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nparams.fleet._find.sets import Set
    from nparams.fleet.units import Entry

#: the first part of Candidate.family where a name is nobody's but one model's
OF_ITS_OWN = 2
#: files beside weights that say what model they are (transformers, peft, mlx-lm, open_clip)
DESCRIBED = frozenset(("config.json", "adapter_config.json", "open_clip_config.json"))
#: sub-folders that are states of training: transformers src/transformers/trainer_utils.py (PREFIX_CHECKPOINT_DIR),
#: deepspeed deepspeed/runtime/engine.py (global_step), huggingface/accelerate examples (step_, epoch_)
TRAINED = re.compile(
    r"(?i:(?:.*[-_.])?(?:checkpoint|ckpt|global_?step|step|epoch|iter|iteration)s?[-_=]?\d{1,18}(?:[-_.].*)?)",
    re.DOTALL,
)
#: the folder of a module of sentence-transformers: 0_Transformer, 1_Pooling
MODULE = re.compile(r"\d{1,3}_\w+")
#: a group of zarr arrays, as others than Orbax keep them
GROUPS = frozenset((".zgroup", "zarr.json"))
#: names that a rule below asks for
TELLING = frozenset((STEP, TOGETHER, INDEX, MODULES, LIST, *COMPILED, *TREES, *RECORDS, *GROUPS, *DESCRIBED, *PARTS))
PACKAGE, MANIFEST, DATA = ".mlpackage", *BESIDES["coreml"]
SAVED = "saved_model.pb"
MOST_SETS = 200  # of weights, in a folder that is one model and holds very many files
LEAST_PACKED = 1_024  # bytes: what TensorFlow writes under the name `checkpoint` is a few lines


class Rule(NamedTuple):
    """Why a folder is one model, and the test."""

    what: str
    is_such: Callable[[Node], bool]
    #: the sub-folders that belong to it; None: all
    parts: frozenset[str] | None = None
    #: whether steps of training below it are models of their own
    trains: bool = False


def _compiled(node: Node) -> bool:
    return not COMPILED.keys().isdisjoint(node.files)


def _cached(node: Node) -> bool:
    return is_cache(frozenset((*node.files, *(each.name for each in node.below))))


def is_tree(node: Node) -> bool:
    """Whether a folder holds a tree of arrays that Orbax wrote: files/_orbax/items.py, without opening any file."""
    if not TREES.isdisjoint(node.files):
        return True
    inner = [each for each in node.below if not each.name.startswith(".")][:LOOKED]
    return any(each.is_array() for each in inner) and GROUPS.isdisjoint(node.files)


def _orbax(node: Node) -> bool:
    if STEP in node.files or is_tree(node) or _is_packed(node):
        return True
    items = [each for each in node.below if not each.name.startswith(".") and each.name not in NO_ITEMS]
    said = any(each.name == DEFAULT for each in items) or STEP_FOLDER.fullmatch(node.name) is not None
    return said and not node.held.candidates and any(is_tree(each) or _is_packed(each) for each in items)


def _is_packed(node: Node) -> bool:
    """Whether the file `checkpoint` seems to hold a tree, as Orbax and Flax wrote it: it is large, and no index lies
    beside it."""
    entry = node.files.get(TOGETHER)
    return entry is not None and (entry.size or 0) >= LEAST_PACKED and not node.held.candidates


def _piped(node: Node) -> bool:
    return INDEX in node.files and bool(node.below or node.held.candidates)


def _moduled(node: Node) -> bool:
    return MODULES in node.files and bool(
        node.held.candidates or any(MODULE.fullmatch(each.name) for each in node.below)
    )


def _described(node: Node) -> bool:
    """Whether weights and what describes them lie together, under a usual name or as one model's by their names."""
    if DESCRIBED.isdisjoint(node.files):
        return False
    families = {each.family for each in node.held.candidates}
    return len(families) == 1 or any(kind < OF_ITS_OWN for kind, _ in families)


def _saved(node: Node) -> bool:
    return SAVED in node.files


def _packaged(node: Node) -> bool:
    inner = any(each.name == DATA for each in node.below)
    return inner and (MANIFEST in node.files or node.name.endswith(PACKAGE))


def _distributed(node: Node) -> bool:
    return LIST in node.files and any(name.endswith(PIECE) for name in node.files)


def _indexed(node: Node) -> bool:
    """Whether an index of a usual name, by which the folder's reader chooses it, lies among files that it may mean, and
    all others are the same model in another format."""
    index, meant = index_of_others(node.held)
    others = [each for each in node.held.candidates if each is not index and each not in meant]
    if index is None or index.family[0] >= OF_ITS_OWN or not (meant or others):
        return False
    return all(each.family == index.family for each in others)


RULES = (
    Rule("a compiled Core ML model", _compiled),
    Rule("a repository in a hub's cache", _cached),
    Rule("an Orbax checkpoint", _orbax),
    Rule("a diffusers pipeline", _piped, trains=True),
    Rule("a sentence-transformers model", _moduled, trains=True),
    Rule("weights and what describes them", _described, trains=True),
    Rule("a SavedModel", _saved, PARTS[SAVED]),
    Rule("a Core ML package", _packaged, frozenset((DATA,))),
    Rule("a distributed checkpoint", _distributed, frozenset()),
    Rule("an index of files with names of their own", _indexed, frozenset()),
)


def rule_of(node: Node) -> Rule | None:
    """The first rule by which a folder is one model; None where it is none.

    >>> from nparams.fleet.units import Entry
    >>> node = Node("gpt2", "gpt2")
    >>> node.files = {name: Entry(9, "") for name in ("config.json", "model.safetensors")}
    >>> rule_of(node).what
    'weights and what describes them'
    """
    return next((rule for rule in RULES if rule.is_such(node)), None)


def is_mute(name: str) -> bool:
    """Whether a name tells nothing of what a folder is.

    >>> [is_mute(name) for name in ("0001.jpg", "README.md", "m.pt", "config.json", "rust_model.ot")]
    [True, True, False, False, False]
    """
    if name in TELLING or name.startswith("checkpoint_") or form_of(name, endings_of(FILES)) is not None:
        return False
    return not inventory((name,)).rest


def counted(node: Node) -> int:
    """How many files are held in a folder and below it."""
    todo, count = [node], 0
    while todo:
        each = todo.pop()
        count += len(each.files)
        todo += each.below
    return count


def is_surely_one(node: Node) -> bool:
    """Whether a folder that is not wholly seen yet is one model, whatever comes.

    Not so where weights and what describes them lie above many others: that is a folder of models.
    """
    rule = rule_of(node)
    surely = rule is not None
    if rule is not None and rule.trains:
        surely = len(node.held.candidates) <= MOST_SETS and not any(map(has_model, node.below))
    node.forget()  # more files will come
    return surely or node.name.startswith(MODEL_OF_HUB)


def members(node: Node, rule: Rule | None) -> tuple[list[Node], list[Node]]:
    """(the folders of a folder that is one model, itself the first; the sub-folders that are none of it)."""
    inside: list[Node] = []
    apart: list[Node] = []
    todo = [node]
    while todo:
        each = todo.pop()
        inside.append(each)
        for inner in each.below:
            if _belongs(inner, rule, each is node):
                todo.append(inner)
            elif not (each is node and inner.name == BLOBS and rule is not None and rule.is_such is _cached):
                apart.append(inner)
    return inside, apart


def files_of(node: Node, inside: Iterable[Node]) -> dict[str, Entry]:
    """The files of a folder that is one model, by their paths in it."""
    start = len(node.path) + 1 if node.path else 0
    return {each.inner(name)[start:]: entry for each in inside for name, entry in each.files.items()}


def counted_from(node: Node, inside: Iterable[Node], rule: Rule | None) -> list[list[tuple[Node, Set]]]:
    """The weights that a folder which is one model would be counted from, as far as names tell, and their folders.

    They come in groups: a SavedModel is counted from its file and from what lies below, which are one group each.  What
    lies below a repository's own weights is the same in other formats, and not in it.
    """
    below = [(each, one) for each in inside if each is not node for one in _preferred(each)]
    top = [(node, one) for one in _preferred(node)]
    if rule is not None and rule.is_such in (_piped, _moduled):
        return [top + below]
    return [top] if top and (rule is None or rule.is_such is _described) else [top, below]


def _preferred(node: Node) -> list[Set]:
    """The sets of a folder's own files that its reader would look at."""
    if not node.held.candidates:
        return []
    names = {name for each in best(node.held.candidates)[0] for name in each.files}
    return [each for each in sets_of(node.held) if not names.isdisjoint(each.names)]


def _belongs(inner: Node, rule: Rule | None, is_top: bool) -> bool:
    if rule is None:
        return True
    if is_top and rule.parts is not None:
        return inner.name in rule.parts
    if is_top and rule.is_such is _cached and inner.name == BLOBS:
        return False
    return not (rule.trains and TRAINED.fullmatch(inner.name) and has_model(inner))


def has_model(node: Node) -> bool:
    """Whether there is a model in a folder or below it."""
    todo, seen = [node], []
    while todo:
        each = todo.pop()
        if each.empty:
            continue
        if each.held.candidates or rule_of(each) is not None:
            return True
        seen.append(each)
        todo += each.below
    for each in seen:
        each.empty = True
    return False
