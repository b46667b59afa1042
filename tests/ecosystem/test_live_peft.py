"""Adapters of PEFT in a live model: apart from the model they change, by arithmetic."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import nn

import nparams

peft = pytest.importorskip("peft")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings("ignore")

#: width, layers, words
D, L, V = 16, 2, 50
#: token table and head; a layer of attention, a gated feed-forward of 24 and two norms; the last norm
BASE = 2 * V * D + L * (4 * D * D + 3 * D * 24 + 2 * D) + D
#: the same with a head of two classes
CLASSES = BASE - V * D + 2 * D
TWO = ["q_proj", "v_proj"]


def model(kind: str = "AutoModelForCausalLM") -> nn.Module:
    settings = transformers.LlamaConfig(
        hidden_size=D, intermediate_size=24, num_hidden_layers=L, num_attention_heads=2, num_key_value_heads=2,
        vocab_size=V, pad_token_id=0,
    )  # fmt: skip
    return getattr(transformers, kind).from_config(settings)


def adapted(kind: str, base: str = "AutoModelForCausalLM", **settings: object) -> nn.Module:
    return peft.get_peft_model(model(base), getattr(peft, kind)(**settings))


def several() -> nn.Module:
    net = adapted("LoraConfig", r=4, target_modules=TWO)
    net.add_adapter("other", peft.LoraConfig(r=2, target_modules=["q_proj"]))
    return net


def merged() -> nn.Module:
    net = adapted("LoraConfig", r=4, target_modules=TWO)
    net.merge_adapter()
    return net


def hand_written() -> nn.Module:
    """As torchtune and many scripts write it: the base weight beside lora_a and lora_b."""

    class Line(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(6, 8), requires_grad=False)
            self.lora_a, self.lora_b = nn.Linear(8, 2, bias=False), nn.Linear(2, 6, bias=False)

    return nn.Sequential(Line(), Line())


LORA = L * 2 * 4 * (D + D)  # r (in + out), on two projections of each layer
COUNTED = "are counted with the model they change:"
# what it shows | the model | the base's parameters | the adapter's | trainable | more buffers than usual | a note
CASES: list[tuple[str, Callable[[], nn.Module], int, int, int, int, str]] = [
    ("LoRA", lambda: adapted("LoraConfig", r=4, target_modules=TWO), BASE, LORA, LORA, 0,
     f"LoRA adapters of rank 4 on 4 layers {COUNTED} 512 parameters, 7.82% of 6,544"),
    # a magnitude for each output
    ("DoRA", lambda: adapted("LoraConfig", r=4, target_modules=TWO, use_dora=True), BASE, LORA + L * 2 * D,
     LORA + L * 2 * D, 0, f"DoRA adapters of rank 4 on 4 layers {COUNTED} 576 parameters"),
    ("of a token table", lambda: adapted("LoraConfig", r=4, target_modules=["embed_tokens"]), BASE, 4 * (V + D),
     4 * (V + D), 0, f"LoRA adapters of rank 4 on 1 layer {COUNTED} 264 parameters"),
    # only the active one is trained
    ("two sets", several, BASE, LORA + L * 2 * (D + D), LORA, 0,
     f"2 sets of LoRA adapters (default, other) of ranks 2 to 4 on 4 layers {COUNTED} 640 parameters"),
    ("merged", merged, BASE, LORA, LORA, 0, "adapters are merged into the weights of 4 layers"),
    ("merged and gone", lambda: merged().merge_and_unload(), BASE, 0, 0, 0, ""),
    # a factor for each output of k and v, and for each input of the last line
    ("IA3", lambda: adapted("IA3Config", target_modules=["k_proj", "v_proj", "down_proj"],
                            feedforward_modules=["down_proj"]), BASE, L * (D + D + 24), L * (D + D + 24), 0,
     f"IA3 adapters on 6 layers {COUNTED} 112 parameters, 1.82% of 6,144"),
    # singular values beside, and each rank as a frozen parameter of one number
    ("AdaLoRA", lambda: adapted("AdaLoraConfig", init_r=4, target_r=2, target_modules=TWO, total_step=10), BASE,
     LORA + L * 2 * (4 + 1), LORA + L * 2 * 4, 0, f"AdaLoRA adapters of rank 4 on 4 layers {COUNTED} 532 parameters"),
    # the two matrices that all layers share are drawn, and not trained: buffers
    ("VeRA", lambda: adapted("VeraConfig", r=4, target_modules=TWO), BASE, L * 2 * (4 + D), L * 2 * (4 + D),
     2 * 4 * D, f"VeRA adapters on 4 layers {COUNTED} 80 parameters"),
    ("prompt tuning", lambda: adapted("PromptTuningConfig", task_type="CAUSAL_LM", num_virtual_tokens=5), BASE, 5 * D,
     5 * D, 0, "soft prompts stand before the model's input: 80 parameters, 1.31% of 6,112"),
    # keys and values of every layer
    ("prefix tuning", lambda: adapted("PrefixTuningConfig", task_type="CAUSAL_LM", num_virtual_tokens=5), BASE,
     5 * L * 2 * D, 5 * L * 2 * D, 0, "soft prompts stand before the model's input: 320 parameters"),
    ("a head saved whole", lambda: adapted("LoraConfig", "AutoModelForSequenceClassification", r=4, task_type="SEQ_CLS",
                                           target_modules=TWO, modules_to_save=["score"]), CLASSES, LORA + 2 * D,
     LORA + 2 * D, 0, '"base_model.model.score" is there twice, and both are counted: the original, 32 parameters, and '
     "the copy that is trained (modules_to_save), 32"),
    ("LoHa", lambda: adapted("LoHaConfig", r=4, target_modules=TWO), BASE, 2 * LORA, 2 * LORA, 0,
     f"LoHa adapters of rank 4 on 4 layers {COUNTED}"),
    ("FourierFT", lambda: adapted("FourierFTConfig", n_frequency=10, target_modules=TWO), BASE, L * 2 * 10,
     L * 2 * 10, 0, f"FOURIERFT adapters on 4 layers {COUNTED} 40 parameters"),
    ("written by hand", hand_written, 2 * 48, 2 * 2 * (8 + 6), 2 * 2 * (8 + 6), -8,
     f"LoRA adapters of rank 2 on 2 layers {COUNTED} 56 parameters, 36.84% of 152"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "base", "adapter", "trained", "buffers", "note"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_adapters_apart(
    make: Callable[[], nn.Module], base: int, adapter: int, trained: int, buffers: int, note: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = make()
    network = nparams.read(net)
    totals = network.totals
    assert (totals.total, totals.trainable, totals.frozen) == (base + adapter, trained, base + adapter - trained)
    wanted = {"backbone": base, "adapter": adapter} if adapter else {"backbone": base}
    assert json.loads(network.to_json())["components"] == wanted
    assert totals.buffers == 8 + buffers, "4 + 4 numbers of the rotary table, now and at first"
    assert any(each.startswith(note) for each in network.notes) if note else not network.notes
