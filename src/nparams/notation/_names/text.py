"""Language models that read or translate: BERT and its kin, the Transformer of 2017, T5, BART; word2vec.

Sizes are those of the papers and of the published configurations (transformers library, configuration_*.py).
"""

from __future__ import annotations

from nparams.notation._names.lines import Model, Net, dense

# -- BERT -------------------------------------------------------------------------------------------------------------


def bert(
    V: int, L: int, d: int, heads: int, positions: int = 512, types: int = 2, pooler: bool = True, mlm: bool = False,
    nsp: bool = False,
) -> list[str]:  # fmt: skip
    """Three embeddings, a norm, encoder layers with a feed-forward of 4·d; a pooler; heads for training."""
    lines = [f"embedding {V} {d} as embeddings.word_embeddings"]
    lines.append(f"positions {positions} as embeddings.position_embeddings")
    lines += [f"embedding {types} {d} as embeddings.token_type_embeddings"] if types else []
    lines += ["layernorm as embeddings.norm", f"encoder {d} heads {heads} ff {4 * d} layers {L} as encoder"]
    lines += [dense("pooler", d)] if pooler else []
    if mlm:
        lines += ["goto encoder", dense("cls.transform", d), "layernorm as cls.norm"]
        lines.append(f"dense {V} tied to embeddings.word_embeddings as cls.decoder")
    return [*lines, "goto pooler", dense("cls.seq_relationship", 2)] if nsp else lines


NO_POOLER = "no pooler"
MLM = "a head for masked words (a dense layer, a norm, and biases beside the tied embedding), and no pooler"
#: names, vocabulary, layers, width, heads; totals with pooler, with the head for masked words, and for both tasks
BERTS = (
    ("bert-base-uncased bert bert-base bert-uncased", "BERT base, uncased", 30_522, 12, 768, 12, 109_482_240,
     109_514_298, 110_106_428),
    ("bert-large-uncased bert-large", "BERT large, uncased", 30_522, 24, 1024, 16, 335_141_888, 335_174_458,
     336_226_108),
    ("bert-base-cased bert-cased", "BERT base, cased", 28_996, 12, 768, 12, 108_310_272, 108_340_804, 108_932_934),
    ("bert-large-cased", "BERT large, cased", 28_996, 24, 1024, 16, 333_579_264, 333_610_308, 334_661_958),
    ("bert-base-multilingual-cased mbert", "multilingual BERT base, cased", 119_547, 12, 768, 12, 177_853_440,
     177_974_523,
     178_566_653),
)  # fmt: skip
DEVLIN = "Devlin et al. 2018 (arXiv 1810.04805), §3; transformers/models/bert"


def _berts() -> list[Model]:
    found = []
    for names, told, V, L, d, heads, plain, masked, both in BERTS:
        args = {"V": V, "L": L, "d": d, "heads": heads}
        blocks = plain - d * d - d
        found.append(Model(
            names, DEVLIN,
            Net(f"{told}: embeddings, encoder and pooler", bert, args,
                (plain, "transformers: BertModel, all parameters; the paper says 110M and 340M"),
                whose="torch textbook"),
            Net(f"{told}, without pooler", bert, {**args, "pooler": False},
                (blocks, "transformers: BertModel(add_pooling_layer=False)"), tags="nopooler withoutpooler",
                differs=NO_POOLER, whose=""),
            Net(f"{told}, with the head for masked words", bert, {**args, "pooler": False, "mlm": True},
                (masked, "transformers: BertForMaskedLM"), tags="mlm formaskedlm maskedlm", differs=MLM, whose=""),
            Net(f"{told}, with both heads of its training", bert, {**args, "mlm": True, "nsp": True},
                (both, "transformers: BertForPreTraining"), tags="pretraining forpretraining nsp", whose="",
                differs="the heads for masked words and for the next sentence"),
        ))  # fmt: skip
    return found


ROBERTAS = (
    ("roberta-base roberta", "RoBERTa base", 12, 768, 12, 124_645_632, 124_697_433),
    ("roberta-large", "RoBERTa large", 24, 1024, 16, 355_359_744, 355_412_057),
)


