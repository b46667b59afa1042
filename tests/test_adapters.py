"""Adapters by their names: what they are, their rank, what is counted, and what is no adapter."""

from __future__ import annotations

import json
import random

import pytest

import nparams
from nparams.stored import adapters
from tests.safetensors_maker import T, index_of, safetensors

LORA = (T("base_model.model.q.lora_A.weight", [16, 64]), T("base_model.model.q.lora_B.weight", [48, 16]))
K = "lora_unet_mid_attn_to_q"
KOHYA = (T(f"{K}.lora_down.weight", [8, 64]), T(f"{K}.lora_up.weight", [48, 8]), T(f"{K}.alpha", []))
NOT = "the base model is not counted"


def read(folder, tensors, config=None, metadata=None, name="adapter_model.safetensors"):
    (folder / name).write_bytes(safetensors(tensors, metadata))
    if config is not None:
        (folder / "adapter_config.json").write_text(json.dumps(config))
    return nparams.read(folder / name)


@pytest.mark.parametrize("row", adapters.PARTS, ids=[row[3] for row in adapters.PARTS])
def test_every_part_by_its_example(row):
    _, kind, axis, example = row
    match = adapters.PATTERN.search(example)
    assert match is not None
    assert match.lastgroup is not None
    assert adapters.PARTS[int(match.lastgroup[1:])][1:3] == (kind, axis)


