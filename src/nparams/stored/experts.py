"""What settings call the experts of a mixture: how many there are, and how many of them a token uses."""

from __future__ import annotations

#: how many experts a token uses; in the settings of a whole model a plain top_k is one of generation
USED = (
    "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_top_k", "moe_topk", "moe_k",
    "num_selected_experts", "n_activated_experts", "moe_router_topk", "expert_top_k", "top_k_experts",
)  # fmt: skip
#: how many experts there are
COUNTS = (
    "num_experts", "n_experts", "num_local_experts", "n_routed_experts", "num_routed_experts", "moe_num_experts",
    "n_local_experts", "num_moe_experts",
)  # fmt: skip
#: experts without parameters that a router may choose instead (meituan's LongCat-Flash)
EMPTY = ("zero_expert_num", "n_zero_experts", "num_zero_experts")