def _robertas() -> list[Model]:
    found = []
    for names, told, L, d, heads, plain, masked in ROBERTAS:
        args = {"V": 50_265, "L": L, "d": d, "heads": heads, "positions": 514, "types": 1}
        found.append(Model(
            names, "Liu et al. 2019 (arXiv 1907.11692); transformers/models/roberta",
            Net(f"{told}: embeddings, encoder and pooler", bert, args, (plain, "transformers: RobertaModel"),
                whose="torch textbook"),
            Net(f"{told}, with the head for masked words", bert, {**args, "pooler": False, "mlm": True},
                (masked, "transformers: RobertaForMaskedLM"), tags="mlm formaskedlm maskedlm", differs=MLM, whose=""),
        ))  # fmt: skip
    args = {"V": 30_522, "L": 6, "d": 768, "heads": 12, "types": 0, "pooler": False}
    found.append(Model(
        "distilbert-base-uncased distilbert distilbert-base", "Sanh et al. 2019 (arXiv 1910.01108), §3: 66M",
        Net("DistilBERT base, uncased", bert, args, (66_362_880, "transformers: DistilBertModel"),
            whose="torch textbook"),
        Net("DistilBERT base, with the head for masked words", bert, {**args, "mlm": True},
            (66_985_530, "transformers: DistilBertForMaskedLM"), tags="mlm formaskedlm maskedlm", differs=MLM,
            whose=""),
    ))  # fmt: skip
    return found


def albert(V: int, e: int, d: int, heads: int, f: int) -> list[str]:
    """§3.1: embeddings of e numbers brought to d, and one layer that is applied again and again."""
    return [
        f"embedding {V} {e} as embeddings.word_embeddings", "positions 512 as embeddings.position_embeddings",
        f"embedding 2 {e} as embeddings.token_type_embeddings", "layernorm as embeddings.norm",
        dense("encoder.embedding_hidden_mapping_in", d), f"encoder {d} heads {heads} ff {f} as encoder.layer",
        dense("pooler", d),
    ]  # fmt: skip


#: Lan et al. 2019, table 1: width, heads, total
ALBERTS = {"base": (768, 12, 11_683_584), "large": (1024, 16, 17_683_968), "xlarge": (2048, 16, 58_724_864),
           "xxlarge": (4096, 64, 222_595_584)}  # fmt: skip


#: how often the one layer is applied
APPLIED = {"base": 12, "large": 24, "xlarge": 24, "xxlarge": 12}


def _alberts() -> list[Model]:
    return [
        Model(f"albert-{size} albert-{size}-v2 albert-{size}-v1" + (" albert" if size == "base" else ""),
              "Lan et al. 2019 (arXiv 1909.11942), table 1; transformers/models/albert",
              Net(f"ALBERT {size}: one encoder layer, applied {APPLIED[size]} times",
                  albert, {"V": 30_000, "e": 128, "d": d, "heads": heads, "f": 4 * d},
                  (total, "transformers: AlbertModel; the paper says 12M, 18M, 60M and 235M"), whose="torch textbook"))
        for size, (d, heads, total) in ALBERTS.items()
    ]  # fmt: skip


# -- encoders and decoders --------------------------------------------------------------------------------------------


def transformer(V: int, d: int, f: int, heads: int, L: int) -> list[str]:
    """§3: no biases in attention (eq. 1), sinusoids for positions, one matrix for both embeddings and the output."""
    block = f"heads {heads} ff {f} no attention bias layers {L}"
    return [
        f"embedding {V} {d} as embedding", f"encoder {d} {block} as encoder", f"decoder {d} {block} as decoder",
        f"dense {V} no bias tied to embedding as output",
    ]  # fmt: skip


ABOUT = ('the vocabulary is "about 37000" entries (§5.1), shared by both languages and the output; '
         "attention is counted "
         "without biases, positions are sinusoids; table 3 says 65 and 213 million")  # fmt: skip


def t5(d: int, f: int, heads: int, L: int, d_h: int = 64, gated: bool = False, tied: bool = True) -> list[str]:
    """§2.1: no biases at all, norms that only scale, distances in 32 buckets once for each stack."""
    block = f"heads {heads} head dim {d_h} ff {f} {'gated ' if gated else ''}layers {L} no bias rms final norm"
    return [
        f"embedding 32128 {d} as shared", f"relpos buckets 32 heads {heads} as encoder.relative_attention_bias",
        f"encoder {d} {block} as encoder.block", f"relpos buckets 32 heads {heads} as decoder.relative_attention_bias",
        f"decoder {d} {block} as decoder.block", f"dense 32128 no bias {'tied to shared ' if tied else ''}as lm_head",
    ]  # fmt: skip


