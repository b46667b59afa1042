"""Pickles read as data: what every opcode gives, what is refused with which words, and that nothing is ever called."""

from __future__ import annotations

import pickle
import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable
from typing import Any

import pytest

from nparams.errors import FormatError
from nparams.files._pickle import CALLS, Call, Dict, Global, Long, Persistent, Record, Refused, load
from nparams.files._pickle.machine import USUAL, Limits
from nparams.files._pickle.names import name_of
from nparams.files._pickle.plain import LONGEST
from nparams.files.bytesource import MemorySource, RangeSource, drive
from tests.pickle_maker import G, P, R, S, T, module, ordered, parameter, pickled


def value(data: bytes, **options: Any) -> Any:
    return load(MemorySource(data, "x.pt"), **options).value


# -- what Python itself writes ----------------------------------------------------------------------------------------

PLAIN = [
    None, True, False, 0, 1, 255, 256, 65_535, 65_536, -1, 2**31 - 1, -(2**31), 2**31, 2**63, -(2**70), 2**2000, 0.0,
    -1.5,
    float("inf"), "", "a", "é€😀\n\\'\"", "x" * 300, b"", b"a\x00\xff", b"y" * 300, (), (1,), (1, 2), (1, 2, 3), (1, 2,
    3, 4),
    [], [1, [2, [3]]], {}, {"a": 1, 2: "b", (1, 2): None}, set(), {1, 2, 3}, frozenset((4,)), bytearray(b"abc"),
    OrderedDict(a=1, b=OrderedDict()), defaultdict(int, x=1), deque([1, 2]), 3 + 4j,
]  # fmt: skip


def python(held: Any) -> Any:
    """What Python would have made of our records."""
    if isinstance(held, Record):
        path = held.maker.path
        if path in ("builtins.set", "builtins.frozenset"):
            return {"builtins.set": set, "builtins.frozenset": frozenset}[path](map(python, held.listed))
        if path == "collections.deque":
            return deque(map(python, held.listed))
        pairs = {python(k): python(v) for k, v in held.items()}
        return OrderedDict(pairs) if path == "collections.OrderedDict" else defaultdict(int, pairs)
    if isinstance(held, Call):
        return called(held.maker.path, held.args)
    if isinstance(held, Dict):
        return {python(k): python(v) for k, v in held.items()}
    return type(held)(map(python, held)) if isinstance(held, (list, tuple)) else held


def called(path: str, args: tuple[Any, ...]) -> Any:
    given = tuple(map(python, args))
    if path == "_codecs.encode":
        return given[0].encode(given[1])
    return {"builtins.bytearray": bytearray, "builtins.complex": complex, "builtins.bytes": bytes}[path](*given)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("writer", [pickle.dumps, pickle._dumps], ids=["C", "Python"])  # type: ignore[attr-defined]
def test_what_python_writes(protocol: int, writer: Any) -> None:
    for held in [*PLAIN, PLAIN]:
        data = writer(held, protocol)
        loaded = load(MemorySource(data + b"behind"))
        assert (python(loaded.value), loaded.end, loaded.flags) == (held, len(data), [])
        assert loaded.protocol == (protocol if protocol > 1 else 0)


def test_what_is_shared_stays_shared() -> None:
    one = [1]
    for protocol in range(6):
        first, second = value(pickle.dumps((one, one), protocol))
        assert first is second
    loop: list[Any] = []
    loop.append(loop)
    found = value(pickle.dumps(loop))
    assert found[0] is found


# -- each opcode by hand ----------------------------------------------------------------------------------------------

