"""NeMo archives: the checkpoint in one, wherever it lies, and what is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
from pathlib import Path

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files.bytesource import MemorySource, RangeSource, drive
from nparams.files.nemo import read
from tests.dcp_maker import dcp, entry
from tests.pickle_maker import T, legacy, ordered, parameter, pt
from tests.tar_maker import BLOCK, F, pax, tar

STATE = ordered(
    {"encoder.weight": T((8, 6)), "encoder.bias": T((8,), key="1"), "preprocessor.featurizer.window": T((4,), key="2")}
)
WEIGHTS = pt(STATE)
CONFIG = F("./model_config.yaml", b"target: a.b\n")
CKPT = F("./model_weights.ckpt", WEIGHTS)
LONG = "a" * 90 + "/" + "b" * 60 + "/model_weights.ckpt"
LIST = dcp({"encoder.weight": entry((8, 6)), "encoder.bias": entry((8,))})
GOOD = {
    "as NeMo writes it": tar([F("./", kind=b"5"), CONFIG, CKPT]),
    "another name": tar([CONFIG, F("last.ckpt", WEIGHTS)]),
    "torch before 1.6": tar([CONFIG, F("model_weights.ckpt", legacy(STATE))]),
    "no end": tar([CONFIG, CKPT], b""),
    "a long name, ustar": tar([CONFIG, F("model_weights.ckpt", WEIGHTS, prefix="x/" * 60)]),
    "a long name, GNU": tar([CONFIG, F("././@LongLink", LONG.encode() + b"\0", b"L"), F(LONG[:100], WEIGHTS)]),
    "a long name, pax": tar([F("g", pax(comment="x"), b"g"), CONFIG, F("x", pax(path=LONG, mtime="1.5"), b"x"), F("y",
        WEIGHTS)]),
    "a size in bytes": tar([CONFIG, CKPT._replace(size=b"\x80" + len(WEIGHTS).to_bytes(11, "big"))]),
    "a size in pax": tar([CONFIG, F("x", pax(size=str(len(WEIGHTS))), b"x"), CKPT._replace(size=b"00000000000\0")]),
    "gzip": gzip.compress(tar([CONFIG, CKPT])),
    "bzip2": bz2.compress(tar([CONFIG, CKPT])),
    "a tokenizer beside it": tar([CONFIG, F("tok/vocab.txt", b"a\n"), F("b.ckpt", b"no"), CKPT]),
    "a distributed checkpoint": tar([CONFIG, F("./model_weights/.metadata", LIST), F("./model_weights/__0_0.distcp",
        b"PK")]),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_good_files(name: str) -> None:
    network = read(MemorySource(GOOD[name], "m.nemo"))
    assert (network.weights, network.biases, network.form, network.source) == (48, 8, "nemo", "m.nemo")
    assert network.totals.buffers == (0 if "distributed" in name else 4)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_what_python_writes(form: int, tmp_path: Path) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=form) as made:
        for name, data in (("model_config.yaml", b"a: 1\n"), ("ä" * 40 + "/model_weights.ckpt", WEIGHTS)):
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    (tmp_path / "model.nemo").write_bytes(held.getvalue())
    assert nparams.read(tmp_path / "model.nemo").total == 56
    (tmp_path / "model.bin").write_bytes(held.getvalue())  # known by its first member
    assert nparams.read(tmp_path / "model.bin").form == "nemo"
    assert (
        nparams.read(tmp_path / "model.nemo").notes[-1]
        == "not read: 1 other file of the archive (settings, tokenizers)"
    )


REFUSED = [
    ("no checkpoint", tar([CONFIG]), "is a tar archive without model_weights.ckpt in it"),
    ("slices", tar([CONFIG, F("mp_rank_00/model_weights.ckpt", WEIGHTS), F("mp_rank_01/model_weights.ckpt", WEIGHTS)]),
     'holds 2 checkpoints ("mp_rank_00/model_weights.ckpt", "mp_rank_01/model_weights.ckpt" ...), each a slice'),
    ("a link", tar([CONFIG, F("model_weights.ckpt", kind=b"2", link="/etc/passwd")]),
     "is a link, which is not followed"),
    ("a hard link", tar([CONFIG, F("model_weights.ckpt", kind=b"1", link="x")]), "is a link, which is not followed"),
    ("a device", tar([F("x", kind=b"3")]), "\"x\" is of the kind b'3': neither a file nor a folder"),
    ("a sparse file", tar([F("x", kind=b"S")]), "is of the kind b'S': neither a file nor a folder"),
    ("a name twice", tar([CONFIG, CKPT, CKPT]), 'two members are called "model_weights.ckpt"'),
    ("a checksum that does not hold", tar([CONFIG._replace(checksum=b"000000\0 ")]),
     "byte 0: the checksum of a member's header"),
    ("cut short", tar([CONFIG, CKPT])[:2000], "a member that ends beyond the file, which has 2,000 bytes"),
    ("a size of letters", tar([CONFIG._replace(size=b"12x")]), "a member that ends beyond the file"),
    ("a size of 2^90", tar([CONFIG._replace(size=b"\x80" + b"\xff" * 11)]), "a member that ends beyond the file"),
    ("a long name of a megabyte", tar([F("x", b"a" * (1 << 20), b"L"), CKPT]), "1,048,576 bytes of a name or of keys"),
    ("keys that lie", tar([F("x", b"99 path=a\n", b"x"), CKPT]), "keys of a pax header that do not hold"),
    ("keys of length 0", tar([F("x", b"0 path=a\n", b"x"), CKPT]), "keys of a pax header that do not hold"),
    ("no member", bytes(BLOCK), "is a tar archive without model_weights.ckpt"),
    ("no archive", b"x" * 100, "no member of a tar archive"),
    ("an empty checkpoint", tar([CONFIG, F("model_weights.ckpt")]), "the checkpoint in the archive is empty"),
    ("a gzip stream cut short", gzip.compress(tar([CONFIG, CKPT]))[:200], "its gzip stream ends too early"),
    ("a checkpoint that calls", tar([CONFIG, F("model_weights.ckpt", pt(None,
     pickle=b"\x80\x02cos\nsystem\n(X\x02\0\0\0idtR."))]),
     "calls os.system (opcode REDUCE at 22). Nothing was run"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "data", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(what: str, data: bytes, words: str) -> None:
    with pytest.raises(NparamsError) as found:
        read(MemorySource(data, "m.nemo"))
    assert words in str(found.value)
    assert str(found.value).isprintable()


def test_only_headers_are_read() -> None:
    """Of 40 MB of weights, and a tokenizer of 10, a few blocks are read."""
    weights = pt({f"{k}.weight": parameter(T((1000, 1000), key=str(k))) for k in range(10)})
    data = tar([CONFIG, F("vocab.txt", bytes(10_000_000)), F("model_weights.ckpt", weights)])
    taken = []

    def fetch(offset: int, length: int) -> bytes:
        taken.append(length)
        return data[offset : offset + length]

    assert drive(RangeSource("m.nemo", len(data)), fetch, read).total == 10_000_000
    assert sum(taken) < 100_000
    assert len(taken) < 20
