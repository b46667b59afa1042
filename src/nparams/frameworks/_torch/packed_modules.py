"""Modules that keep weights in objects of their own, where no list of parameters has them: torch.ao's quantised layers.

pytorch/pytorch torch/ao/nn/quantized/modules/linear.py, conv.py, embedding_ops.py, dynamic/modules/rnn.py, and
torch/ao/quantization/fx/_lower_to_native_backend.py for graph modules.  Asking a packed weight for its tensors
(`unpack`) gives copies, made and dropped one layer at a time.
"""

from __future__ import annotations

from nparams.frameworks._torch.access import look
from nparams.frameworks._torch.packed import book, dtype_of, is_tensor, unknown
from nparams.frameworks._torch.packed_layers import hqq, mxfp4
from nparams.network import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Reader = Callable[[str, Any], list[Tensor]]

#: what the modules of torch's quantised layers are called (the first three are the same in old releases)
QUANTISED = ("torch.ao.nn.quantized.", "torch.ao.nn.intrinsic.quantized.", "torch.nn.quantized.",
             "torch.nn.intrinsic.quantized.", "torch.ao.nn.sparse.quantized.")  # fmt: skip
GATES = {"LSTM": 4, "GRU": 3, "LSTMCell": 4, "GRUCell": 3, "RNNCell": 1}


def of_module(name: str, module: object) -> list[Tensor] | None:
    """The tensors that a module keeps packed outside its parameters and buffers; None where there are none."""
    cls, prefix = type(module), f"{name}." if name else ""
    if cls not in READERS:
        READERS[cls] = _reader(cls)
    reader = READERS[cls]
    if reader is scripted:
        return scripted(prefix, module)
    return None if reader is None else reader(prefix, module)


READERS: dict[type, Reader | None] = {}


def _reader(cls: type) -> Reader | None:
    """Who reads the modules of a class, found once for each."""
    for base in cls.__mro__:
        if base.__module__.startswith(QUANTISED):
            return _named(base.__name__)
        if (base.__module__, base.__name__) in BY_PATH:
            return BY_PATH[base.__module__, base.__name__]
        if base.__name__ in ELSEWHERE:
            return ELSEWHERE[base.__name__]
    return None


def _named(name: str) -> Reader | None:
    return BY_NAME.get(name) or (convolution if "Conv" in name else None)


