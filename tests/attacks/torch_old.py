"""PyTorch files from before 1.6, TorchScript, and what stands in their place."""

from __future__ import annotations

import struct

from tests.attacks._attack import Attack, Count
from tests.attacks._pt import PROTO, call, group, name, number, pairs, pickled, pt, storage, tensor, word
from tests.zip_maker import M, archive

OLD = "torch/serialization.py, _legacy_load: five pickles and raw storages, all trusted"
SCRIPT = "torch/csrc/jit/serialization: code is compiled when it is loaded"
NULLIFAI = "nullifAI (reversinglabs, 2025)"
MAGIC = PROTO + b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
VERSION = PROTO + b"M\xe9\x03."
SYSTEM = pickled(pairs(protocol_version=number(1001), little_endian=b"\x88"))
TOUCH = call("os", "system", word("touch mark"))


def held(key: str = "0", numel: int = 6) -> bytes:
    """BINPERSID of a storage of the old kind: six fields."""
    return group(word("storage"), name("torch", "FloatStorage"), word(key), word("cpu"), number(numel), b"N") + b"Q"


def old(value: bytes, keys: bytes = b"", data: bytes | None = None, *, first: bytes = MAGIC) -> bytes:
    """A legacy file: the pickle of `value`, the list of keys, and the storages."""
    keys = keys or pickled(b"](" + word("0") + b"e")
    numbers = struct.pack("<q", 6) + bytes(24) if data is None else data
    return first + VERSION + SYSTEM + pickled(value) + keys + numbers


def script(pickle: bytes, code: bytes = b"", **members: bytes) -> bytes:
    """A TorchScript archive around any pickle."""
    parts = {
        "data.pkl": pickle,
        "constants.pkl": pickled(b")"),
        "code/__torch__.py": code,
        "data/0": bytes(24),
        **members,
    }
    return archive([M(f"m/{key}", data) for key, data in parts.items()])


