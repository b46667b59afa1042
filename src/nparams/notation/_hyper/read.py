"""Hyper-parameters as a transformer: what each name says, which family it is, and what has to be assumed."""

from __future__ import annotations

import re

from nparams.errors import ExprError, NotationError, shown
from nparams.expr import Expr, free_symbols, mul, parse, substitute, symbol
from nparams.notation._hyper.text import EXAMPLE, Pair, Scan
from nparams.notation._hyper.words import STYLES, Style, is_quiet, plain, role_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size

    Said = dict[str, object]

#: roles whose value is a size; the smallest that each may be
SIZES = frozenset(
    "L d h kv d_h d_v f hidden_dim multiple V V_src V_tgt n types E top shared f_moe image patch c classes "
    "L_enc L_dec H".split()
)  # fmt: skip
LEAST = {"types": 0, "shared": 0, "L_enc": 0, "L_dec": 0, "E": 0, "top": 0, "classes": 0}
FLAGS = frozenset("bias qkv_bias mlp_bias tied gated rotary pooler final rms layernorm".split())
#: roles of which at least two say that this is a transformer, one of them its depth, width or patches
STRUCTURE = frozenset("L d h H kv f hidden_dim V n L_enc L_dec patch E types d_h image V_src V_tgt".split())
CORE = frozenset("L d H L_enc L_dec patch hidden_dim".split())
MAX_DIGITS = 30
CONFIG = frozenset(("architectures", "modeltype"))

TRUE, FALSE = frozenset(("true", "yes", "on", "1")), frozenset(("false", "no", "off", "0", "none", "null"))
GATED_ACTS = frozenset(("silu", "swish", "swiglu", "geglu", "glu", "reglu", "gatedgelu", "gatedsilu"))


