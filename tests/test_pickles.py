"""Bare pickles: what is refused with which words, and how they are recognised."""

from __future__ import annotations

import pickle

import pytest

import nparams
from nparams.errors import NparamsError

HOSTILE = b"\x80\x04cos\nsystem\nX\x02\x00\x00\x00id\x85R."

# what it shows | the file's name | its bytes | the error
REFUSED = [
    ("a call", "a.pkl", HOSTILE, "a.pkl calls os.system (opcode REDUCE at 21). Nothing was run. This file is hostile"),
    ("a call, whatever it is called", "a.bin", HOSTILE, "a.bin calls os.system"),
    ("a call of protocol 0", "a.pickle", b"cos\nsystem\n(S'id'\ntR.", "a.pickle calls os.system (opcode REDUCE at 19)"),
    ("no array", "a.pkl", pickle.dumps({"a": [1, 2]}), "a.pkl is a pickle without tensors or arrays"),
    ("a class", "a.pkl", b"\x80\x02cm\nNet\n.", "a.pkl is a pickle without tensors or arrays"),
    ("an object", "a.pkl", b"\x80\x02cm\nNet\n)\x81}b.",
     "a.pkl is a pickle without tensors or arrays; it holds objects of m.Net, which are not loaded"),
    ("something outside", "a.pkl", b"\x80\x02K\x01Q.", "a.pkl keeps tensors outside itself"),
    ("cut short", "a.pkl", pickle.dumps(["x" * 40])[:-9], "a.pkl: the pickle"),
    ("no pickle", "a.pkl", b"\xff\xff\xff\xff", "a.pkl: the pickle"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "error"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(name, data, error, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(NparamsError) as found:
        nparams.read(tmp_path / name)
    assert str(found.value).startswith(error)
    assert str(found.value).isprintable()
