"""DESIGN §9, config.json by catalogue: warm and cold, beside the same network built on the meta device.

torch and transformers live in an environment of their own (`make test-ecosystem` builds it).  Each side answers in a
process of its own, and neither of those can be imported in ours.  Without them only our own time is measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks._measure import Row, faster, processes, seconds

ECOSYSTEM = Path(sys.prefix).parent / "ecosystem" / "bin" / "python"
OURS = [sys.executable, "-m", "benchmarks._configs", "ours"]
THEIRS = [str(ECOSYSTEM), "-m", "benchmarks._configs", "theirs"]
#: seconds that counting a dict may take once its entry is there
WARM = 100e-6
REPEATS = 7
#: whole processes of theirs take seconds each
COLD = 3

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


def run() -> list[Row]:
    """One count of a dict; then warm and cold beside meta instantiation."""
    with server(OURS) as ours:
        if not ECOSYSTEM.exists():
            print(f"no {ECOSYSTEM}: make test-ecosystem builds it; without torch there is nothing to compare with",
                  file=sys.stderr)  # fmt: skip
            return [warm(name, [asked(config, ours)[1] for _ in range(REPEATS)]) for name, config in CONFIGS.items()]
        with server(THEIRS) as theirs:
            rows = [row for name, config in CONFIGS.items() for row in beside(name, config, ours, theirs)]
    return [*rows, *map(cold, CONFIGS)]


def server(command: Sequence[str]) -> subprocess.Popen[str]:
    """A process that answers one config after another."""
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def asked(config: dict[str, object], side: subprocess.Popen[str]) -> tuple[int, float]:
    """The total that a process answers, and the seconds that it took."""
    assert side.stdin is not None
    assert side.stdout is not None
    side.stdin.write(json.dumps(config) + "\n")
    side.stdin.flush()
    total, seconds = json.loads(side.stdout.readline())
    return total, seconds


def beside(
    name: str, config: dict[str, object], ours: subprocess.Popen[str], theirs: subprocess.Popen[str]
) -> Iterator[Row]:
    """Both sides in turn, after one count of each to warm up; both must have the same total."""
    mine, other = [], []
    for turn in range(-1, REPEATS):
        (total, took), (expected, taken) = asked(config, ours), asked(config, theirs)
        if total != expected:
            raise SystemExit(f"{name}: {total:,} here, {expected:,} on the meta device")
        if turn >= 0:
            mine.append(took)
            other.append(taken)
    yield warm(name, mine)
    yield faster(f"count({name}), warm: on the meta device", median(mine), median(other), 1000)


def warm(name: str, took: Sequence[float]) -> Row:
    """A dict to a number, its entry loaded."""
    each = median(took)
    return Row(f"count({name}), warm", seconds(each), "", f"{1 / each:,.0f}/s", f"<= {seconds(WARM)}", each <= WARM)


def cold(name: str) -> Row:
    """Whole processes, a file to a number."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(CONFIGS[name]), "utf-8")
        command = [str(Path(sys.executable).with_name("nparams")), str(path), "-q"]
        mine, theirs = processes([command, [*THEIRS, str(path)]], COLD)
    return faster(f"nparams config.json -q ({name}), cold: on the meta device", mine.seconds, theirs.seconds, 20)