class Scripted:
    """The attributes of a module that TorchScript holds, as of a dictionary; `_type` tells which class it was."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        path: str = inner._type().qualified_name()
        self.path = ".".join(part for part in path.split(".")[1:] if "_torch_mangle_" not in part)

    def get(self, key: str) -> Any:
        """An attribute; None where there is none."""
        return self.inner.getattr(key) if self.inner.hasattr(key) else None

    __getitem__ = get


def scripted(prefix: str, module: object) -> list[Tensor]:
    """A quantised layer after torch.jit.script: the same attributes, elsewhere."""
    inner = look(module, "__dict__").get("_c")
    held = None if inner is None else Scripted(inner)
    reader = _named(held.path.rpartition(".")[2]) if held is not None and held.path.startswith(QUANTISED) else None
    return [] if reader is None else reader(prefix, held)


def attributes(module: object) -> Any:
    """The plain attributes of a module."""
    return module if isinstance(module, Scripted) else look(module, "__dict__")


def inside(module: object, key: str) -> Any:
    """The attributes of a module in a module; {} where there is none."""
    if isinstance(module, Scripted):
        found = module.get(key)
        return {} if found is None else Scripted(found)
    found = look(module, "_modules").get(key)
    return {} if found is None else look(found, "__dict__")


# -- torch.ao ---------------------------------------------------------------------------------------------------------


def linear(prefix: str, module: object) -> list[Tensor]:
    """Linear: weight and bias in the packed parameters of a module inside it."""
    held = inside(module, "_packed_params")
    return _unpacked(prefix, held.get("_packed_params"), kept=held.get("dtype"))


def convolution(prefix: str, module: object) -> list[Tensor]:
    """Conv1d … ConvTranspose3d: weight and bias in its own packed parameters."""
    return _unpacked(prefix, attributes(module).get("_packed_params"))


def embedding(prefix: str, module: object) -> list[Tensor]:
    """Embedding, EmbeddingBag: a table of bytes or half bytes, each row with a scale and a zero point."""
    import torch

    try:
        weight = torch.ops.quantized.embedding_bag_unpack(inside(module, "_packed_params").get("_packed_weight"))
    except (RuntimeError, TypeError):
        return [unknown(f"{prefix}weight", "weight", NOT_TOLD)]
    found = _quantised(f"{prefix}weight", weight, "weight")
    held = attributes(module)
    rows, columns = held["num_embeddings"], held["embedding_dim"]
    if weight.shape != (rows, columns):  # two to a byte: an odd row is rounded up
        if weight.shape != (rows, columns + 1) or found[0].dtype != "uint4":
            return [unknown(f"{prefix}weight", "weight", NOT_TOLD)]
        found[0].shape, found[0].size = (rows, columns), rows * columns
        found[0].stored = weight.numel(), weight.numel() // 2
    return found


def recurrent(prefix: str, module: object) -> list[Tensor]:
    """Dynamic LSTM, GRU: the shapes are those of torch.nn.LSTM; a bias is always there."""
    held = attributes(module)
    hidden, layers, twice = held["hidden_size"], held["num_layers"], 2 if held["bidirectional"] else 1
    rows = GATES[held["mode"]] * hidden
    dtype = _kept(held.get("dtype"))
    found = []
    for layer in range(layers):
        width = held["input_size"] if layer == 0 else hidden * twice
        for way in ("", "_reverse")[:twice]:
            for kind, columns in (("ih", width), ("hh", hidden)):
                name = f"{prefix}weight_{kind}_l{layer}{way}"
                found.append(Tensor(name, (rows, columns), dtype, "weight", False, None, None, DYNAMIC))
            for kind in ("ih", "hh"):
                name = f"{prefix}bias_{kind}_l{layer}{way}"
                found.append(Tensor(name, (rows,), "float32", "bias", False, None, None, DYNAMIC))
    return found


def cell(prefix: str, module: object) -> list[Tensor]:
    """Dynamic LSTMCell, GRUCell, RNNCell: two packed weights, and biases that are plain attributes."""
    held = attributes(module)
    found = []
    for kind in ("ih", "hh"):
        found += _unpacked(prefix, held.get(f"_packed_weight_{kind}"), f"weight_{kind}", None, held.get("weight_dtype"))
    for kind in ("ih", "hh"):
        bias = held.get(f"bias_{kind}")
        if bias is not None:
            found += _quantised(f"{prefix}bias_{kind}", bias, "bias")
    return found


def graph(prefix: str, module: object) -> list[Tensor]:
    """A graph module: packed weights of functional layers are attributes, fc_packed_weight_0."""
    import torch

    found = []
    for key, value in look(module, "__dict__").items():
        if type(value) is torch.ScriptObject and hasattr(value, "unpack"):
            found += _unpacked(prefix, value, f"{key}.weight", f"{key}.bias")
    return found


NOT_TOLD = "PyTorch's own quantisation: its packed weight does not give its tensors"
DYNAMIC = "packed: PyTorch's own dynamic quantisation"


def _unpacked(
    prefix: str, packed: Any, weight: str = "weight", bias: str | None = "bias", kept: object = None
) -> list[Tensor]:
    """The weight of a packed object, and its bias where it has one; `kept`: the type that it is packed as."""
    try:
        told = packed.unpack()
    except (AttributeError, RuntimeError, TypeError):
        return [unknown(prefix + weight, "weight", NOT_TOLD)]
    found = []
    for leaf, role, value in zip((weight, bias), ("weight", "bias"), told, strict=False):
        if value is not None and leaf is not None and is_tensor(value):
            found += _quantised(prefix + leaf, value, role)
    if found and _kept(kept) == "float16":  # unpacked into float32
        found[0].dtype, found[0].note = "float16", DYNAMIC
    return found


def _quantised(name: str, t: Any, role: str) -> list[Tensor]:
    """One tensor, and the scales and zero points of its rows where it has them."""
    shape = tuple(t.shape)
    if not t.is_quantized:
        return [Tensor(name, shape, dtype_of(t), role, False, None, None, KEPT)]
    per_row = str(t.qscheme()).removeprefix("torch.").startswith("per_channel")
    note = f"quantised: a scale and zero point for each of {len(t.q_per_channel_scales()):,}" if per_row else ONE
    found = [Tensor(name, shape, dtype_of(t), role, False, None, None, note)]
    if per_row:
        for leaf, part in (("scales", t.q_per_channel_scales()), ("zero_points", t.q_per_channel_zero_points())):
            found.append(book(f"{name}.{leaf}", tuple(part.shape), dtype_of(part), note))
    return found


KEPT = "kept with a packed weight"
ONE = "quantised: one scale and zero point for the tensor"


def _kept(dtype: object) -> str:
    from nparams.dtypes import TORCH

    text = str(dtype).removeprefix("torch.")
    return TORCH.get(text, SCRIPTED_TYPES.get(text, text))


#: TorchScript keeps number types as numbers (pytorch/pytorch c10/core/ScalarType.h)
SCRIPTED_TYPES = {"5": "float16", "12": "int8", "13": "uint8"}


# -- bitsandbytes -----------------------------------------------------------------------------------------------------


def linear8bit(prefix: str, module: object) -> list[Tensor]:
    """Linear8bitLt after its first run: the row scales have moved from the weight into the layer's state.

    bitsandbytes-foundation/bitsandbytes bitsandbytes/nn/modules.py, `Linear8bitLt.init_8bit_state`.
    """
    weight, state = look(module, "_parameters").get("weight"), look(module, "__dict__").get("state")
    if weight is None or state is None or dtype_of(weight) != "int8" or look(weight, "__dict__").get("SCB") is not None:
        return []
    scales = vars(state).get("SCB")
    if scales is None:
        return []
    return [book(f"{prefix}SCB", tuple(scales.shape), dtype_of(scales), "bitsandbytes int8: SCB")]


BY_NAME: dict[str, Reader] = {
    "Linear": linear, "Embedding": embedding, "EmbeddingBag": embedding, "LSTM": recurrent, "GRU": recurrent,
    "LSTMCell": cell, "GRUCell": cell, "RNNCell": cell,
}  # fmt: skip
BY_PATH: dict[tuple[str, str], Reader] = {
    ("torch.fx.graph_module", "GraphModule"): graph,
    ("bitsandbytes.nn.modules", "Linear8bitLt"): linear8bit,
    ("torch.jit._script", "ScriptModule"): scripted,
}
#: classes that are copied from library to library
ELSEWHERE: dict[str, Reader] = {"HQQLinear": hqq, "Mxfp4GptOssExperts": mxfp4}
