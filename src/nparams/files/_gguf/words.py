"""What a GGUF file says about its tensors: the print-back, notes, and which experts a token uses."""

from __future__ import annotations

import os.path

from nparams.errors import escaped, shown
from nparams.files._gguf.sets import SPLIT_COUNT
from nparams.files._gguf.tensors import UNKNOWN
from nparams.files.shards import shard_of
from nparams.network.tree import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.files._gguf.values import Value
    from nparams.files.gguf import Part
    from nparams.network.tree import Tensor

# Values of general.type other than "model" (gguf-py's GGUFType), and what a user must know of each.
KINDS = {
    "adapter": "general.type is adapter: these are the parameters of a LoRA adapter, without the model it adapts",
    "mmproj": "general.type is mmproj: the encoder and projector alone; the language model is a file of its own",
    "imatrix": "general.type is imatrix: statistics for quantising a model, none of them a parameter",
}
# Encoders: no output head to tie (gguf-py's MODEL_TENSORS without OUTPUT; the others without it tie their head).
HEADLESS = frozenset((
    "clip", "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3",
    "eurobert", "t5encoder", "gemma-embedding",
))  # fmt: skip
HEAD, EMBEDDING, BLOCK = "output.weight", "token_embd.weight", "blk."


class Words:
    """The parts of a Network that are said rather than counted."""

    __slots__ = ("also", "architecture", "notes", "read_as", "routes")

    def __init__(self, read_as: str, architecture: str = "") -> None:
        self.read_as = read_as
        self.architecture = architecture
        self.notes: list[str] = []
        self.routes: dict[str, tuple[int | None, int]] = {}
        self.also: dict[str, int] = {}


def describe(parts: Sequence[Part], tensors: Sequence[Tensor]) -> Words:
    """Everything worth saying about the tensors of `parts`; tensors of a file that is no model lose their role."""
    values: dict[str, Value] = {}
    for part in parts:
        values.update(part.values)
    architecture = str(values.get("general.architecture", ""))
    words = Words(_read_as(parts, len(tensors), architecture), architecture)
    _say_kind(words, parts[0], tensors, values)
    _say_unknown(words, tensors)
    _say_tied(words, tensors, values, architecture)
    _route(words, tensors, values, architecture)
    _say_declared(words, tensors, values)
    return words


def _read_as(parts: Sequence[Part], count: int, architecture: str) -> str:
    said = [f"GGUF v{parts[0].version}", f"{count:,} tensor{'' if count == 1 else 's'}"]
    if architecture:
        said.append(escaped(architecture[:40]))
    if parts[0].order == ">":
        said.append("big-endian")
    if len(parts) > 1:
        said.append(f"{len(parts)} shards")
    return ", ".join(said)


def _say_kind(words: Words, part: Part, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> None:
    kind = values.get("general.type")
    if kind in KINDS:
        words.notes.append(KINDS[str(kind)])
    if kind == "imatrix":
        for tensor in tensors:
            tensor.role = "other"
    if not tensors:
        words.notes.append("no tensors: this file holds metadata only (a vocabulary, usually), no network")
    shard = shard_of(os.path.basename(part.name))
    if shard is not None and shard.count > 1 and SPLIT_COUNT not in values:
        words.notes.append(
            f"its name says shard {shard.number} of {shard.count}, the file says nothing of a split: counted alone"
        )


def _say_unknown(words: Words, tensors: Sequence[Tensor]) -> None:
    groups: dict[str, list[Tensor]] = {}
    for tensor in tensors:
        if tensor.dtype is not None and tensor.dtype.startswith(UNKNOWN):
            tensor.note = f"ggml type {tensor.dtype[len(UNKNOWN) :]} is not known: bytes unknown"
            groups.setdefault(tensor.dtype, []).append(tensor)
    for dtype, group in groups.items():
        which = shown(group[0].name) + (f" and {len(group) - 1:,} more" if len(group) > 1 else "")
        words.notes.append(
            f"{which}: ggml type {dtype[len(UNKNOWN) :]} is not known (removed, or newer than this version); "
            "counted exactly, bytes unknown"
        )


def _say_tied(words: Words, tensors: Sequence[Tensor], values: Mapping[str, Value], architecture: str) -> None:
    if values.get("general.type", "model") != "model" or architecture in HEADLESS:
        return
    if values.get(f"{architecture}.pooling_type"):
        return
    names = {t.name for t in tensors}
    if EMBEDDING in names and HEAD not in names and any(n.startswith(BLOCK) for n in names):
        words.notes.append(f"no {HEAD}: the output head is tied to {EMBEDDING} and counted once")


def _route(words: Words, tensors: Sequence[Tensor], values: Mapping[str, Value], architecture: str) -> None:
    """Experts: stacked in the slowest dimension (…_exps.…), or, in files of early 2024, one tensor each."""
    held = [t for t in tensors if is_stack(t.name) or is_single_expert(t.name)]
    if not held:
        return
    count, used = values.get(f"{architecture}.expert_count"), values.get(f"{architecture}.expert_used_count")
    if not isinstance(count, int) or not isinstance(used, int) or not 0 < used <= count:
        keys = f"{architecture or 'the architecture'}.expert_count and .expert_used_count"
        words.routes = {t.name: (None, 1) for t in held}
        words.notes.append(f"{shown(held[0].name)} holds experts, but {keys} do not say how many a token uses")
        return
    words.routes = {t.name: (used, count) if is_equal_share(t, count) else (None, 1) for t in held}
    odd = [t for t in held if words.routes[t.name][0] is None]
    if odd:
        words.notes.append(f"{shown(odd[0].name)} is not {count} experts of equal size: active is not known")


def is_stack(name: str) -> bool:
    """Whether a tensor holds all experts of a layer (a norm over experts does not).

    >>> is_stack("blk.0.ffn_up_exps.weight"), is_stack("blk.0.ffn_up_shexp.weight")
    (True, False)
    """
    return "_exps." in name and "_norm_exps." not in name


def is_equal_share(tensor: Tensor, count: int) -> bool:
    """Whether k of `count` experts use exactly k/count of the tensor."""
    if is_single_expert(tensor.name):
        return isinstance(tensor.size, int) and tensor.size % count == 0
    return tensor.shape is not None and tensor.shape[:1] == (count,)


def is_single_expert(name: str) -> bool:
    """Whether a tensor is one expert of a layer that stores each apart.

    >>> is_single_expert("blk.0.ffn_up.7.weight"), is_single_expert("blk.0.ffn_up.weight")
    (True, False)
    """
    parts = name.split(".")
    return len(parts) == 5 and parts[0] == "blk" and parts[2].startswith("ffn_") and parts[3].isdigit()


def _say_declared(words: Words, tensors: Sequence[Tensor], values: Mapping[str, Value]) -> None:
    declared = [n for key, n in values.items() if key.endswith(".parameter_count") and isinstance(n, int)]
    if not declared:
        return
    total = sum(size for t in tensors if t.role in PARAMETER_ROLES and isinstance(size := t.size, int))
    words.also["declared"] = declared[0]
    if declared[0] != total:
        words.notes.append(
            f"the file declares {declared[0]:,} parameters; its tensors hold {total:,}, which is what is counted"
        )
