"""Lists of distributed checkpoints: pickles that would call something, and lists that lie about chunks and pieces."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count, Link
from tests.attacks._pt import call, name, number, pairs, pickled, word
from tests.dcp_maker import METADATA, dcp, entry
from tests.pickle_maker import G, R

SPEC = "pytorch torch/distributed/checkpoint/metadata.py; FileSystemReader.read_metadata calls pickle.load"
HEAD = name(METADATA, "Metadata") + b")\x81"
EVIL = dcp({"w": entry((2, 3))}, {"w": R(G("os", "system"), ("touch mark",))})


def listed(state: bytes) -> bytes:
    return pickled(HEAD + state + b"b")


ATTACKS = [
    Attack("dcp: a good one", ".metadata", dcp({"w": entry((2, 3))}), Count(6), SPEC),
    Attack("dcp: a call among the paths", ".metadata", EVIL,
           " calls os.system (opcode REDUCE at 448). Nothing was run. This file is hostile or not a checkpoint", SPEC),
    Attack("dcp: a call in the place of the list", ".metadata",
           listed(pairs(state_dict_metadata=call("os", "system", word("touch mark")))),
           " calls os.system (opcode REDUCE at 106). Nothing was run. This file is hostile or not a checkpoint", SPEC),
    Attack("dcp: a name that a tensor's maker may call", ".metadata",
           listed(pairs(state_dict_metadata=call("torch.storage", "_load_from_bytes", b"C\1x"))),
           " calls torch.storage._load_from_bytes (opcode REDUCE at 115). Nothing was run. This file is hostile "
           "or not a "
           "checkpoint", "CVE-2025-32434"),
    Attack("dcp: a piece elsewhere", ".metadata", dcp({"w": entry((2, 3))}, pieces=("../../../etc/passwd",)), Count(6),
           "path traversal: names are compared, no piece is opened"),
    Attack("dcp: a piece that is a link", ".metadata", dcp({"w": entry((2, 3))}), Count(6), "path traversal",
           {"__0_0.distcp": Link("/etc/passwd")}),
    Attack("dcp: chunks that do not cover", ".metadata", dcp({"w": entry((4, 4), ((0, 0), (2, 4)))}),
           ': tensor "w" has 16 numbers, but its chunks hold 8. A part of the list is missing?', SPEC),
    Attack("dcp: a size of 2^62", ".metadata", dcp({"w": entry((1 << 62,))}),
           ': tensor "w" has a dimension that is no whole number from 0 to 2**48', "a shape bomb"),
    Attack("dcp: sizes whose product overflows", ".metadata", dcp({"w": entry((1 << 40, 1 << 40))}),
           ': tensor "w" has more than 2**62 elements', "a shape bomb"),
    Attack("dcp: a path of 50,000 keys", ".metadata",
           dcp({".".join("a" * 30_000): entry((2,))}, {".".join("a" * 30_000): tuple("a" * 30_000)}), Count(2),
           "CWE-674: a nest without end"),
    Attack("dcp: a list that holds itself", ".metadata", listed(b"}" + b"q\1" + word("state_dict_metadata") + b"h\1s"),
           ': "state_dict_metadata" is listed as "a plain value"', "an object graph with a cycle"),
    Attack("dcp: a million chunks of nothing", ".metadata",
           lambda: listed(pairs(state_dict_metadata=pairs(w=number(1)), x=b"](" + b"N" * 3_000_000 + b"e")),
           ': "w" is listed as "a plain value"', "CWE-400"),
    Attack("dcp: an escape in a name", ".metadata", dcp({"a\x1b[31m": entry((4, 4), ((0, 0), (2, 4)))}),
           ': tensor "a\\x1b[31m" has 16 numbers, but its chunks hold 8. A part of the list is missing?',
               "terminal escapes"),
]  # fmt: skip