GOOD = pairs(weight=tensor(held=held()))
CODE = b'class M(Module):\n  __parameters__ = ["weight", ]\n  __buffers__ = []\n  weight : Tensor\n'
MODULE = name("__torch__", "M") + b")\x81" + pairs(weight=tensor()) + b"b"
ATTACKS = [
    Attack("old: a call in the model", "m.pth", old(TOUCH),
           " calls os.system (opcode REDUCE at 102). Nothing was run. This file is hostile or not a "
           "checkpoint", OLD),
    Attack("old: a call behind the tensors", "m.pth", old(pairs(weight=tensor(held=held()), z=TOUCH)),
           " calls os.system (opcode REDUCE at 270). Nothing was run. This file is hostile or not a "
           "checkpoint", OLD),
    Attack("old: a call in the third pickle", "m.pth", MAGIC + VERSION + pickled(TOUCH) + pickled(GOOD),
           " calls os.system (opcode REDUCE at 51). Nothing was run. This file is hostile or not a "
           "checkpoint", OLD),
    Attack("old: a call in the list of keys", "m.pth", old(GOOD, pickled(TOUCH)),
           " calls os.system (opcode REDUCE at 268). Nothing was run. This file is hostile or not a "
           "checkpoint", OLD),
    Attack("old: a call in the place of the magic", "m.pth", pickled(TOUCH) + VERSION + SYSTEM + pickled(GOOD),
           " calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile or not a "
           "checkpoint",
           OLD),
    Attack("old: a list of keys without end", "m.pth", old(GOOD, PROTO + b"](" + word("0")),
           ": the pickle, byte 248: 0x06 is no opcode of a pickle. Damaged, or no pickle?", OLD),
    Attack("old: another storage in the list", "m.pth", old(GOOD, pickled(b"](" + word("7") + b"e")),
           ": the keys of its storages do not fit the tensors that view them. Damaged?", OLD),
    Attack("old: a million keys", "m.pth", lambda: old(GOOD, pickled(b"](" + word("0") * 1_000_000 + b"e")),
           ": the pickle, byte 6,000,244: more than 1,000,000 objects; --limits off reads more", OLD),
    Attack("old: another number of elements before the data", "m.pth", old(GOOD, data=struct.pack("<q",
           1 << 62) + bytes(24)),
           Count(6), OLD),
    Attack("old: less data than the storage", "m.pth", old(GOOD, data=struct.pack("<q", 6) + bytes(20)),
           ": its numbers end at 282 but the file stops at 278. Cut short?",
           "a cut download"),
    Attack("old: data behind the end", "m.pth", old(GOOD) + b"PK\3\4evil", Count(6, ("trailing",)), NULLIFAI),
    Attack("old: another pickle behind the end", "m.pth", old(GOOD) + pickled(TOUCH), Count(6, ("trailing",)),
           NULLIFAI),
    Attack("old: a version of the future", "m.pth", MAGIC + PROTO + b"M\xff\x7f." + SYSTEM + pickled(GOOD),
           ": its protocol (offset 15) is not PyTorch's. Damaged?", OLD),
    Attack("old: only the magic", "m.pth", MAGIC,
           ": the pickle, byte 15: ends without its last opcode (STOP). Cut short?", "a cut download"),
    Attack("old: a view that leaves its storage", "m.pth",
           old(pairs(w=tensor(held=group(word("storage"), name("torch", "FloatStorage"), word("0"), word("cpu"),
           number(6),
                                         group(word("v"), number(5), number(3))) + b"Q"))),
           " describes a part of storage 0 that is not inside it (opcode BINPERSID at 187). Nothing "
           "was run. This file is hostile or not a checkpoint", OLD),
    Attack("script: a good one", "m.pt", script(pickled(MODULE), CODE), Count(6), SCRIPT),
    Attack("script: a call in data.pkl", "m.pt", script(pickled(TOUCH), CODE),
           ": data.pkl calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile "
           "or not a checkpoint", SCRIPT),
    Attack("script: a call in constants.pkl", "m.pt", script(pickled(MODULE), CODE,
           **{"constants.pkl": pickled(TOUCH)}),

           ": constants.pkl calls os.system (opcode REDUCE at 30). Nothing was run. This file is "
           "hostile or not a checkpoint", SCRIPT),
    Attack("script: code that is Python", "m.pt",
           script(pickled(MODULE), CODE + b"__import__('os').system('touch mark')\n"), Count(6), SCRIPT),
    Attack("script: code of 15 MB of brackets", "m.pt", lambda: script(pickled(MODULE), CODE + b"(" * 15_000_000),
           Count(6),
           "CWE-674"),
    Attack("script: a line of 15 MB", "m.pt", lambda: script(pickled(MODULE), CODE + b"  x : " + b"List[" * 3_000_000),
           Count(6), "ReDoS"),
    Attack("script: code that is no text", "m.pt", script(pickled(MODULE), CODE + b"\xff\xfe"), Count(6), SCRIPT),
    Attack("script: modules 5,000 deep", "m.pt",
           script(pickled((name("__torch__", "M") + b")\x81}" + word("a")) * 5_000 + b"N" + b"sb" * 5_000), CODE),
           ': "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.….a.a.a.a.a.a": objects more than 300 '
           "deep",
           "CWE-674"),
    Attack("script: a module that holds itself", "m.pt",
           script(pickled(name("__torch__", "M") + b")\x81q\0" + b"}" + word("a") + b"h\0s" + b"b"), CODE), Count(0),
           "an object graph with a cycle"),
    Attack("script: the storage of another archive", "m.pt", script(pickled(name("__torch__", "M") + b")\x81" + pairs(
           weight=tensor(held=storage("../../x"))) + b"b"), CODE),
           ': storage "../../x" has 24 bytes by the pickle, but its member has 0. Cut short, or '
           "changed", "path traversal"),
    Attack("script: two code folders", "m.pt", script(pickled(MODULE), CODE, **{"code/x/__torch__.py": CODE}), Count(6),
           SCRIPT),
    Attack("an old tar of PyTorch", "m.tar", b"sys_info".ljust(257, b"\0") + b"ustar\0" + bytes(300),
           " is a PyTorch file of 2016 (tar); load it with an old PyTorch (before 1.6), save it "
           "again and count that",
           "torch/serialization.py, the tar format of 2016"),
    Attack("a checkpoint inside a checkpoint", "m.pt", pt(pickled(pairs(weight=tensor())), M("m/data/1",
           pt(pickled(TOUCH)))),
           Count(6, ("unread",)), "archives in archives are not opened"),
]  # fmt: skip
