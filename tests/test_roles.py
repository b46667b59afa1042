"""Which role a name has: every row of the tables by its own example, and what only pairs of names tell."""

from __future__ import annotations

import random
import re

import pytest

from nparams import roles
from nparams.files.bytesource import MemorySource
from nparams.files.safetensors import read
from nparams.roles import component_of, components_of, is_lookup, role_of
from tests.safetensors_maker import T, safetensors


def found(*tensors: T) -> dict[str, str]:
    return {t.name: t.role for t in read(MemorySource(safetensors(tensors))).tensors()}


@pytest.mark.parametrize("leaf", roles.LEAVES)
def test_every_last_name_by_its_example(leaf):
    role, example = roles.LEAVES[leaf]
    assert example == leaf or example.endswith((f".{leaf}", f"/{leaf}"))
    for name in (leaf, f"x.{leaf}", f"x/{leaf}", example):
        got, note = role_of(name, (4,), "float32")
        assert got == role
        assert note == (None if role in ("weight", "bias") else f"{role} by its name, like {example}")


@pytest.mark.parametrize(("part", "role", "example"), [*roles.ENDINGS, *roles.STARTS])
def test_every_spelling_by_its_example(part, role, example):
    leaf = example.rpartition(".")[2]
    assert leaf.endswith(part) or leaf.startswith(part)
    assert role_of(example, (4,), "float32")[0] == role


@pytest.mark.parametrize("part", roles.OTHER_PARTS)
def test_every_part_that_is_not_the_model(part):
    example = roles.OTHER_PARTS[part]
    assert role_of(example, (4,), "float32") == ("other", f"not the model: {part}")
    assert role_of(f"x.{part}ly.weight", (4,), "float32")[0] == "weight"


@pytest.mark.parametrize("parent", roles.BUFFER_PARENTS)
def test_every_parent_of_a_buffer(parent):
    example = roles.BUFFER_PARENTS[parent]
    assert role_of(example, (4,), "float32") == ("buffer", f"buffer by its name, like {example}")


@pytest.mark.parametrize("part", [*roles.OTHER_PARTS, *roles.BUFFER_PARENTS])
def test_every_unusual_part_has_a_hint(part):
    """A reader that finds no hint in a whole header asks for last names only."""
    assert any(hint in part for hint in roles.UNUSUAL_HINTS)


@pytest.mark.parametrize(
    "example",
    [e for _, e in roles.LEAVES.values()] + list(roles.OTHER_PARTS.values()) + list(roles.BUFFER_PARENTS.values()),
)
@pytest.mark.parametrize("more", [(), (T("optimizer.x", [1]),)], ids=["by last name", "by every part"])
def test_a_file_gives_the_same_role(example, more):
    """Twice in a row, so that the second comes from what was remembered; the last entry takes the slow way."""
    names = (example, f"a.{example}", f"b.{example}")
    got = found(*(T(name, [4]) for name in names), *more)
    assert [got[name] for name in names] == [role_of(name, (4,), "float32")[0] for name in names]


@pytest.mark.parametrize(("name", "shape", "dtype", "role", "note"), [
    ("h.0.attn.bias", (1, 1, 8, 8), "float32", "buffer", "a causal mask, like h.0.attn.bias of GPT-2"),
    ("h.0.attn.bias", (1, 1, 8, 8), "uint8", "buffer", "a causal mask, like h.0.attn.bias of GPT-2"),
    ("h.0.attn.bias", (1, 1, 1, 1), "float32", "bias", None),
    ("h.0.attn.bias", (8,), "float32", "bias", None),
    ("h.0.attn.c_attn.bias", (1, 8, 1, 1), "float32", "bias", None),
    ("x.table", (4,), "int64", "buffer", "int64: not trainable"),
    ("x.table", (4,), "bool", "buffer", "bool: not trainable"),
    ("x.table", (4,), "float16", "weight", None),
    ("x.weight", (4,), "int8", "weight", None),
    ("x.weight", (4,), None, "weight", None),
    ("lstm.bias_ih_l0", (4,), "float32", "bias", None),
    ("lstm.weight_hh_l0", (4, 4), "float32", "weight", None),
    ("attn.in_proj_bias", (4,), "float32", "bias", None),
    ("q_proj.lora_A.weight", (4, 4), "float32", "weight", None),
    ("logit_scale", (), "float32", "weight", None),
    ("", (4,), "float32", "weight", None),
    (".", (4,), "float32", "weight", None),
    ("weight", (4,), "float32", "weight", None),
])  # fmt: skip
def test_by_shape_and_type(name, shape, dtype, role, note):
    assert role_of(name, shape, dtype) == (role, note)