# (opcodes, what they give)
OPCODES = [
    (b"I00\n.", False), (b"I01\n.", True), (b"I7\n.", 7), (b"I-7\n.", -7), (b"L7L\n.", 7), (b"L-7\n.", -7),
     (b"F1e3\n.", 1000.0),
    (b"S'a\\x41\\n'\n.", "aA\n"), (b'S"it\'s"\n.', "it's"), (b"V\\u20ac\n.", "€"), (b"T\x02\x00\x00\x00ab.", "ab"),
    (b"U\x02ab.", "ab"), (b"\x8d\x02\0\0\0\0\0\0\0ab.", "ab"), (b"B\x02\0\0\0ab.", b"ab"),
     (b"\x8e\x02\0\0\0\0\0\0\0ab.", b"ab"),
    (b"\x96\x02\0\0\0\0\0\0\0ab.", b"ab"), (b"\x8a\x00.", 0), (b"\x8b\x02\0\0\0\xff\xff.", -1), (b"(K\x01K\x02l.", [1,
     2]),
    (b"](K\x01e.", [1]), (b"]K\x01a.", [1]), (b"K\x01K\x02\x86.", (1, 2)), (b"(t.", ()), (b"K\x012\x86.", (1, 1)),
    (b"K\x01K\x020.", 1), (b"(K\x01K\x021K\x03.", 3), (b"K\x01((K\x02110N.", None), (b"K\x01p5\n0g5\n.", 1),
    (b"K\x01q\x050h\x05.", 1), (b"K\x01r\x05\0\0\x010j\x05\0\0\x01.", 1), (b"K\x01\x940h\x00.", 1), (b"\x80\x05N.",
     None),
    (b"\x95\x02\0\0\0\0\0\0\0N.", None), (b"X\x03\0\0\0a\xffb.", "a\\xffb"), (b"X\x03\0\0\0\xed\xa0\x80.",
     "\\xed\\xa0\\x80"),
    (b"V\\ud800\n.", "\\ud800"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), OPCODES, ids=[repr(data)[2:30] for data, _ in OPCODES])
def test_opcodes(data: bytes, expected: object) -> None:
    found = value(data)
    assert (found, type(found)) == (expected, type(expected))


def test_every_opcode_of_pickletools_has_a_name_and_is_known() -> None:
    import pickletools

    for opcode in pickletools.opcodes:
        code = ord(opcode.code)
        assert name_of(code) == opcode.name
        with pytest.raises(FormatError) as caught:
            value(bytes([code]))
        assert "is no opcode" not in str(caught.value)
    assert len(pickletools.opcodes) == 68


def test_dictionaries_hold_any_key() -> None:
    found = value(b"}(]K\x01}K\x02u.")
    assert [(type(k).__name__, v) for k, v in found.items()] == [("list", 1), ("Dict", 2)]
    assert value(b"}(X\x01\0\0\0aK\x01X\x01\0\0\0aK\x02u.").get("a") == 2


# -- names, calls, instances ------------------------------------------------------------------------------------------

NET = G("my.models", "Net")


@pytest.mark.parametrize("protocol", [2, 4])
def test_instances_are_records(protocol: int) -> None:
    loaded = load(MemorySource(pickled([R(NET, (1,), {"w": 2}, new=True, items=[3], pairs={"k": 4})] * 2, protocol)))
    (made, again), classes = loaded.value, loaded.classes
    assert made is again
    assert (made.maker.path, made.args, made.state.get("w"), made.listed, made.get("k")) == (
        "my.models.Net",
        (1,),
        2,
        [3],
        4,
    )
    assert classes == {"my.models.Net": 1}


INSTANCES = [
    b"(imy.models\nNet\n}U\x01wK\x02sb.", b"(cmy.models\nNet\no}U\x01wK\x02sb.",
    b"ccopy_reg\n_reconstructor\n(cmy.models\nNet\nc__builtin__\nobject\nNtR}U\x01wK\x02sb.",
    b"ccopyreg\n__newobj__\ncmy.models\nNet\n\x85R}U\x01wK\x02sb.",
    b"ccopyreg\n__newobj_ex__\n(cmy.models\nNet\n)}tR}U\x01wK\x02sb.",
    b"cmy.models\nNet\n)}\x92}U\x01wK\x02sb.",
]  # fmt: skip


@pytest.mark.parametrize("data", INSTANCES)
def test_instances_in_every_spelling(data: bytes) -> None:
    made = value(data)
    assert (made.maker.path, made.args, made.state.get("w")) == ("my.models.Net", (), 2)


def test_a_subclass_of_a_container_keeps_what_it_holds() -> None:
    start = b"ccopy_reg\n_reconstructor\n(cmy.models\nNet\nc__builtin__\n"
    assert value(start + b"dict\n}U\x01aK\x01stR.").get("a") == 1
    assert value(start + b"list\n]K\x01atR.").listed == [1]


def test_persistent_ids() -> None:
    assert value(pickled(P(("storage", "x")))).id == ("storage", "x")
    assert value(b"Pabc\n.").id == "abc"
    assert value(pickled([P(3)]), persistent=lambda pid: pid + 1) == [4]