class Read:
    """What was said, by role; which family it is; and names that play no part."""

    def __init__(self, text: str) -> None:
        scan = Scan(text)
        self.title = scan.title
        self.pairs = scan.pairs
        self.keys = {plain(pair.key) for pair in scan.pairs}
        if self.keys & CONFIG:
            raise NotationError(
                'this is a whole config.json (it has "model_type" or "architectures"): as JSON, double quotes, true'
                " and null, it is counted exactly (--from config); or give the hyper-parameters without that line"
            )
        self.said: Said = {}
        self.typed: dict[str, str] = {}
        self.quiet: list[str] = []
        self.unknown: list[str] = []
        for pair in self.pairs:
            self._say(pair)
        if not self.said.keys() & STRUCTURE:
            raise NotationError(f"{shown(text)} says no size of a transformer; write for example {EXAMPLE}")
        self._settle()
        self.style = self._style()

    # -- what each name says -------------------------------------------------------------------------------------------

    def _say(self, pair: Pair) -> None:
        role = role_of(pair.key)
        if role is None and " " in pair.key and role_of(pair.key.rpartition(" ")[2]) is not None:
            raise NotationError(
                f"{shown(pair.key)}, at character {pair.place}, is not understood; divide hyper-parameters by commas, "
                "and say what is said there with one name"
            )
        if role is None or pair.kind == "none":
            (self.quiet if role is not None or is_quiet(pair.key) else self.unknown).append(pair.key)
            return
        value = self._value(role, pair)
        if value is None:
            self.quiet.append(pair.key)
        elif role in self.said and self.said[role] != value:
            raise NotationError(
                f"{pair.key}={shown(pair.value)[1:-1]}, at character {pair.place}, contradicts {self.typed[role]}="
                f"{self.said[role]}: both say {WHAT.get(role, role)}"
            )
        else:
            self.said[role] = value
            self.typed[role] = pair.key

    def _value(self, role: str, pair: Pair) -> object:
        """The value of a pair; None where it says nothing (vocab_size=-1)."""
        if role in SIZES:
            return self._size(role, pair)
        if role in FLAGS:
            if role in ("rotary", "rms", "layernorm") and pair.kind in ("rate", "size", "other"):
                return pair.value.lower() not in FALSE
            if pair.value.lower() in TRUE | FALSE:
                return pair.value.lower() in TRUE
            if role in ("bias", "final", "pooler", "rms"):
                return None
            raise NotationError(
                f"{pair.key}={shown(pair.value)[1:-1]}, at character {pair.place}: true or false is needed"
            )
        if role in ("ratio", "multiplier"):
            return _fraction(pair)
        return pair.value.lower()

    def _size(self, role: str, pair: Pair) -> Size | None:
        text = pair.value.replace("_", "").replace(",", "") if pair.value[:1].isdigit() else pair.value
        if pair.kind == "rate" and pair.value.startswith("-"):
            return None  # vocab_size: -1, to be filled in from the tokenizer
        if pair.kind in ("size", "string") and text.isdecimal() and len(text) <= MAX_DIGITS:
            size: Size = int(text)
            if size < LEAST.get(role, 1):  # type: ignore[operator]
                raise NotationError(f"{pair.key}={text}, at character {pair.place}: 1 or more is needed")
            return size
        if pair.kind == "size" and len(text) <= 80 and text.lower() not in TRUE | FALSE:
            return self._expression(pair)
        raise NotationError(
            f"{pair.key}={shown(pair.value)[1:-1]}, at character {pair.place}: a whole number is needed"
        )

    def _expression(self, pair: Pair) -> Size:
        """4*n_embd, with the values of the names in it; a name without a value is a symbol."""
        bare = {other.key: re.sub("[_,]", "", other.value) for other in self.pairs if other.kind == "size"}
        known = {key: value for key, value in bare.items() if value.isdecimal() and len(value) <= MAX_DIGITS}
        text = re.sub(r"\b(?:[A-Za-z_]\w*\.)+", "", pair.value)
        try:
            found = parse(text)
            values = {name: int(known[name]) for name in free_symbols(found) if name in known and name != pair.key}
            return substitute(found, values)
        except ExprError as error:
            raise NotationError(f"{pair.key}={shown(pair.value)[1:-1]}, at character {pair.place}: {error}") from None

    def _settle(self) -> None:
        """H and hidden_dim, which mean one thing alone and another beside a width."""
        for role, beside in (("H", "h"), ("hidden_dim", "f")):
            if role in self.said:
                taken = "d" in self.said
                target = beside if taken else "d"
                if target in self.said and self.said[target] != self.said[role]:
                    raise NotationError(f"{self.typed[role]} and {self.typed[target]} both say {WHAT[target]}")
                self.said[target], self.typed[target] = self.said.pop(role), self.typed[role]

    # -- which family --------------------------------------------------------------------------------------------------

    def _style(self) -> Style:
        named = self.said.get("style")
        by_name = {style.name: style for style in STYLES}
        if isinstance(named, str):
            if named not in by_name:
                raise NotationError(f"style={shown(named)[1:-1]}: choose one of {', '.join(by_name)}")
            return by_name[named]
        if self.kind != "stack":
            return by_name["gpt"]  # images, and an encoder with a decoder, have one way each
        title = plain(self.title) if len(self.title) > 1 else ""
        for style in STYLES:
            if any(word in title for word in style.titles) and not self._is_book(style):
                return style
        bert, llama, book, gpt = STYLES
        if self.keys & bert.marks:
            return bert
        if self.keys & llama.marks or self._is_gated():
            return llama
        return bert if self.keys & bert.weak else book if self.keys & book.marks else gpt

    def _is_book(self, style: Style) -> bool:
        """GPT_CONFIG_124M of the book is called after GPT too."""
        return style.name == "gpt" and bool(self.keys & STYLES[2].marks)

    def _is_gated(self) -> bool:
        """An activation with a gate, or a feed-forward width between 2 and 4 times the width, as gates make it."""
        act, d, f = self.said.get("act"), self.said.get("d"), self.said.get("f")
        if isinstance(act, str) and plain(act) in GATED_ACTS:
            return True
        wide = isinstance(d, int) and isinstance(f, int) and 2 * d < f < 4 * d
        return wide and "intermediatesize" in self.keys

    @property
    def kind(self) -> str:
        """An image model, an encoder with a decoder, or one stack."""
        if "patch" in self.said:
            return "vit"
        return "seq" if "L_enc" in self.said and "L_dec" in self.said else "stack"


