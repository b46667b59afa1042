"""What had to be assumed, each with its effect on the count, and what the main other choices would give."""

from __future__ import annotations

from nparams.expr import Expr, add, free_symbols, mul, symbol
from nparams.network import Network
from nparams.network.notes import Told
from nparams.notation._hyper.build import built
from nparams.notation._hyper.read import Read, choices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.notation._hyper.build import Choices

#: (role, the choice that is assumed, the other choice, what it is called, sentence with {} for the difference)
ASSUMED: tuple[tuple[str, object, object, str, str], ...] = (
    ("tied", True, False, "untied head",
     "the output layer is assumed to be the embedding itself (tied); with weights of "
     "its own it would add {}"),
    ("tied", False, True, "tied head", "the output layer is assumed to have weights of its own (untied); tied to the "
     "embedding it would be {} fewer"),
    ("pos", "learned", "rotary", "no learned positions",
     "learned positions are assumed, {} of the total; sinusoidal and "
     "rotary ones have none"),
    ("pos", "rotary", "learned", "learned positions", "positions without parameters are assumed (rotary, sinusoidal); "
     "learned ones would add {}"),
    ("bias", True, False, "no biases", "biases are assumed in attention, feed-forward layers and norms, {} of the "
     "total"),
    ("bias", False, True, "with biases",
     "no biases are assumed; in attention, feed-forward layers and norms they would add {}"),
    ("rms", True, False, "layer norms", "norms that only scale are assumed (RMSNorm); shifts would add {}"),
    ("final", True, False, "no last norm", "a last norm is assumed, {} of the total"),
    ("emb_norm", True, False, "", "a norm of the embeddings is assumed, {} of the total"),
    ("pooler", True, False, "no pooler", "a pooler is assumed, {} of the total"),
    ("types", 2, 0, "", "two token types are assumed, {} of the total"),
    ("gated", True, False, "plain feed-forward", "a gated feed-forward layer (three matrices) is assumed; a plain one "
     "(two) would be {} fewer"),
    ("token", True, False, "no class token", "a class token with its position is assumed, {} of the total"),
)  # fmt: skip
#: which of them are told of a kind of network
TOLD = {"stack": frozenset(("tied", "pos", "bias", "rms", "final", "emb_norm", "pooler", "types", "gated")),
        "seq": frozenset(("tied", "bias", "final", "gated")), "vit": frozenset(("bias", "token"))}  # fmt: skip
#: roles that settle an assumption when they were said
SETTLES = {"pos": ("pos", "rotary"), "gated": ("gated", "act"), "rms": ("rms", "norm", "layernorm")}


