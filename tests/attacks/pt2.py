"""Archives of torch.export: lists that lie about their members, pickles inside, JSON that only wears a reader out."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count
from tests.attacks._pt import call, pairs, pickled, pt, tensor, word
from tests.pt2_maker import listed, meta, model, payload, pt2
from tests.zip_maker import M, archive

SPEC = "pytorch docs/source/user_guide/torch_compiler/export/pt2_archive.md"
ESCAPE = "CVE-2025-32434: torch.load ran code; torch.export.load calls it with weights_only=False"
BOMB = "CWE-409, CWE-674: JSON that costs more than it is long"
TOUCH = pickled(call("os", "system", word("touch mark")))
CALLED = " calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile or not a checkpoint"
LIST = "data/weights/model_weights_config.json"
GOOD = {"w": payload("weight_0", meta((2, 3)))}


def one(config: bytes, *members: M) -> bytes:
    return pt2(M(LIST, config), *members)


def weight(shape: tuple[int, ...], **told: object) -> bytes:
    """An archive of one weight, whose member has 24 bytes."""
    held = {**payload("weight_0", meta(shape)), **told}
    return one(listed({"w": held}), M("data/weights/weight_0", bytes(24)))


ATTACKS = [
    Attack("pt2: a good one", "m.pt2", pt2(*model("model", GOOD)), Count(6), SPEC),
    Attack("pt2: a call in a weight", "m.pt2",
           one(listed({"w": payload("weight_0", meta((2, 3)), pickled=True)}), M("data/weights/weight_0", pt(TOUCH))),
           ": weight_0: data.pkl" + CALLED, ESCAPE),
    Attack("pt2: a call in the weights of torch 2.5", "m.pt2",
           archive([M("serialized_exported_program.json", b"{}"), M("serialized_state_dict.pt", pt(TOUCH))]),
           ": serialized_state_dict.pt: data.pkl" + CALLED, ESCAPE),
    Attack("pt2: a call in the weights of torch 2.8.0", "m.pt2",
           pt2(M("models/model.json", b"{}"), M("data/weights/model.pt", pt(TOUCH))), ": model.pt: data.pkl" + CALLED,
               ESCAPE),
    Attack("pt2: a call in the examples, which are not looked at", "m.pt2",
           pt2(*model("model", GOOD), M("data/sample_inputs/m.pt", pt(TOUCH))), Count(6), ESCAPE),
    Attack("pt2: a call in an object that is no tensor", "m.pt2",
           pt2(*model("model", GOOD, {"o": payload("opaque_obj_0", None, False, True)}),
               M("data/constants/opaque_obj_0", TOUCH)),
           Count(6), ESCAPE),
    Attack("pt2: a path that leads elsewhere", "m.pt2", one(listed({"w": payload("../../../../etc/passwd", meta((2,
           3)))})),
           ': it has no member "m/data/weights/../../../../etc/passwd"', "path traversal"),
    Attack("pt2: more numbers than the member has", "m.pt2", weight((2, 4)),
           ': tensor "w" reaches to number 8 of storage m/data/weights/weight_0, which holds 6', SPEC),
    Attack("pt2: dimensions whose product overflows", "m.pt2", weight((1 << 40, 1 << 40)),
           ': tensor "w" has more than 2**62 elements', "CVE-2026-33298's kind"),
    Attack("pt2: a hundred dimensions", "m.pt2", weight((1,) * 100),
           ': tensor "w" has 100 dimensions; at most 64 are read', SPEC),
    Attack("pt2: steps of 0", "m.pt2", weight((1 << 30, 6), tensor_meta=meta((1 << 30, 6), steps=(0, 1))),
           Count(6 << 30), SPEC),
    Attack("pt2: a million brackets", "m.pt2", lambda: one(b'{"config": ' + b"[" * 1_000_000),
           ': "m/data/weights/model_weights_config.json" is no JSON: maximum recursion depth exceeded while '
           'decoding a JSON '
           "array from a unicode string", BOMB),
    Attack("pt2: twenty million empty lists", "m.pt2", lambda: one(b'{"config": [' + b"[]," * 20_000_000 + b"[]]}"),
           ': "m/data/weights/model_weights_config.json" holds 40,000,004 entries; at most 2,000,000 are read; '
           '--limits off '
           "reads more", BOMB),
    Attack("pt2: a list that inflates to 100 MB", "m.pt2",
           lambda: archive([M("m/archive_format", b"pt2"), M("m/" + LIST, b" " * 100_000_000, deflated=True)]),
           ': "m/data/weights/model_weights_config.json" takes 100,000,000 bytes; at most 64,000,000 are read; '
           '--limits off '
           "reads more", BOMB),
    Attack("pt2: NaN as a size", "m.pt2", one(listed({"w": payload("weight_0", meta((2,)))}).replace(b'"as_int": 2',
           b'"as_int": NaN')),
           ': "m/data/weights/model_weights_config.json" is no JSON: NaN is not JSON', SPEC),
    Attack("pt2: an escape in a name", "m.pt2",
           one(listed({"a\x1b[31m": payload("weight_0", meta((2, 4)))}), M("data/weights/weight_0", bytes(24))),
           ': tensor "a\\x1b[31m" reaches to number 8 of storage m/data/weights/weight_0, which holds 6',
               "terminal escapes"),
    Attack("pt2: two archives in one", "m.pt2", pt2(*model("model", GOOD), M("x/archive_format", b"pt2")), Count(6,
           ("unread",)), SPEC),
    Attack("pt2: a checkpoint and a program", "m.pt2",
           pt2(*model("model", GOOD), M("data.pkl", pickled(pairs(weight=tensor())))), Count(6, ("unread",)), SPEC),
]  # fmt: skip
