"""Open language models after GPT-3: GPT-Neo, GPT-J, GPT-NeoX and Pythia, OPT, BLOOM, Phi.

Sizes are those of the papers and of the published configurations (transformers library, configuration_*.py).
"""

from __future__ import annotations

from nparams.notation._names.gpt import gpt
from nparams.notation._names.lines import Model, Net

# -- OPT and GPT-Neo: as GPT-2 ----------------------------------------------------------------------------------------

#: Zhang et al. 2022, table 1 (layers, width, heads) of those with norms before; 2,050 rows of positions
OPTS = {
    "125m": (12, 768, 12, 125_239_296), "1.3b": (24, 2048, 32, 1_315_758_080), "2.7b": (32, 2560, 32, 2_651_596_800),
    "6.7b": (32, 4096, 32, 6_658_473_984), "13b": (40, 5120, 40, 12_853_473_280), "30b": (48, 7168, 56, 29_974_540_288),
    "66b": (64, 9216, 72, 65_719_701_504),
}  # fmt: skip
#: layers, width, heads, total
NEOS = {
    "125m": (12, 768, 12, 125_198_592),
    "1.3b": (24, 2048, 16, 1_315_575_808),
    "2.7b": (32, 2560, 20, 2_651_307_520),
}


def gpt_neo(L: int, d: int, heads: int) -> list[str]:
    """GPT-2's layers, but queries, keys and values without biases."""
    return [_unbiased(line) for line in gpt(L, d, heads, 50_257, 2048)]


def _unbiased(line: str) -> str:
    return line.replace(" layers ", " no qkv bias layers ") if line.startswith("encoder ") else line


# -- GPT-J, GPT-NeoX, BLOOM, Phi --------------------------------------------------------------------------------------


def parallel(L: int, d: int, heads: int, V: int, norms: int, attention_bias: bool, head_bias: bool) -> list[str]:
    """Attention and feed-forward side by side, rotated positions, an output layer of its own."""
    bias = "" if attention_bias else " no bias"
    norm = "layernorm; " * norms
    return [
        f"embedding {V} {d} as embed_in", f"{L} x ({norm}attention {d} heads {heads}{bias}; ffn {4 * d}) as layers",
        "layernorm as final_layer_norm", f"dense {V}{'' if head_bias else ' no bias'} as embed_out",
    ]  # fmt: skip


#: Biderman et al. 2023, table 1: layers, width, heads, vocabulary (padded), total
PYTHIAS = {
    "70m": (6, 512, 8, 50_304, 70_426_624), "160m": (12, 768, 12, 50_304, 162_322_944),
    "410m": (24, 1024, 16, 50_304, 405_334_016), "1b": (16, 2048, 8, 50_304, 1_011_781_632),
    "1.4b": (24, 2048, 16, 50_304, 1_414_647_808), "2.8b": (32, 2560, 32, 50_304, 2_775_208_960),
    "6.9b": (32, 4096, 32, 50_432, 6_857_302_016), "12b": (36, 5120, 40, 50_688, 11_846_072_320),
}  # fmt: skip
#: BigScience 2022 (arXiv 2211.05100), table 3: layers, width, heads, total
BLOOMS = {
    "560m": (24, 1024, 16, 559_214_592), "1b1": (24, 1536, 16, 1_065_314_304), "1b7": (24, 2048, 16, 1_722_408_960),
    "3b": (30, 2560, 32, 3_002_557_440), "7b1": (30, 4096, 32, 7_069_016_064), "176b": (70, 14336, 112,
                                                            176_247_271_424),
}  # fmt: skip


def bloom(L: int, d: int, heads: int) -> list[str]:
    """A norm of the embeddings, no positions (ALiBi), the output layer tied."""
    return [
        f"embedding 250880 {d} as word_embeddings", "layernorm as word_embeddings_layernorm",
        f"encoder {d} heads {heads} ff {4 * d} layers {L} as h", "layernorm as ln_f",
        "dense 250880 no bias tied to word_embeddings as lm_head",
    ]  # fmt: skip


def _models() -> list[Model]:
    found = []
    for size, (L, d, heads, total) in OPTS.items():
        found.append(Model(f"opt-{size}", "Zhang et al. 2022 (arXiv 2205.01068), table 1; transformers/models/opt", Net(
            f"OPT {size.upper()}", gpt, {"L": L, "d": d, "heads": heads, "V": 50_272, "positions": 2050},
            (total, "transformers: OPTForCausalLM"), whose="torch textbook")))  # fmt: skip
    for size, (L, d, heads, total) in NEOS.items():
        found.append(Model(f"gpt-neo-{size}", "Black et al. 2021; transformers/models/gpt_neo", Net(
            f"GPT-Neo {size.upper()}", gpt_neo, {"L": L, "d": d, "heads": heads},
            (total, "transformers: GPTNeoForCausalLM"), whose="torch textbook")))  # fmt: skip
    for size, (L, d, heads, V, total) in PYTHIAS.items():
        found.append(Model(f"pythia-{size}",
                           "Biderman et al. 2023 (arXiv 2304.01373), table 1; transformers/models/gpt_neox",
            Net(f"Pythia {size.upper()}", parallel, {"L": L, "d": d, "heads": heads, "V": V, "norms": 2,
                "attention_bias": True, "head_bias": False}, (total, "transformers: GPTNeoXForCausalLM"),
                whose="torch textbook")))  # fmt: skip
    for size, (L, d, heads, total) in BLOOMS.items():
        found.append(Model(f"bloom-{size}" + (" bloom" if size == "176b" else ""),
            "BigScience 2022 (arXiv 2211.05100), table 3; transformers/models/bloom",
            Net(f"BLOOM {size.upper()}", bloom, {"L": L, "d": d, "heads": heads},
                (total, "transformers: BloomForCausalLM"), whose="torch textbook")))  # fmt: skip
    return found


MODELS = [
    *_models(),
    Model("gpt-neox-20b gpt-neox", "Black et al. 2022 (arXiv 2204.06745), §2; transformers/models/gpt_neox", Net(
        "GPT-NeoX-20B", parallel, {"L": 44, "d": 6144, "heads": 64, "V": 50_432, "norms": 2, "attention_bias": True,
                                   "head_bias": False},
        (20_554_567_680, "transformers: GPTNeoXForCausalLM"), whose="torch textbook")),
    Model("gpt-j-6b gpt-j", "Wang and Komatsuzaki 2021; transformers/models/gptj", Net(
        "GPT-J 6B", parallel, {"L": 28, "d": 4096, "heads": 16, "V": 50_400, "norms": 1, "attention_bias": False,
                               "head_bias": True},
        (6_050_882_784, "transformers: GPTJForCausalLM"), whose="torch textbook")),
    Model("phi-2", "Microsoft 2023; transformers/models/phi", Net(
        "Phi-2", parallel, {"L": 32, "d": 2560, "heads": 32, "V": 51_200, "norms": 1, "attention_bias": True,
                            "head_bias": True},
        (2_779_683_840, "transformers: PhiForCausalLM"), whose="torch textbook")),
]  # fmt: skip
