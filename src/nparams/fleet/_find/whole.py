"""Which folders are one model each, by the names in them alone, and which of their sub-folders belong to them.

The rule, in the order of the table RULES, first come:

- a compiled Core ML model, one repository in a hub's cache, an Orbax step or tree: all below it (of the cache not the
  blobs, which its snapshots link to);
- a diffusers pipeline (model_index.json), a sentence-transformers model (modules.json), and what a config.json or its
  like describes beside weights, if these bear a usual name (model.safetensors, adapter_model.bin) or all one stem, or
  above them, where they lie in one folder that is named for a format (onnx/), and none elsewhere: all below it, for
  other formats of the same model (onnx/, openvino/, original/) and its parts lie there. A model of its own is only
  what is named as a step of training (checkpoint-500/, global_step20/, epoch_best/, final/) and holds a model; and
  what is one model of these kinds itself, unless it is named for a format or number type (`named.is_format`) or may
  be a part: below a pipeline, and among the modules of sentence-transformers, parts have a config.json too;
- a SavedModel, a Core ML package, a distributed checkpoint: their own few sub-folders, and no others;
- an index whose shards bear other names than its own, beside what it may mean and the same model in other formats: the
  files in that folder.
"""

from __future__ import annotations

from typing import NamedTuple

from nparams._claims import FILES
from nparams.files._folder.cache import MAIN, REFS, SNAPSHOTS, is_cache
from nparams.files._folder.choice import best
from nparams.files._folder.endings import endings_of
from nparams.files._folder.inventory import LIST, PIECE, form_of
from nparams.files._folder.pipeline import INDEX, MODULES
from nparams.files._folder.steps import STEP as STEP_FOLDER
from nparams.files._folder.table import BESIDES, COMPILED, PARTS
from nparams.files._orbax.items import DEFAULT, LOOKED, RECORDS, STEP, TOGETHER, TREES
from nparams.files._orbax.items import PARTS as NO_ITEMS
from nparams.fleet._find.globs import MODEL_OF_HUB
from nparams.fleet._find.named import MODULE, OPTIMIZER, is_format
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
    #: which folders below it are models of their own, as are then the steps of training; None: neither
    apart: Callable[[Node, Node], bool] | None = None


def _compiled(node: Node) -> bool:
    return not COMPILED.keys().isdisjoint(node.files)


def is_cached(node: Node) -> bool:
    """Whether a folder is a repository in a hub's cache, with weights: a config.json alone is no model anywhere.

    Of several snapshots refs/main tells the current one; where it is missing, each is a model of its own.
    """
    if not is_cache(frozenset((*node.files, *(each.name for each in node.below))), node.name):
        return False
    count = sum(map(has_weights, _snapshots(node)))
    return count == 1 or (count > 1 and any(each.name == REFS and MAIN in each.files for each in node.below))


def _snapshots(node: Node) -> list[Node]:
    return [snapshot for each in node.below if each.name == SNAPSHOTS for snapshot in each.below]


def has_weights(node: Node) -> bool:
    """Whether there is a model in a folder or below it, or one that is known and not read."""
    todo, others = [node], [rule.is_such for rule in RULES if rule.is_such not in (is_cached, _exported)]
    for each in todo:
        if next(sets_of(each.held), None) is not None or any(is_such(each) for is_such in others):
            return True
        todo += each.below
    return False


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
    return _are_one(node)


def _are_one(node: Node) -> bool:
    """Whether the weights in a folder are one model by their names: one bears a usual one, or all have one stem."""
    families = {each.family for each in node.held.candidates}
    return len(families) == 1 or any(kind < OF_ITS_OWN for kind, _ in families)


def _exported(node: Node) -> bool:
    """Whether settings lie above the only weights, which are in a format of their own: onnx/, openvino/."""
    if DESCRIBED.isdisjoint(node.files) or node.held.candidates:
        return False
    inner = [each for each in node.below if is_format(each.name) and each.held.candidates]
    return (
        len(inner) == 1
        and _are_one(inner[0])
        and not any(has_weights(each) for each in node.below if each not in inner)
    )


def _is_no_part(above: Node, inner: Node) -> bool:
    """Whether a folder below a pipeline is no part of it: those have a config.json beside their weights, as models of
    their own have."""
    return is_cached(inner) or _piped(inner) or _moduled(inner)


def _is_no_module(above: Node, inner: Node) -> bool:
    """Whether a folder below a sentence-transformers model is none of its modules.

    Those are named by a number; only where the first one lies in the model's own folder is any other surely no module.
    """
    is_other = bool(above.held.candidates) and MODULE.fullmatch(inner.name) is None
    return _is_whole(above, inner) if is_other else _is_no_part(above, inner)


def _is_whole(above: Node, inner: Node) -> bool:
    """Whether a folder is one model by what lies in it alone, wherever it is."""
    return _is_no_part(above, inner) or _described(inner) or _exported(inner)


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
    Rule("a repository in a hub's cache", is_cached),
    Rule("an Orbax checkpoint", _orbax),
    Rule("a diffusers pipeline", _piped, apart=_is_no_part),
    Rule("a sentence-transformers model", _moduled, apart=_is_no_module),
    Rule("weights and what describes them", _described, apart=_is_whole),
    Rule("another format below what describes it", _exported, apart=_is_whole),
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


def needs_no_other(node: Node) -> bool:
    """Whether a folder is one model by its own files, and is read from them alone."""
    rule = rule_of(node)
    return rule is not None and rule.is_such is _described


def is_surely_one(node: Node) -> bool:
    """Whether a folder that is not wholly seen yet is one model, whatever comes.

    Not so where weights and what describes them lie above many others: that is a folder of models.
    """
    rule = rule_of(node)
    surely = rule is not None
    if rule is not None and rule.apart is not None:
        surely = len(node.held.candidates) <= MOST_SETS and not any(map(has_model, node.below))
    node.forget()  # more files will come
    return surely or node.name.startswith(MODEL_OF_HUB)


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


def is_state(node: Node) -> bool:
    """Whether a folder holds the state of an optimizer in pieces, which is no model."""
    if OPTIMIZER.fullmatch(node.name) is None:
        return False
    return any(name.endswith(PIECE) for name in node.files) and all(each.form == "dcp" for each in node.held.candidates)


def has_model(node: Node) -> bool:
    """Whether there is a model in a folder or below it."""
    todo, seen = [node], []
    while todo:
        each = todo.pop()
        if each.empty or is_state(each):
            continue
        if each.held.candidates or rule_of(each) is not None:
            return True
        seen.append(each)
        todo += each.below
    for each in seen:
        each.empty = True
    return False
