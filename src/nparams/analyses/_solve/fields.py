"""A network whose sizes are fields of a config: which of them vary, which follow, and which stay.

The names are those that configs use; a field follows a width by the ratio that the given config has.
"""

from __future__ import annotations

from math import gcd, lcm

from nparams.errors import UsageError, shown
from nparams.expr import Expr, parse, substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

#: what configs call the width and the depth of a network, the most usual first
WIDTHS = ("hidden_size", "d_model", "n_embd", "dim", "embed_dim", "model_dim", "hidden_dim")
DEPTHS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "depth", "encoder_layers")
#: words in the name of a part that holds the language model of several
TEXTS = ("text", "language", "llm", "decoder")
#: widths inside a block, which follow the width of the network
FOLLOWERS = (
    "intermediate_size", "ffn_dim", "d_ff", "n_inner", "encoder_ffn_dim", "decoder_ffn_dim", "ffn_hidden_size",
    "moe_intermediate_size", "shared_expert_intermediate_size", "mlp_dim", "dff", "embedding_size",
    "word_embed_proj_dim", "pooler_fc_size", "attention_hidden_size", "lru_width",
)  # fmt: skip
#: depths of a second stack, which follow the first where they equal it
MATES = ("num_decoder_layers", "decoder_layers", "num_encoder_layers", "encoder_layers")
HEADS = ("num_attention_heads", "n_head", "num_heads", "n_heads", "encoder_attention_heads")
HEAD_SIZES = ("head_dim", "d_kv", "attention_head_size")
#: multiples of this are tried of a width that is one itself, unless --multiple says otherwise; of the second where the
#: heads do not divide the first
STEP, ODD_STEP = 64, 16


