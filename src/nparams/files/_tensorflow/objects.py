"""The objects that a program saved, as a graph: whose variable is whose, and under which name a user knows it.

tensorflow/tensorflow tensorflow/core/protobuf/trackable_object_graph.proto (a text tensor inside a checkpoint) and
saved_object_graph.proto (in a SavedModel).  A variable is the model's if a path leads to it that passes no optimizer,
no metric and nothing else of the run; all else that is saved belongs to these.
"""

from __future__ import annotations

from nparams.files._protobuf.schema import INT, MESSAGE, MESSAGES, TEXT, Schema
from nparams.files._tensorflow.shapes import SHAPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nparams.files._protobuf.schema import Record
    from nparams.files._protobuf.wire import Wire

ATTRIBUTES = "/.ATTRIBUTES/"
VALUE = "VARIABLE_VALUE"
SLOT = ".OPTIMIZER_SLOT"


def _child(wire: Wire, held: Record, depth: int, at: int) -> tuple[int, str]:
    return held.get("node_id", 0), held.get("local_name", "")


def _slot(wire: Wire, held: Record, depth: int, at: int) -> int:
    found: int = held.get("slot", 0)
    return found


CHILD = Schema("ObjectReference", {1: (INT, "node_id", None), 2: (TEXT, "local_name", None)}, _child)
SLOTS = Schema("SlotVariableReference", {3: (INT, "slot", None)}, _slot)


class Node:
    """One object: what it holds, and what it is."""

    __slots__ = ("children", "dtype", "full_names", "kind", "name", "shape", "slots", "trainable", "variable")

    def __init__(self, children: Sequence[tuple[int, str]], slots: Sequence[int]) -> None:
        #: (number of an object, the name of the attribute that it is)
        self.children = children
        #: numbers of the variables that an optimizer keeps for others
        self.slots = slots
        #: key of the checkpoint -> the variable's own name
        self.full_names: Mapping[str, str] = {}
        #: what class of object it says it is
        self.kind = ""
        #: whether it is a variable, with its name and whether it was made to be trained
        self.variable = False
        self.name = ""
        self.trainable = False
        #: its number type, and its shape as it is said; {} where that is not known
        self.dtype = 0
        self.shape: Record = {}


def _trackable(wire: Wire, held: Record, depth: int, at: int) -> Node:
    node = Node(held.get("children", ()), held.get("slot_variables", ()))
    node.full_names = {a.get("key", ""): a.get("full_name", "") for a in held.get("attributes", ())}
    return node


def _saved(wire: Wire, held: Record, depth: int, at: int) -> Node:
    node = Node(held.get("children", ()), held.get("slot_variables", ()))
    node.kind = held.get("user_object", {}).get("identifier", "")
    if "variable" in held:
        said = held["variable"]
        node.variable, node.name, node.trainable = True, said.get("name", ""), bool(said.get("trainable", 0))
        node.dtype, node.shape = said.get("dtype", 0), said.get("shape", {})
    return node


TRACKABLE = Schema("TrackableObjectGraph", {1: (MESSAGES, "nodes", Schema("TrackableObject", {
    1: (MESSAGES, "children", CHILD), 3: (MESSAGES, "slot_variables", SLOTS),
    2: (MESSAGES, "attributes", Schema("SerializedTensor", {2: (TEXT, "full_name", None), 3: (TEXT, "key", None)})),
}, _trackable))})  # fmt: skip
SAVED = Schema("SavedObjectGraph", {1: (MESSAGES, "nodes", Schema("SavedObject", {
    1: (MESSAGES, "children", CHILD), 3: (MESSAGES, "slot_variables", SLOTS),
    4: (MESSAGE, "user_object", Schema("SavedUserObject", {1: (TEXT, "identifier", None)})),
    7: (MESSAGE, "variable", Schema("SavedVariable", {
        1: (INT, "dtype", None), 2: (MESSAGE, "shape", SHAPE), 3: (INT, "trainable", None), 6: (TEXT, "name", None),
    })),
}, _saved))})  # fmt: skip

#: attributes that only a part of the run is under, with what that is
RUN = {
    "optimizer": "an optimizer", "_optimizer": "an optimizer", "optimizers": "an optimizer",
    "inner_optimizer": "an optimizer", "save_counter": "a counter of saves", "metrics": "a metric",
    "_metrics": "a metric", "compiled_metrics": "a metric",
    "_compile_metrics": "a metric", "compiled_loss": "a metric", "loss_tracker": "a metric",
    "_loss_tracker": "a metric",
}  # fmt: skip
#: words in what an object says of its class (keras/saving/saved_model/save.py: "_tf_keras_metric"; "optimizer",
#: "experimentalOptimizer")
CLASSES = (("optimizer", "an optimizer"), ("metric", "a metric"))
#: attributes that together only an optimizer has (keras/optimizers/optimizer.py; tf.keras optimizer_v2.py)
STEPS = frozenset(("_iterations", "iterations", "iter"))
RATES = frozenset(("_learning_rate", "learning_rate", "lr"))
#: a running mean of the losses, as keras.metrics.Mean keeps it
MEAN = frozenset(("total", "count"))
MOST_OF_METRIC = 12  # attributes of such an object


