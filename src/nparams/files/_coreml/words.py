"""What a Core ML model says about itself: the print-back, notes and flags, and whether its file of weights is whole."""

from __future__ import annotations

from nparams.dtypes import held_bytes
from nparams.errors import FormatError, ReadError, place, shown
from nparams.files._coreml.model import UNCOUNTED
from nparams.network.tree import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nparams.files._coreml.parts import Parts
    from nparams.files._coreml.program import Stored
    from nparams.files.bytesource import Folder

#: how a program names its file of weights, and the folder that it lies in
MODEL_PATH, WEIGHTS = "@model_path/", "weights"
#: bytes of the record before the numbers (coremltools mlmodel/src/MILBlob/Blob/StorageFormat.hpp, blob_metadata)
RECORD = 64
NAMES = {
    "mlProgram": "program", "neuralNetwork": "neural network", "neuralNetworkClassifier": "neural network",
    "neuralNetworkRegressor": "neural network", "glmRegressor": "linear model", "glmClassifier": "linear model",
}  # fmt: skip


def read_as(version: int, parts: Parts) -> str:
    """The print-back: specification version, kinds of models, how many arrays."""
    kinds: dict[str, int] = {}
    for kind in parts.kinds:
        kinds[NAMES[kind]] = kinds.get(NAMES[kind], 0) + 1
    said = [f"{count:,} {name}s" if count > 1 else name for name, count in kinds.items()]
    count = len(parts.held)
    functions = f"{len(parts.functions):,} functions" if len(parts.functions) > max(1, len(parts.kinds)) else ""
    told = [f"Core ML, specification {version}", " and ".join(said), functions]
    return ", ".join([*(t for t in told if t), f"{count:,} array{'' if count == 1 else 's'}"])


def notes_of(parts: Parts) -> list[str]:
    """Everything that a user must see."""
    return [*_rest(parts), *_functions(parts), *_tied(parts), *_packed(parts), *_unknown(parts)]


def _rest(parts: Parts) -> Iterator[str]:
    if parts.left:
        what = "; ".join(f"{kind}: {UNCOUNTED[kind]}" for kind in dict.fromkeys(parts.left))
        yield f"a pipeline, of which this is not counted: {what}"
    if parts.steps:
        yield f"steps of the pipeline without parameters: {', '.join(dict.fromkeys(parts.steps))}"
    if parts.updatable:
        yield "an updatable model: what may be trained on the device is trainable, the rest is frozen"


def _functions(parts: Parts) -> Iterator[str]:
    if len(parts.functions) > max(1, len(parts.kinds)):
        names = ", ".join(shown(name) for name in parts.functions[:4]) + (", ..." if len(parts.functions) > 4 else "")
        yield f"{len(parts.functions):,} functions ({names}) counted together; weights that they share are counted once"


def _tied(parts: Parts) -> Iterator[str]:
    tied = [t for t in parts.tied if t.role in PARAMETER_ROLES]
    if tied:
        size = sum(t.size for t in tied if isinstance(t.size, int))
        them = "1 parameter reads" if len(tied) == 1 else f"{len(tied):,} parameters read"
        where = "the same place of the file of weights as another"
        yield f"{them} {where}: counted once; apart they would be {size:,} more"


def _packed(parts: Parts) -> Iterator[str]:
    if parts.sparse:
        size = sum(t.size for t, _ in parts.sparse if isinstance(t.size, int))
        stored = sum(count for _, count in parts.sparse)
        them = "1 parameter is" if len(parts.sparse) == 1 else f"{len(parts.sparse):,} parameters are"
        yield f"{them} stored sparsely: {stored:,} of {size:,} numbers; all are counted"


def _unknown(parts: Parts) -> Iterator[str]:
    if parts.unknown:
        names = ", ".join(shown(name) for name in list(parts.unknown)[:5])
        yield f"operators that are not known ({names}): what is stored for them goes by name and shape"
    if parts.custom:
        names = ", ".join(shown(name) for name in list(parts.custom)[:5])
        yield f"custom layers ({names}): their arrays count as weights, whatever they are for"


def also_of(parts: Parts) -> dict[str, int]:
    """The parameters without the zeros that sparse arrays leave out, where there are such."""
    counted = [h.tensor for h in parts.held if h.tensor.role in PARAMETER_ROLES and h.tensor.tied_to is None]
    if not parts.sparse:
        return {}
    total = sum(t.size for t in counted if isinstance(t.size, int))
    absent = sum(t.size - held for t, held in parts.sparse if isinstance(t.size, int) and t.tied_to is None)
    return {"nonzero": total - absent}


def check_weights(name: str, parts: Parts, folder: Folder | None) -> tuple[list[str], list[dict[str, str]]]:
    """(notes, flags) on the files of weights; none is opened but for its size, which must hold all that is declared.

    Raises FormatError where one is too short.
    """
    files: dict[str, Stored] = {}
    for stored in parts.blobs:
        last = files.get(stored.source.file)
        if last is None or _end(stored) > _end(last):
            files[stored.source.file] = stored
    notes, flags = [], []
    for path, last in files.items():
        bare = path.removeprefix(f"{MODEL_PATH}{WEIGHTS}/")
        if bare == path or "/" in bare or "\\" in bare or bare in ("", ".", ".."):
            text = f"weights in {shown(path)}, which is no file in the package"
            flags.append({"kind": "external-data", "text": text})
        elif folder is not None:
            notes += _check(name, bare, last, folder)
    return notes, flags


def _end(stored: Stored) -> int:
    held = 0 if stored.dtype is None else held_bytes(stored.size, stored.dtype)
    return stored.source.offset + RECORD + held


def _check(name: str, bare: str, last: Stored, folder: Folder) -> list[str]:
    try:
        with folder.folder(WEIGHTS).open(bare) as source:
            size = source.size
    except ReadError:
        return [f"{shown(f'{WEIGHTS}/{bare}')} is not beside the model: it can be counted, and not run"]
    if _end(last) > size:
        raise FormatError(
            f"{place(name)}: {shown(last.name)} ends at {_end(last):,} of {place(bare)}, which has {size:,} bytes. "
            "A cut download, or a Git LFS pointer?"
        )
    return []
