"""Which folders make up one model: model_index.json of diffusers, modules.json of sentence-transformers.

huggingface/diffusers src/diffusers/pipelines/pipeline_utils.py (`save_pretrained`: one folder for each component, named
by its key); UKPLab/sentence-transformers sentence_transformers/SentenceTransformer.py (modules.json: a list of name,
path and type).  Both files name folders, so neither is trusted: bare names in this folder, nothing else.
"""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, escaped, place, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.files.bytesource import Folder

INDEX, MODULES = "model_index.json", "modules.json"
MAX_BYTES = 1_000_000
MAX_PARTS = 64
#: endings of the classes of a pipeline's components that have no weights, with an example
WEIGHTLESS = (
    ("Tokenizer", "CLIPTokenizer"), ("TokenizerFast", "T5TokenizerFast"), ("Scheduler", "PNDMScheduler"),
    ("Extractor", "CLIPFeatureExtractor"), ("Processor", "CLIPImageProcessor"), ("ProcessorFast", "CLIPProcessorFast"),
    ("Guidance", "ClassifierFreeGuidance"), ("Guider", "AutoGuider"),
)  # fmt: skip
WEIGHTLESS_ENDINGS = tuple(ending for ending, _ in WEIGHTLESS)
#: last names of the modules of sentence-transformers that have weights (sentence_transformers/models/)
WEIGHTED = frozenset((
    "Transformer", "Dense", "CNN", "LSTM", "LayerNorm", "WordEmbeddings", "WeightedLayerPooling", "StaticEmbedding",
    "CLIPModel", "SparseAutoEncoder", "MLMTransformer",
))  # fmt: skip


class Named:
    """A folder that a file names as a part of the model ("" for the folder itself), and whether it has weights."""

    __slots__ = ("folder", "kind", "weighted")

    def __init__(self, folder: str, kind: str, weighted: bool | None) -> None:
        self.folder = folder
        self.kind = kind
        #: None where its class does not tell
        self.weighted = weighted


def object_in(folder: Folder, name: str) -> Any:
    """The value in a JSON file of a folder; FormatError where it is none."""
    from nparams.files.sniff import refuse_strangers
    from nparams.stored.plain import strict

    with folder.open(name) as source:
        if not 0 < source.size <= MAX_BYTES:
            raise FormatError(f"{place(name)}: {source.size:,} bytes; up to {MAX_BYTES:,} make sense")
        raw = source.read(0, source.size)
    refuse_strangers(name, raw[:512])
    try:
        return strict(raw)
    except (ValueError, RecursionError):
        what = f"{name} is not JSON, so the parts of this model are not known"
        raise FormatError(f"{place(folder.name)}: {what}") from None


def pipeline(folder: Folder) -> tuple[str, list[Named]] | None:
    """(class, its components) of a diffusers pipeline; None where model_index.json is something else."""
    held = object_in(folder, INDEX)
    if not isinstance(held, dict) or not isinstance(held.get("_class_name"), str):
        return None
    found = []
    for key, value in held.items():
        if key.startswith("_") or not isinstance(value, list) or len(value) != 2:
            continue
        if all(isinstance(word, str) for word in value):
            found.append(Named(key, value[1], not value[1].endswith(WEIGHTLESS_ENDINGS)))
    return held["_class_name"], _checked(folder, INDEX, found)


def modules(folder: Folder) -> list[Named] | None:
    """The modules of a sentence-transformers model; None where modules.json is something else."""
    held = object_in(folder, MODULES)
    if not isinstance(held, list) or not held or not all(isinstance(each, dict) for each in held):
        return None
    found = []
    for each in held:
        path, kind = each.get("path"), each.get("type")
        if not isinstance(path, str) or not isinstance(kind, str):
            return None
        found.append(Named(path, kind, True if kind.rpartition(".")[2] in WEIGHTED else None))
    return _checked(folder, MODULES, found)


def _checked(folder: Folder, file: str, found: list[Named]) -> list[Named]:
    from nparams.files.bytesource import is_bare

    where = f"{place(folder.name)}: {file}"
    if len(found) > MAX_PARTS:
        raise FormatError(f"{where} names {len(found):,} parts; at most {MAX_PARTS} are read")
    seen = set()
    for each in found:
        if each.folder and not is_bare(each.folder):
            raise FormatError(f"{where} names {shown(each.folder)}: a part must lie in it; paths are not followed")
        if each.folder in seen:
            raise FormatError(f"{where} names {shown(each.folder)} twice")
        seen.add(each.folder)
    return found


def missing(folder: Folder, file: str, part: Named, why: str) -> ReadError:
    """A part that should have weights and has none."""
    return ReadError(
        f"{place(folder.name)}: {file} names {shown(part.folder)} ({escaped(part.kind[:80])}), {why}; "
        "download the rest, or name one part's own folder"
    )
