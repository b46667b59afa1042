"""Language models that go on writing: GPT 1-3, LLaMA and its kin, Mistral, Mixtral, Gemma, Qwen.

Sizes are those of the papers and of the published configurations (transformers library, configuration_*.py).
"""

from __future__ import annotations

from nparams.notation._names.lines import Model, Net

# -- GPT --------------------------------------------------------------------------------------------------------------


def gpt(
    L: int, d: int, heads: int, V: int, positions: int, final: bool = True, tied: bool = True, d_h: int = 0
) -> list[str]:
    """Token and position embeddings, layers with a feed-forward of 4·d, a last norm, and a head."""
    head = f"heads {heads} head dim {d_h}" if d_h and heads * d_h != d else f"heads {heads}"
    lines = [
        f"embedding {V} {d} as wte",
        f"positions {positions} as wpe",
        f"encoder {d} {head} ff {4 * d} layers {L} as h",
    ]
    lines += ["layernorm as ln_f"] if final else []
    return [*lines, f"dense {V} no bias {'tied to wte ' if tied else ''}as lm_head"]


RADFORD = "Radford et al. 2019, Language models are unsupervised multitask learners, table 2; transformers/models/gpt2"
#: names, layers, width, heads, total, what the paper's table 2 says in millions
GPT2S = (
    ("gpt2 gpt2-small gpt2-124m gpt2-117m gpt2-base", "small", 12, 768, 12, 124_439_808, 117),
    ("gpt2-medium gpt2-355m gpt2-345m", "medium", 24, 1024, 16, 354_823_168, 345),
    ("gpt2-large gpt2-774m gpt2-762m", "large", 36, 1280, 20, 774_030_080, 762),
    ("gpt2-xl gpt2-1558m gpt2-1542m gpt2-1.5b", "XL", 48, 1600, 25, 1_557_611_200, 1542),
    ("distilgpt2", "distilled", 6, 768, 12, 81_912_576, 0),
)  # fmt: skip
UNTIED = "an output layer with weights of its own"


def _gpt2s() -> list[Model]:
    found = []
    for names, told, L, d, heads, total, said in GPT2S:
        args = {"L": L, "d": d, "heads": heads, "V": 50_257, "positions": 1024}
        note = (f"table 2 of the paper says {said}M, which its authors later called an error (github.com/openai/gpt-2, "
                "issue 209)",) if said else ()  # fmt: skip
        found.append(Model(
            names, RADFORD,
            Net(f"GPT-2 {told}, its output layer tied to the embedding", gpt, args,
                (total, "transformers: GPT2LMHeadModel, all parameters"), whose="torch textbook", notes=note),
            Net(f"GPT-2 {told} with an untied output layer", gpt, {**args, "tied": False},
                (total + 50_257 * d, "the same with lm_head counted by itself (github.com/karpathy/nanoGPT, pull 209)"),
                tags="untied untiedhead withhead", differs=UNTIED, whose=""),
        ))  # fmt: skip
    return found


#: Brown et al. 2020, table 2.1: name, layers, width, heads, size of a head, total in round numbers
GPT3S = (
    ("gpt3-small gpt3-125m", "Small", 12, 768, 12, 64, 125_000_000, 3),
    ("gpt3-medium gpt3-350m", "Medium", 24, 1024, 16, 64, 350_000_000, 2),
    ("gpt3-large gpt3-760m", "Large", 24, 1536, 16, 96, 760_000_000, 3),
    ("gpt3-xl gpt3-1.3b", "XL", 24, 2048, 16, 128, 1_300_000_000, 2),
    ("gpt3-2.7b", "2.7B", 32, 2560, 32, 80, 2_700_000_000, 2), ("gpt3-6.7b", "6.7B", 32, 4096, 32, 128, 6_700_000_000,
                                                            2),
    ("gpt3-13b", "13B", 40, 5140, 40, 128, 13_000_000_000, 2),
    ("gpt3 gpt3-175b davinci gpt3-davinci", "175B", 96, 12288, 96, 128, 175_000_000_000, 3),
)  # fmt: skip
GPT3_NOTE = ("table 2.1 gives layers, width, heads and the 2,048 positions; the 50,257 entries of GPT-2's vocabulary, "
             "learned positions, a tied output layer and all biases are taken from GPT-2")  # fmt: skip
GPT3_XL = "table 2.1 says 24 heads of 128, which do not make 2,048: counted with 16, as heads play no part"
GPT3_13B = "40 heads of 128 make 5,120, not the 5,140 of table 2.1: counted as the table says"