# what it is | tensors | adapter_config.json | metadata | total, buffers | the notes
ADAPTERS = [
    ("PEFT", LORA, {"r": 16, "base_model_name_or_path": "org/base"}, None, (1792, 0),
     [f"a LoRA adapter of rank 16 for org/base; {NOT}"]),
    ("PEFT without its settings", LORA, None, None, (1792, 0), [f"a LoRA adapter of rank 16; {NOT}"]),
    ("with the adapter's own name", (T("q.lora_A.default.weight", [4, 8]), T("q.lora_B.default.weight", [8, 4])), None,
     None, (64, 0), [f"a LoRA adapter of rank 4; {NOT}"]),
    ("an embedding", (T("e.lora_embedding_A", [4, 100]), T("e.lora_embedding_B", [8, 4])), None, None, (432, 0),
     [f"a LoRA adapter of rank 4; {NOT}"]),
    ("DoRA", (*LORA, T("base_model.model.q.lora_magnitude_vector", [48])), None, None, (1840, 0),
     [f"a LoRA adapter of rank 16; {NOT}"]),
    ("another rank than it says", LORA, {"r": 8}, None, (1792, 0),
     [f"a LoRA adapter of rank 16; {NOT}", "its settings say rank 8; the tensors are of rank 16"]),
    ("a rank for each pattern", (*LORA, T("k.lora_A.weight", [4, 8]), T("k.lora_B.weight", [8, 4])),
     {"r": 16, "rank_pattern": {"k": 4}}, None, (1856, 0), [f"a LoRA adapter of ranks 4 to 16; {NOT}"]),
    ("settings that are none", LORA, {"r": "x", "rank_pattern": 3, "base_model_name_or_path": 7}, None, (1792, 0),
     [f"a LoRA adapter of rank 16; {NOT}"]),
    ("patterns that are none", LORA, {"r": 16, "rank_pattern": {"k": {}, "q": [4]}}, None, (1792, 0),
     [f"a LoRA adapter of rank 16; {NOT}"]),
    ("a base model with a path and escapes", LORA, {"base_model_name_or_path": "../../etc\x1b[31m"}, None, (1792, 0),
     [f"a LoRA adapter of rank 16 for ../../etc\\x1b[31m; {NOT}"]),
    ("a head saved whole", (*LORA, T("base_model.model.score.weight", [2, 64]), T("base_model.model.score.bias", [2])),
     {"r": 16}, None, (1922, 0),
     [f"a LoRA adapter of rank 16; {NOT}",
      "130 of its parameters are of modules saved whole: base_model.model.score.weight and 1 more"]),
    ("kohya", KOHYA, None, {"ss_network_dim": "8", "ss_sd_model_name": "sd-1.5.safetensors"}, (896, 1),
     [f"a LoRA adapter of rank 8 for sd-1.5.safetensors; {NOT}"]),
    ("kohya, another rank", KOHYA, None, {"ss_network_dim": "32"}, (896, 1),
     [f"a LoRA adapter of rank 8; {NOT}", "its settings say rank 32; the tensors are of rank 8"]),
    ("kohya with a convolution and DoRA",
     (T("lora_unet_c.lora_down.weight", [8, 4, 3, 3]), T("lora_unet_c.lora_up.weight", [4, 8, 1, 1]),
      T("lora_unet_c.alpha", [1]), T("lora_unet_c.dora_scale", [4, 1, 1, 1])), None, None, (324, 1),
     [f"a LoRA and DoRA adapter of rank 8; {NOT}"]),
    ("diffusers, old", (T("unet.mid.attn1.processor.to_q_lora.down.weight", [4, 64]),
     T("unet.mid.attn1.processor.to_q_lora.up.weight", [64, 4])), None, None, (512, 0),
     [f"a LoRA adapter of rank 4; {NOT}"]),
    ("XLabs", (T("double_blocks.0.processor.proj_lora1.down.weight", [16, 32]),
     T("double_blocks.0.processor.proj_lora1.up.weight", [32, 16])), None, None, (1024, 0),
     [f"a LoRA adapter of rank 16; {NOT}"]),
    ("LoHa", (T(f"{K}.hada_w1_a", [48, 8]), T(f"{K}.hada_w1_b", [8, 64]), T(f"{K}.hada_w2_a", [48, 8]),
     T(f"{K}.hada_w2_b", [8, 64]), T(f"{K}.alpha", [])),
     None, None, (1792, 1), [f"a LoHa adapter of rank 8; {NOT}"]),
    ("LoKr", (T(f"{K}.lokr_w1", [8, 8]), T(f"{K}.lokr_w2_a", [6, 4]), T(f"{K}.lokr_w2_b", [4, 8]), T(f"{K}.alpha", [])),
     None, None, (120, 1), [f"a LoKr adapter of rank 4; {NOT}"]),
    ("LyCORIS, whole differences", (T("lora_unet_c.diff", [4, 4]), T("lora_unet_c.diff_b", [4])), None, None, (20, 0),
     [f"a LyCORIS adapter; {NOT}"]),
    ("GLoRA", (T("lycoris_k.a1.weight", [32, 4]), T("lycoris_k.a2.weight", [4, 32]), T("lycoris_k.b1.weight", [64, 4]),
     T("lycoris_k.b2.weight", [4, 32]), T("lycoris_k.alpha", [])), None, None, (640, 1),
     [f"a GLoRA adapter of rank 4; {NOT}"]),
    ("OFT, rescaled", (T("lycoris_k.oft_blocks", [8, 4, 4]), T("lycoris_k.rescale", [32, 1]), T("lycoris_k.alpha", [])),
     None, None, (160, 1), [f"an OFT adapter; {NOT}"]),
    ("IA3", (T("base_model.model.k.ia3_l", [64, 1]), T("base_model.model.down.ia3_l", [1, 64])),
     {"peft_type": "IA3", "base_model_name_or_path": "t5"}, None, (128, 0), [f"an IA3 adapter for t5; {NOT}"]),
    ("LyCORIS's IA3", (T("lycoris_k.weight", [64]), T("lycoris_k.on_input", [], "I64")), None, None, (64, 1),
     [f"an IA3 adapter; {NOT}"]),
    ("prompt tuning", (T("prompt_embeddings", [20, 64]),), {"peft_type": "PROMPT_TUNING"}, None, (1280, 0),
     [f"a prompt adapter; {NOT}"]),
    ("VeRA with its projections", (T("base_model.vera_A", [8, 64]), T("base_model.vera_B", [64, 8]),
     T("base_model.model.q.vera_lambda_b", [64]), T("base_model.model.q.vera_lambda_d", [8])), None, None, (72, 1024),
     [f"a VeRA adapter; {NOT}"]),
    ("OFT", (T("base_model.model.q.oft_R.weight", [4, 28]),), None, None, (112, 0), [f"an OFT adapter; {NOT}"]),
    ("a rarer kind", (T("base_model.model.q.fourierft_spectrum", [100]),), None, None, (100, 0),
     [f"a PEFT adapter; {NOT}"]),
    ("a rarer kind by its settings", (T("base_model.model.q.fourierft_spectrum", [100]),), {"peft_type": "FOURIERFT"},
     None, (100, 0), [f"a FOURIERFT adapter; {NOT}"]),
    ("AdaLoRA", LORA, {"peft_type": "ADALORA", "r": 8, "init_r": 16}, None, (1792, 0),
     [f"a LoRA adapter of rank 16; {NOT}"]),
    ("FRoD with its basis", (T("base_model.frod_V.q", [8, 8]), T("base_model.model.q.frod_lambda_l", [8])), None, None,
     (8, 64), [f"a PEFT adapter; {NOT}"]),
    ("MLX", (T("layers.0.q.lora_a", [64, 8]), T("layers.0.q.lora_b", [8, 48]), T("layers.0.q.m", [48])),
     {"lora_parameters": {"rank": 8}, "model": "mlx-community/x"}, None, (944, 0),
     [f"a LoRA adapter of rank 8 for mlx-community/x; {NOT}"]),
    ("torchtune", (T("q.lora_a.weight", [8, 64]), T("q.lora_b.weight", [48, 8])), None, None, (896, 0),
     [f"a LoRA adapter of rank 8; {NOT}"]),
]  # fmt: skip