def _fraction(pair: Pair) -> tuple[int, int]:
    """4.0 or 1.3 as a fraction."""
    match = re.fullmatch(r"(\d{1,6})(?:\.(\d{0,9}))?", pair.value)
    if match is None:
        raise NotationError(f"{pair.key}={shown(pair.value)[1:-1]}, at character {pair.place}: a number is needed")
    digits = match[2] or ""
    return int(match[1] + digits), 10 ** len(digits)


WHAT = {
    "L": "the number of layers", "d": "the width", "h": "the number of heads", "kv": "the key and value heads",
    "f": "the width inside the feed-forward layers", "V": "the vocabulary", "n": "the positions", "E": "the experts",
    "d_h": "the size of a head",
}  # fmt: skip


def claims_to_be(text: str) -> bool:
    """Whether every piece of a text is a pair, and at least two are those of a transformer."""
    try:
        scan = Scan(text)
    except NotationError:
        return False
    pairs = scan.pairs
    if _is_layer(scan.title):
        return False  # encoder d=768 heads=12: a list of layers
    if {plain(pair.key) for pair in pairs} & CONFIG and len(pairs) > 3:
        return True
    roles = {role for pair in pairs if (role := role_of(pair.key)) is not None}
    return len(roles & STRUCTURE) >= 2 and bool(roles & CORE)


def _is_layer(title: str) -> bool:
    """Whether a title is the name of a kind of layer."""
    from nparams.layers.catalogue import words

    return bool(title) and plain(title) in words()


def choices(read: Read) -> dict[str, object]:
    """Everything that the network is built of: what was said, what the family has, symbols for what is missing."""
    said, style = read.said, read.style
    made: dict[str, object] = {**style.built, **said}
    for role in ("L", "d"):
        if read.kind == "stack" or role == "d":
            made.setdefault(role, symbol(role))
    made["f"] = _inner(read, made)
    if isinstance(said.get("act"), str) and plain(str(said["act"])) in GATED_ACTS and style.name != "bert":
        made["gated"] = True
    norm = plain(str(said.get("norm", "")))
    made["rms"] = (made["rms"] or "rms" in norm or bool(said.get("rms"))) and "layernorm" not in (norm, *said)
    pos = plain(str(said.get("pos", ""))) if "pos" in said else ""
    if any(word in pos for word in ("rot", "rope", "alibi", "sin", "none", "nope", "relative")) or said.get("rotary"):
        made["pos"] = "rotary"
    elif "learn" in pos or "absolute" in pos:
        made["pos"] = "learned"
    else:
        made["pos"] = style.built["pos"]
    return made


def _inner(read: Read, made: dict[str, object]) -> Size:
    """The width inside a feed-forward layer: said, a ratio, LLaMA's rule of params.json, 4·d, or a symbol."""
    said, d = read.said, made["d"]
    assert isinstance(d, (int, Expr))
    if isinstance(f := said.get("f"), (int, Expr)):
        return f
    if isinstance(ratio := said.get("ratio"), tuple):
        return mul(ratio[0], d) // ratio[1] if ratio[1] != 1 else mul(ratio[0], d)
    multiple, multiplier = said.get("multiple"), said.get("multiplier", (1, 1))
    if isinstance(multiple, int) and isinstance(d, int) and isinstance(multiplier, tuple):
        inner: int = 8 * d // 3 * multiplier[0] // multiplier[1]
        return -(-inner // multiple) * multiple
    times = made["times"]
    return mul(times, d) if isinstance(times, int) and times else symbol("f")
