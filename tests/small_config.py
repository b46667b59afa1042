"""A network whose sizes are the fields of a config, as solve is handed one: llama's shapes, written here by hand.

huggingface/transformers src/transformers/models/llama/modeling_llama.py: q, k, v and o projections without biases,
three matrices in each feed-forward block, two norms a layer and one at the end, a head that may be the embedding.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from nparams.errors import UsageError
from nparams.expr import Expr, evaluate, parse, substitute
from nparams.network import Module, Network, Tensor
from nparams.network.tree import Over

DEFAULTS = {
    "vocab_size": 32_000, "hidden_size": 4_096, "intermediate_size": 11_008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32, "head_dim": 128, "tie_word_embeddings": 0,
}  # fmt: skip
ALIASES = {"n_embd": "hidden_size"}


class Maker:
    """make(free, given): the fields that stay symbols, and what is set, on top of a config."""

    def __init__(self, **config: int) -> None:
        self.config = {**DEFAULTS, **config}
        self.derived = "head_dim" not in config
        self.calls = 0

    def __call__(self, free: Collection[str], given: Mapping[str, object]) -> Network:
        self.calls += 1
        known = {name: number(value) for name, value in given.items() if name not in free}
        values: dict[str, int | Expr] = dict(self.config)
        values |= {ALIASES.get(name, name): value for name, value in known.items()}
        values |= {name: Expr("sym", (), name) for name in free}
        symbols = {name: value for name, value in values.items() if name in free}
        values = {name: substitute(value, symbols) for name, value in values.items()}
        h, heads = values["hidden_size"], values["num_attention_heads"]
        where = []
        if self.derived and "head_dim" not in known:
            values["head_dim"] = h // heads
        if isinstance(h, Expr):
            where.append(f"{h} % {heads} == 0")
        elif isinstance(heads, int) and h % heads:
            raise UsageError(f"hidden_size {h} is no multiple of the heads, {heads}")
        made = Network(root=tree(values), source="config.json", form="config", read_as="llama", where=where)
        made.fields = {name: value for name, value in values.items() if isinstance(value, int)}
        made.aliases = ALIASES
        return made


def number(value: object) -> int | Expr:
    if isinstance(value, str):
        value = parse(value)
        return value if isinstance(value, Expr) and names(value) else evaluate(value, {})
    assert isinstance(value, (int, Expr))
    return value


def names(size: Expr) -> bool:
    return bool(size.op == "sym" or any(isinstance(a, Expr) and names(a) for a in size.args))


def tree(v: Mapping[str, int | Expr]) -> Module:
    h, f, heads, kv, d = (v[k] for k in ("hidden_size", "intermediate_size", "num_attention_heads",
                                         "num_key_value_heads", "head_dim"))  # fmt: skip
    shapes = {"q": (heads * d, h), "k": (kv * d, h), "v": (kv * d, h), "o": (h, heads * d), "gate": (f, h),
              "up": (f, h), "down": (h, f), "norm1": (h,), "norm2": (h,)}  # fmt: skip
    layer = Module(
        "layers[i]", over=Over("i", 1, v["num_hidden_layers"]),
        tensors=[Tensor(f"layers.{name}.weight", shape) for name, shape in shapes.items()],
    )  # fmt: skip
    head = [] if v["tie_word_embeddings"] else [Tensor("head.weight", (v["vocab_size"], h))]
    return Module(
        "llama", tensors=[Tensor("embed.weight", (v["vocab_size"], h)), Tensor("norm.weight", (h,)), *head],
        children=[layer],
    )  # fmt: skip
