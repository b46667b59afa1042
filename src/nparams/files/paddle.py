"""Paddle: state dicts (.pdparams), programs (.pdmodel, or JSON since 3.0) and the weights of programs (.pdiparams).

A state dict is a pickle, read as data; a program a protocol buffer or JSON, of which the stored variables are read and
the operators that take them; weights of a program are a stream without names, so the program beside it is asked for
them.  See _paddle/ for the sources.
"""

from __future__ import annotations

from nparams.errors import FormatError, ReadError, UnsupportedError, bare_name, escaped, place, telling
from nparams.files._paddle.pir import BEGIN
from nparams.files._pickle import Refused, load
from nparams.files._pytorch.nested import Nested
from nparams.files._pytorch.pause import Paused
from nparams.network import Network, Tensor
from nparams.stored._checkpoint.model import plural
from nparams.stored.named import assemble
from nparams.stored.plain import has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from nparams.files._paddle.variable import Variable
    from nparams.files.bytesource import ByteSource, Folder

PICKLE = 0x80
WEIGHTS, PROGRAMS = ".pdiparams", (".pdmodel", ".json")
#: a key of every state dict that Paddle saves; a small one has it in its first bytes
NAMES = b"StructuredToParameterName@@"
FLOATS = "of floating point taken for weights"


def may_be(head: bytes) -> bool:
    """Whether a file begins as a small state dict of Paddle's does.

    >>> may_be(b"\\x80\\x04}(X\\x1bStructuredToParameterName@@"), may_be(b"\\x80\\x04}")
    (True, False)
    """
    return head[:1] == bytes((PICKLE,)) and NAMES in head


def read(source: ByteSource, folder: Folder | None = None, *, limits: bool = True) -> Network:
    """The network in a file of Paddle's; `folder` is asked for the program that names the weights of a .pdiparams.

    Raises FormatError for a damaged or hostile file, UnsupportedError for an optimizer's state.
    """
    head = source.read(0, min(len(BEGIN), source.size))
    if head[:1] == bytes((PICKLE,)):
        with Paused():
            return _params(source, folder, limits)
    if head == BEGIN:
        network = _program(source, "program as JSON", _pir(source, limits))
        network.form = "paddle-json"
        return network
    if source.name.endswith(WEIGHTS) or not any(head[:12]):
        return _stream(source, folder, limits)
    return _program(source, "program", _described(source, limits))


def _params(source: ByteSource, folder: Folder | None, limits: bool) -> Network:
    from nparams.files._paddle.params import read_params

    loaded = load(source, calls=Nested(source).calls, persistent=_outside, limits=limits)
    with telling(loaded.flags):
        model = read_params(source.name, loaded.value)
    if not model.tensors:
        raise UnsupportedError(f"{place(source.name)} is a pickle of Paddle's without arrays")
    made = assemble(model.tensors, _unasked, folder, model.hints)
    flags = [*loaded.flags]
    if loaded.end != source.size:
        told = f"{source.size - loaded.end:,} bytes follow the end of the pickle, which nothing reads"
        flags.append({"kind": "trailing", "text": told})
    return Network(
        tensors=model.tensors, source=source.name, form="paddle", routes=made.routes,
        read_as=f"Paddle, {plural(len(model.tensors), 'tensor')}",
        notes=[*model.notes, *model.told(), *made.notes], also=model.also, flags=flags,
    )  # fmt: skip


def _outside(pid: Any) -> NoReturn:
    raise Refused("keeps arrays outside itself, which no file of Paddle's does")


def _unasked(k: int, limit: int) -> NoReturn:
    raise FormatError("a packed weight keeps its shape among the numbers, which are not read in files of Paddle's")


def _pir(source: ByteSource, limits: bool) -> list[Variable]:
    from nparams.files._paddle.pir import variables

    return variables(source, limits=limits)


def _program(source: ByteSource, what: str, variables: list[Variable]) -> Network:
    tensors = [each.tensor() for each in sorted(variables, key=lambda each: each.name)]  # as they are saved
    notes = [] if tensors else ["no stored variables: this program has no weights"]
    return Network(
        tensors=tensors, source=source.name, form="paddle", notes=notes,
        read_as=f"Paddle {what}, {plural(len(tensors), 'tensor')}",
    )  # fmt: skip


# -- weights without names ------------------------------------------------------------------------------------------


def _stream(source: ByteSource, folder: Folder | None, limits: bool) -> Network:
    from nparams.files._paddle.stream import Stream

    stored = Stream(source).variables()
    beside, why = _beside(source.name, folder, limits)
    tensors, note = _named(stored, beside) if beside else (None, why)
    if tensors is None:
        tensors = [Tensor(f"variable.{k}", shape, dtype) for k, (shape, dtype) in enumerate(stored)]
        for t in tensors:
            t.role = "weight" if t.dtype is None or "float" in t.dtype else "buffer"
    return Network(
        tensors=tensors, source=source.name, form="paddle", notes=[note],
        read_as=f"Paddle variables, {plural(len(tensors), 'tensor')}",
    )  # fmt: skip


def _beside(name: str, folder: Folder | None, limits: bool) -> tuple[list[Variable], str]:
    """The variables of the program that lies beside the weights; none, and why, where there is none that is read."""
    bare = bare_name(name).removesuffix(WEIGHTS)
    why = f"the program ({escaped(bare)}.pdmodel or .json) does not lie beside it: its variables are numbered, and all "
    for ending in PROGRAMS:
        if folder is None or not has(folder, bare + ending):
            continue
        try:
            with folder.open(bare + ending) as program:
                return (_pir if ending == ".json" else _described)(program, limits), ""
        except ReadError as problem:
            why = f"the program beside it is not read ({problem}): its variables are numbered, and all "
    return [], why + FLOATS


def _described(program: ByteSource, limits: bool) -> list[Variable]:
    from nparams.files._paddle.program import variables

    return variables(program, limits=limits)


def _named(stored: list[tuple[tuple[int, ...], str]], told: list[Variable]) -> tuple[list[Tensor] | None, str]:
    """The stored variables under the program's names: sorted, as they are saved, or in the program's order."""
    for order in (sorted(told, key=lambda each: each.name), told):
        if [(each.shape, each.dtype) for each in order] == stored:
            return [each.tensor() for each in order], "names and roles are those of the program beside it"
    return None, f"the program beside it describes other variables: these are numbered, and all {FLOATS}"
