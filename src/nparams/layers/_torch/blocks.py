"""MultiheadAttention and the layers of Transformer in torch.nn, in PyTorch's own tree.

Source: torch/nn/modules/activation.py (MultiheadAttention.__init__) and transformer.py, PyTorch 2.13.
"""

from __future__ import annotations

from nparams.expr import Expr, mul
from nparams.layers._torch.call import MAX_LAYERS, Call, with_tensors
from nparams.network import Module, Over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size


def attention(call: Call) -> Module:
    """Queries, keys and values in one matrix where all are as wide, in three where not; out_proj brings them back."""
    d, h, k, v = call.size("embed_dim"), call.size("num_heads"), call.optional("kdim"), call.optional("vdim")
    if isinstance(d, int) and isinstance(h, int) and d % h:
        raise call.refuse("embed_dim", f"is {d}: {h} heads cannot share it equally")
    return attend(call, call.name, d, h, call.flag("bias"), k=k, v=v, learned=call.flag("add_bias_kv"))


def attend(
    call: Call, name: str, d: Size, h: Size | None, bias: bool, *, k: Size | None = None, v: Size | None = None,
    learned: bool = False,
) -> Module:  # fmt: skip
    """One attention; keys of k and values of v numbers where they are not d."""
    k, v = (None if size == d else size for size in (k, v))
    given = {"d": d, "h": h, "d_k": k, "d_m": v, "bias": bias, "kv_bias": learned}
    inner = Call(call.cls, name, {}, call.setting)
    made = inner.layer("attention", **{letter: held for letter, held in given.items() if held is not None}).module()
    if k is None and v is None:
        found = [inner.tensor("in_proj_weight", (mul(3, d), d))]
    else:
        widths = {"q": d, "k": d if k is None else k, "v": d if v is None else v}
        found = [inner.tensor(f"{which}_proj_weight", (d, width)) for which, width in widths.items()]
    found += [inner.tensor("in_proj_bias", (mul(3, d),), "bias")] if bias else []
    found += [inner.tensor("bias_k", (1, 1, d), "bias"), inner.tensor("bias_v", (1, 1, d), "bias")] if learned else []
    found += [inner.tensor("out_proj.weight", (d, d))]
    found += [inner.tensor("out_proj.bias", (d,), "bias")] if bias else []
    return with_tensors(made, found)


def encoder(call: Call) -> Module:
    """TransformerEncoderLayer."""
    return _Block(call).module(call.name, cross=False)


def decoder(call: Call) -> Module:
    """TransformerDecoderLayer: a second attention looks at what the encoder sent."""
    return _Block(call).module(call.name, cross=True)


def transformer(call: Call) -> Module:
    """Two stacks of layers, each with a last norm."""
    for stack in ("custom_encoder", "custom_decoder"):
        if call.given[stack] is not None:
            raise call.refuse(stack, "is a module of its own: count that by itself")
    block = _Block(call)
    return call.module(
        "Transformer",
        children=[
            block.stack("encoder", call.size("num_encoder_layers", 0), cross=False),
            block.stack("decoder", call.size("num_decoder_layers", 0), cross=True),
        ],
    )


class _Block:
    """What all layers of one call have in common."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.d, self.h = call.size("d_model"), call.size("nhead")
        self.f, self.bias = call.size("dim_feedforward"), call.flag("bias")
        if isinstance(self.d, int) and isinstance(self.h, int) and self.d % self.h:
            raise call.refuse("d_model", f"is {self.d}: {self.h} heads cannot share it equally")
        call.rate("dropout")

    def module(self, name: str, *, cross: bool, over: Over | None = None) -> Module:
        """One layer, its parts in PyTorch's order."""
        attentions = ("self_attn", "multihead_attn") if cross else ("self_attn",)
        parts = [attend(self.call, f"{name}.{leaf}", self.d, self.h, self.bias) for leaf in attentions]
        parts += [self._dense(name, "linear1", self.d, self.f), self._dropout(name, "dropout")]
        parts += [self._dense(name, "linear2", self.f, self.d)]
        count = 3 if cross else 2
        parts += [self._norm(f"{name}.norm{k}") for k in range(1, count + 1)]
        parts += [self._dropout(name, f"dropout{k}") for k in range(1, count + 1)]
        return Module(name, "Decoder" if cross else "Encoder", children=parts, over=over)

    def _dense(self, name: str, leaf: str, n_in: Size, n_out: Size) -> Module:
        inner = Call(self.call.cls, name, {}, self.call.setting)
        return inner.part("dense", leaf, n_in=n_in, n_out=n_out, bias=self.bias).module()

    def _dropout(self, name: str, leaf: str) -> Module:
        return Call(self.call.cls, name, {}, self.call.setting).part("dropout", leaf).module()

    def _norm(self, name: str) -> Module:
        inner = Call(self.call.cls, name, {}, self.call.setting)
        return inner.layer("layernorm", c=self.d, bias=self.bias).module()

    def stack(self, leaf: str, layers: Size, *, cross: bool) -> Module:
        """A stack and its last norm: numbered layers, or one over an index where their number is a symbol."""
        name, index = self.call.full(leaf), self.call.setting.index
        if isinstance(layers, Expr):
            over = Over(index, 0, layers - 1)
            inner = [self.module(f"{name}.layers[{index}]", cross=cross, over=over)]
        elif layers > MAX_LAYERS:
            raise self.call.refuse(f"num_{leaf}_layers", f"is {layers:,}: at most {MAX_LAYERS:,} are written out")
        else:
            inner = [self.module(f"{name}.layers.{k}", cross=cross) for k in range(layers)]
        return Module(name, children=[Module(f"{name}.layers", children=inner), self._norm(f"{name}.norm")])