def test_other_calls_may_be_listed() -> None:
    made = value(pickled(R(G("a", "b"), (1, 2))), calls={"a.b": lambda maker, args: (maker.path, *args)})
    assert made == ("a.b", 1, 2)


@pytest.mark.parametrize("path", sorted(CALLS))
def test_what_is_listed_may_be_called(path: str) -> None:
    """Each row gives an inert record, or says why these arguments are not harmless."""
    module_name, _, name = path.rpartition(".")
    args = {"_reconstructor": (NET, G("builtins", "object"), None), "__newobj__": (NET,), "__newobj_ex__": (NET, (),
    {}),
            "getattr": (NET, "method"), "type": (None,), "getitem": (G("typing", "List"), 1)}.get(name, ())  # fmt: skip
    assert isinstance(value(pickled(R(G(module_name, name), args))), (Call, Record))


# what it shows | the opcodes | what the message says happened
HOSTILE = [
    ("GLOBAL, REDUCE", b"cos\nsystem\n(S'id'\ntR.", "calls os.system (opcode REDUCE at 19)"),
    ("STACK_GLOBAL", b"\x8c\x02os\x8c\x06system\x93)R.", "calls os.system (opcode REDUCE at 14)"),
    ("INST", b"(S'id'\nios\nsystem\n.", "calls os.system (opcode INST at 7)"),
    ("INST without arguments", b"(ios\nabort\n.", "calls os.abort (opcode INST at 1)"),
    ("OBJ", b"(cos\nsystem\nS'id'\no.", "calls os.system (opcode OBJ at 18)"),
    ("NEWOBJ", b"csubprocess\nPopen\n)\x81.", "makes an instance of subprocess.Popen (opcode NEWOBJ at 19)"),
    ("NEWOBJ_EX", b"csubprocess\nPopen\n)}\x92.", "makes an instance of subprocess.Popen (opcode NEWOBJ_EX at 20)"),
    ("map and bytes", b"cbuiltins\nmap\ncbuiltins\neval\n]\x86\x81.",
     "makes an instance of builtins.map (opcode NEWOBJ at 31)"),
    ("_reconstructor", b"ccopyreg\n_reconstructor\n(csubprocess\nPopen\ncbuiltins\nobject\nNtR.",
     "makes an instance of subprocess.Popen (opcode REDUCE at 62)"),
    ("_reconstructor with a base of its own", b"ccopyreg\n_reconstructor\n(ca\nB\nca\nC\nNtR.",
     "makes an instance of a.C (opcode REDUCE at 37)"),
    ("__newobj__", b"ccopy_reg\n__newobj__\ncos\nsystem\n\x85R.",
     "makes an instance of os.system (opcode REDUCE at 33)"),
    ("getattr", b"cbuiltins\ngetattr\ncos\nS'system'\n\x86R.", None),
    ("getattr of a module", b"c__builtin__\ngetattr\ncos\npath\nS'join'\n\x86R.",
     "calls builtins.getattr on os.path (opcode REDUCE at 39)"),
    ("getattr of something hidden", b"cbuiltins\ngetattr\nca\nB\nS'__globals__'\n\x86R.",
     "calls builtins.getattr on a.B (opcode REDUCE at 39)"),
    ("type of three", b"cbuiltins\ntype\n(S'a'\n)}tR.", "calls builtins.type (opcode REDUCE at 24)"),
    ("getitem", b"coperator\ngetitem\n}S'a'\n\x86R.", "calls operator.getitem (opcode REDUCE at 25)"),
    ("what a call gave, called", b"ccollections\nOrderedDict\n)R)R.",
     "calls what collections.OrderedDict gives (opcode REDUCE at 28)"),
    ("a number, called", b"K\x01)R.", "calls what is no function (opcode REDUCE at 3)"),
    ("a class, changed", b"ca\nB\n}b.", "changes a.B (opcode BUILD at 6)"),
    ("EXT1", b"\x82\x01.", "names something by a number of copyreg's registry (opcode EXT1 at 0)"),
    ("EXT2", b"\x83\x01\x00.", "names something by a number of copyreg's registry (opcode EXT2 at 0)"),
    ("EXT4", b"\x84\x01\0\0\0.", "names something by a number of copyreg's registry (opcode EXT4 at 0)"),
    ("hidden in a list that is thrown away", b"(cos\nsystem\n)R1N.", "calls os.system (opcode REDUCE at 13)"),
    ("before the stream breaks", b"cos\nsystem\n)R\xff", "calls os.system (opcode REDUCE at 12)"),
    ("from the memo", b"cos\nsystem\nq\x000N0h\x00)R.", "calls os.system (opcode REDUCE at 19)"),
    ("the memo, overwritten", b"ccollections\nOrderedDict\nq\x000cos\nsystem\nq\x000h\x00)R.",
     "calls os.system (opcode REDUCE at 45)"),
    ("terminal escapes in a name", b"cos\x1b[2J\nsystem\n)R.", "calls os\\x1b[2J.system (opcode REDUCE at 16)"),
    ("a name with a dot in its second half", b"ctorch\n_utils.os.system\n)R.",
     "calls torch._utils.os.system (opcode REDUCE at 25)"),
    ("a listed module and a name beside", b"ctorch._utils\n_import_dotted_name\n)R.",
     "calls torch._utils._import_dotted_name (opcode REDUCE at 35)"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "told"), [c[1:] for c in HOSTILE], ids=[c[0] for c in HOSTILE])
