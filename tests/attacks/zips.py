"""Archives that readers see differently, that inflate without end, that hide or repeat members, or lie about them."""

from __future__ import annotations

import random
import zlib
from struct import pack

from tests.attacks._attack import Attack, Count
from tests.attacks._pt import GOOD, call, pickled, pt, word
from tests.keras_maker import h5
from tests.npy_maker import npz, of
from tests.zip_maker import M, archive, central, local

DIFFER = "mmaitre314/picklescan tests/data/malicious1_*: parsers of zip files disagree"
NULLIFAI = "nullifAI (reversinglabs, 2025): containers that scanners cannot open"
TWICE = "12end/evil_keras: model.weights.npz is there twice, the second a pickle"
BOMB = "keras-team/keras#23010, #23016; Bamsoftware zbsm: zip bombs"
SLIP = "CVE-2018-1263's kind (zip slip): members that lead out of the folder"
#: 12 KB that do not pack
FILLING = random.Random(1).randbytes(12_000)
WEIGHTS = M("model.weights.h5", h5({"layers": {}}))
FULL, FULL_4 = 0xFFFF, 0xFFFFFFFF
EVIL = pickled(call("os", "system", word("touch mark")))
ARRAY = of("<f4", "2, 3", 24)


def zeros(
    megabytes: int,
    name: str = "m/data.pkl",
    before: bytes = b"",
    *more: M,
    size: int | None = None,
    filling: bytes = b"",
) -> bytes:
    """An archive whose member inflates to so many megabytes of zeros behind `before`, or says another size.

    `filling` stands in each megabyte, so that it packs less well.
    """
    worker = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = worker.compress(before) + worker.flush(zlib.Z_FULL_FLUSH)
    block = worker.compress(filling.ljust(1 << 20, b"\0")) + worker.flush(zlib.Z_FULL_FLUSH)
    data, full = head + block * megabytes + worker.flush(), len(before) + (megabytes << 20)
    size = full if size is None else size
    return archive([M(name, data, method=8, size=size, local_size=size), *more, M("m/version", b"3\n")])


def torch(*more: M, **options: object) -> bytes:
    return pt(GOOD, *more, **options)  # type: ignore[arg-type]


def lies(**lie: object) -> bytes:
    """A PyTorch archive whose data.pkl is described wrongly."""
    return archive([M("m/data.pkl", GOOD, **lie), M("m/data/0", bytes(24)), M("m/version", b"3\n")])  # type: ignore[arg-type]


def patched(data: bytes, at: int, new: bytes) -> bytes:
    at %= len(data)
    return data[:at] + new + data[at + len(new) :]


def many(ending: str, *real: tuple[str, bytes], count: int = 200_000) -> bytes:
    """An archive of very many empty members behind those that are real, each with a header of its own."""
    body, listed, at = [], [], 0
    for member in (*(M(*pair) for pair in real), *(M(f"{i}{ending}") for i in range(count))):
        listed.append(central(member, at))
        body.append(local(member))
        at += len(body[-1])
    directory = b"".join(listed)
    wide = pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, len(listed), len(listed), len(directory), at)
    wide += pack("<4sIQI", b"PK\6\7", 0, at + len(directory), 1)
    return b"".join((*body, directory, wide, pack("<4s4H2IH", b"PK\5\6", 0, 0, FULL, FULL, FULL_4, FULL_4, 0)))


def nested(depth: int) -> bytes:
    data = npz({"a.npy": ARRAY})
    for _ in range(depth):
        data = npz({"a.npy": data})
    return data