class Objects:
    """What the graph of objects says of each variable."""

    __slots__ = ("_aside", "_keys", "_named", "nodes")

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self._keys = {key: (k, name) for k, node in enumerate(nodes) for key, name in node.full_names.items()}
        #: number of an object -> {the name of an attribute: the number of the object that it is}
        self._named: dict[int, dict[str, int]] = {}
        barred = self._barred()
        own = self._reached({0} if nodes else set(), barred)
        #: number of an object -> what part of the run it belongs to
        self._aside: dict[int, str] = {}
        for at, what in barred.items():
            for each in self._reached({at}, {**dict.fromkeys(own, ""), **self._aside}):
                self._aside[each] = what

    def _barred(self) -> dict[int, str]:
        """The objects where a part of the run begins, by their class, their attributes, or the name that they go by."""
        found = {slot: "an optimizer" for node in self.nodes for slot in node.slots}
        for at, node in enumerate(self.nodes):
            what = self._kind(at)
            if what is not None:
                found[at] = what
            for child, name in node.children if not RUN.keys().isdisjoint([name for _, name in node.children]) else ():
                if name in RUN:
                    found[child] = RUN[name]
        return {at: what for at, what in found.items() if 0 < at < len(self.nodes)}

    def _reached(self, start: set[int], barred: Mapping[int, str]) -> set[int]:
        """Everything that paths lead to from `start` without passing what is barred."""
        met, waiting = {*start}, [*start]
        while waiting:
            for child, _ in self._children(waiting.pop()):
                if child not in met and child not in barred:
                    met.add(child)
                    waiting.append(child)
        return met

    def _children(self, at: int) -> Iterator[tuple[int, str]]:
        count = len(self.nodes)
        return ((child, name) for child, name in self.nodes[at].children if 0 <= child < count)

    def _kind(self, at: int) -> str | None:
        """What part of a run an object is by itself; None for one that is none."""
        node = self.nodes[at]
        if node.slots:
            return "an optimizer"
        said = node.kind.lower()
        for word, what in CLASSES:
            if word in said:
                return what
        names = {name for _, name in node.children}
        if not STEPS.isdisjoint(names) and not RATES.isdisjoint(names):
            return "an optimizer"
        if len(names) > MOST_OF_METRIC or not names >= MEAN:
            return None
        own = {name for child, name in self._children(at) if self._is_variable(child)}
        return "a metric" if own == MEAN else None

    def _is_variable(self, at: int) -> bool:
        return self.nodes[at].variable or bool(self.nodes[at].full_names)

    def paths(self) -> Iterator[tuple[str, Node]]:
        """(the key that a checkpoint would have, the variable), by the shortest path to each."""
        found, waiting = {0: ""}, [0] if self.nodes else []
        for at in waiting:  # it grows while it is walked
            if self.nodes[at].variable:
                yield f"{found[at]}{ATTRIBUTES}{VALUE}", self.nodes[at]
            for child, name in self._children(at):
                if child not in found:
                    found[child] = f"{found[at]}/{escaped(name)}" if at else escaped(name)
                    waiting.append(child)

    # -- what is asked ------------------------------------------------------------------------------------------------

    def find(self, key: str) -> int | None:
        """The object whose value a key of the checkpoint is."""
        if key in self._keys:
            return self._keys[key][0]
        path, mark, _ = key.rpartition(ATTRIBUTES)
        if not mark or SLOT in path or not self.nodes:
            return None
        at: int | None = 0
        for part in path.split("/"):
            at = None if at is None else self._names(at).get(unescaped(part))
        return at

    def _names(self, at: int) -> dict[str, int]:
        if at not in self._named:
            self._named[at] = {name: child for child, name in self._children(at)}
        return self._named[at]

    def name_of(self, at: int, key: str) -> str:
        """The name that the program gave the variable; "" where it gave none."""
        own = self._keys.get(key)
        return self.nodes[at].name or (own[1] if own is not None else "")

    def aside(self, at: int) -> str | None:
        """What part of the run an object belongs to; None for one of the model."""
        return self._aside.get(at)


def unescaped(part: str) -> str:
    """One part of a key as the attribute that it names (tensorflow/python/checkpoint/trackable_utils.py).

    >>> unescaped("a.Sb"), unescaped("a..Sb"), unescaped("a...S")
    ('a/b', 'a.Sb', 'a./')
    """
    return ".".join(piece.replace(".S", "/") for piece in part.split(".."))


def escaped(name: str) -> str:
    """The name of an attribute as one part of a key.

    >>> escaped("a/b"), escaped("a.Sb")
    ('a.Sb', 'a..Sb')
    """
    return name.replace(".", "..").replace("/", ".S")


def trackable(wire: Wire) -> Objects:
    """The graph in a checkpoint."""
    return Objects(wire.message(TRACKABLE).get("nodes", ()))
