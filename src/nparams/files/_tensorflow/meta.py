"""What saved_model.pb says: its graphs (MetaGraphDef), of which all share one set of variables.

tensorflow/tensorflow tensorflow/core/protobuf/saved_model.proto, meta_graph.proto;
tensorflow/core/framework/variable.proto. The graph itself is read only where it is asked for: of a model with
variables, not for its count.
"""

from __future__ import annotations

from nparams.dtypes import TENSORFLOW
from nparams.errors import FormatError, shown
from nparams.files._protobuf.schema import INT, MESSAGE, MESSAGES, SPAN, SPANS, TEXT, TEXTS, Schema
from nparams.files._tensorflow.bundle import Entry
from nparams.files._tensorflow.constants import items_of
from nparams.files._tensorflow.graph import GRAPH, Graph
from nparams.files._tensorflow.objects import SAVED, Objects
from nparams.files._tensorflow.shapes import NO_NUMBERS, known
from nparams.files._tensorflow.unfrozen import variable_entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nparams.files._onnx.inventory import Item
    from nparams.files._protobuf.schema import Record, Span
    from nparams.files._protobuf.wire import Wire

VERSION = 1
GRAPHS = 100
#: signatures that only prepare a model, and the one that a server asks for
PREPARING = frozenset(("__saved_model_init_op", "__saved_model_train_op"))
SERVING = "serving_default"
#: collections of TensorFlow 1 that list variables
LISTS = frozenset(("variables", "trainable_variables"))

INFO = Schema("TensorInfo", {1: (TEXT, "name", None)})
OUTPUT = Schema("OutputsEntry", {2: (MESSAGE, "value", INFO)})
SIGNATURE = Schema("SignatureDef", {2: (MESSAGES, "outputs", OUTPUT)})
META = Schema("MetaGraphDef", {
    1: (MESSAGE, "info", Schema("MetaInfoDef", {4: (TEXTS, "tags", None), 5: (TEXT, "version", None)})),
    2: (SPAN, "graph", None),
    4: (MESSAGES, "collections", Schema("CollectionEntry", {1: (TEXT, "key", None), 2: (SPAN, "value", None)})),
    5: (MESSAGES, "signatures", Schema("SignatureEntry", {1: (TEXT, "key", None), 2: (MESSAGE, "value", SIGNATURE)})),
    7: (MESSAGE, "objects", SAVED),
})  # fmt: skip
MODEL = Schema("SavedModel", {1: (INT, "version", None), 2: (MESSAGES, "graphs", META)})
BYTES_LIST = Schema("CollectionDef", {2: (MESSAGE, "bytes", Schema("BytesList", {1: (SPANS, "value", None)}))})
VARIABLE = Schema("VariableDef", {
    1: (TEXT, "name", None), 4: (MESSAGE, "slice", Schema("SaveSliceInfoDef", {1: (TEXT, "name", None)})),
})  # fmt: skip


class Meta:
    """The graphs of a SavedModel: `objects` of TensorFlow 2, or the names that TensorFlow 1 lists as trainable."""

    __slots__ = ("_graphs", "_names_listed", "_wire", "has_variables", "objects", "tags", "trainable", "version")

    def __init__(self, wire: Wire, graphs: Sequence[Record]) -> None:
        self._wire = wire
        self._graphs = graphs
        first = graphs[0].get("info", {})
        self.version: str = first.get("version", "")
        #: the tags of each graph
        self.tags: list[list[str]] = [graph.get("info", {}).get("tags", []) for graph in graphs]
        nodes = next((graph["objects"]["nodes"] for graph in graphs if graph.get("objects", {}).get("nodes")), ())
        self.objects = Objects(nodes) if nodes else None
        listed = [self._listed(graph) for graph in graphs]
        variables = frozenset().union(*(held["variables"] for held in listed))
        #: None where there is no such list
        self.trainable: frozenset[str] | None = None
        if variables and self.objects is None:
            self.trainable = frozenset().union(*(held["trainable_variables"] for held in listed))
        self._names_listed = variables
        self.has_variables = bool(variables) or any(node.variable for node in nodes)

    def _listed(self, graph: Record) -> dict[str, frozenset[str]]:
        """The names of variables in each collection."""
        found = dict.fromkeys(LISTS, frozenset[str]())
        for entry in graph.get("collections", ()):
            if entry.get("key") in LISTS and "value" in entry:
                found[entry["key"]] = frozenset(self._names(entry["value"]))
        return found

    def _names(self, span: Span) -> Iterator[str]:
        held = self._wire.made(BYTES_LIST, *span, 4).get("bytes", {})
        for offset, length in held.get("value", ()):
            variable = self._wire.made(VARIABLE, offset, length, 5)
            name = variable.get("slice", {}).get("name", "") or variable.get("name", "")
            yield name.removesuffix(":0")

    def entries(self) -> list[Entry] | None:
        """The variables by the shapes that are said here; None where one is not known."""
        if self.objects is None:
            found, unknown = variable_entries(self._all(0))
            return None if unknown else [entry for entry in found if entry.key in self._names_listed]
        made = []
        for key, node in self.objects.paths():
            dims = known(node.shape)
            if dims is None or (node.dtype not in TENSORFLOW and node.dtype not in NO_NUMBERS):
                return None
            made.append(Entry(key, node.dtype, dims))
        return made

    # -- the graph ----------------------------------------------------------------------------------------------------

    def signature(self) -> tuple[int, str, list[str]]:
        """(which graph, the name of the signature that is asked for, its outputs); "" and [] where there is none."""
        best: tuple[int, str, list[str]] = 0, "", []
        for k, graph in enumerate(self._graphs):
            for entry in graph.get("signatures", ()):
                name, held = entry.get("key", ""), entry.get("value", {}).get("outputs", ())
                outputs = [o.get("value", {}).get("name", "") for o in held]
                if name not in PREPARING and outputs and (not best[1] or (name == SERVING and best[1] != SERVING)):
                    best = k, name, outputs
        return best

    def graph(self) -> Graph:
        """The graph of the signature that is asked for, as far as that reaches; all of it where there is none."""
        k, _, outputs = self.signature()
        return self._all(k, outputs or None)

    def _all(self, k: int, outputs: Sequence[str] | None = None) -> Graph:
        if "graph" not in self._graphs[k]:
            raise FormatError(f"{self._wire.name}: no graph in it. Not a SavedModel, or a cut download")
        offset, length = self._graphs[k]["graph"]
        return Graph(self._wire, self._wire.made(GRAPH, offset, length, 3), outputs)

    def constants(self) -> tuple[Graph, list[Item]]:
        """The graph, and the constants in it."""
        graph = self.graph()
        return graph, items_of(graph)


def read_meta(wire: Wire) -> Meta:
    """The whole file, numbers and nodes left out.

    Raises FormatError for what is no SavedModel, or one of another version.
    """
    held = wire.message(MODEL)
    version, graphs = held.get("version", 0), held.get("graphs", ())
    if version != VERSION:
        raise FormatError(f"{wire.name}: schema version {version:,} of a SavedModel, where {VERSION} is the only one")
    if not graphs or len(graphs) > GRAPHS:
        raise FormatError(f"{wire.name}: {len(graphs):,} graphs in a SavedModel, where 1 to {GRAPHS} can be")
    return Meta(wire, graphs)


def told_tags(meta: Meta) -> str:
    """The tags of the graphs, in words."""
    return ", ".join(shown("+".join(tags), 40)[1:-1] for tags in meta.tags if tags)