ATTACKS = [
    # two parsers, two files
    Attack("a member twice", "m.pt", torch(M("m/data.pkl", EVIL)),
           ': two members are called "m/data.pkl": readers would see different files', TWICE),
    Attack("weights twice, the second a pickle", "m.keras",
           archive([M("config.json", b"{}"), M("model.weights.npz", npz({"a.npy": ARRAY})),
                    M("model.weights.npz", EVIL)]),
           ': two members are called "model.weights.npz": readers would see different files', TWICE),
    Attack("two pickles in two folders", "m.pt", torch(M("n/data.pkl", EVIL)),
           ": the archive has 2 members called data.pkl, where one belongs", DIFFER),
    Attack("another name in the member's header", "m.pt", lies(local_name="m/evil.pkl"),
           ': the directory and the header at byte 0 disagree about "m/data.pkl": readers would see '
           "different files", DIFFER),
    Attack("another size in the member's header", "m.pt", lies(local_size=5, local_packed=5),
           ': the directory and the header at byte 0 disagree about "m/data.pkl": readers would see '
           "different files", DIFFER),
    Attack("another method in the directory", "m.pt", lies(method=8),
           ': "m/data.pkl" cannot be inflated: Error -3 while decompressing data: invalid stored '
           "block lengths", DIFFER),
    Attack("a flag that says encrypted", "m.pt", lies(flags=1),
           ': "m/data.pkl" is encrypted; decrypt the archive and count that',
           "mmaitre314/picklescan GHSA: the flag stopped scanners"),
    Attack("a wrong checksum", "m.pt", lies(crc=1), Count(6, ("checksum",)),
           "mmaitre314/picklescan GHSA: scanners stopped at a wrong checksum, torch does not look"),
    Attack("no header where the directory points", "m.pt", lies(local_mark=b"XX\3\4"),
           ": its ending is that of pytorch files, but it begins "
           "b'XX\\x03\\x04\\x14\\x00\\x00\\x00\\x00\\x00\\x00\\x00'. Damaged, or wrongly named?", DIFFER),
    Attack("an unknown method", "m.pt", lies(method=99),
           ': "m/data.pkl" is packed with method 99; zip it again, stored or deflated', DIFFER),
    Attack("a member stored as longer than it is", "m.pt", lies(size=4096),
           ': the directory and the header at byte 0 disagree about "m/data.pkl": readers would see '
           "different files", DIFFER),
    Attack("members that overlap", "m.pt", torch(M("m/again", b"x" * 40, offset=0)),
           ': "m/again" overlaps "m/data.pkl"', BOMB),
    Attack("a member inside the directory", "m.pt", torch(M("m/again", b"", offset=1 << 20)),
           ': "m/again" reaches to byte 1,048,606, but the directory begins at 392', DIFFER),
    Attack("a directory of more members than are listed", "m.pt", torch(count=4000),
           ": its directory of 222 bytes cannot list 4,000 members", DIFFER),
    Attack("a directory of fewer members than are listed", "m.pt", torch(count=1),
           ": its directory has 166 bytes more than its 1 members", DIFFER),
    Attack("a directory of 2^32 - 1 bytes", "m.pt", torch(length=(1 << 32) - 1),
           ": no zip64 end record before byte 577, though its sizes need one", DIFFER),
    Attack("a directory elsewhere", "m.pt", torch(offset=0),
           ": its directory is said to lie at bytes 0 to 222, but ends at 577 of 599: something was "
           "put before it, after it, or cut away", DIFFER),
    Attack("something in front of the archive", "m.pt", torch(before=b"PK\3\4" + bytes(60)),
           Count(6, ("unlisted",)), "polyglots: GIFAR"),
    Attack("a safetensors header in front", "m.pt", torch(before=b"\2\0\0\0\0\0\0\0{}"),
           ": the tensors end at data byte 0, but 599 bytes of data follow the header", "polyglots"),
    Attack("something behind the archive", "m.pt", torch(after=b"evil"),
           ": a zip archive without its directory at the end. Cut short?", NULLIFAI),
    Attack("another archive behind the archive", "m.pt", torch() + pt(EVIL),
           ": its directory is said to lie at bytes 222 to 444, but ends at 1,043 of 1,065: "
           "something was put before it, after it, or cut away", NULLIFAI),
    Attack("an archive in the comment", "m.pt", torch(comment=pt(EVIL)),
           ": its directory is said to lie at bytes 222 to 444, but ends at 1,043 of 1,065: "
           "something was put before it, after it, or cut away", NULLIFAI),
    Attack("an end record in the comment", "m.pt", torch(comment=b"PK\5\6" + bytes(18)),
           ": its directory is said to lie at bytes 0 to 0, but ends at 599 of 621: something was "
           "put before it, after it, or cut away", NULLIFAI),
    Attack("several disks", "m.pt", torch(disk=1),
           ": one piece of a zip archive in several; join the pieces first", DIFFER),
    Attack("no directory (a cut download)", "m.pt", torch()[:300],
           ": a zip archive without its directory at the end. Cut short?", "a cut download"),
    Attack("an empty archive", "m.pt", archive([]),
           " is a zip archive with no model in it that is read; unpack it first", DIFFER),
    Attack("zip64: an offset of 2^63", "m.pt",
           patched(torch(zip64=True), -22 - 20 - 8, pack("<Q", 1 << 63)),
           ": its directory is said to lie at bytes 9,223,372,036,854,775,808 to "
           "9,223,372,036,854,776,030, but ends at 577 of 675: something was put before it, after "
           "it, or cut away", DIFFER),
    Attack("a directory entry cut short", "m.pt", torch(length=99, offset=0),
           ": its directory is said to lie at bytes 0 to 99, but ends at 577 of 599: something was "
           "put before it, after it, or cut away", DIFFER),
    Attack("a data descriptor", "m.pt", lies(flags=8, local_size=0, local_packed=0), Count(6),
           "CWE-436: sizes behind the data; the directory's are used, as everybody does"),
    # what inflates
    Attack("a pickle of 1 GB in 1 MB", "m.pt", lambda: zeros(1024),
           ': "m/data.pkl" would inflate from 1,061,895 to 1,073,741,824 bytes: too large, or a zip '
           "bomb", BOMB),
    Attack("a pickle of 240 MB that packs 80 times", "m.pt", lambda: zeros(236, filling=FILLING),
           ': "m/data.pkl" inflates to 247,463,936 bytes; at most 100,000,000 are. Zip it again, '
           "stored as it is", BOMB),
    Attack("weights of 240 MB that pack 80 times", "m.keras",
           lambda: zeros(236, "model.weights.h5", filling=FILLING),
           ': "model.weights.h5" inflates to 247,463,936 bytes; at most 100,000,000 are. Zip it '
           "again, stored as it is", BOMB),
    Attack("arrays of 240 MB that pack 80 times", "m.npz",
           lambda: zeros(236, "a.npy", of("<f4", f"{59 << 20},", 0), filling=FILLING),
           Count(59 << 20, ("unexpected-member",)), BOMB),
    Attack("a pickle of 95 MB that packs 80 times", "m.pt", lambda: zeros(95, filling=FILLING),
           ": data.pkl: the pickle, byte 0: 0xf5 is no opcode of a pickle. Damaged, or no pickle?", BOMB),
    Attack("weights of 95 MB that pack 80 times", "m.keras",
           lambda: zeros(95, "model.weights.h5", h5({"layers": {}}), filling=FILLING), Count(0, ("trailing",)), BOMB),
    Attack("a pickle that says it is small", "m.pt", lambda: zeros(64, size=100),
           ': "m/data.pkl" does not inflate to the 100 bytes that the directory says', BOMB),
    Attack("a pickle that says it is larger", "m.pt", lambda: zeros(1, size=2 << 20),
           ': "m/data.pkl" does not inflate to the 2,097,152 bytes that the directory says', BOMB),
    Attack("arrays of 1 GB in 1 MB", "m.npz", lambda: zeros(1024, "a.npy", of("<f4", f"{1 << 28},", 0)),
           Count(1 << 28, ("unexpected-member",)), BOMB),
    Attack("archives in archives", "m.npz", nested(20),
           ": a.npy: b'PK\\x03\\x04\\x14\\x00' where a NumPy array begins with b'\\x93NUMPY'. Damaged, or"
           " cut short?", "42.zip"),
    Attack("deflated data that is none", "m.pt",
           archive([M("m/data.pkl", b"\xff" * 50, method=8), M("m/version", b"3\n")]),
           ': "m/data.pkl" cannot be inflated: Error -3 while decompressing data: invalid block type', DIFFER),
    Attack("deflated data cut short", "m.pt",
           archive([M("m/data.pkl", GOOD, deflated=True, size=10_000, local_size=10_000), M("m/version", b"3\n")]),
           ': "m/data.pkl" does not inflate to the 10,000 bytes that the directory says',
           DIFFER),
    Attack("config.json of 1 GB in 1 MB", "m.keras", lambda: zeros(1024, "config.json", b"", WEIGHTS), Count(0), BOMB),
    Attack("model.weights.h5 of 1 GB in 1 MB", "m.keras", lambda: zeros(1024, "model.weights.h5"),
           ': "model.weights.h5" would inflate from 1,061,895 to 1,073,741,824 bytes: too large, or '
           "a zip bomb", BOMB),
    # what is listed
    Attack("200,000 members", "m.npz", lambda: many(".npy"),
           ": 0.npy: b'' where a NumPy array begins with b'\\x93NUMPY'. Damaged, or cut short?", "header bloat"),
    Attack("200,000 members beside the pickle", "m.pt",
           lambda: many("", ("m/data.pkl", GOOD), ("m/data/0", bytes(24))), Count(6, ("unread",)), "header bloat"),
    Attack("names that lead out of the folder", "m.npz", npz({"../../../etc/cron.d/x.npy": ARRAY}), Count(6), SLIP),
    Attack("an absolute name", "m.npz", npz({"/etc/cron.d/x.npy": ARRAY}), Count(6), SLIP),
    Attack("a name of 65,535 letters", "m.npz", npz({"a" * 65_531 + ".npy": ARRAY}), Count(6), "header bloat"),
    Attack("a name that acts", "m.npz", npz({"\x1b]0;t\x07\x1b[2J\u202e.npy": ARRAY}), Count(6),
           "CVE-2003-0063's kind"),
    Attack("an archive of nothing known", "m.zip", archive([M("evil.exe", b"MZ")]),
           " is a zip archive with no model in it that is read; unpack it first", "a wrong extension"),
    Attack("an archive named .safetensors", "m.safetensors", pt(EVIL),
           ": data.pkl calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile "
           "or not a checkpoint", DIFFER),
    Attack("an archive named .npz that is PyTorch's", "m.npz", pt(EVIL),
           ": data.pkl calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile "
           "or not a checkpoint", DIFFER),
]  # fmt: skip
