"""PNNX: the .pnnx.param that ncnn's converter writes beside its own, PyTorch's operators and their arrays by shape.

Tencent/ncnn tools/pnnx/src/ir.cpp (Graph::load, Graph::save): a line for each operator, and in it @weight=(2,3)f32 for
each array.  The numbers lie in a zip archive, .pnnx.bin, which is not looked at.
"""

from __future__ import annotations

import re

from nparams.dtypes import PNNX
from nparams.errors import FormatError, place, shown
from nparams.network import Network, Tensor
from nparams.roles import role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: what the types of operators begin with
TYPE = re.compile(r"(?:pnnx|nn|F|torch|Tensor|torchvision)\.|(?:aten|prim)::")
ARRAY = re.compile(r"\(([0-9]{0,15}(?:,[0-9]{1,15}){0,15})\)([a-z0-9]{1,8})")
#: how an array that is an operator by itself is called there
ATTRIBUTE, DATA = "pnnx.Attribute", "data"
HEADER = 2  # lines
LONGEST = 255  # characters of a name
LARGEST = 1 << 48


def is_pnnx(data: bytes) -> bool:
    """Whether a .param is one of PNNX: by the type of its first operator.

    >>> is_pnnx(b"7767517\\n1 1\\npnnx.Input in 0 1 0\\n"), is_pnnx(b"7767517\\n1 1\\nInput in 0 1 in\\n")
    (True, False)
    """
    lines = data[:4096].split(b"\n", HEADER + 1)
    return len(lines) > HEADER and TYPE.match(lines[HEADER].decode("utf-8", "replace")) is not None


def read(name: str, text: str, source: str) -> Network:
    """The network in the text of a .pnnx.param that is called `name`."""
    lines = text.split("\n")
    count = lines[1].split()[0] if lines[1].split() else ""
    held = [line for line in lines[HEADER:] if line.strip()]
    if count != str(len(held)):
        raise FormatError(f"{place(name)}: it says {shown(count)} operators and lists {len(held):,}. Cut short?")
    tensors = [tensor for number, line in enumerate(held) for tensor in _tensors(name, number, line.split())]
    _check_names(name, tensors)
    operators = f"{len(held):,} operator{'' if len(held) == 1 else 's'}"
    notes = ["arrays as the .pnnx.param lists them; their numbers, in the .pnnx.bin, were not looked at"]
    return Network(
        tensors=tensors, source=source, form="ncnn", read_as=f"PNNX, {operators}, {len(tensors):,} arrays", notes=notes
    )


def _tensors(name: str, number: int, words: list[str]) -> Iterator[Tensor]:
    """The arrays of one operator."""
    where = f"{place(name)}: operator {number}"
    if len(words) < 4 or len(words[1]) > LONGEST:
        raise FormatError(f"{where}: {shown(' '.join(words[:4]))} is no type, name and numbers of inputs and outputs")
    for word in words[4:]:
        key, mark, value = word.partition("=")
        if not mark or not key.startswith("@"):
            continue
        match = ARRAY.fullmatch(value)
        if match is None or match[2] not in PNNX:
            raise FormatError(f"{where} {shown(words[1])}: {shown(word)} is no array of a known number type")
        shape = tuple(int(n) for n in match[1].split(",")) if match[1] else ()
        if any(n >= LARGEST for n in shape) or len(key) > LONGEST:
            raise FormatError(f"{where} {shown(words[1])}: impossible shape {list(shape)}")
        alone = words[0] == ATTRIBUTE and key[1:] == DATA
        called, dtype = words[1] if alone else f"{words[1]}.{key[1:]}", PNNX[match[2]]
        role, note = role_of(called, shape, dtype)
        yield Tensor(called, shape, dtype, role, note=note)


def _check_names(name: str, tensors: list[Tensor]) -> None:
    seen: set[str] = set()
    for tensor in tensors:
        if tensor.name in seen:
            raise FormatError(f"{place(name)}: two arrays are called {shown(tensor.name)}")
        seen.add(tensor.name)