class Made:
    """A network out of what was read, its notes and other totals."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.kind = read.kind
        self.missing: list[str] = []
        self.chosen = self._chosen()
        self.root, self.noticed = built(self.kind, self.chosen)
        self.total = self._total(self.chosen)

    def _chosen(self) -> Choices:
        """Every choice; what is essential and was not said is a symbol, with a note."""
        chosen = choices(self.read)
        needs = {"stack": ["L", "d", "V"], "seq": ["d"], "vit": ["L", "d", "image", "classes"]}[self.kind]
        if self.kind == "stack" and chosen["pos"] == "learned":
            needs.append("n")
        for role in needs:
            if role not in self.read.said:
                chosen[role] = symbol(SYMBOLS.get(role, role))
                self.missing.append(role)
        if not chosen["times"] and isinstance(chosen["f"], Expr) and str(chosen["f"]) == "f":
            self.missing.append("f")
        chosen.setdefault("n", symbol("n_ctx"))
        chosen["token"] = self.kind == "vit"
        if self.kind == "seq":
            vocabulary = {"V", "V_src", "V_tgt"} & self.read.said.keys()
            chosen["head"], chosen["tied"] = bool(vocabulary), chosen["tied"] and vocabulary == {"V"}
        return chosen

    def _total(self, chosen: Choices) -> Size:
        return Network(built(self.kind, chosen)[0]).totals.known

    def notes(self, also: dict[str, Size]) -> list[str]:
        """A sentence for the family, each assumption, each size that is missing, and names that play no part."""
        found: list[str] = [self._family()] if self.kind == "stack" else []
        found += [self._missing(role) for role in self.missing]
        found += self._feed_forward()
        for role, is_so, otherwise, name, sentence in ASSUMED:
            if self._holds(role, is_so):
                other = self._total({**self.chosen, role: otherwise})
                if other == self.total:
                    continue
                found.append(Told(sentence, _size(other, self.total)))
                if name and free_symbols(other) <= free_symbols(self.total):
                    also[name] = other
        return [*found, *self.noticed, *self._of_kind(), *self._heads(), *self._quiet()]

    def _of_kind(self) -> list[str]:
        """What is assumed of images, and of two languages."""
        c, said = self.chosen, self.read.said
        if self.kind == "vit" and "c" not in said:
            return [
                Told(
                    "images of 3 channels are assumed; each makes {} of the total", mul(c["patch"], c["patch"], c["d"])
                )
            ]
        if self.kind != "seq" or not c["head"]:
            return []
        found = ["one embedding for both languages is assumed (src_vocab_size and tgt_vocab_size tell two)"] * (
            "V" in said
        )
        rows = c["V_tgt"] if "V_tgt" in c else c["V"]
        return [*found, Told("an output layer without biases is assumed; they would add {}", rows)]

    def _family(self) -> str:
        style = self.read.style
        return f"read as {style.told} ({style.source})"

    def _holds(self, role: str, is_so: object) -> bool:
        said = self.read.said
        if role not in TOLD[self.kind] or any(key in said for key in SETTLES.get(role, (role,))):
            return False
        if role == "tied" and not self.chosen["head"]:
            return False
        return self.chosen.get(role) == is_so and type(self.chosen.get(role)) is type(is_so)

    def _missing(self, role: str) -> str:
        name = SYMBOLS.get(role, role)
        return Told(f"{MISSING[role]} not given; {{}} stands for it (--set {name}=...)", symbol(name), until_known=True)

    def _feed_forward(self) -> list[str]:
        if any(role in self.read.said for role in ("f", "ratio", "f_moe")) or "f" in self.missing:
            return []
        f = self.chosen["f"]
        if "multiple" in self.read.said:
            return [Told("a feed-forward width of {} follows from multiple_of, by the rule of LLaMA's own code", f)]
        layers = self.chosen.get("L", add(self.chosen.get("L_enc", 0), self.chosen.get("L_dec", 0)))
        held = mul(2, layers, self.chosen["d"], f)
        return [Told("a feed-forward width of 4·d = {} is assumed; its matrices make {} of the total", f, held)]

    def _heads(self) -> list[str]:
        said = self.read.said
        if "h" in said and not {"kv", "d_h", "d_v"} & said.keys():
            return ["the number of heads plays no part: they share the width"]
        return []

    def _quiet(self) -> list[str]:
        """Names that play no part, and names that nobody knows."""
        found = []
        if self.read.quiet:
            found.append(f"no part in the count: {_listed(self.read.quiet)}")
        if self.read.unknown:
            found.append(f"not known here, and taken to play no part: {_listed(self.read.unknown)}")
        return found


#: what stands for a size that is missing
SYMBOLS = {"n": "n_ctx", "image": "image_size", "classes": "num_classes"}
MISSING = {
    "L": "the number of layers is", "d": "the width is", "V": "the vocabulary is", "n": "the number of positions is",
    "f": "the width inside the feed-forward layers is", "image": "the size of the image is",
    "classes": "the number of classes is",
}  # fmt: skip


def _size(one: Size, other: Size) -> Size:
    """The difference, without a sign."""
    from nparams.network.closed import tidy

    change = tidy(add(one, mul(-1, other)))
    if isinstance(change, int):
        return abs(change)
    return tidy(mul(-1, change)) if str(change).startswith("-") else change


def _listed(words: list[str]) -> str:
    from nparams.errors import escaped

    told = [escaped(word[:40]) for word in dict.fromkeys(words)]
    return ", ".join(told[:12]) + (", ..." if len(told) > 12 else "")


def network_of(text: str) -> Network:
    """See hyper.read."""
    made = Made(Read(text))
    also: dict[str, Size] = {}
    notes = made.notes(also)
    return Network(
        made.root, source=text, form="hyper", read_as=_written(made), described=_described(made), notes=notes, also=also
    )


#: the names that a print-back uses, in order
PRINTED = (
    ("L", "n_layer"), ("L_enc", "num_encoder_layers"), ("L_dec", "num_decoder_layers"), ("d", "d_model"), ("h",
                                                            "n_head"),
    ("kv", "n_kv_head"), ("d_h", "d_head"), ("d_v", "d_v"), ("f", "d_ff"), ("V", "n_vocab"), ("V_src", "src_vocab"),
    ("V_tgt", "tgt_vocab"), ("n", "n_ctx"), ("E", "num_experts"), ("top", "top_k"), ("shared", "shared_experts"),
    ("f_moe", "moe_intermediate_size"), ("image", "image_size"), ("patch", "patch_size"), ("c", "channels"),
    ("classes", "num_classes"),
)  # fmt: skip
SWITCHES = (("tied", "tied"), ("bias", "bias"), ("qkv_bias", "qkv_bias"), ("gated", "gated"), ("final", "final_norm"),
            ("pooler", "pooler"), ("rms", "rmsnorm"), ("types", "token_types"))  # fmt: skip


def _written(made: Made) -> str:
    """The hyper-parameters in one line that reads back as the same network."""
    chosen, style = made.chosen, made.read.style
    words = [f"style={style.name}"] if made.kind == "stack" else []
    for role, name in PRINTED:
        if chosen.get(role) is not None and (role != "n" or (made.kind == "stack" and chosen["pos"] == "learned")):
            words.append(f"{name}={str(chosen[role]).replace(' ', '')}")
    for role, name in SWITCHES:
        if role in chosen and chosen[role] != style.built.get(role):
            words.append(f"{name}={str(chosen[role]).lower()}")
    if chosen["pos"] != style.built["pos"]:
        words.append(f"pos={chosen['pos']}")
    return " ".join(words)


def _described(made: Made) -> str:
    return {
        "stack": f"a transformer: {made.read.style.told}",
        "seq": "a transformer: an encoder and a decoder, as torch.nn.Transformer builds them",
        "vit": "a vision transformer (Dosovitskiy et al. 2020, arXiv 2010.11929)",
    }[made.kind]
