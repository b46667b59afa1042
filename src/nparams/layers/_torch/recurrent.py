"""RNN, LSTM and GRU of torch.nn, and their cells: a row for each layer, tensors named as PyTorch names them.

weight_ih_l0 (g·h, n), weight_hh_l0 (g·h, h), bias_ih_l0 and bias_hh_l0 (g·h), weight_hr_l0 (p, h) with a projection;
`_reverse` for the other direction; from the second layer on, what comes in is what all directions below send.
Source: torch/nn/modules/rnn.py (RNNBase.__init__), PyTorch 2.13.
"""

from __future__ import annotations

from nparams.expr import Expr, mul
from nparams.layers._torch.call import MAX_LAYERS, Call, told, with_tensors
from nparams.layers.catalogue import kind_of
from nparams.layers.recurrent import GATES
from nparams.network import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.network import Tensor

WORDS = {"RNN": "rnn", "LSTM": "lstm", "GRU": "gru", "RNN_TANH": "rnn", "RNN_RELU": "rnn"}
#: gates of a bare cell -> the layer that has as many
BY_GATES = {1: "rnn", 3: "gru", 4: "lstm"}


def cell(call: Call) -> Module:
    """One step of a layer: the names have no number."""
    if call.cls.name == "RNNCellBase":
        gates = call.given["num_chunks"]
        if not isinstance(gates, int) or gates not in BY_GATES:
            raise call.refuse("num_chunks", f"must be 1, 3 or 4, found {told(gates)}")
        word = BY_GATES[gates]
    else:
        word = WORDS[call.cls.name.removesuffix("Cell")]
    given = {"n": call.size("input_size"), "h": call.size("hidden_size"), "bias": call.flag("bias")}
    return call.layer(word, **given).module()


def recurrent(call: Call) -> Module:
    """Layers on top of each other, in one direction or both."""
    mode = call.given.get("mode", call.cls.name)
    if not isinstance(mode, str) or mode not in WORDS:
        raise call.refuse("mode", f"must be one of {', '.join(WORDS)}, found {told(mode)}")
    call.rate("dropout")
    if "nonlinearity" in call.given:
        call.one_of("nonlinearity", ("tanh", "relu"))
    layers, stack = call.size("num_layers"), Stack(call, WORDS[mode])
    if isinstance(layers, int) and layers > MAX_LAYERS:
        raise call.refuse("num_layers", f"is {layers:,}: at most {MAX_LAYERS:,} are written out")
    if layers == 1 or isinstance(layers, Expr):
        module = call.layer(WORDS[mode], **stack.given, L=layers).module()
        return with_tensors(module, stack.layer(0)) if layers == 1 else module
    return stack.module(layers)


class Stack:
    """The sizes of such layers, and what each holds."""

    def __init__(self, call: Call, word: str) -> None:
        self.call = call
        self.kind = kind_of(word).name
        self.n, self.h = call.size("input_size"), call.size("hidden_size")
        self.bias, self.both = call.flag("bias"), call.flag("bidirectional")
        self.p = call.size("proj_size", 0) if "proj_size" in call.given else 0
        if self.p != 0 and self.kind != "LSTM":
            raise call.refuse("proj_size", "is for LSTM only")
        if isinstance(self.p, int) and isinstance(self.h, int) and self.p >= self.h:
            raise call.refuse("proj_size", f"is {self.p}: it must be smaller than hidden_size, {self.h}")
        self.gates = GATES[self.kind]

    @property
    def given(self) -> dict[str, object]:
        """The same as the textbook's kind takes it."""
        more = {"p": self.p} if self.p != 0 else {}
        return {"n": self.n, "h": self.h, "bias": self.bias, "bidirectional": self.both, **more}

    def layer(self, k: int) -> list[Tensor]:
        """The tensors of one layer, in PyTorch's order."""
        back = self.h if self.p == 0 else self.p
        n = self.n if k == 0 else mul(2 if self.both else 1, back)
        rows = mul(self.gates, self.h)
        found = []
        for way in ("", "_reverse") if self.both else ("",):
            end = f"_l{k}{way}"
            found += [self.call.tensor(f"weight_ih{end}", (rows, n)), self.call.tensor(f"weight_hh{end}", (rows, back))]
            if self.bias:
                found += [self.call.tensor(f"bias_{which}{end}", (rows,), "bias") for which in ("ih", "hh")]
            if self.p != 0:
                found.append(self.call.tensor(f"weight_hr{end}", (self.p, self.h)))
        return found

    def module(self, layers: int) -> Module:
        """A module for each layer, one row each; the tensors keep PyTorch's names, which have no module between."""
        sent = mul(2 if self.both else 1, self.h if self.p == 0 else self.p)
        children = []
        for k in range(layers):
            given = self.given if k == 0 else {**self.given, "n": sent}
            made = self.call.part(WORD_OF[self.kind], f"l{k}", **given).module()
            children.append(with_tensors(made, self.layer(k)))
        return Module(self.call.name, takes=(self.n,), out=(sent,), children=children)


WORD_OF = {"SimpleRNN": "rnn", "LSTM": "lstm", "GRU": "gru"}
