"""What must be said of a counted config.json: ties that a version overrides, buffers and drafts in checkpoints."""

from __future__ import annotations

from nparams.errors import UnsupportedError
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from nparams.architectures.entry import Entry
    from nparams.network import Module, Tensor

TIE = "tie_word_embeddings"
#: settings that give single layers other sizes than the fields say, for which no formula was verified
UNVERIFIED = (
    # transformers before version 5, `PreTrainedModel.prune_heads`
    ("pruned_heads", "names heads that were cut out of attention layers"),
)


def check(held: Mapping[str, Any]) -> None:
    """UnsupportedError for settings of single layers."""
    for name, what in UNVERIFIED:
        if held.get(name):
            raise UnsupportedError(f"{name} {what}, which no formula was verified for; count the weights instead")


class Head:
    """What a class of an entry may call for, found once."""

    __slots__ = ("forced", "has_buffers", "has_experts", "mentioned")

    def __init__(self, entry: Entry, cells: Sequence[Mapping[str, Any]]) -> None:
        ruled = {rule[0].rpartition(".")[2] for rule in entry.raw.get("rules", ())}
        kinds = {row[0]: row[2] for cell in cells for row in cell["tensors"]}
        #: output heads that are tied whatever the file says: a Linear's weight that is an Embedding's
        self.forced = frozenset(
            row[0] for cell in cells for row in cell["tensors"]
            if len(row) > 3 and kinds.get(row[3].get("tied")) == "Embedding" and row[2] == "Linear"
            and (TIE in ruled or TIE not in cell.get("if", ""))
        )  # fmt: skip
        self.has_buffers = any(
            len(row) > 3 and row[3].get("role") == "buffer" for cell in cells for row in cell["tensors"]
        )
        self.has_experts = any("expert" in row[0].lower() for cell in cells for row in cell["tensors"])
        self.mentioned = " ".join(str(cell.get("if", "")) + str(cell.get("over", "")) for cell in cells)


def declared(network: Network, head: Head, held: Mapping[str, Any], route: Any) -> Network:
    """The network with a tie undone that the library version makes although the file says that there is none."""
    if not head.forced or held.get(TIE) is not False:
        return network
    tied = [t for t in network.tensors() if t.name in head.forced and t.tied_to is not None]
    if not tied:
        return network
    library, owner = network.total, tied[0].tied_to
    made = with_tensors(network, network.tensors(), route)
    for t in tied:
        t.tied_to = None
    if library is not None:
        made.also["library"] = library
    names = ", ".join(t.name for t in tied)
    made.notes.append(
        f"the file says {TIE}: false, so {names} is counted as a matrix of its own; this version of the library "
        f"ties it to {owner} all the same, and would count {library:,} (also: library)"
    )
    return made


def with_tensors(network: Network, tensors: Iterable[Tensor], route: Any = None) -> Network:
    """The same network with other tensors, in the same order, and what lies beside them; `route` tells which are
    experts'."""
    held, grow = list(tensors), network._tree
    routes = {t.name: used for t in held if route and (used := route(template(t.name), t.shape)) is not None}

    def tree(flat: Sequence[Tensor]) -> Module:
        assert grow is not None
        root = grow([t for t in flat if t.role != "bookkeeping"])
        return beside(root, [t for t in flat if t.role == "bookkeeping"])

    made = Network(
        tensors=held, tree=None if grow is None else tree, source=network.source, form=network.form,
        read_as=network.read_as, described=network.described, convention=network.convention, notes=network.notes,
        also=network.also, routes=routes, parts=network.parts, flags=network.flags,
    )  # fmt: skip
    made.fields, made.aliases, made.settings = network.fields, network.aliases, network.settings
    return made


def beside(root: Module, books: Sequence[Tensor]) -> Module:
    """The tree with what lies beside packed weights in the modules that it belongs to."""
    made: dict[str, Module] = {}
    stack = [root]
    while stack:
        module = stack.pop()
        made[module.name] = module
        stack.extend(module.children)
    for t in books:
        name = t.name.rpartition(".")[0]
        while name and name not in made:
            name = name.rpartition(".")[0]
        made.get(name, root).tensors = [*made.get(name, root).tensors, t]
    return root


def template(name: str) -> str:
    """A name with a letter for each number in it, as formulas have it.

    >>> template("model.layers.3.mlp.experts.0.w1.weight")
    'model.layers.{i}.mlp.experts.{i}.w1.weight'
    """
    return ".".join("{i}" if part.isdigit() else part for part in name.split("."))


def own_code(held: Mapping[str, Any], name: str) -> list[str]:
    """A note where the repository brings code of its own for a type that the library has too."""
    if not held.get("auto_map"):
        return []
    return [f"the repository brings code of its own (auto_map), which is not run: {name} is the library's"]