@pytest.mark.parametrize("case", ADAPTERS, ids=[c[0] for c in ADAPTERS])
def test_adapters(tmp_path, case):
    _, tensors, config, metadata, (total, buffers), notes = case
    found = read(tmp_path, tensors, config, metadata)
    told = json.loads(found.to_json())
    assert (told["total"], told["buffers"], told["notes"]) == (total, buffers, notes)
    assert told["components"] == {"adapter": total}


MODEL = (T("q.weight", [48, 64]), T("q.bias", [48]))
WITHIN = (T("q.lora_A.weight", [16, 64]), T("q.lora_B.weight", [48, 16]))
INSIDE = "LoRA adapters of rank 16 on 1 layers are counted with the model they change"
#: what the file holds | tensors | total | the notes | components
NO_ADAPTERS = [
    ("a model with adapters inside", (*MODEL, *WITHIN), 4912,
     [INSIDE], {"backbone": 3120, "adapter": 1792}),
    ("a model that PEFT has wrapped", (T("base_model.model.q.base_layer.weight", [48, 64]), *LORA), 4864,
     [INSIDE], {"backbone": 3072, "adapter": 1792}),
    ("a few of many, and no base that is known", (*(T(f"{i}.weight", [2]) for i in range(9)), *WITHIN), 1810,
     [INSIDE], {"backbone": 18, "adapter": 1792}),
    ("names that are common", (T("enc.w_norm", [4]), T("enc.diff", [4]), T("e.weight", [4])), 12, [], {"backbone": 12}),
    ("a scale called alpha", (T("prelu.alpha", [1]), T("fc.weight", [4])), 5, [], {"backbone": 5}),
    ("layers called a2", (T("net.a2.weight", [4]), T("net.b1.weight", [4]), T("my_lora_x.weight", [1])), 9, [], None),
    ("a prompt in a model", (T("prompt_embeddings", [2, 4]), T("fc.weight", [4])), 12, [], {"backbone": 12}),
]  # fmt: skip


@pytest.mark.parametrize("case", NO_ADAPTERS, ids=[c[0] for c in NO_ADAPTERS])
def test_what_is_no_adapter(tmp_path, case):
    _, tensors, total, notes, components = case
    found = read(tmp_path, tensors, name="model.safetensors")
    told = json.loads(found.to_json())
    assert (told["total"], told["notes"]) == (total, notes)
    assert components is None or told["components"] == components


def test_an_adapter_in_a_directory(tmp_path):
    read(tmp_path, LORA, {"r": 16, "base_model_name_or_path": "org/base"})
    (tmp_path / "training_args.bin").write_bytes(b"x")
    assert nparams.read(tmp_path).notes == [
        f"a LoRA adapter of rank 16 for org/base; {NOT}",
        "read from adapter_model.safetensors; not read: training_args.bin (state of training)",
    ]


def test_an_adapter_in_shards(tmp_path):
    for k, tensor in enumerate(LORA):
        (tmp_path / f"{k}.safetensors").write_bytes(safetensors([tensor]))
    where = {tensor.name: f"{k}.safetensors" for k, tensor in enumerate(LORA)}
    (tmp_path / "adapter_model.safetensors.index.json").write_bytes(index_of(where))
    found = nparams.read(tmp_path)
    assert (found.total, found.notes[0]) == (1792, f"a LoRA adapter of rank 16; {NOT}")
    assert json.loads(found.to_json())["components"] == {"adapter": 1792}


#: pieces of names: every adapter's part, what only looks like one, numbers of layers
PIECES = [
    *sorted({piece for row in adapters.PARTS for piece in row[3].split(".")}), "lora_A", "lora_a", "lora_b",
    "hada_w3_b", "lokr_t1", "a3", "x/y", "x/lora_A", "12/ia3_l", "default", "0", "7", "12", "\u0663", "", "weight",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_names_that_differ_by_numbers_are_asked_about_once(seed):
    """And what is found of them is what each would be alone."""
    rng, found, asked = random.Random(seed), adapters.Found(), []
    for _ in range(80):
        name = ".".join(rng.choices(PIECES, k=rng.randrange(1, 7)))
        asked += [name, name.replace("7", "31")]
    kinds: dict[str, int] = {}
    modules, members = set(), set()
    for name in asked:
        found.add((name, "weight", (4, 2), 8))
        match = adapters.PATTERN.search(name)
        if match is not None and match.lastgroup is not None:
            kind = adapters.PARTS[int(match.lastgroup[1:])][1]
            kinds[kind] = kinds.get(kind, 0) + 1
            modules.add(name[: match.start(match.lastgroup)])
            members.add(name)
    assert (found.kinds, found.modules, found.members) == (kinds, modules, members)
    assert len(members) > 20
