"""A walk over the zoo of transformers: every number against what PyTorch lists, mixtures against arithmetic.

The models have their usual sizes, few layers, and no memory: they are made on the meta device.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import nparams
from tests.live import Untouched

pytestmark = pytest.mark.filterwarnings("ignore")

#: what the number of layers is called
DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers",
          "num_decoder_layers")  # fmt: skip
CLASSES = """
    AlbertForMaskedLM AltCLIPModel ASTModel BartForConditionalGeneration BertForMaskedLM BigBirdForMaskedLM
    BlipForConditionalGeneration BloomForCausalLM CLIPModel CanineModel CLIPSegModel CodeGenForCausalLM
    CohereForCausalLM ConvNextForImageClassification ConvNextV2Model CvtModel DebertaV2ForMaskedLM DeiTModel
    DistilBertForMaskedLM DPRQuestionEncoder ElectraForPreTraining EncodecModel FalconForCausalLM FNetForMaskedLM
    FocalNetModel Gemma2ForCausalLM GPT2LMHeadModel GPTBigCodeForCausalLM GPTJForCausalLM GPTNeoXForCausalLM
    GraniteForCausalLM HubertModel LlamaForCausalLM LongformerModel MambaForCausalLM Mamba2ForCausalLM
    MistralForCausalLM MobileBertForMaskedLM MobileNetV2Model MobileViTModel MPNetModel MptForCausalLM MT5Model
    OPTForCausalLM Olmo2ForCausalLM PegasusModel PhiForCausalLM Phi3ForCausalLM Qwen2ForCausalLM Qwen3ForCausalLM
    RegNetModel ResNetForImageClassification RobertaForMaskedLM RwkvForCausalLM SegformerModel SwinModel
    T5ForConditionalGeneration TimesformerModel ViTForImageClassification ViTMAEForPreTraining VitsModel
    Wav2Vec2ForCTC WhisperForConditionalGeneration XLNetLMHeadModel
""".split()


def made(name: str, **options: object) -> Any:
    """A model by the name of its class, on the meta device."""
    transformers = pytest.importorskip("transformers")
    cls = getattr(transformers, name, None)
    if cls is None:
        pytest.skip(f"transformers {transformers.__version__} has no {name}")
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        return cls(cls.config_class(**options))


def shallow(name: str) -> dict[str, object]:
    """Two layers, however that is said."""
    transformers = pytest.importorskip("transformers")
    cls = getattr(transformers, name, None)
    held = {} if cls is None else vars(cls.config_class())
    return {key: 2 for key in DEPTHS if type(held.get(key)) is int}


def listed(model: nn.Module) -> tuple[int, int, int]:
    """(total, listed, buffers) by PyTorch's own lists: one count for each place in memory."""
    places: dict[object, int] = {}
    every = 0
    for _, p in model.named_parameters(remove_duplicate=False):
        every += p.numel()
        places[p.untyped_storage()._cdata, p.storage_offset(), tuple(p.shape), p.stride()] = p.numel()
    return sum(places.values()), every, sum(b.numel() for b in model.buffers())


@pytest.mark.parametrize("name", CLASSES)
def test_zoo(name: str) -> None:
    model = made(name, **shallow(name))
    total, every, buffers = listed(model)
    with Untouched(model):
        network = nparams.read(model)
        totals = network.totals
    assert (totals.total, totals.listed, totals.buffers) == (total, every, buffers)
    assert totals.active == total  # nothing is routed
    assert (totals.bookkeeping, totals.other, totals.unknown) == (0, 0, 0)
    rows = [network.rows(), network.rows(depth=2), network.by_kind()]
    assert [sum(row["total"] for row in each) for each in rows] == [total] * 3  # type: ignore[misc]


def gated(c: Any, inner: int) -> int:
    """Parameters of an expert with a gate, one way in and one way out."""
    return int(3 * c.hidden_size * inner)


