"""Hyper-parameters: every way to write them, what is assumed and its effect, what is missing, refusals."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nparams.errors import NotationError, NparamsError
from nparams.network import Network
from nparams.notation import hyper, sizes
from nparams.notation._hyper.words import NAMES, plain, role_of

BOOK = (
    'GPT_CONFIG_124M = {"vocab_size": 50257, "context_length": 1024, "emb_dim": 768, "n_heads": 12, "n_layers": 12, '
    '"drop_rate": 0.1, "qkv_bias": False}'
)
NANO = """@dataclass
class GPTConfig:
    block_size: int = 1024
    vocab_size: int = 50304 # GPT-2 vocab_size of 50257, padded up to nearest multiple of 64 for efficiency
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768
    dropout: float = 0.0
    bias: bool = True # True: bias in Linears and LayerNorms, like GPT-2. False: a bit better and faster
"""
LLAMA = "num_hidden_layers=32, num_attention_heads=32, vocab_size=32000, hidden_size=4096"

# text, total, where the total comes from
TOTALS = [
    ("12 layers, d 768, vocab 50257, ctx 1024, untied", 163_037_184, "github.com/karpathy/nanoGPT, pull 209"),
    ("vocab 30522, 512 positions, 2 segments, 12 layers, hidden 768, ffn 3072, pooler", 109_482_240, "BERT in words"),
    ("80 layers, d 8192, ffn 29568, 64 heads, 8 kv heads, qkv biases, vocab 152064, untied", 72_706_203_648,
     "transformers: Qwen2ForCausalLM, Qwen2.5 72B"),
    ("GPT-3: 96 layers, 12288 d_model, 96 heads, 50257 vocab, 2048 context", 174_604_259_328, "as people list them"),
    ("12 layers, hidden size 768, 12 heads, vocab size 50257, context length 1024", 124_439_808, "GPT-2 in words"),
    ("a transformer with 12 layers, d_model 768, vocabulary of 50257 and block_size 1024", 124_439_808, "a sentence"),
    ("BERT-Base: 12-layer, 768-hidden, 12-heads, vocab_size=30522, n_ctx=512", 109_482_240, "a README of BERT"),
    ("24-layer, 1024-hidden, 16-heads, vocab=50257, ctx=1024", 354_823_168, "GPT-2 medium"),
    ("L=12 H=768 A=12 V=30522 n_ctx=512", 109_482_240, "transformers: BertModel"),
    ("BERT-large (L=24, H=1024, A=16, V=30522, n_ctx=512)", 335_141_888, "transformers: BertModel"),
    ("hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, "
     "max_position_embeddings=512, type_vocab_size=2, vocab_size=30522", 109_482_240, "transformers: BertModel"),
    ("hidden_size=1024 num_hidden_layers=24 num_attention_heads=16 intermediate_size=4096 vocab_size=50265 "
     "max_position_embeddings=514 type_vocab_size=1", 355_359_744, "transformers: RobertaModel"),
    ("n_layer=12 n_head=12 n_embd=768 n_vocab=50257 n_ctx=1024", 124_439_808, "transformers: GPT2LMHeadModel"),
    ("n_layer: 12, n_head: 12, n_embd: 768, n_vocab: 50257, n_ctx: 1024", 124_439_808, "the same"),
    ('{"n_layer": 48, "n_head": 25, "n_embd": 1600, "n_vocab": 50257, "n_ctx": 1024}', 1_557_611_200, "GPT-2 XL"),
    ("model:\n  n_layer: 12\n  n_head: 12\n  n_embd: 768\n  vocab_size: 50257\n  block_size: 1024\n", 124_439_808,
     "YAML"),
    ("- n_layer: 12\n- n_embd: 768\n- vocab_size: 50257\n- block_size: 1024\n", 124_439_808, "a list"),
    ("n_embd = 768\nn_head = 12\nn_layer = 12\nvocab_size = 50257\nblock_size = 1024", 124_439_808, "assignments"),
    ("python train.py --n_layer=12 --n-head 12 --n_embd=768 --vocab-size 50257 --block_size 1024 --compile",
     124_439_808,
     "a command line"),
    ("n_layer=12 n_head=12 n_embd=768 vocab_size=50257 block_size=1024 tie_word_embeddings=False", 163_037_184,
     "github.com/karpathy/nanoGPT, pull 209"),
    ("n_layer=96 d_model=12288 n_vocab=50257 n_ctx=2048", 174_604_259_328, "GPT-3 by GPT-2's layers"),
    ("GPT-3: n_layers=96, d_model=12,288, n_heads=96, d_head=128, n_vocab=50_257, n_ctx=2048", 174_604_259_328, "same"),
    (NANO, 124_475_904, "nanoGPT's default configuration, 50,304 entries"),
    ("GPTConfig(n_layer=6, n_head=6, n_embd=384, block_size=256, vocab_size=65, bias=False, dropout=0.2)", 10_745_088,
     "nanoGPT, config/train_shakespeare_char.py: 10.65M without the 98,304 of positions"),
    (BOOK, 163_009_536, "Raschka, Build a large language model, ch. 4: 163,009,536"),
    (f"{LLAMA}, intermediate_size=11008", 6_738_415_616, "transformers: LlamaForCausalLM, Llama 2 7B"),
    (f"{LLAMA}, intermediate_size=14336, num_key_value_heads=8", 7_241_732_096, "transformers: MistralForCausalLM"),
    (f"{LLAMA}, intermediate_size=14336, num_key_value_heads=8, num_local_experts=8, num_experts_per_tok=2",
     46_702_792_704, "transformers: MixtralForCausalLM"),
    ('mixtral_8x7b_config = {"emb_dim": 4096, "hidden_dim": 14336, "vocab_size": 32000, "context_length": 32768, '
     '"n_layers": 32, "n_heads": 32, "n_kv_heads": 8, "window_size": 4000, "num_experts": 8, "top_k_experts": 2}',
     46_702_792_704, "transformers: MixtralForCausalLM"),
    ('LLAMA3_CONFIG_8B = {"vocab_size": 128_256, "context_length": 8192, "emb_dim": 4096, "n_heads": 32, '
     '"n_layers": 32, "hidden_dim": 14_336, "n_kv_groups": 8, "rope_base": 500_000.0, '
     '"rope_freq": None, "dtype": torch.bfloat16}',
     8_030_261_248, "transformers: LlamaForCausalLM, Llama 3 8B"),
    ('{"dim": 4096, "ffn_dim_multiplier": 1.3, "multiple_of": 1024, "n_heads": 32, "n_kv_heads": 8, "n_layers": 32, '
     '"norm_eps": 1e-05, "vocab_size": 128256, "rope_theta": 500000.0}', 8_030_261_248, "params.json of Llama 3 8B"),
    ('{"dim": 4096, "multiple_of": 256, "n_heads": 32, "n_layers": 32, "norm_eps": 1e-06, "vocab_size": 32000}',
     6_738_415_616, "params.json of LLaMA 7B"),
    ("d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048", 44_140_544,
     "torch.nn.Transformer()"),
    ("image_size=224 patch_size=16 dim=768 depth=12 heads=12 mlp_dim=3072 num_classes=1000", 86_567_656,
     "torchvision: ViT_B_16_Weights"),
    ("img_size=224 patch_size=32 embed_dim=768 depth=12 num_heads=12 mlp_ratio=4.0 num_classes=1000", 88_224_232,
     "torchvision: ViT_B_32_Weights"),
    ("hidden_size=64 num_hidden_layers=2 num_attention_heads=4 intermediate_size=247 image_size=20 patch_size=4 "
     "num_labels=10", 103_288, "transformers: ViTForImageClassification"),
    ("d_ff = 4*d_model, d_model=512, n_layer=6, V=100, n_ctx=10", 18_971_648, "6·(12·512² + 13·512) + 110·512 + 2·512"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "total", "source"), TOTALS)
def test_totals(text, total, source):
    assert source
    assert hyper.may_be(text)
    assert not sizes.may_be(text)
    network = hyper.read(text)
    assert network.total == total
    assert hyper.may_be(network.read_as)
    assert hyper.read(network.read_as).total == total, "what was read reads back"


# text, closed form, values, total
SYMBOLIC = [
    ("L=12 H=768 A=12", "768*V + 768*n_ctx + 85648128", {"V": 30522, "n_ctx": 512}, 109_482_240),
    ("L=12 H=768 A=12 V=30522", "768*n_ctx + 109089024", {"n_ctx": 512}, 109_482_240),
    ("n_layer=96 d_model=12288 n_vocab=50257", "12288*n_ctx + 174579093504", {"n_ctx": 2048}, 174_604_259_328),
    ("12-layer, 768-hidden, 12-heads, 110M parameters", "768*V + 768*n_ctx + 85056000", {"V": 50257, "n_ctx": 1024},
     124_439_808),
    ("d_model=d n_layer=L n_vocab=V n_ctx=n", "L*(12*d**2 + 13*d) + V*d + d*n + 2*d",
     {"d": 768, "L": 12, "V": 50257, "n": 1024}, 124_439_808),
    ("patch_size=16 dim=768 depth=12 heads=12 mlp_dim=3072", "768*(image_size//16)**2 + 769*num_classes + 85648128",
     {"image_size": 224, "num_classes": 1000}, 86_567_656),
    ('{"dim": 4096, "multiple_of": 256, "n_heads": 32, "n_layers": 32, "vocab_size": -1}', "8192*V + 6476271616",
     {"V": 32000}, 6_738_415_616),
]  # fmt: skip


@pytest.mark.parametrize(("text", "form", "values", "total"), SYMBOLIC)
def test_what_is_missing_stays_a_symbol(text, form, values, total):
    network = hyper.read(text)
    assert str(network.total) == form
    put = hyper.read(text, set=values)
    assert put.total == total
    missing = [note for note in network.notes if "not given" in note]
    assert not [note for note in put.notes if "not given" in note]
    assert len(missing) == (0 if "d_model=d" in text else len(values))


# text, notes that hold, what also holds
ASSUMED = [
    (BOOK, ["tied to the embedding it would be 38,597,376 fewer", "no part in the count: drop_rate"],
     {"tied head": 124_412_160}),
    ("n_layer=12 n_embd=768 n_vocab=50257 n_ctx=1024",
     ["with weights of its own it would add 38,597,376", "learned positions are assumed, 786,432 of the total",
      "4·d = 3,072 is assumed", "a last norm is assumed, 1,536"],
     {"untied head": 163_037_184, "no learned positions": 123_653_376}),
    ("L=12 H=768 A=12 V=30522 n_ctx=512",
     ["a pooler is assumed, 590,592", "two token types are assumed, 1,536",
      "a norm of the embeddings is assumed, 1,536",
      "the number of heads plays no part"], {"no pooler": 108_891_648}),
    (f"{LLAMA}, intermediate_size=11008",
     ["a gated feed-forward layer (three matrices) is assumed", "positions without parameters are assumed",
      "no biases are assumed"], {"tied head": 6_607_343_616}),
    ("n_layer=2 d_model=8 foo=3 bar=baz lr=3e-4 n_vocab=10 n_ctx=4",
     ["no part in the count: lr", "not known here, and taken to play no part: foo, bar"], {}),
    ("image_size=32 patch_size=4 dim=64 depth=2 heads=4 mlp_dim=128 num_classes=10",
     ["images of 3 channels are assumed"],
     {}),
    ("d_model=512 num_encoder_layers=6 num_decoder_layers=6 dim_feedforward=2048 vocab_size=37000",
     ["one embedding for both languages is assumed", "with weights of its own it would add 18,944,000"],
     {"untied head": 82_028_544}),
    ("n_layer=2 d_model=8 d_ff=16 n_vocab=10 n_ctx=4 num_experts=4",
     ["how many experts a token uses is not said"], {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "notes", "also"), ASSUMED)
def test_each_assumption_is_a_note_with_its_effect(text, notes, also):
    network = hyper.read(text)
    told = "\n".join(network.notes)
    for note in notes:
        assert note in told, told
    assert also.items() <= network.also.items()


def test_what_is_said_is_not_assumed():
    said = hyper.read("n_layer=12 n_embd=768 n_vocab=50257 n_ctx=1024 d_ff=3072 tied=true bias=true final_norm=true")
    assert not [note for note in said.notes if "4·d" in note or "tied" in note or "biases" in note]


def test_effects_follow_values():
    notes = " ".join(hyper.read("n_layer=12 n_embd=768 n_ctx=1024", set={"V": 50257}).notes)
    assert "with weights of its own it would add 38,597,376" in notes


def test_the_family():
    for text, family in (
        ("L=12 H=768 A=12", "BERT"), ("n_layer=12 n_embd=768", "GPT-2"), (BOOK, "Raschka"),
        (f"{LLAMA}, num_key_value_heads=8, intermediate_size=14336", "LLaMA"),
        ("n_layer=12 d_model=768 activation=swiglu", "LLaMA"), ("llama: n_layer=12 d_model=768 d_ff=2048", "LLaMA"),
    ):  # fmt: skip
        network = hyper.read(text)
        assert f" as {family} " in network.notes[0] or f" in {family}" in network.notes[0], text
        assert isinstance(network, Network)


def test_active_experts():
    totals = hyper.read(
        f"{LLAMA}, intermediate_size=14336, num_key_value_heads=8, num_local_experts=8, num_experts_per_tok=2"
    ).totals
    assert totals.active == 12_879_925_248


# text, what the refusal says
REFUSED = [
    ("n_layer=12 n_layer=24 d_model=3",
     "n_layer=24, at character 12, contradicts n_layer=12: both say the number of l"),
    ("L=12 n_layers=24 d_model=3", "contradicts L=12"),
    ("n_layer=12.5 d_model=3", "n_layer=12.5, at character 1: a whole number is needed"),
    ("n_layer=12 d_model=0", "d_model=0, at character 12: 1 or more is needed"),
    ("n_layer=12 d_model='x y'", "a whole number is needed"),
    ("n_layer=12 d_model=768 vocab_size=30k", "vocab_size=30k, at character 24: a whole number is needed"),
    ("n_layer=12 d_model=768 tied=maybe", "true or false is needed"),
    ('{"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12}', "a whole config.json"),
    ('{"architectures": ["BertModel"], "hidden_size": 768, "num_hidden_layers": 12}', "a whole config.json"),
    ("n_layer=12 d_model=768 !!", "at character 24, is not understood"),
    ("n_layer=12 d_model=768 n_head=7 n_kv_head=2", "7 heads cannot share a width of 768 equally"),
    ("style=foo n_layer=12 d_model=768", "choose one of bert, llama, book, gpt"),
    ("n_layer=12 d_model=8 num_experts=2 top_k=3", "a token cannot use 3 of 2 experts"),
    ("nn.Transformer(d_model=512, nhead=8)", "is code"),
    ('x={"n_layer": [1, 2', "is never closed"),
    ("n_layer=12 d_model=2**(", "not understood"),
    ("", "says no size of a transformer"),
    ("dropout=0.1 lr=3", "says no size of a transformer"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_refusals(text, said):
    with pytest.raises(NotationError) as error:
        hyper.read(text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


OTHERS = [
    "784-16-16-10", "conv 32 3x3; dense 10", "encoder d=768 heads=12", "attention: heads=8 d_model=512", "resnet50",
    "nn.TransformerEncoderLayer(d_model=512, nhead=8)", "lstm units=128 layers=2", "model.add(Dense(64, input_dim=10))",
    "Chain(Dense(5 => 7))", "[(784, 16), (16,)]", "Conv1: 32 filters, kernel 3x3", "(5*5*3+1)*100",
    "dropout=0.1 lr=3e-4",
    "input: 28x28x1\nconv: 32 3x3\ndense: 10", "(0): Linear(in_features=784, out_features=10, bias=True)", "h=3", "",
    "dense units=10 inputs=784", "transformer d=512 heads=8 layers=6",
    "class Net(nn.Module):\n  def __init__(self): pass",
]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_something_else(text):
    assert not hyper.may_be(text)


def test_a_whole_config_is_claimed_and_refused():
    text = '{"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}'
    assert hyper.may_be(text)


def test_every_name_says_one_thing():
    found = {}
    for role, words in NAMES.items():
        for word in words.split():
            assert found.setdefault(plain(word), role) == role, word
            assert role_of(word) == role


def test_long_texts_are_bounded():
    for text in ("a" * 99_000, "n_layer=1 " * 9_000, "(" * 99_000, '"' * 99_000, "x=" * 40_000, "@a" * 40_000,
                 "-" * 99_000,
                 "a " * 49_000, "1," * 49_000, "n_layer=" + "4*" * 40_000, "[" * 99_999, "x" * 2_000_000):  # fmt: skip
        assert not hyper.may_be(text)
        with suppress(NparamsError):
            hyper.read(text)


keys = st.sampled_from(
    ["n_layer", "d_model", "L", "H", "A", "V", "h", "d_ff", "n_ctx", "vocab_size", "n_kv_head", "head_dim",
     "num_experts",
     "top_k", "patch_size", "image_size", "num_encoder_layers", "num_decoder_layers", "bias", "tied", "hidden_dim",
     "foo",
     "multiple_of", "mlp_ratio", "rope_theta", "num_classes", "intermediate_size", "activation", "style", "x y"]
)  # fmt: skip
values = st.sampled_from(
    ["1", "2", "12", "768", "0", "-1", "1.5", "True", "none", "d", "4*d_model", "gelu", "swiglu", '"a"', "[1]", "1e9",
     "(",
     "9" * 40, "bert", "2**99999999", "n_layer", "d_model", "a.b", "{", "é"]
)  # fmt: skip
signs = st.sampled_from(["=", ": ", " = ", ": int = ", " ", "=="])
pairs = st.tuples(keys, signs, values).map("".join)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.one_of(st.lists(pairs, max_size=8).map(" ".join), st.lists(pairs, max_size=6).map(",\n".join), st.text()))
@example("n_layer=n_layer d_model=d_model")
@example("n_layer=L d_model=2*L n_head=L")
@example("patch_size=3 image_size=224 d_model=8 n_layer=1")
def test_only_our_errors_leave_read(text):
    hyper.may_be(text)
    with suppress(NparamsError):
        network = hyper.read(text)
        assert network.totals.known is not None
        assert network.layers


AMONG = [
    (f"my notes on attention (part 2)\nthe settings:\n{BOOK}\nlayer norm comes first", 163_009_536),
    (f"from dataclasses import dataclass\n\n{NANO}\nprint(GPTConfig())", 124_475_904),
    ("from model import GPTConfig\nconfig = GPTConfig(\n    block_size=64, vocab_size=100, n_layer=2,\n    n_head=2, "
     "n_embd=8\n)\nmodel = GPT(config)", 3_072),
]  # fmt: skip


@pytest.mark.parametrize(("text", "total"), AMONG, ids=range(len(AMONG)))
def test_settings_among_other_text(text: str, total: int) -> None:
    assert hyper.may_be(text)
    found = hyper.read(text)
    assert (found.total, found.source) == (total, text)
    assert found.notes[-1].startswith("only ")


def test_a_question_is_about_what_it_asks() -> None:
    text = "How many parameters does a GPT with n_layer=12 d_model=768 n_vocab=50257 n_ctx=1024 have?"
    assert hyper.may_be(text)
    assert hyper.read(text).total == 124_439_808


def test_two_settings_are_not_chosen_from() -> None:
    text = "import a\nA = {'n_layer': 2, 'n_embd': 8}\nB = {'n_layer': 4, 'n_embd': 8}"
    assert not hyper.may_be(text)


def test_settings_beside_layers_are_code() -> None:
    assert not hyper.may_be(f"{BOOK}\nclass GPT(nn.Module):\n  def __init__(self, cfg):\n    self.e = nn.Linear(3, 4)")


def test_a_long_text_with_brackets_stays_fast() -> None:
    text = "n_layer\n" + "x = (a=1\n" * 9_000
    start = process_time()
    assert not hyper.may_be(text)
    assert process_time() - start < 2