class Fields:
    """The fields of a config as numbers, and what the user's names for them mean."""

    __slots__ = ("aliases", "values")

    def __init__(self, values: Mapping[str, int], aliases: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.aliases = dict(aliases)

    def name(self, typed: str) -> str:
        """The field that a typed name means; UsageError where there is none."""
        found = self.aliases.get(typed, typed)
        if found in self.values:
            return found
        inner = [field for field in self.values if field.rpartition(".")[2] == found]
        if len(inner) == 1:
            return inner[0]
        if inner:
            raise UsageError(f"{typed} stands in several places: write one of {', '.join(inner)}")
        near = ", ".join(sorted(self.values)[:12])
        raise UsageError(
            f"this config has no size {shown(typed)}; it has {near}{', ...' if len(self.values) > 12 else ''}"
        )

    def chosen(self, given: set[str]) -> list[str]:
        """What varies where nobody says: the width and the depth, but for what was set."""
        for front in self._parts():
            found = [field for names in (WIDTHS, DEPTHS) if (field := self._in(front, names)) and field not in given]
            if found:
                return found
        raise UsageError(
            "which sizes may vary? Give --vary NAME[,NAME]; the config has " + ", ".join(sorted(self.values)[:12])
        )

    def _parts(self) -> list[str]:
        """Where a network's own width is looked for: at the top, in the part for text, in the only part there is."""
        parts = sorted({field.rpartition(".")[0] for field in self.values} - {""})
        texts = [part for part in parts if any(word in part.rpartition(".")[2] for word in TEXTS)]
        return ["", *(texts or (parts if len(parts) == 1 else []))]

    def _in(self, front: str, names: tuple[str, ...]) -> str | None:
        """The first of some names that a part of the config has."""
        found = (f"{front}.{name}" if front else name for name in names)
        return next((field for field in found if field in self.values), None)

    def asked(self, given: Mapping[str, object], varied: list[str]) -> list[Relation]:
        """The relations that were set, intermediate_size=4*hidden_size, in terms of what varies."""
        fixed = {symbol_name(name): value for name, value in self.values.items() if name not in varied}
        fixed |= {name: value for name, value in given.items() if type(value) is int}
        other = {name: Expr("sym", (), symbol_name(field)) for name, field in self.aliases.items()}
        found = []
        for name, value in given.items():
            if symbolic(value):
                size = value if isinstance(value, Expr) else parse(str(value))
                size = substitute(substitute(size, {k: v for k, v in other.items() if k not in self.values}), fixed)
                field = self.aliases.get(name, name)
                found.append(Relation(field, str(size), f"{field} = {value}"))
        return found

    def relations(self, varied: list[str], fixed: set[str], steps: Mapping[str, int]) -> list[Relation]:
        """How other fields follow the widths that vary; `fixed` ones do not, `steps` are the multiples asked for."""
        found: list[Relation] = []
        for width in varied:
            front, _, name = width.rpartition(".")
            found += self._mates(front, width, {*fixed, *varied}) if name in DEPTHS else []
            if name not in WIDTHS or not self.values[width]:
                continue
            for field, value in self.values.items():
                place, _, last = field.rpartition(".")
                if place != front or field in fixed or field in varied or value < 1:
                    continue
                if last in FOLLOWERS:
                    found.append(_ratio(field, value, width, self.values[width], steps.get(width, STEP)))
                elif last in HEAD_SIZES:
                    found += self._head(field, width, {*fixed, *varied})
        return found

    def _mates(self, front: str, depth: str, other: set[str]) -> list[Relation]:
        """The depth of a decoder that is as deep as its encoder: it stays so."""
        same = [
            field for field, value in self.values.items()
            if field.rpartition(".")[0] == front and field.rpartition(".")[2] in MATES and value == self.values[depth]
        ]  # fmt: skip
        return [Relation(each, symbol_name(depth), f"{each} = {depth}") for each in same if each not in other]

    def _head(self, field: str, width: str, other: set[str]) -> list[Relation]:
        """The size of a head, where the heads share the width: it goes on doing so."""
        heads = self._heads(width)
        if heads is None or heads in other or self.values[field] * self.values[heads] != self.values[width]:
            return []
        number = self.values[heads]
        says = f"{field} = {width}/{number}, {heads} staying"
        return [Relation(field, f"{symbol_name(width)}//{number}", says)]

    def _heads(self, width: str) -> str | None:
        """The field that says how many heads share a width, where there is one."""
        front, dot, _ = width.rpartition(".")
        held = [field for name in HEADS if (field := f"{front}{dot}{name}") in self.values]
        return held[0] if len(held) == 1 and self.values[held[0]] > 0 else None

    def shared_by(self, width: str, varied: list[str]) -> int:
        """What a width must be a multiple of: the heads that share it (1 where a head's size does not follow it)."""
        heads = self._heads(width)
        if width.rpartition(".")[2] not in WIDTHS or heads is None or heads in varied:
            return 1
        front, dot, _ = width.rpartition(".")
        sizes = [self.values[field] for name in HEAD_SIZES if (field := f"{front}{dot}{name}") in self.values]
        number, own = self.values[heads], self.values[width]
        return number if not own % number and all(size * number == own for size in sizes) else 1

    def step(self, field: str, shared: int) -> int:
        """What a width goes by where nobody says: 64, or 16 where other heads share it; only if it does so itself."""
        if field.rpartition(".")[2] not in WIDTHS or not self.values[field]:
            return 1
        step = STEP if STEP % shared == 0 else lcm(ODD_STEP, shared)
        return step if self.values[field] % step == 0 else shared


class Relation:
    """A field that follows another: its expression, and words for it."""

    __slots__ = ("expr", "field", "says")

    def __init__(self, field: str, expr: str, says: str) -> None:
        self.field = field
        self.expr = expr
        self.says = says


def symbolic(value: object) -> bool:
    """Whether what was set is an expression in other sizes: no number, list, or plain word.

    >>> symbolic("4*d"), symbolic("1_000"), symbolic("gelu"), symbolic(["2", "3"])
    (True, False, False, False)
    """
    if isinstance(value, Expr):
        return True
    return isinstance(value, str) and any(sign in value for sign in "*+-/%(") and any(map(str.isalpha, value))


def symbol_name(field: str) -> str:
    """A field's name in expressions: text_config__hidden_size."""
    return field.replace(".", "__")


def _ratio(field: str, value: int, width: str, base: int, step: int) -> Relation:
    """value/base times the width: exactly where the width's multiples allow it, else rounded down to a multiple."""
    common = gcd(value, base)
    top, bottom = value // common, base // common
    times = f"{top}*{symbol_name(width)}" if top > 1 else symbol_name(width)
    words = width if top == bottom == 1 else f"{top}*{width}" if bottom == 1 else f"{top}/{bottom}*{width}"
    if step % bottom == 0:
        return Relation(field, times if bottom == 1 else f"{times}//{bottom}", f"{field} = {words}")
    unit = gcd(value, 256)
    rounded = f", rounded down to a multiple of {unit}" if unit > 1 else ", rounded down"
    return Relation(field, f"{unit}*({times}//{bottom * unit})", f"{field} = {words}{rounded}")