#: class -> (options, experts that a token uses, experts, layers that have them, parameters of one expert)
MIXTURES: dict[str, tuple[dict[str, Any], int, int, int, Callable[[Any], int]]] = {
    "MixtralForCausalLM": ({"num_hidden_layers": 2}, 2, 8, 2, lambda c: gated(c, c.intermediate_size)),
    "MixtralModel": ({"num_hidden_layers": 2}, 2, 8, 2, lambda c: gated(c, c.intermediate_size)),
    "Qwen2MoeForCausalLM": ({"num_hidden_layers": 2, "num_experts": 60, "num_experts_per_tok": 4}, 4, 60, 2,
                            lambda c: gated(c, c.moe_intermediate_size)),
    "Qwen3MoeForCausalLM": ({"num_hidden_layers": 2, "num_experts": 128, "num_experts_per_tok": 8}, 8, 128, 2,
                            lambda c: gated(c, c.moe_intermediate_size)),
    "Qwen3NextForCausalLM": ({"num_hidden_layers": 4, "num_experts": 512, "num_experts_per_tok": 10}, 10, 512, 4,
                             lambda c: gated(c, c.moe_intermediate_size)),
    "DeepseekV2ForCausalLM": ({"num_hidden_layers": 3, "first_k_dense_replace": 1, "n_routed_experts": 64,
                               "num_experts_per_tok": 6}, 6, 64, 2, lambda c: gated(c, c.moe_intermediate_size)),
    "DeepseekV3ForCausalLM": ({"num_hidden_layers": 5, "first_k_dense_replace": 3, "n_routed_experts": 256,
                               "num_experts_per_tok": 8}, 8, 256, 2, lambda c: gated(c, c.moe_intermediate_size)),
    "GptOssForCausalLM": ({"num_hidden_layers": 2, "num_local_experts": 128, "num_experts_per_tok": 4}, 4, 128, 2,
                          lambda c: gated(c, c.intermediate_size) + 2 * c.intermediate_size + c.hidden_size),
    "OlmoeForCausalLM": ({"num_hidden_layers": 2, "num_experts": 64, "num_experts_per_tok": 8}, 8, 64, 2,
                         lambda c: gated(c, c.intermediate_size)),
    "GraniteMoeForCausalLM": ({"num_hidden_layers": 2, "num_local_experts": 8, "num_experts_per_tok": 2}, 2, 8, 2,
                              lambda c: gated(c, c.intermediate_size)),
    "PhimoeForCausalLM": ({"num_hidden_layers": 2, "num_local_experts": 16, "num_experts_per_tok": 2}, 2, 16, 2,
                          lambda c: gated(c, c.intermediate_size)),
    "JambaForCausalLM": ({"num_hidden_layers": 8, "num_experts": 16, "num_experts_per_tok": 2}, 2, 16, 4,
                         lambda c: gated(c, c.intermediate_size)),
    "DbrxForCausalLM": ({"n_layers": 2, "ffn_config": {"moe_num_experts": 16, "moe_top_k": 4,
                                                       "ffn_hidden_size": 3584},
                           "attn_config": {"rope_theta": 1e4, "kv_n_heads": 8}}, 4, 16, 2,
                        lambda c: 3 * c.d_model * 3584),
    "Llama4ForCausalLM": ({"num_hidden_layers": 2, "num_local_experts": 16, "num_experts_per_tok": 1}, 1, 16, 2,
                          lambda c: gated(c, c.intermediate_size)),
    "Ernie4_5_MoeForCausalLM": ({"num_hidden_layers": 3, "moe_layer_start_index": 1, "moe_num_experts": 64,
                                 "moe_k": 6}, 6, 64, 2, lambda c: gated(c, c.moe_intermediate_size)),
    "Glm4MoeForCausalLM": ({"num_hidden_layers": 3, "first_k_dense_replace": 1, "n_routed_experts": 128,
                            "num_experts_per_tok": 8}, 8, 128, 2, lambda c: gated(c, c.moe_intermediate_size)),
    "MiniMaxForCausalLM": ({"num_hidden_layers": 2, "num_local_experts": 8, "num_experts_per_tok": 2}, 2, 8, 2,
                           lambda c: gated(c, c.intermediate_size)),
    "SwitchTransformersForConditionalGeneration": (
        {"num_layers": 4, "num_decoder_layers": 4, "num_sparse_encoder_layers": 2, "num_sparse_decoder_layers": 2,
         "num_experts": 8}, 1, 8, 4, lambda c: 2 * c.d_model * c.d_ff),
    "NllbMoeForConditionalGeneration": (
        {"encoder_layers": 4, "decoder_layers": 4, "encoder_sparse_step": 2, "decoder_sparse_step": 2,
         "num_experts": 16}, 2, 16, 4,
        lambda c: 2 * c.d_model * c.encoder_ffn_dim + c.encoder_ffn_dim + c.d_model),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures(name: str) -> None:
    """Of each layer that has them, a token leaves experts minus used aside."""
    options, used, experts, layers, size = MIXTURES[name]
    model = made(name, **options)
    total, every, buffers = listed(model)
    with Untouched(model):
        network = nparams.read(model)
        totals = network.totals
    assert (totals.total, totals.listed, totals.buffers) == (total, every, buffers)
    assert totals.active == total - layers * (experts - used) * size(model.config)
    assert any(f"a token uses {used} of {experts}" in note for note in network.notes)