def test_calls_are_refused_by_name(data: bytes, told: str | None) -> None:
    with pytest.raises(FormatError) as caught:
        value(data)
    if told is not None:
        assert str(caught.value) == f"x.pt {told}. Nothing was run. This file is hostile or not a checkpoint"


OWN = "keeps objects of its own; where you trust it, load it and torch.save(model.state_dict())"
# what it shows | the name that is called | what the message says the file may be
OTHERS = [
    ("a function of its own", "my.models", "build", OWN),
    ("a class of its own", "memory", "CustomDeque", OWN),
    ("dill", "dill._dill", "_load_type", "was saved with dill, which writes code; where you trust it, load it and "),
    ("Keras", "keras.src.saving.saving_lib", "load", "keeps a Keras model; where you trust it, load it and "),
    ("a call that attacks make", "pandas", "read_pickle", "not a checkpoint"),
    ("torch", "torch.utils.bottleneck.__main__", "run_autograd_prof", "not a checkpoint"),
    ("letters of another script", "mоdels", "build", "not a checkpoint"),
]  # fmt: skip


@pytest.mark.parametrize(("module_name", "name", "told"), [c[1:] for c in OTHERS], ids=[c[0] for c in OTHERS])
def test_what_to_do_about_calls_of_its_own(module_name: str, name: str, told: str) -> None:
    with pytest.raises(FormatError) as caught:
        value(pickled(R(G(module_name, name))))
    assert f"{module_name}.{name} (opcode REDUCE" in str(caught.value)
    assert f"Nothing was run. This file is hostile or {told}" in str(caught.value)


def test_a_method_is_never_called() -> None:
    told = f"x.pt calls the attribute run of a.B (opcode REDUCE at 33). Nothing was run. This file is hostile or {OWN}"
    with pytest.raises(FormatError) as caught:
        value(b"cbuiltins\ngetattr\nca\nB\nS'run'\n\x86R)R.")
    assert str(caught.value) == told


PARTIAL = G("functools", "partial")
BLOCK = G("pandas.core.internals.blocks", "new_block")


def partial(function: G, state: object = None) -> bytes:
    """The opcodes of functools.partial(function), called without arguments."""
    return pickled(R(PARTIAL, (function,), state))[:-1] + b")R."


def test_a_partial_of_what_is_listed_may_be_called() -> None:
    assert value(partial(BLOCK)).maker.path == "pandas.core.internals.blocks.new_block"
    assert value(partial(BLOCK, (BLOCK, (), {}, None))).maker.path == "pandas.core.internals.blocks.new_block"


@pytest.mark.parametrize("code", [
    partial(G("os", "system")), partial(BLOCK, (G("os", "system"), (), {}, None)), partial(G("builtins", "getattr")),
    pickled(R(PARTIAL, ()))[:-1] + b")R.", partial(BLOCK)[:-3] + b"NR.",
])  # fmt: skip
def test_a_partial_of_anything_else_may_not(code: bytes) -> None:
    with pytest.raises(FormatError, match=r"calls what functools\.partial gives .* hostile or not a checkpoint"):
        value(code)


def test_a_name_that_is_not_called_is_flagged() -> None:
    loaded = load(MemorySource(b"cos\nsystem\ncbuiltins\neval\nctorch\nload\n\x87."))
    told = [
        {"kind": "pickle", "text": f"it names {name}, which no checkpoint needs"}
        for name in ("os.system", "builtins.eval")
    ]
    assert loaded.flags == told