def _gpt3s() -> list[Model]:
    found = []
    for names, told, L, d, heads, d_h, total, digits in GPT3S:
        args = {"L": L, "d": d, "heads": heads, "V": 50_257, "positions": 2048, "d_h": d_h}
        more = (GPT3_XL,) if told == "XL" else (GPT3_13B,) if told == "13B" else ()
        found.append(Model(
            names, "Brown et al. 2020 (arXiv 2005.14165), table 2.1",
            Net(f"GPT-3 {told}", gpt, args, (total, "Brown et al. 2020, table 2.1", digits), whose="torch textbook",
                notes=(GPT3_NOTE, *more)),
        ))  # fmt: skip
    return found


GPT1 = Model(
    "gpt1 gpt openaigpt", "Radford et al. 2018, Improving language understanding by generative pre-training, §4.1",
    Net("GPT of 2018", gpt, {"L": 12, "d": 768, "heads": 12, "V": 40_478, "positions": 512, "final": False},
        (116_534_784, "transformers: OpenAIGPTLMHeadModel; the paper's successor says 117M"), whose="torch textbook"),
)  # fmt: skip


# -- LLaMA ------------------------------------------------------------------------------------------------------------


def llama(
    L: int, d: int, f: int, heads: int, kv: int, V: int = 32_000, d_h: int = 0, tied: bool = False,
    qkv_bias: bool = False, experts: int = 0, top: int = 0,
) -> list[str]:  # fmt: skip
    """§2.2 of LLaMA: norms that only scale, a gated feed-forward, rotated positions (no parameters), no biases."""
    words = [f"encoder {d} heads {heads} kv {kv}", f"head dim {d_h}" * bool(d_h), f"ff {f} swiglu rms no bias"]
    words += ["qkv bias" * qkv_bias, f"experts {experts} top {top}" * bool(experts), f"layers {L} as model.layers"]
    return [
        f"embedding {V} {d} as model.embed_tokens", " ".join(w for w in words if w), "rmsnorm as model.norm",
        f"dense {V} no bias {'tied to model.embed_tokens ' if tied else ''}as lm_head",
    ]  # fmt: skip


