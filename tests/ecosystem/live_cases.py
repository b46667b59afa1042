"""Live models of transformers, PEFT and bitsandbytes, small; every expectation is arithmetic in their settings."""

from __future__ import annotations

import torch
from torch import nn

from tests.live import Case

V, D, F, HEADS, KV, E = 50, 16, 24, 4, 2, 4  # words, width, inner width, heads, heads of keys, experts
ROTARY = 2 * (D // HEADS // 2)  # inv_freq and original_inv_freq, not kept in checkpoints
ATTENTION = 2 * D * D + 2 * D * (D * KV // HEADS)
I, O = 64, 32


def config(kind: str, **options: object) -> object:
    import transformers

    told = {"vocab_size": V, "hidden_size": D, "intermediate_size": F, "num_attention_heads": HEADS,
            "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}  # fmt: skip
    return getattr(transformers, f"{kind}Config")(**told | options)


def llama() -> nn.Module:
    import transformers

    return transformers.LlamaForCausalLM(config("Llama", num_hidden_layers=2, num_key_value_heads=KV))


def mixtral() -> nn.Module:
    import transformers

    return transformers.MixtralForCausalLM(
        config("Mixtral", num_hidden_layers=1, num_key_value_heads=KV, num_local_experts=E, num_experts_per_tok=2)
    )


def gpt2() -> nn.Module:
    import transformers

    told = transformers.GPT2Config(vocab_size=V, n_positions=20, n_embd=D, n_layer=1, n_head=2, bos_token_id=1,
                                   eos_token_id=2)  # fmt: skip
    return transformers.GPT2LMHeadModel(told)


def t5() -> nn.Module:
    import transformers

    told = transformers.T5Config(vocab_size=V, d_model=D, d_kv=4, d_ff=32, num_layers=1, num_decoder_layers=1,
                                 num_heads=2)  # fmt: skip
    return transformers.T5ForConditionalGeneration(told)


def lora() -> nn.Module:
    import peft

    return peft.get_peft_model(llama(), peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj"]))


def dora() -> nn.Module:
    """DoRA on one layer, a second layer saved and trained whole beside the frozen one: the copy is the adapter's."""
    import peft

    net = nn.Sequential(nn.Linear(16, 12), nn.Linear(12, 3))
    return peft.get_peft_model(net, peft.LoraConfig(r=4, target_modules=["0"], use_dora=True, modules_to_save=["1"]))


def four_bits(nested: bool = False) -> nn.Module:
    import bitsandbytes

    layer = bitsandbytes.nn.Linear4bit(I, O, quant_type="nf4", compress_statistics=nested)
    layer.load_state_dict(nn.Linear(I, O).state_dict())
    return nn.Sequential(layer.to("cpu"), nn.LayerNorm(O))


def eight_bits() -> nn.Module:
    import bitsandbytes

    layer = bitsandbytes.nn.Linear8bitLt(I, O, has_fp16_weights=False)
    layer.load_state_dict(nn.Linear(I, O).state_dict())
    return nn.Sequential(layer.to("cpu"), nn.LayerNorm(O))


def lightning_module() -> nn.Module:
    from lightning.pytorch import LightningModule

    class Net(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.fc, self.loss = nn.Linear(5, 6), nn.CrossEntropyLoss(weight=torch.ones(6))

    return Net()


def without_memory() -> nn.Module:
    import accelerate

    with accelerate.init_empty_weights():
        return nn.Sequential(nn.Linear(10_000, 10_000), nn.BatchNorm1d(10_000))


LLAMA = 2 * V * D + 2 * (ATTENTION + 3 * D * F + 2 * D) + D
LORA = 2 * (4 * D + D * 4 + 4 * D + D // 2 * 4)  # in each of 2 layers: A and B of q and of v
EXPERTS = E * 3 * D * F
MIXTRAL = 2 * V * D + ATTENTION + 3 * D + D * E + EXPERTS
T5_ATTENTION, T5_INNER = 4 * D * 8, 2 * D * 32
CASES = (
    Case("Llama", llama, {"weights": LLAMA, "buffers": ROTARY, "bytes": 4 * (LLAMA + ROTARY), "embedding": V * D}),
    Case("Mixtral", mixtral,
         {"weights": MIXTRAL, "active": MIXTRAL - EXPERTS // 2, "buffers": ROTARY, "bytes": 4 * (MIXTRAL + ROTARY)}),
    Case("GPT-2", gpt2,
         {"weights": V * D + 20 * D + 12 * D * D + 3 * D, "biases": 3 * D + D + 4 * D + D + 3 * D,
          "listed": 2 * V * D + 20 * D + 12 * D * D + 15 * D, "embedding": V * D + 20 * D}, ("lm_head",)),
    # relative_attention_bias is an embedding of 32 buckets: a table that is looked up, whose own name says bias
    Case("T5", t5,
         {"weights": V * D + 3 * T5_ATTENTION + 2 * T5_INNER + 2 * 32 * 2 + 7 * D,
          "listed": 4 * V * D + 3 * T5_ATTENTION + 2 * T5_INNER + 2 * 32 * 2 + 7 * D}, ("lm_head",)),
    Case("LoRA on Llama", lora,
         {"weights": LLAMA + LORA, "trainable": LORA, "buffers": ROTARY, "bytes": 4 * (LLAMA + LORA + ROTARY),
          "components": {"backbone": LLAMA, "adapter": LORA}}, ("LoRA",)),
    Case("DoRA and a layer saved", dora,
         {"weights": 16 * 12 + 4 * 16 + 12 * 4 + 12 + 2 * 12 * 3, "biases": 12 + 2 * 3,
          "trainable": 64 + 48 + 12 + 36 + 3, "components": {"backbone": 16 * 12 + 12 + 39, "adapter": 124 + 39}}),
    Case("bitsandbytes nf4", four_bits,
         {"weights": I * O + O, "biases": O + O, "frozen": I * O, "dtypes": {"nf4": I * O, "float32": 3 * O},
          "elements": I * O // 2 + 3 * O + I * O // 64 + 16, "bookkeeping": I * O // 64 + 16,
          "parameter_bytes": I * O // 2 + 12 * O, "bytes": I * O // 2 + 12 * O + 4 * (I * O // 64 + 16)}),
    Case("bitsandbytes int8", eight_bits,
         {"weights": I * O + O, "biases": O + O, "frozen": I * O, "dtypes": {"int8": I * O, "float32": 3 * O},
          "bookkeeping": O, "bytes": I * O + 12 * O + 4 * O}),
    Case("a LightningModule", lightning_module, {"weights": 30, "biases": 6, "buffers": 6, "bytes": 4 * 42}),
    Case("init_empty_weights", without_memory,
         {"weights": 10_000**2 + 10_000, "biases": 2 * 10_000, "buffers": 20_001,
          "bytes": 4 * (10_000**2 + 30_000) + 4 * 20_000 + 8}),
)  # fmt: skip