PAIRS = [
    ("spectral norm", ["c.weight_orig", "c.weight_u", "c.weight_v"], ["weight", "buffer", "buffer"]),
    ("weight norm", ["c.weight_g", "c.weight_v"], ["weight", "weight"]),
    ("both", ["a.weight_v", "a.weight_u", "b.weight_g", "b.weight_v"], ["buffer", "buffer", "weight", "weight"]),
    ("weight norm as a parametrisation",
     ["c.parametrizations.weight.original0", "c.parametrizations.weight.original1"], ["weight", "weight"]),
    ("spectral norm as a parametrisation",
     ["c.parametrizations.weight.original", "c.parametrizations.weight.0._u", "c.parametrizations.weight.0._v"],
     ["weight", "buffer", "buffer"]),
    ("pruning", ["c.weight_orig", "c.weight_mask", "c.bias"], ["weight", "buffer", "bias"]),
    ("an averaged copy", ["a.weight", "model_ema.a.weight", "model_ema.num_updates"], ["weight", "other", "other"]),
    ("an averaged copy alone", ["ema.a.weight", "ema.a.bias"], ["weight", "bias"]),
    ("a schema is no copy", ["schema.weight", "a.weight"], ["weight", "weight"]),
    ("an adapter", ["q.lora_A.weight", "q.lora_B.weight"], ["weight", "weight"]),
    ("training state", ["a.weight", "optimizer.state.0.exp_avg", "step", "a.weight.exp_avg_sq", "rng_state"],
     ["weight", "other", "other", "other", "other"]),
]  # fmt: skip


@pytest.mark.parametrize(("names", "expected"), [c[1:] for c in PAIRS], ids=[c[0] for c in PAIRS])
def test_names_together(names, expected):
    got = found(*(T(name, [4]) for name in names))
    assert [got[name] for name in names] == expected


@pytest.mark.parametrize(("component", "example"), [(c, e) for c, _, e in roles.COMPONENTS])
def test_every_component_by_its_example(component, example):
    assert component_of(example) == component
    assert component_of(f"encoder_{example}") in ("backbone", "adapter")


@pytest.mark.parametrize(("name", "component"), [
    # llama.cpp's short names (gguf-py constants.py, TENSOR_NAMES), and names that only begin like them
    ("v.blk.0.attn_q.weight", "vision"), ("v.patch_embd.weight", "vision"), ("v.std_scale", "vision"),
    ("a.blk.0.attn_q.weight", "audio"), ("a.conv1d.0.weight", "audio"), ("mm.0.weight", "projector"),
    ("mm.a.mlp.1.weight", "projector"), ("mm.model.mlp.0.weight", "projector"), ("mm.embedding.weight", "projector"),
    ("resampler.attn.q.weight", "projector"), ("v.weight", "backbone"), ("a.weight", "backbone"),
    ("a.0.weight", "backbone"), ("mm.weight", "backbone"), ("v_proj.weight", "backbone"),
    # published checkpoints of models with several parts
    ("model.visual.blocks.0.attn.qkv.weight", "vision"), ("thinker.visual.patch_embed.proj.weight", "vision"),
    ("vpm.embeddings.patch_embedding.weight", "vision"), ("apm.conv1.weight", "audio"),
    ("model.connector.modality_projection.proj.weight", "projector"),
    ("model.embed_vision.embedding.weight", "projector"),
    ("thinker.model.layers.0.mlp.up_proj.weight", "backbone"), ("token2wav.x.weight", "speech"),
    ("lora_unet_mid_block.lora_down.weight", "adapter"), ("lora_te_text_model.alpha", "adapter"),
    ("explora_x.weight", "backbone"), ("q_proj.hada_w1_a", "adapter"),
])  # fmt: skip
def test_components_by_name(name, component):
    assert component_of(name) == component