CARD = "transformers: LlamaForCausalLM by its config.json"
TOUVRON = "Touvron et al. 2023 (arXiv 2302.13971), table 2; transformers/models/llama"
TOUVRON_2 = "Touvron et al. 2023 (arXiv 2307.09288), table 1; transformers/models/llama"
LLAMA_3 = "Llama team 2024 (arXiv 2407.21783), table 3; transformers/models/llama"
#: names, title, source, (layers, width, feed-forward, heads, key and value heads), what differs, total, where
LLAMAS: tuple[tuple[str, str, str, tuple[int, ...], dict[str, object], int, str], ...] = (
    ("llama-7b llama llama1-7b", "LLaMA 7B", TOUVRON, (32, 4096, 11008, 32, 32), {}, 6_738_415_616, CARD),
    ("llama-13b llama1-13b", "LLaMA 13B", TOUVRON, (40, 5120, 13824, 40, 40), {}, 13_015_864_320, CARD),
    ("llama-33b llama-30b", "LLaMA 33B", TOUVRON, (60, 6656, 17920, 52, 52), {}, 32_528_943_616, CARD),
    ("llama-65b", "LLaMA 65B", TOUVRON, (80, 8192, 22016, 64, 64), {}, 65_285_660_672, CARD),
    ("llama-2-7b llama-2", "Llama 2 7B", TOUVRON_2, (32, 4096, 11008, 32, 32), {}, 6_738_415_616, CARD),
    ("llama-2-13b", "Llama 2 13B", TOUVRON_2, (40, 5120, 13824, 40, 40), {}, 13_015_864_320, CARD),
    ("llama-2-70b", "Llama 2 70B", TOUVRON_2, (80, 8192, 28672, 64, 8), {}, 68_976_648_192, CARD),
    ("llama-3-8b llama-3.1-8b llama-3", "Llama 3 8B", LLAMA_3, (32, 4096, 14336, 32, 8), {"V": 128_256},
     8_030_261_248, CARD),
    ("llama-3-70b llama-3.1-70b llama-3.3-70b", "Llama 3 70B", LLAMA_3, (80, 8192, 28672, 64, 8), {"V": 128_256},
     70_553_706_496, CARD),
    ("llama-3.1-405b llama-3-405b", "Llama 3.1 405B", LLAMA_3, (126, 16384, 53248, 128, 8), {"V": 128_256},
     405_853_388_800, CARD),
    ("llama-3.2-1b", "Llama 3.2 1B", LLAMA_3, (16, 2048, 8192, 32, 8), {"V": 128_256, "tied": True}, 1_235_814_400,
     CARD),
    ("llama-3.2-3b", "Llama 3.2 3B", LLAMA_3, (28, 3072, 8192, 24, 8), {"V": 128_256, "tied": True}, 3_212_749_824,
     CARD),
    ("tinyllama tinyllama-1.1b", "TinyLlama 1.1B", "Zhang et al. 2024 (arXiv 2401.02385), table 1",
     (22, 2048, 5632, 32, 4), {}, 1_100_048_384, CARD),
    ("mistral-7b mistral mistral-7b-v0.1 mistral-7b-v0.2", "Mistral 7B",
     "Jiang et al. 2023 (arXiv 2310.06825), table 1; transformers/models/mistral", (32, 4096, 14336, 32, 8), {},
     7_241_732_096, "transformers: MistralForCausalLM"),
    ("mistral-7b-v0.3", "Mistral 7B v0.3", "Jiang et al. 2023 (arXiv 2310.06825), table 1, with 32,768 entries",
     (32, 4096, 14336, 32, 8), {"V": 32_768}, 7_248_023_552, "transformers: MistralForCausalLM"),
    ("mixtral-8x7b mixtral mixtral-8x7b-v0.1", "Mixtral 8x7B: a token uses 2 of 8 experts",
     "Jiang et al. 2024 (arXiv 2401.04088), table 1; transformers/models/mixtral", (32, 4096, 14336, 32, 8),
     {"experts": 8, "top": 2}, 46_702_792_704, "transformers: MixtralForCausalLM; the paper says 47B, 13B active"),
    ("mixtral-8x22b mixtral-8x22b-v0.1", "Mixtral 8x22B: a token uses 2 of 8 experts",
     "Mistral AI 2024; transformers/models/mixtral", (56, 6144, 16384, 48, 8), {"experts": 8, "top": 2},
     140_620_634_112, "transformers: MixtralForCausalLM; 141B, 39B active"),
    ("mixtral-8x22b-instruct mixtral-8x22b-instruct-v0.1 mixtral-8x22b-v0.3",
     "Mixtral 8x22B with 32,768 entries: a token uses 2 of 8 experts", "Mistral AI 2024; transformers/models/mixtral",
     (56, 6144, 16384, 48, 8), {"V": 32_768, "experts": 8, "top": 2}, 140_630_071_296,
     "transformers: MixtralForCausalLM; 141B, 39B active"),
    ("gemma-2b gemma", "Gemma 2B", "Gemma team 2024 (arXiv 2403.08295), table 1; transformers/models/gemma",
     (18, 2048, 16384, 8, 1), {"V": 256_000, "d_h": 256, "tied": True}, 2_506_172_416,
     "transformers: GemmaForCausalLM"),
    ("gemma-7b", "Gemma 7B", "Gemma team 2024 (arXiv 2403.08295), table 1; transformers/models/gemma",
     (28, 3072, 24576, 16, 16), {"V": 256_000, "d_h": 256, "tied": True}, 8_537_680_896,
     "transformers: GemmaForCausalLM"),
    ("qwen2.5-0.5b qwen2-0.5b", "Qwen2.5 0.5B", "Qwen team 2024 (arXiv 2412.15115), table 1; transformers/models/qwen2",
     (24, 896, 4864, 14, 2), {"V": 151_936, "tied": True, "qkv_bias": True}, 494_032_768,
     "transformers: Qwen2ForCausalLM"),
    ("qwen2.5-1.5b qwen2-1.5b", "Qwen2.5 1.5B", "Qwen team 2024 (arXiv 2412.15115), table 1; transformers/models/qwen2",
     (28, 1536, 8960, 12, 2), {"V": 151_936, "tied": True, "qkv_bias": True}, 1_543_714_304,
     "transformers: Qwen2ForCausalLM"),
    ("qwen2.5-7b qwen2-7b", "Qwen2.5 7B", "Qwen team 2024 (arXiv 2412.15115), table 1; transformers/models/qwen2",
     (28, 3584, 18944, 28, 4), {"V": 152_064, "qkv_bias": True}, 7_615_616_512, "transformers: Qwen2ForCausalLM"),
)  # fmt: skip


def _llamas() -> list[Model]:
    found = []
    for names, told, source, (L, d, f, heads, kv), more, total, where in LLAMAS:
        args = {"L": L, "d": d, "f": f, "heads": heads, "kv": kv, **more}
        net = Net(told, llama, args, (total, where), whose="torch textbook")
        found.append(Model(names, source, net))
    return found


MODELS = [*_gpt2s(), GPT1, *_gpt3s(), *_llamas()]