#: width, feed-forward, heads, layers of each stack, size of a head, total
T5S = {
    "small": (512, 2048, 8, 6, 64, 60_506_624), "base": (768, 3072, 12, 12, 64, 222_903_552),
    "large": (1024, 4096, 16, 24, 64, 737_668_096), "3b": (1024, 16384, 32, 24, 128, 2_851_598_336),
    "11b": (1024, 65536, 128, 24, 128, 11_307_321_344),
}  # fmt: skip
T5S_11 = {
    "small": (512, 1024, 6, 8, 64, 76_961_152), "base": (768, 2048, 12, 12, 64, 247_577_856),
    "large": (1024, 2816, 16, 24, 64, 783_150_080), "xl": (2048, 5120, 32, 24, 64, 2_849_757_184),
    "xxl": (4096, 10240, 64, 24, 64, 11_135_332_352),
}  # fmt: skip


def _t5s() -> list[Model]:
    source = "Raffel et al. 2019 (arXiv 1910.10683), §2.1 and §3.7; transformers/models/t5"
    found = []
    for table, gated, version in ((T5S, False, "t5"), (T5S_11, True, "t5-v1.1")):
        for size, (d, f, heads, L, d_h, total) in table.items():
            names = f"{version}-{size}" + (" t5" if version == "t5" and size == "base" else "")
            names += f" flan-t5-{size}" + (" flan-t5" if size == "base" else "") if gated else ""
            found.append(Model(names, source, Net(
                f"T5{' 1.1' if gated else ''} {size}", t5, whose="torch textbook",
                args={"d": d, "f": f, "heads": heads, "L": L, "d_h": d_h, "gated": gated, "tied": not gated},
                published=(total, "transformers: T5ForConditionalGeneration"),
            )))  # fmt: skip
    return found


def bart(d: int, heads: int, L: int) -> list[str]:
    """transformers/models/bart: learned positions and a norm in front of each stack, one matrix for all embeddings."""
    block = f"heads {heads} ff {4 * d} layers {L}"
    return [
        f"embedding 50265 {d} as shared", "positions 1026 as encoder.embed_positions",
        "layernorm as encoder.layernorm_embedding", f"encoder {d} {block} as encoder.layers",
        "positions 1026 as decoder.embed_positions", "layernorm as decoder.layernorm_embedding",
        f"decoder {d} {block} as decoder.layers", "dense 50265 no bias tied to shared as lm_head",
    ]  # fmt: skip


def word2vec(V: int, d: int) -> list[str]:
    """The vectors that are handed out; training has as many for the output."""
    return [f"embedding {V} {d} as vectors"]


OTHERS = (
    Model("transformer-base vaswani-base", "Vaswani et al. 2017 (arXiv 1706.03762), §3 and table 3",
          Net("the base Transformer, English to German", transformer, {"V": 37_000, "d": 512, "f": 2048, "heads": 8,
                                                            "L": 6},
              (65_000_000, "Vaswani et al. 2017, table 3: 65 million", 1), whose="torch textbook", notes=(ABOUT,))),
    Model("transformer-big vaswani-big transformer-large", "Vaswani et al. 2017 (arXiv 1706.03762), §3 and table 3",
          Net("the big Transformer, English to German", transformer,
              {"V": 37_000, "d": 1024, "f": 4096, "heads": 16, "L": 6},
              (213_000_000, "Vaswani et al. 2017, table 3: 213 million", 2), whose="torch textbook", notes=(ABOUT,))),
    Model("bart-base", "Lewis et al. 2019 (arXiv 1910.13461); transformers/models/bart",
          Net("BART base", bart, {"d": 768, "heads": 12, "L": 6},
              (139_420_416, "transformers: BartForConditionalGeneration"), whose="torch textbook")),
    Model("bart-large bart", "Lewis et al. 2019 (arXiv 1910.13461); transformers/models/bart",
          Net("BART large", bart, {"d": 1024, "heads": 16, "L": 12},
              (406_291_456, "transformers: BartForConditionalGeneration"), whose="torch textbook")),
    Model("word2vec word2vec-google-news word2vec-google-news-300", "Mikolov et al. 2013 (arXiv 1310.4546)",
          Net("word2vec trained on Google News: 3,000,000 words and phrases, 300 numbers each", word2vec,
              {"V": 3_000_000, "d": 300}, (900_000_000, "code.google.com/archive/p/word2vec: 3 million x 300"),
              whose="torch keras textbook")),
)  # fmt: skip

MODELS = [*_berts(), *_robertas(), *_alberts(), *_t5s(), *OTHERS]
