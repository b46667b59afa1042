"""A network whose sizes are fields of a config: which of them vary, which follow, and which stay.

The names are those that configs use; a field follows a width by the ratio that the given config has.
"""

from __future__ import annotations

from math import gcd

from nparams.errors import UsageError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

#: what configs call the width and the depth of a network, the most usual first
WIDTHS = ("hidden_size", "d_model", "n_embd", "dim", "embed_dim", "model_dim", "hidden_dim")
DEPTHS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "depth", "encoder_layers")
#: widths inside a block, which follow the width of the network
FOLLOWERS = (
    "intermediate_size", "ffn_dim", "d_ff", "n_inner", "encoder_ffn_dim", "decoder_ffn_dim", "ffn_hidden_size",
    "moe_intermediate_size", "shared_expert_intermediate_size", "mlp_dim", "dff", "embedding_size",
    "word_embed_proj_dim", "pooler_fc_size", "attention_hidden_size", "lru_width",
)  # fmt: skip
HEADS = ("num_attention_heads", "n_head", "num_heads", "n_heads", "encoder_attention_heads")
HEAD_SIZES = ("head_dim", "d_kv", "attention_head_size")
#: multiples of this are tried of a width that is one itself, unless --multiple says otherwise
STEP = 64


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
        raise UsageError(f"this config has no size {shown(typed)}; it has {near}{', ...' if len(self.values) > 12 else ''}")

    def chosen(self, given: set[str]) -> list[str]:
        """What varies where nobody says: the width and the depth, but for what was set."""
        found = []
        for names in (WIDTHS, DEPTHS):
            field = self._first(names)
            if field is not None and field not in given:
                found.append(field)
        if not found:
            raise UsageError("which sizes may vary? Give --vary NAME[,NAME]; the config has " + ", ".join(sorted(self.values)[:12]))
        return found

    def _first(self, names: tuple[str, ...]) -> str | None:
        """The first of some names that the config has: at the top, or else in one part of it only."""
        for name in names:
            if name in self.values:
                return name
        for name in names:
            inner = [field for field in self.values if field.endswith(f".{name}")]
            if len(inner) == 1:
                return inner[0]
        return None

    def relations(self, varied: list[str], fixed: set[str], steps: Mapping[str, int]) -> list[Relation]:
        """How other fields follow the widths that vary; `fixed` ones do not, `steps` are the multiples asked for."""
        found: list[Relation] = []
        for width in varied:
            front, dot, name = width.rpartition(".")
            if name not in WIDTHS or not self.values[width]:
                continue
            for field, value in self.values.items():
                place, _, last = field.rpartition(".")
                if place != front or field in fixed or field in varied or value < 1:
                    continue
                if last in FOLLOWERS:
                    found.append(_ratio(field, value, width, self.values[width], steps.get(width, STEP)))
                elif last in HEAD_SIZES:
                    found += self._head(field, width, [f"{front}{dot}{each}" for each in HEADS], {*fixed, *varied})
        return found

    def _head(self, field: str, width: str, names: list[str], other: set[str]) -> list[Relation]:
        """The size of a head, where the heads share the width: it goes on doing so."""
        heads = [name for name in names if name in self.values]
        if len(heads) != 1 or heads[0] in other or self.values[field] * self.values[heads[0]] != self.values[width]:
            return []
        number = self.values[heads[0]]
        return [
            Relation(field, f"{symbol_name(width)}//{number}", number, f"{field} = {width}/{number}, {heads[0]} staying")
        ]

    def step(self, field: str) -> int:
        """What a width goes by where nobody says: 64 where the config's own is a multiple of it."""
        return STEP if field.rpartition(".")[2] in WIDTHS and not self.values[field] % STEP and self.values[field] else 1


class Relation:
    """A field that follows another: its expression, what the other must be a multiple of, and words for it."""

    __slots__ = ("divides", "expr", "field", "says")

    def __init__(self, field: str, expr: str, divides: int, says: str) -> None:
        self.field = field
        self.expr = expr
        self.divides = divides
        self.says = says


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
        return Relation(field, times if bottom == 1 else f"{times}//{bottom}", 1, f"{field} = {words}")
    unit = gcd(value, 256)
    rounded = f", rounded down to a multiple of {unit}" if unit > 1 else ", rounded down"
    return Relation(field, f"{unit}*({times}//{bottom * unit})", 1, f"{field} = {words}{rounded}")