def refuse(pid: object) -> object:
    raise Refused("keeps something strange")


# what it shows | the opcodes | the message behind "x.pt: the pickle, "
BROKEN = [
    ("empty", b"", "byte 0: ends without its last opcode (STOP). Cut short?"),
    ("no STOP", b"N", "byte 1: ends without its last opcode (STOP). Cut short?"),
    ("nothing before STOP", b".", "byte 1: ends with 0 values where one belongs"),
    ("two values", b"NN.", "byte 3: ends with 2 values where one belongs"),
    ("a mark left", b"N(N.", "byte 4: ends with 1 values where one belongs"),
    ("no opcode", b"N\xff.", "byte 1: 0xff is no opcode of a pickle. Damaged, or no pickle?"),
    ("protocol 6", b"\x80\x06N.", "byte 1: protocol 6, where 0 to 5 are known"),
    ("cut in a number", b"J\x01\x02", "byte 0: BININT is cut short: the bytes end inside it"),
    ("cut in a text", b"X\x05\0\0\0ab", "byte 0: BINUNICODE is cut short: the bytes end inside it"),
    ("cut in a short text", b"\x8c\x05ab", "byte 0: SHORT_BINUNICODE is cut short: the bytes end inside it"),
    ("cut in a length", b"B\x05\0", "byte 0: BINBYTES is cut short: the bytes end inside it"),
    ("cut in a line", b"I12", "byte 0: INT is cut short: the bytes end inside it"),
    ("cut in a memo number", b"Nq", "byte 1: BINPUT is cut short: the bytes end inside it"),
    ("cut before a memo number", b"h", "byte 0: BINGET is cut short: the bytes end inside it"),
    ("a text beyond the end", b"X\xff\xff\xff\xffab.",
     "byte 5: a text of 4,294,967,295 bytes, but 3 are left. Cut short?"),
    ("bytes beyond the end", b"\x8e" + b"\xff" * 7 + b"\x7fab.",
     "byte 9: a text of 9,223,372,036,854,775,807 bytes, but 3 are left. Cut short?"),
    ("a frame beyond the end", b"\x95" + b"\xff" * 8 + b"N.",
     "byte 1: a frame of 18,446,744,073,709,551,615 bytes, but 2 are left. Cut short?"),
    ("a memo entry that is not there", b"h\x07.", "byte 0: BINGET has no fitting values before it. Damaged?"),
    ("a memo entry that is not there, wide", b"j\x07\0\0\0.",
     "byte 0: LONG_BINGET has no fitting values before it. Damaged?"),
    ("a memo entry below 0", b"Np-1\n.", "byte 1: PUT has no fitting values before it. Damaged?"),
    ("an empty stack", b"\x86.", "byte 0: TUPLE2 has no fitting values before it. Damaged?"),
    ("no mark", b"t.", "byte 0: TUPLE has no fitting values before it. Damaged?"),
    ("POP of nothing", b"0N.", "byte 0: POP has no fitting values before it. Damaged?"),
    ("APPEND to a tuple", b")Na.", "byte 2: APPEND has no fitting values before it. Damaged?"),
    ("SETITEM on a list", b"]NNs.", "byte 3: SETITEM has no fitting values before it. Damaged?"),
    ("SETITEMS on a number", b"K\x01(NNu.", "byte 5: SETITEMS has no fitting values before it. Damaged?"),
    ("a key without a value", b"}(Nu.", "byte 3: SETITEMS has no fitting values before it. Damaged?"),
    ("DICT of an odd number", b"(Nd.", "byte 2: DICT has no fitting values before it. Damaged?"),
    ("BUILD on a dictionary", b"}}b.", "byte 2: BUILD has no fitting values before it. Damaged?"),
    ("built twice", b"ca\nB\n)\x81}b}b.", "byte 10: BUILD has no fitting values before it. Damaged?"),
    ("NEWOBJ of no class", b"N)\x81.", "byte 2: NEWOBJ has no fitting values before it. Damaged?"),
    ("NEWOBJ without a tuple", b"ca\nB\n]\x81.", "byte 6: NEWOBJ has no fitting values before it. Damaged?"),
    ("REDUCE without a tuple", b"ccollections\nOrderedDict\n]R.",
     "byte 26: REDUCE has no fitting values before it. Damaged?"),
    ("pairs that are none", b"ccollections\nOrderedDict\n(]Ka\x85\x85R.", None),
    ("a name that is no text", b"K\x01K\x02\x93.", "byte 4: STACK_GLOBAL has no fitting values before it. Damaged?"),
    ("a number that is none", b"I1x\n.", "byte 0: INT has no fitting values before it. Damaged?"),
    ("a number with an underscore", b"L1_0L\n.", "byte 0: LONG has no fitting values before it. Damaged?"),
    ("a number of 5,000 digits", b"L" + b"1" * 5000 + b"L\n.",
     "byte 0: LONG has no fitting values before it. Damaged?"),
    ("a number of 5,000 bytes", b"\x8b\x88\x13\0\0" + b"1" * 5000 + b".",
     "byte 0: LONG4 has no fitting values before it. Damaged?"),
    ("a text without quotes", b"Sabc\n.", "byte 0: STRING has no fitting values before it. Damaged?"),
    ("bytes outside the file", b"\x97.",
     "byte 1: keeps its bytes outside the file (out-of-band buffers), which nothing here can find"),
    ("marks without end", b"(" * 40_000, "byte 32,768: more than 10,000 containers inside each other"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "told"), [c[1:] for c in BROKEN], ids=[c[0] for c in BROKEN])
