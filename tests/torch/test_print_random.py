"""Random models of PyTorch, printed: what we read of str(model) is sum(p.numel()), for every kind in every form.

`python -m tests.torch.test_print_random` prints the table of kinds and forms with how many models were drawn for each.
"""

from __future__ import annotations

import copy
import random
import warnings
from collections import Counter
from typing import TYPE_CHECKING

import torch
from torch import nn

import nparams
from nparams.layers._torch.layers import CLASSES
from nparams.notation.torch_print import may_be

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[random.Random], nn.Module]


def _size(r: random.Random) -> int:
    return r.randint(1, 6)


def _flag(r: random.Random) -> bool:
    return r.random() < 0.5


def _conv(r: random.Random) -> nn.Module:
    rank, g, name = r.randint(1, 3), r.randint(1, 2), r.choice(["Conv", "ConvTranspose"])
    kernel = tuple(r.randint(1, 3) for _ in range(rank))
    return getattr(nn, f"{name}{rank}d")(g * _size(r), g * _size(r), kernel, r.randint(1, 2), groups=g, bias=_flag(r))  # type: ignore[no-any-return]


def _batch(r: random.Random) -> nn.Module:
    name = r.choice(["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm", "InstanceNorm1d", "InstanceNorm2d"])
    statistics = _flag(r)
    return getattr(nn, name)(_size(r), affine=_flag(r), bias=_flag(r), track_running_stats=statistics)  # type: ignore[no-any-return]


def _group(r: random.Random) -> nn.Module:
    g = r.randint(1, 3)
    return nn.GroupNorm(g, g * _size(r), affine=_flag(r), bias=_flag(r))


def _layer_norm(r: random.Random) -> nn.Module:
    shape = [_size(r) for _ in range(r.randint(1, 3))]
    if _flag(r):
        return nn.RMSNorm(shape, elementwise_affine=_flag(r))
    return nn.LayerNorm(shape, elementwise_affine=_flag(r), bias=_flag(r))


def _recurrent(r: random.Random) -> nn.Module:
    name = r.choice(["RNN", "LSTM", "GRU"])
    more = {"proj_size": r.randint(0, 1)} if name == "LSTM" else {}
    return getattr(nn, name)(  # type: ignore[no-any-return]
        _size(r), 1 + _size(r), r.randint(1, 3), bias=_flag(r), bidirectional=_flag(r), batch_first=_flag(r), **more
    )


def _cell(r: random.Random) -> nn.Module:
    return getattr(nn, r.choice(["RNNCell", "LSTMCell", "GRUCell"]))(_size(r), _size(r), bias=_flag(r))  # type: ignore[no-any-return]


def _attention(r: random.Random) -> nn.Module:
    h = r.randint(1, 2)
    return nn.MultiheadAttention(h * _size(r), h, bias=_flag(r), batch_first=_flag(r))


def _block(r: random.Random) -> nn.Module:
    h = r.randint(1, 2)
    name = r.choice(["TransformerEncoderLayer", "TransformerDecoderLayer"])
    return getattr(nn, name)(h * _size(r), h, _size(r), bias=_flag(r))  # type: ignore[no-any-return]


def _transformer(r: random.Random) -> nn.Module:
    return nn.Transformer(2 * _size(r), 2, r.randint(1, 3), r.randint(1, 3), _size(r), bias=_flag(r))


def _embedding(r: random.Random) -> nn.Module:
    if _flag(r):
        return nn.EmbeddingBag(_size(r), _size(r), mode="sum")
    return nn.Embedding(_size(r), _size(r), padding_idx=r.choice([None, 0]))


def _free(r: random.Random) -> nn.Module:
    made = [
        nn.ReLU(True),
        nn.Dropout(0.2),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Softmax(-1),
        nn.AdaptiveAvgPool2d((2, None)),
    ]
    made += [nn.ZeroPad2d((1, 2, 3, 4)), nn.Upsample(scale_factor=2.0), nn.PixelShuffle(2)]
    made += [
        nn.Identity(3),
        nn.GELU(),
        nn.CrossEntropyLoss(),
        nn.Unflatten(1, (2, 2)),
        nn.Threshold(0.1, 20),
        nn.LocalResponseNorm(2),
    ]
    return r.choice(made)


def _head(r: random.Random) -> nn.Module:
    if _flag(r):
        return nn.LinearCrossEntropyLoss(_size(r), _size(r), out_features=(2,), bias=_flag(r))
    return nn.AdaptiveLogSoftmaxWithLoss(20, 12, [3, 7], div_value=2.0, head_bias=_flag(r))


def _normalised(r: random.Random) -> nn.Module:
    """Parametrised layers: lengths and directions, or one original."""
    layer = r.choice([nn.Linear(_size(r), _size(r)), nn.Conv1d(_size(r), _size(r), 3), nn.LSTM(_size(r), _size(r))])
    name = "weight_hh_l0" if isinstance(layer, nn.LSTM) else "weight"
    made = r.choice(["weight_norm", "spectral_norm", "orthogonal"])
    return getattr(torch.nn.utils.parametrizations, made)(layer, name)  # type: ignore[no-any-return]