#: what names in the random lists are made of: every part that a pattern looks for, and what only begins or ends so
PARTS = [*"""
    model base_model thinker module visual 1visual visual2 vision_tower v a mm blk conv conv1d std_x std_1 talker
    token2wav token3wav code2wav code1wav text_encoder text_encoder_2 text_encoder_3 text_encoders vae mtp connector
    mtp_layers embed_vision norm image_ d0wn down up lora_A lora_B explora_x to_q_lora to_q_lora1 lora12 randlora_A
    ia3_l ia4_l oft_r boft_R noft_r vera_A dora_scale dora_scale2 hada_w1_a lokr_w1 weight 0 7 12
""".split(), "\u0663", "caf\u00e9", "\ud800", "", "x\ny"]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_components_of_many_names_are_those_of_each(seed):
    """Asked together, names that differ by digits alone are asked about once: the patterns may see no difference."""
    rng = random.Random(seed)
    parts = PARTS if seed % 4 == 0 else PARTS[:-1]
    names = [rng.choice("../").join(rng.choices(parts, k=rng.randrange(1, 6))) for _ in range(rng.randrange(60))]
    names += [name.translate({ord(c): rng.choice("0123456789") for c in "0123456789"}) for name in names]

    def alone(name: str) -> str:
        match = re.match(roles.COMPONENT, name)
        return "backbone" if match is None else roles.COMPONENTS[int(str(match.lastgroup)[1:])][0]

    assert components_of(names) == [component_of(name) for name in names] == [alone(name) for name in names]


def test_every_digit_that_a_component_s_pattern_knows_is_told():
    """But for the classes of digits, which take any: a name's own digits are made 0 before it is looked at."""
    patterns = "|".join(pattern for _, pattern, _ in roles.COMPONENTS)
    for word in ("text_encoder_2", "ia3_l", "token2wav", "code2wav"):
        assert re.sub("[1-9]", "0", word).encode() in roles.NUMBERED
        assert word in patterns
        patterns = patterns.replace(word, "")
    assert re.findall("[0-9]", patterns) == []


@pytest.mark.parametrize(("name", "dims", "is_table"), [
    ("model.embed_tokens.weight", 2, True), ("transformer.wte.weight", 2, True), ("shared.weight", 2, True),
    ("bert.embeddings.word_embeddings.weight", 2, True), ("token_embd.weight", 2, True), ("pos_embed", 3, True),
    ("embeddings/embedding", 2, True), ("patch_embed.proj.weight", 4, False), ("embed_tokens.bias", 1, False),
    ("unembed.weight", 2, False), ("embeddings.LayerNorm.weight", 1, False),
])  # fmt: skip
def test_lookup_tables(name, dims, is_table):
    assert is_lookup(name, dims) == is_table


@pytest.mark.parametrize(
    ("name", "dtype", "role"),
    [
        ("W1", "float64", "weight"), ("b1", "float64", "bias"), ("b_2", "float32", "bias"),
        ("Wxh", "float64", "weight"),
        ("net/b10", "float32", "bias"), ("b", "float32", "bias"), ("block1", "float32", "weight"),
        ("0/weights", "int8", "weight"), ("x", "int8", "buffer"), ("b1x", "float32", "weight"),
    ],
)  # fmt: skip
def test_names_that_people_write_by_hand(name, dtype, role):
    assert role_of(name, (4, 2), dtype)[0] == role
