"""DESIGN §9, config.json by catalogue: warm and cold, beside the same network built on the meta device.

torch and transformers live in an environment of their own (`make test-ecosystem` builds it); without it only our own
time is measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._measure import Row, faster, paired, processes, seconds

ECOSYSTEM = Path(sys.prefix).parent / "ecosystem" / "bin" / "python"
#: seconds that counting a dict may take once its entry is there
WARM = 100e-6
COUNTS = 200
REPEATS = 5

#: fields as published: meta-llama/Meta-Llama-3-8B, openai-community/gpt2, deepseek-ai/DeepSeek-V3
CONFIGS: dict[str, dict[str, object]] = {
    "llama, 8 B": {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 128256, "hidden_size": 4096,
        "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
        "attention_bias": False, "tie_word_embeddings": False,
    },
    "gpt2": {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": 50257, "n_embd": 768, "n_layer": 12,
        "n_head": 12, "n_positions": 1024, "activation_function": "gelu_new",
    },
    "deepseek_v3, 671 B": {
        "architectures": ["DeepseekV3ForCausalLM"], "model_type": "deepseek_v3", "vocab_size": 129280,
        "hidden_size": 7168, "intermediate_size": 18432, "moe_intermediate_size": 2048, "num_hidden_layers": 61,
        "first_k_dense_replace": 3, "n_routed_experts": 256, "num_experts_per_tok": 8, "n_shared_experts": 1,
        "num_attention_heads": 128, "num_key_value_heads": 128, "q_lora_rank": 1536, "kv_lora_rank": 512,
        "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "tie_word_embeddings": False,
    },
}  # fmt: skip

THEIRS = """
import json, sys, torch, transformers
held = json.load(open(sys.argv[1]))
config = transformers.AutoConfig.for_model(**held)
with torch.device("meta"):
    model = getattr(transformers, held["architectures"][0])(config)
print(sum(p.numel() for p in model.parameters()))
"""


def run() -> list[Row]:
    """One count of a dict; then warm and cold beside meta instantiation."""
    rows = [counted(name, config) for name, config in CONFIGS.items()]
    if not ECOSYSTEM.exists():
        print(f"no {ECOSYSTEM}: make test-ecosystem builds it; without torch there is nothing to compare with",
              file=sys.stderr)  # fmt: skip
        return rows
    told = subprocess.run([str(ECOSYSTEM), "-m", "benchmarks._configs"], capture_output=True, text=True, check=True)
    rows += [
        faster(f"count({name}), warm: on the meta device", *times, 1000) for name, times in json.loads(told.stdout)
    ]
    return [*rows, cold("llama, 8 B")]


def counted(name: str, config: dict[str, object]) -> Row:
    """A dict to a number, its entry loaded."""
    took, _ = paired(lambda: many(config), lambda: None, REPEATS)
    each = took / COUNTS
    return Row(f"count({name}), warm", seconds(each), "", f"{1 / each:,.0f}/s", f"<= {seconds(WARM)}", each <= WARM)


def many(config: dict[str, object]) -> None:
    from nparams import count

    for _ in range(COUNTS):
        count(config)


def cold(name: str) -> Row:
    """Whole processes, a file to a number."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(CONFIGS[name]), "utf-8")
        ours = [str(Path(sys.executable).with_name("nparams")), str(path), "-q"]
        mine, theirs = processes([ours, [str(ECOSYSTEM), "-c", THEIRS, str(path)]], REPEATS)
    return faster(f"nparams config.json -q ({name}), cold: on the meta device", mine.seconds, theirs.seconds, 20)