def test_broken_pickles(data: bytes, told: str | None) -> None:
    with pytest.raises(FormatError) as caught:
        value(data)
    if told is not None:
        assert str(caught.value) == f"x.pt: the pickle, {told}"


def test_a_persistent_id_may_be_refused_in_words() -> None:
    with pytest.raises(FormatError, match=r"^x\.pt keeps something strange \(opcode BINPERSID at 2\)"):
        value(b"K\x01Q.", persistent=refuse)


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [b"N0", b"(1", b"X\0\0\0\x000", b"]0"])
def test_pickles_of_several_windows(code: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands where a window ends."""
    monkeypatch.setattr("nparams.files._pickle.machine.WINDOW", 1 << 18)
    for more in range(3):
        assert value(b"N" * more + code * (400_000 // len(code)) + b"0" * more + b"K\x07.") == 7


def test_a_long_text_is_left_where_it_is() -> None:
    length = LONGEST + 1
    for kind, code in (("str", b"X"), ("bytes", b"B")):
        (found,) = value(code + length.to_bytes(4, "little") + b"a" * length + b"\x85.")
        assert isinstance(found, Long)
        assert (found.kind, found.at, found.length) == (kind, 5, length)


class Counting:
    """A source that says how much was read of it."""

    name = "x.pt"

    def __init__(self, data: bytes) -> None:
        self.data, self.size, self.got = data, len(data), 0

    def read(self, offset: int, length: int) -> bytes:
        self.got += length
        return MemorySource(self.data).read(offset, length)


def test_long_texts_are_not_read() -> None:
    length = 30_000_000
    source = Counting(b"]" + (b"B" + length.to_bytes(4, "little") + bytes(length) + b"a") * 3 + b".")
    assert [x.length for x in load(source).value] == [length] * 3
    assert source.got < 5_000_000


def test_windows_meet_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same values, whatever the size of the window on the bytes, and whatever a source holds yet."""
    from nparams.files._pickle import machine

    held = [*PLAIN, list(range(3000)), "z" * 60_000, "w" * 70_000, {str(k): k for k in range(3000)}]
    expected = pickle.dumps([*held[:-3], held[-2:]], 4)
    data = pickle.dumps(held, 4)
    plain = shapes(value(data))
    for window in (200_000, 262_144, 300_001):
        monkeypatch.setattr(machine, "WINDOW", window)
        assert shapes(value(data)) == plain
    assert shapes(value(expected)) != plain
    source = RangeSource("x.pt", len(data))
    found = drive(source, lambda offset, length: data[offset : offset + length], lambda s: load(s))
    assert shapes(found.value) == plain


def shapes(held: Any) -> list[object]:
    """A value as a flat list, in which what is shared is told by its number."""
    out: list[object] = []
    seen: dict[int, int] = {}
    stack = [held]
    while stack:
        each = stack.pop()
        if isinstance(each, (list, tuple, Dict, Call, Persistent)) and each != ():
            if id(each) in seen:
                out.append(("again", seen[id(each)]))
                continue
            seen[id(each)] = len(seen)
        inside: Iterable[Any] = ()
        if isinstance(each, (list, tuple)):
            out.append((type(each), len(each)))
            inside = each
        elif isinstance(each, Record):
            out.append(each.maker.path)
            inside = (each.args, each.state, each.pairs, each.listed)
        elif isinstance(each, Dict):
            out.append(len(each.pairs))
            inside = each.pairs
        elif isinstance(each, Call):
            out.append(each.maker.path)
            inside = each.args
        elif isinstance(each, Persistent):
            inside = (each.id,)
        elif isinstance(each, Long):
            out.append((each.kind, each.at, each.length))
        else:
            out.append(each.path if isinstance(each, Global) else (type(each), repr(each)))
        stack += inside
    return out


#: what is done, several times: what is then too much
MUCH = [
    ("values", b"(" + b"N" * 150_000 + b"t.", "more than 100,000 values waiting to be used"),
    ("bytes", b"N" + b"N0" * 300_000 + b".", "more than 400,000 bytes"),
    ("lists", b"(" + b"]" * 80_000 + b"t.", "more than 20,000 objects"),
    ("memo entries", b"N" + b"\x94" * 80_000 + b".", "more than 20,000 objects"),
    ("texts", b"(" + (b"X\x00\xfa\0\0" + b"x" * 64_000) * 6 + b"t.", "more than 20,000 objects"),
    ("items of a list", b"]" + (b"(" + b"N" * 9_999 + b"e") * 30 + b".", "more than 20,000 objects"),
    ("items of tuples", (b"(" + b"N" * 9_999 + b"t0") * 30 + b"N.", "more than 20,000 objects"),
]


@pytest.mark.parametrize(("data", "told"), [c[1:] for c in MUCH], ids=[c[0] for c in MUCH])
def test_more_than_memory_should_hold(data: bytes, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nparams.files._pickle.USUAL", Limits(400_000, 20_000, 100_000, USUAL.more))
    with pytest.raises(FormatError) as caught:
        value(data)
    assert str(caught.value).endswith(f"{told}; --limits off reads more")


def test_limits_off_reads_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nparams.files._pickle.USUAL", Limits(400_000, 20_000, 100_000, USUAL.more))
    assert len(value(b"(" + b"]" * 80_000 + b"t.", limits=False)) == 80_000


# -- the short way for tensors ----------------------------------------------------------------------------------------


def model(layers: int) -> Any:
    shapes = [("w", (3, 4)), ("b", (3,)), ("k", (2, 3, 3, 3)), ("l", (300, 2)), ("s", ()), ("v", (70_000, 1))]
    state = ordered(
        {
            f"{n}.{name}": T(shape, key=f"{n}{k}", trained=n == 1)
            for n in range(layers)
            for k, (name, shape) in enumerate(shapes)
        }
    )
    state.pairs["again"] = state.pairs["0.w"]
    return {
        "model": state,
        "p": parameter(T((5,), S(5, "Half", "x"))),
        "net": module("Net", {"w": parameter(T((2, 2)))}),
    }


def both(data: bytes, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the short way gives, and the long way."""
    from nparams.files._pickle.tensors import Short

    given: list[object] = []
    for long_way in (False, True):
        with monkeypatch.context() as patched:
            if long_way:
                patched.setattr(Short, "take", lambda *_: 0)
            try:
                loaded = load(MemorySource(data, "x.pt"))
                given.append((shapes(loaded.value), loaded.end))
            except FormatError as problem:
                given.append(str(problem))
    return given


def test_the_short_way_is_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """On what it is for, and on damaged copies of it: the same value, or the same words."""
    from nparams.files._pickle.tensors import Short

    taken = [0]
    real = Short.take

    def counted(*given: Any) -> int:
        behind = real(*given)
        taken[0] += behind > 0
        return behind

    monkeypatch.setattr(Short, "take", counted)
    data = pickled(model(12), wide=True)
    short, long = both(data, monkeypatch)
    assert short == long
    assert taken[0] == 60  # of 72: not those without dimensions, nor whose class or key is told in full or told again
    rng, accepted = random.Random(0), 0
    for _ in range(120):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 1, 2))):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randrange(2)] = bytes(
                [rng.choice((0, 1, 0x28, 0x4B, 0x52, 0x71, 0x72, rng.randrange(256)))]
            )
        short, long = both(bytes(damaged), monkeypatch)
        assert short == long
        accepted += not isinstance(short, str)
    assert accepted > 8
    for at in rng.sample(range(len(data)), 60):
        short, long = both(data[:at], monkeypatch)
        assert short == long