def _raw(r: random.Random) -> nn.Module:
    """Parameters in lists and dicts, which are printed."""
    shapes = [[_size(r) for _ in range(r.randint(0, 3))] for _ in range(3)]
    held = [nn.Parameter(torch.zeros(shape)) for shape in shapes]
    return nn.ParameterList(held) if _flag(r) else nn.ParameterDict({f"p{k}": p for k, p in enumerate(held)})


KINDS: dict[str, Make] = {
    "linear": lambda r: nn.Linear(_size(r), _size(r), bias=_flag(r)),
    "bilinear": lambda r: nn.Bilinear(_size(r), _size(r), _size(r), bias=_flag(r)),
    "conv": _conv, "batchnorm": _batch, "groupnorm": _group, "layernorm": _layer_norm,
    "prelu": lambda r: nn.PReLU(_size(r)), "embedding": _embedding, "recurrent": _recurrent, "cell": _cell,
    "attention": _attention, "block": _block, "transformer": _transformer, "head": _head,
    "parametrised": _normalised, "raw": _raw, "free": _free,
}  # fmt: skip


class Custom(nn.Module):
    """A class of somebody's own, two levels deep."""

    def __init__(self, inner: nn.Module, deep: bool = True) -> None:
        super().__init__()
        self.first = inner
        self.rest = Custom(nn.Linear(2, 3), deep=False) if deep else nn.ReLU()


def _repeated(layer: nn.Module, r: random.Random) -> nn.Module:
    """Equal neighbours, which PyTorch prints once."""
    several = [copy.deepcopy(layer) for _ in range(r.randint(2, 4))]
    return nn.Sequential(nn.ModuleList([*several, nn.Linear(2, 2)]), nn.ModuleList(copy.deepcopy(several)))


FORMS: dict[str, Callable[[nn.Module, random.Random], nn.Module]] = {
    "bare": lambda m, r: m,
    "sequential": lambda m, r: nn.Sequential(nn.Linear(3, 2), m, nn.ReLU()),
    "repeats": _repeated,
    "dict": lambda m, r: nn.ModuleDict({"a": m, "b c": nn.Sequential(nn.Conv2d(1, 2, 3))}),
    "custom": lambda m, r: Custom(nn.ModuleList([Custom(m)])),
}
#: what only stands by itself where it prints sizes as no code writes them
EACH = 4


def drawn() -> list[tuple[str, str, nn.Module]]:
    """The table: kind x form, several models a cell."""
    r = random.Random(20261126)
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch about its own fast paths
        return [
            (kind, form, FORMS[form](make(r), r)) for kind, make in KINDS.items() for form in FORMS for _ in range(EACH)
        ]


def test_random_models() -> None:
    cells: Counter[tuple[str, str]] = Counter()
    for kind, form, model in drawn():
        text = str(model)
        network = nparams.read(text, form="torch-print")
        assert network.total == sum(p.numel() for p in model.parameters()), text
        assert network.total == sum(row.total for row in network.layers), text
        assert form == "bare" or may_be(text), text
        cells[kind, form] += 1
    assert len(cells) == len(KINDS) * len(FORMS)
    assert sum(cells.values()) >= 300
    assert min(cells.values()) == EACH


def test_names_are_those_of_pytorch() -> None:
    """Where everything is printed, the names of all parameters are PyTorch's own."""
    for kind, form, model in drawn():
        if form == "bare" and kind not in ("transformer", "block"):
            continue
        network = nparams.read(str(model), form="torch-print")
        ours = sorted((t.name, t.shape) for t in network.tensors() if t.role != "buffer")
        assert ours == sorted((name, tuple(p.shape)) for name, p in model.named_parameters()), str(model)


def test_every_holding_class_is_drawn() -> None:
    seen = {type(inner).__name__ for _, _, model in drawn() for inner in model.modules()}
    missing = {name for name, cls in CLASSES.items() if not cls.free and not name.startswith("Lazy")} - seen
    assert missing <= {"RNNBase", "RNNCellBase", "InstanceNorm3d"}, missing


def test_lazy_layers_are_not_known() -> None:
    for layer in (nn.LazyLinear(4), nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d()):
        network = nparams.read(str(nn.Sequential(nn.Linear(2, 3), layer)), form="torch-print")
        assert network.total is None
        assert network.totals.known == 9


def main() -> None:
    counted: Counter[tuple[str, str]] = Counter((kind, form) for kind, form, _ in drawn())
    print(f"{'':14}" + "".join(f"{form:>12}" for form in FORMS))
    for kind in KINDS:
        print(f"{kind:14}" + "".join(f"{counted[kind, form]:>12}" for form in FORMS))


if __name__ == "__main__":
    main()
