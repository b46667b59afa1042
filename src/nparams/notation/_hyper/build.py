"""A transformer out of its hyper-parameters, by the textbook's kinds of layers."""

from __future__ import annotations

from nparams.expr import Expr, free_symbols, mul, symbol
from nparams.layers.catalogue import kind_of
from nparams.layers.flow import Flow
from nparams.layers.layer import Layer, Setting, made
from nparams.network import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size

    Choices = dict[str, Any]


class Stack:
    """The layers of one network, as they are put one after the other."""

    def __init__(self, chosen: Choices) -> None:
        self.chosen = chosen
        sizes = [size for size in chosen.values() if isinstance(size, Expr)]
        self.setting = Setting("torch", {name for size in sizes for name in free_symbols(size)})
        self.modules: list[Module] = []
        self.flow = Flow()

    def put(self, word: str, name: str, *, tied: str | None = None, **given: Any) -> Layer:
        """One layer on top; `tied`: the tensor that its weight is."""
        said = {letter: value for letter, value in given.items() if value is not None}
        layer = made(kind_of(word), name, said, self.flow, self.setting)
        if tied is not None:
            layer.tensors[0].tied_to = tied
        self.modules.append(layer.module())
        self.flow = layer.sends
        return layer

    def norm(self, name: str) -> None:
        """A norm as the family has it."""
        if self.chosen["rms"]:
            self.put("rmsnorm", name)
        else:
            self.put("layernorm", name, bias=None if self.chosen["bias"] else False)

    def layers(self, name: str, count: Size, kind: str = "encoder") -> None:
        """The encoder (or decoder) layers."""
        c = self.chosen
        f = c["f"] if c.get("f_moe") is None or not c.get("E") else c["f_moe"]
        experts = {"E": c["E"], "top": c.get("top"), "S": c.get("shared") or None} if c.get("E") else {}
        self.put(
            kind, name, L=count, f=f, gated=c["gated"] or None, rms=c["rms"] or None, bias=None if c["bias"] else False,
            qkv_bias=c.get("qkv_bias"), **_heads(c), **experts,
        )  # fmt: skip


def _heads(c: Choices) -> Choices:
    """Heads matter only where keys and values have fewer, or a head is not d/h wide."""
    h, kv, d_h, d_v, d = c.get("h"), c.get("kv"), c.get("d_h"), c.get("d_v"), c["d"]
    found: Choices = {"h": h}
    if kv is not None and kv != h:
        found["kv"] = kv
    if d_h is not None and (h is None or mul(h, d_h) != d):
        found["d_h"] = d_h
    if d_v is not None and d_v != d_h:
        found["d_v"] = d_v
    if h is None and len(found) > 1:
        found["h"] = symbol("h")
    return found


def stack(c: Choices) -> Stack:
    """Embeddings, layers of one kind, a last norm, a pooler or an output layer."""
    s, d = Stack(c), c["d"]
    s.put("embedding", "embedding", V=c["V"], d=d)
    if c["pos"] == "learned":
        s.put("positions", "positions", n=c["n"], d=d)
    if c["types"]:
        s.put("embedding", "token_types", V=c["types"], d=d)
    if c["emb_norm"]:
        s.norm("embedding_norm")
    s.layers("layers", c["L"])
    if c["final"]:
        s.norm("norm")
    if c["pooler"]:
        s.put("dense", "pooler", n_out=d)
    if c["head"]:
        s.put("dense", "output", n_out=c["V"], bias=False, tied="embedding.weight" if c["tied"] else None)
    return s


def seq(c: Choices) -> Stack:
    """torch.nn.Transformer: two stacks, each with a last norm; embeddings and an output layer where vocabularies are
    said."""
    s, d = Stack(c), c["d"]
    source, target = c.get("V_src", c.get("V")), c.get("V_tgt", c.get("V"))
    one = "V_src" not in c and "V_tgt" not in c
    if source is not None:
        s.put("embedding", "embedding" if one else "source_embedding", V=source, d=d)
    if target is not None and not one:
        s.put("embedding", "target_embedding", V=target, d=d)
    s.flow = Flow(None, d)
    s.put("transformer", "transformer", N=c["L_enc"], M=c["L_dec"], f=c["f"], h=c.get("h"), rms=c["rms"] or None,
          gated=c["gated"] or None, bias=None if c["bias"] else False, final=bool(c["final"]))  # fmt: skip
    if target is not None:
        owner = "embedding.weight" if one else "target_embedding.weight"
        s.put("dense", "output", n_out=target, bias=False, tied=owner if c["tied"] else None)
    return s


def vit(c: Choices) -> Stack:
    """Patches, a class token, learned positions, encoder layers, a last norm, one dense layer."""
    s, d = Stack(c), c["d"]
    image = c["image"]
    s.flow = Flow((image, image), c.get("c", 3))
    s.put("patchembedding", "patches", p=c["patch"], d=d)
    if c["token"]:
        s.put("classtoken", "class_token")
    s.put("positions", "positions")
    s.layers("layers", c["L"])
    s.norm("norm")
    s.flow = Flow(None, d)
    if c["classes"] != 0:
        s.put("dense", "head", n_out=c["classes"])
    return s


BUILDERS = {"stack": stack, "seq": seq, "vit": vit}


def built(kind: str, chosen: Choices) -> tuple[Module, list[str]]:
    """The tree of a network by its kind and everything that was chosen, and what was noticed on the way."""
    made_of = BUILDERS[kind](chosen)
    noticed = [*made_of.setting.notes, *made_of.setting.missing.values()]
    return Module(children=made_of.modules), noticed
