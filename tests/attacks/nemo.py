"""NeMo archives: tar members that lead elsewhere or lie about their size, and checkpoints that would call something."""

from __future__ import annotations

import gzip

from tests.attacks._attack import Attack, Count
from tests.attacks._pt import GOOD, call, pickled, pt, word
from tests.tar_maker import F, pax, tar

SLIP = "CVE-2007-4559: tarfile extracts where members say; CVE-2024-0129: path traversal of NeMo's extraction"
RUNS = "CVE-2025-23249, CVE-2025-23360: code in .nemo files"
LIES = "POSIX pax, ustar Interchange Format; CVE-2019-20907: a header of pax that loops"
CONFIG = F("./model_config.yaml", b"_target_: os.system\n")
EVIL = pt(pickled(call("os", "system", word("touch mark"))))

ATTACKS = [
    Attack("nemo: a good one", "m.nemo", tar([CONFIG, F("./model_weights.ckpt", pt(GOOD))]), Count(6), RUNS),
    Attack("nemo: a call in the checkpoint", "m.nemo", tar([CONFIG, F("model_weights.ckpt", EVIL)]),
           ": model_weights.ckpt: data.pkl calls os.system (opcode REDUCE at 30). Nothing was run. This file is "
           "hostile or "
           "not a checkpoint", RUNS),
    Attack("nemo: a member that leads elsewhere", "m.nemo",
           tar([F("../../../../tmp/evil", b"x"), F("/etc/cron.d/x", b"x"), F("model_weights.ckpt", pt(GOOD))]),
               Count(6), SLIP),
    Attack("nemo: a checkpoint that is a link", "m.nemo", tar([CONFIG, F("model_weights.ckpt", kind=b"2",
           link="/etc/passwd")]),
           ': "model_weights.ckpt" is a link, which is not followed', SLIP),
    Attack("nemo: a link, then a file of its name", "m.nemo",
           tar([F("model_weights.ckpt", kind=b"2", link="/tmp"), F("model_weights.ckpt", pt(GOOD))]),
           ': byte 512: two members are called "model_weights.ckpt": readers would see different files', SLIP),
    Attack("nemo: a device", "m.nemo", tar([F("x", kind=b"3"), F("model_weights.ckpt", pt(GOOD))]),
           ": byte 0: \"x\" is of the kind b'3': neither a file nor a folder", SLIP),
    Attack("nemo: keys that loop", "m.nemo", tar([F("x", b"0 path=x\n", b"x"), F("y", pt(GOOD))]),
           ": byte 0: keys of a pax header that do not hold. Damaged?", LIES),
    Attack("nemo: a size in keys that is huge", "m.nemo", tar([F("x", pax(size="9" * 40), b"x"),
           F("model_weights.ckpt", pt(GOOD))]),
           ": byte 1,024: a size of 40 digits", LIES),
    Attack("nemo: keys of 60,000 digits", "m.nemo", tar([F("x", pax(size="9" * 60_000), b"x"), F("model_weights.ckpt",
           pt(GOOD))]),
           ": byte 60,928: a size of 60,000 digits", "CVE-2020-10735"),
    Attack("nemo: 200,000 members", "m.nemo", lambda: tar([F(str(k)) for k in range(200_000)]),
           ": byte 51,200,000: more than 100,000 members", "CWE-400"),
    Attack("nemo: gzip that inflates without end", "m.nemo", lambda: gzip.compress(bytes(1 << 27), mtime=0),
           ": it inflates to more than 16,000,000 bytes: too large, or a bomb; where you trust it, save it "
           "uncompressed",
           "CWE-409"),
    Attack("nemo: an archive in an archive", "m.nemo", tar([CONFIG, F("model_weights.ckpt",
           tar([F("model_weights.ckpt", pt(GOOD))]))]),
           ": model_weights.ckpt: the pickle, byte 0: 0x6d is no opcode of a pickle. Damaged, or no pickle?",
               "archives in archives are not opened"),
    Attack("nemo: an escape in a name", "m.nemo", tar([F("a\x1b[31m.ckpt", pt(GOOD)), F("b\x1b[31m.ckpt", pt(GOOD))]),
           ' holds 2 checkpoints ("a\\x1b[31m.ckpt", "b\\x1b[31m.ckpt" ...), each a slice of every tensor for '
           'one device, '
           "which are not joined; count the model in one piece", "terminal escapes"),
]  # fmt: skip
