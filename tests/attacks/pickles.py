"""Pickles that would call something: in every spelling, behind every name; and pickles that only wear a reader out.

Names that blocklists missed are from the advisories of mmaitre314/picklescan and its tests/data2; spellings from
CPython Lib/pickletools.py and trailofbits/fickling.
"""

from __future__ import annotations

import struct

from tests.attacks._attack import Attack, Count
from tests.attacks._pt import (
    GOOD,
    MARK,
    NONE,
    POP,
    PROTO,
    REDUCE,
    TUPLE,
    call,
    group,
    name,
    number,
    pairs,
    pickled,
    pt,
    storage,
    tensor,
    word,
)  # fmt: skip

SCAN = "mmaitre314/picklescan tests/data and its advisories: names that a blocklist missed"
FICKLING = "trailofbits/fickling: spellings of a call"
OPS = "CPython Lib/pickletools.py"
ESCAPE = "CVE-2025-32434: torch.load(weights_only=True) ran code before 2.6"
CONFUSED = (
    "CVE-2026-24747: torch's weights_only unpickler took SETITEM on what is no dictionary, storages of other sizes"
)
TOUCH = word("touch mark")

#: no tensor uses the storage that the archive has
UNREAD = Count(0, ("unread",))


def short(text: str) -> bytes:
    """SHORT_BINUNICODE and MEMOIZE."""
    return b"\x8c" + bytes([len(text)]) + text.encode() + b"\x94"


def stacked(module: str, attribute: str) -> bytes:
    """STACK_GLOBAL."""
    return short(module) + short(attribute) + b"\x93"


SYSTEM = name("os", "system")
#: each a value that a careless reader would get by calling os.system
SPELLINGS = {
    "GLOBAL and REDUCE": call("os", "system", TOUCH),
    "posix, as pickle writes it": call("posix", "system", TOUCH),
    "nt": call("nt", "system", TOUCH),
    "STACK_GLOBAL": stacked("os", "system") + TOUCH + b"\x85" + REDUCE,
    "INST": MARK + TOUCH + b"ios\nsystem\n",
    "OBJ": MARK + SYSTEM + TOUCH + b"o",
    "NEWOBJ": SYSTEM + TOUCH + b"\x85\x81",
    "NEWOBJ_EX": SYSTEM + TOUCH + b"\x85}\x92",
    "from the memo": SYSTEM + b"q\x07" + POP + b"h\x07" + TOUCH + b"\x85" + REDUCE,
    "from the memo, as text": SYSTEM + b"p99\n" + POP + b"g99\n" + MARK + TOUCH + TUPLE + REDUCE,
    "a name of Python 2": call("commands", "getoutput", TOUCH),
    "__builtin__.eval": call("__builtin__", "eval", word("1")),
    "builtins.exec": call("builtins", "exec", word("1")),
    "getattr of a module": call("builtins", "getattr", call("builtins", "__import__", word("os")), word("system")),
    "getattr of a listed name": call("builtins", "getattr", name("torch", "load"), word("__globals__")),
    "what a listed call gives": call("collections", "OrderedDict") + group(TOUCH) + REDUCE,
    "a method of a listed call": (
        call("builtins", "getattr", call("collections", "OrderedDict"), word("__class__")) + group(TOUCH) + REDUCE
    ),
    "a name with dots": stacked("collections", "abc.sys.modules") + group(TOUCH) + REDUCE,
    "a listed module, a name below it": stacked("torch", "serialization.os.system") + group(TOUCH) + REDUCE,
    "operator.attrgetter": call("operator", "attrgetter", word("system")) + group(name("os", "x")) + REDUCE,
    "functools.partial called": call("functools", "partial", SYSTEM, TOUCH) + group() + REDUCE,
    "a persistent id": group(word("storage"), call("os", "system", TOUCH), word("0"), word("cpu"), number(1)) + b"Q",
    "BUILD with slots": call("os", "system", TOUCH) + b"}b",
    "hidden in a key": b"}" + call("os", "system", TOUCH) + number(1) + b"s",
    "thrown away": call("os", "system", TOUCH) + POP + pairs(weight=tensor()),
    "after the tensors": pairs(weight=tensor(), z=call("os", "system", TOUCH)),
    "as a hook of a tensor": call(
        "torch._utils",
        "_rebuild_tensor_v2",
        storage(),
        number(0),
        group(number(1)),
        group(number(1)),
        b"\x89",
        call("os", "system", TOUCH),
    ),
    "as a class of a storage": call(
        "torch._utils", "_rebuild_parameter", call("torch.storage", "_load_from_bytes", b"C\1x"), b"\x89", NONE
    ),
    "an escape in the name": name("os\x1b[31m", "system") + group(TOUCH) + REDUCE,
    "names beyond ASCII": name("оs", "system") + group(TOUCH) + REDUCE,
}
#: names that do harm and have passed one scanner or another
NAMES = """
builtins.eval builtins.compile builtins.open builtins.__import__ builtins.breakpoint builtins.map builtins.apply
subprocess.Popen subprocess.check_output runpy._run_code runpy.run_path pkgutil.resolve_name pty.spawn
importlib.import_module importlib.util.spec_from_file_location code.InteractiveInterpreter codeop.compile_command
timeit.timeit timeit.main pydoc.pipepager pydoc.locate bdb.Bdb doctest.debug_script cProfile.runctx profile.Profile
trace.Trace idlelib.run.Executive idlelib.debugobj.ObjectTreeItem idlelib.calltip.get_entity lib2to3.pgen2.pgen
ensurepip._run_pip venv.create webbrowser.open shutil.rmtree shutil.copyfileobj socket.create_connection
ssl.get_server_certificate urllib.request.urlopen http.client.HTTPSConnection smtplib.SMTP ctypes.CDLL
ctypes.util.find_library pickle.loads _pickle.loads marshal.loads types.FunctionType types.CodeType
operator.methodcaller logging.config.listen logging.FileHandler multiprocessing.util._exit_function
asyncio.unix_events._UnixSubprocessTransport uuid._get_command_stdout imaplib.IMAP4_stream
distutils.file_util.write_file test.support.script_helper.assert_python_ok _osx_support._read_output
_aix_support._read_cmd_output sysconfig._init_posix tempfile._mkstemp_inner signal.raise_signal gc.get_objects
sys.setrecursionlimit atexit.register threading.Thread weakref.finalize dis.dis inspect.getattr_static
torch.load torch.hub.load torch.utils.bottleneck.__main__.run_autograd_prof torch.utils.collect_env.run
torch.utils.data.datapipes.utils.decoder.basichandlers torch.jit.unsupported_tensor_ops.execWrapper
torch.utils._config_module.load_config torch._dynamo.guards.GuardBuilder.get torch.serialization.load
torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression torch._inductor.codecache.compile_file
torch.distributed.rpc.rpc_sync torch.ops.load_library torch.storage._load_from_bytes torch.from_file
numpy.testing._private.utils.runstring numpy.load numpy.f2py.crackfortran.getlincoef numpy.f2py.crackfortran.myeval
joblib.load pandas.read_pickle cloudpickle.loads dill.loads keras.models.load_model tensorflow.io.read_file
pip._internal.cli.main.main setuptools.sandbox.execute nltk.downloader.download site.main antigravity.geohash
""".split()


def named(path: str) -> Attack:
    module, _, attribute = path.rpartition(".")
    at = len(PROTO) + len(name(module, attribute)) + len(group(TOUCH))
    expected = (
        f": data.pkl calls {path} (opcode REDUCE at {at}). Nothing was run. This file is hostile or not a checkpoint"
    )
    return Attack(f"calls {path}", "m.pt", pt(pickled(call(module, attribute, TOUCH))), expected, SCAN)


def spelled(what: str, expected: str | Count) -> Attack:
    return Attack(f"spelling: {what}", "m.pt", pt(pickled(SPELLINGS[what])), expected, FICKLING)


def bare(value: bytes) -> bytes:
    return pt(PROTO + value)


ATTACKS = [
    *map(named, NAMES),
    spelled("GLOBAL and REDUCE",
            ": data.pkl calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    spelled("posix, as pickle writes it",
            ": data.pkl calls posix.system (opcode REDUCE at 33). Nothing was run. This file is "
            "hostile or not a checkpoint"),
    spelled("nt",
            ": data.pkl calls nt.system (opcode REDUCE at 30). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    spelled("STACK_GLOBAL",
            ": data.pkl calls os.system (opcode REDUCE at 33). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    spelled("INST",
            ": data.pkl calls os.system (opcode INST at 18). Nothing was run. This file is hostile "
            "or not a checkpoint"),
    spelled("OBJ",
            ": data.pkl calls os.system (opcode OBJ at 29). Nothing was run. This file is hostile or"
            " not a checkpoint"),
    spelled("NEWOBJ",
            ": data.pkl makes an instance of os.system (opcode NEWOBJ at 29). Nothing was run. This "
            "file is hostile or not a checkpoint"),
    spelled("NEWOBJ_EX",
            ": data.pkl makes an instance of os.system (opcode NEWOBJ_EX at 30). Nothing was run. "
            "This file is hostile or not a checkpoint"),
    spelled("from the memo",
            ": data.pkl calls os.system (opcode REDUCE at 34). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    spelled("from the memo, as text",
            ": data.pkl calls os.system (opcode REDUCE at 39). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    spelled("a name of Python 2",
            ": data.pkl calls commands.getoutput (opcode REDUCE at 39). Nothing was run. This file "
            "is hostile or not a checkpoint"),
    spelled("__builtin__.eval",
            ": data.pkl calls builtins.eval (opcode REDUCE at 28). Nothing was run. This file is "
            "hostile or not a checkpoint"),
    spelled("builtins.exec",
            ": data.pkl calls builtins.exec (opcode REDUCE at 25). Nothing was run. This file is "
            "hostile or not a checkpoint"),
    spelled("getattr of a module",
            ": data.pkl calls builtins.__import__ (opcode REDUCE at 51). Nothing was run. This file "
            "is hostile or not a checkpoint"),
    spelled("getattr of a listed name",
            ": data.pkl calls builtins.getattr on torch.load (opcode REDUCE at 50). Nothing was run."
            " This file is hostile or not a checkpoint"),
    spelled("what a listed call gives",
            ": data.pkl calls what collections.OrderedDict gives (opcode REDUCE at 47). Nothing was "
            "run. This file is hostile or not a checkpoint"),
    spelled("a method of a listed call",
            ": data.pkl calls builtins.getattr on what collections.OrderedDict gives (opcode REDUCE "
            "at 64). Nothing was run. This file is hostile or not a checkpoint"),
    spelled("a name with dots",
            ": data.pkl calls collections.abc.sys.modules (opcode REDUCE at 52). Nothing was run. "
            "This file is hostile or not a checkpoint"),
    spelled("a listed module, a name below it",
            ": data.pkl calls torch.serialization.os.system (opcode REDUCE at 54). Nothing was run. "
            "This file is hostile or not a checkpoint"),
    spelled("operator.attrgetter",
            ": data.pkl calls operator.attrgetter (opcode REDUCE at 36). Nothing was run. This file "
            "is hostile or not a checkpoint"),
    spelled("functools.partial called",
            ": data.pkl calls what functools.partial gives (opcode REDUCE at 52). Nothing was run. "
            "This file is hostile or not a checkpoint"),
    spelled("a persistent id",
            ": data.pkl calls os.system (opcode REDUCE at 43). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    spelled("BUILD with slots",
            ": data.pkl calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    spelled("hidden in a key",
            ": data.pkl calls os.system (opcode REDUCE at 31). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    spelled("thrown away",
            ": data.pkl calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    spelled("after the tensors",
            ": data.pkl calls os.system (opcode REDUCE at 197). Nothing was run. This file is "
            "hostile or not a checkpoint"),
    spelled("as a hook of a tensor",
            ": data.pkl calls os.system (opcode REDUCE at 138). Nothing was run. This file is "
            "hostile or not a checkpoint"),
    spelled("as a class of a storage",
            ": data.pkl calls torch.storage._load_from_bytes (opcode REDUCE at 73). Nothing was run."
            " This file is hostile or not a checkpoint"),
    spelled("an escape in the name",
            ": data.pkl calls os\\x1b[31m.system (opcode REDUCE at 35). Nothing was run. This file is"
            " hostile or not a checkpoint"),
    spelled("names beyond ASCII",
            ": data.pkl calls оs.system (opcode REDUCE at 31). Nothing was run. This file is hostile"
            " or not a checkpoint"),
    Attack("names a function and calls nothing", "m.pt", pt(pickled(pairs(weight=tensor(), f=SYSTEM))),
           Count(6, ("pickle",)), SCAN),
    Attack("SETITEM on what is no dictionary", "m.pt", bare(tensor() + number(1) + number(2) + b"s."),
           ": data.pkl: the pickle, byte 160: SETITEM has no fitting values before it. Damaged?", CONFUSED),
    Attack("SETITEMS on a list", "m.pt", bare(b"](" + number(1) + number(2) + b"u."),
           ": data.pkl: the pickle, byte 14: SETITEMS has no fitting values before it. Damaged?", CONFUSED),
    Attack("APPEND to a dictionary", "m.pt", bare(b"}" + number(1) + b"a."),
           ": data.pkl: the pickle, byte 8: APPEND has no fitting values before it. Damaged?", CONFUSED),
    Attack("BUILD on a number", "m.pt", bare(number(1) + b"}b."),
           ": data.pkl: the pickle, byte 8: BUILD has no fitting values before it. Damaged?", CONFUSED),
    Attack("a storage larger than its member", "m.pt", pt(pickled(pairs(w=tensor((2, 3), held=storage("0", 600))))),
           ': storage "0" has 2,400 bytes by the pickle, but its member has 24. Cut short, or '
           "changed",
           CONFUSED),
    Attack("a tensor beyond its storage", "m.pt", pt(pickled(pairs(w=tensor((2, 4))))),
           ': tensor "w" reaches to number 8 of storage 0, which holds 6', CONFUSED),
    Attack("an offset beyond the storage", "m.pt", pt(pickled(pairs(w=tensor(offset=1)))),
           ': tensor "w" reaches to number 7 of storage 0, which holds 6', CONFUSED),
    Attack("an offset below 0", "m.pt", pt(pickled(pairs(w=tensor(offset=-1)))),
           ': tensor "w" begins at no whole number of elements', CONFUSED),
    Attack("a stride below 0", "m.pt", pt(pickled(pairs(w=tensor(stride=(-3, 1))))),
           ': tensor "w" has steps that are no whole numbers', CONFUSED),
    Attack("a size below 0", "m.pt", pt(pickled(pairs(w=tensor((-2, 3))))),
           ': tensor "w" has a dimension that is no whole number from 0 to 2**48', CONFUSED),
    Attack("a size of 2^62", "m.pt", pt(pickled(pairs(w=tensor((1 << 62, 1 << 62), (0, 0))))),
           ': tensor "w" has a dimension that is no whole number from 0 to 2**48', ESCAPE),
    Attack("a size that is text", "m.pt",
           pt(pickled(pairs(w=call("torch._utils", "_rebuild_tensor_v2", storage(), number(0), group(word("6")),
                                   group(number(1)), b"\x89", NONE)))),
           ': tensor "w" has a dimension that is no whole number from 0 to 2**48', CONFUSED),
    Attack("a storage of a negative number", "m.pt", pt(pickled(pairs(w=tensor(held=storage("0", -6))))),
           ": data.pkl describes a storage in no known way (opcode BINPERSID at 97). Nothing was "
           "run. This file is hostile or not a checkpoint", CONFUSED),
    Attack("a storage with a path for a key", "m.pt",
           pt(pickled(pairs(w=tensor(held=storage("../../../etc/passwd"))))),
           ': storage "../../../etc/passwd" has 24 bytes by the pickle, but its member has 0. Cut '
           "short, or changed", "path traversal"),
    Attack("a storage whose member is missing", "m.pt", pt(pickled(pairs(w=tensor(held=storage("7"))))),
           ': storage "7" has 24 bytes by the pickle, but its member has 0. Cut short, or changed', CONFUSED),
    Attack("an expanded tensor of 2^47 numbers", "m.pt",
           pt(pickled(pairs(w=tensor((1 << 47,), (0,), held=storage("0", 1))))), Count(1 << 47),
           "a stride of 0 repeats one number"),
    Attack("extension codes", "m.pt", bare(b"\x82\x01)R."),
           ": data.pkl names something by a number of copyreg's registry (opcode EXT1 at 2). Nothing"
           " was run. This file is hostile or not a checkpoint", OPS),
    Attack("an unknown opcode", "m.pt", bare(b"\xff."),
           ": data.pkl: the pickle, byte 2: 0xff is no opcode of a pickle. Damaged, or no pickle?", OPS),
    Attack("no STOP", "m.pt", bare(b"}" * 10),
           ": data.pkl: the pickle, byte 12: ends without its last opcode (STOP). Cut short?", OPS),
    Attack("STOP on an empty stack", "m.pt", bare(b"."),
           ": data.pkl: the pickle, byte 3: ends with 0 values where one belongs", OPS),
    Attack("POP on an empty stack", "m.pt", bare(b"0."),
           ": data.pkl: the pickle, byte 2: POP has no fitting values before it. Damaged?", OPS),
    Attack("a memo entry that is not there", "m.pt", bare(b"h\x09."),
           ": data.pkl: the pickle, byte 2: BINGET has no fitting values before it. Damaged?", OPS),
    Attack("a memo index of 2^32 - 1", "m.pt", bare(b"}r\xff\xff\xff\xff."), UNREAD,
           "_pickle grew its memo to any index (python/cpython issue 115952)"),
    Attack("a text of 2^32 - 1 bytes", "m.pt", bare(b"X\xff\xff\xff\xffabc."),
           ": data.pkl: the pickle, byte 7: a text of 4,294,967,295 bytes, but 4 are left. Cut "
           "short?", OPS),
    Attack("bytes of 2^63 - 1", "m.pt", bare(b"\x8e" + struct.pack("<Q", (1 << 63) - 1) + b"abc."),
           ": data.pkl: the pickle, byte 11: a text of 9,223,372,036,854,775,807 bytes, but 4 are "
           "left. Cut short?", OPS),
    Attack("a frame of 2^63 bytes", "m.pt", bare(b"\x95" + struct.pack("<Q", 1 << 63) + b"}."),
           ": data.pkl: the pickle, byte 3: a frame of 9,223,372,036,854,775,808 bytes, but 2 are "
           "left. Cut short?", OPS),
    Attack("a number of 255 bytes", "m.pt", bare(b"\x8a\xff" + b"\xff" * 255 + b"."), UNREAD, OPS),
    Attack("a number of 2^31 - 1 bytes", "m.pt", bare(b"\x8b\xff\xff\xff\x7f" + b"\xff" * 99 + b"."),
           ": data.pkl: the pickle, byte 2: LONG4 has no fitting values before it. Damaged?", OPS),
    Attack("a number of 100,000 digits", "m.pt", bare(b"L" + b"9" * 100_000 + b"L\n."),
           ": data.pkl: the pickle, byte 2: LONG is cut short: the bytes end inside it", "CVE-2020-10735"),
    Attack("a list that holds itself", "m.pt", bare(b"]q\0h\0a."), UNREAD, "an object graph with a cycle"),
    Attack("a dictionary that holds itself", "m.pt", bare(b"}q\0" + word("w") + b"h\0s."), UNREAD,
           "an object graph with a cycle"),
    Attack("2^60 leaves of 60 nested pairs", "m.pt",
           bare(pairs(w=tensor()) + b"q\0" + b"0h\0h\0\x86q\0" * 60 + b"."), Count(6), "walked with a visited set"),
    Attack("tuples nested 100,000 deep", "m.pt", bare(b")" + b"\x85" * 100_000 + b"."),
           ': "0": containers more than 300 deep', "CWE-674"),
    Attack("lists nested 5,000 deep", "m.pt", bare(b"](" * 5_000 + b"e" * 5_000 + b"."),
           ': "0": containers more than 300 deep', "CWE-674"),
    Attack("a million marks", "m.pt", bare(MARK * 1_000_000 + b"."),
           ": data.pkl: the pickle, byte 32,768: more than 10,000 containers inside each other", "CWE-674"),
    Attack("20 million values", "m.pt", lambda: bare(MARK + b"N" * 20_000_000 + b"t."),
           ": data.pkl: the pickle, byte 4,030,400: more than 4,000,000 values waiting to be used; "
           "--limits off reads more", "memory"),
    Attack("5 million dictionaries", "m.pt", lambda: bare(MARK + b"}" * 5_000_000 + b"t."),
           ": data.pkl: the pickle, byte 1,015,792: more than 1,000,000 objects; --limits off reads "
           "more", "memory"),
    Attack("DUP of a growing tuple", "m.pt", bare(b")" + b"2\x86" * 100_000 + b"."),
           ': "0": containers more than 300 deep', "memory"),
    Attack("texts of 60 KB, 300 of them", "m.pt",
           lambda: bare(MARK + (b"X\x60\xea\0\0" + b"x" * 60_000) * 300 + b"t."),
           ": data.pkl: the pickle, byte 16,021,338: more than 16,000,000 bytes; --limits off reads "
           "more", "memory"),
    Attack("bytes behind STOP", "m.pt", pt(GOOD + call("os", "system", TOUCH) + b"."), Count(6, ("trailing",)),
           "nullifAI: what follows a broken or ended stream is not scanned (reversinglabs, 2025)"),
    Attack("a stream that breaks after a call", "m.pt", bare(call("os", "system", TOUCH) + b"\xff"),
           ": data.pkl calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile "
           "or not a checkpoint",
           "nullifAI: pickle runs what stands before the break (reversinglabs, 2025)"),
    Attack("a name that acts, in a pickle", "m.pt", pt(pickled(pairs(**{"\x1b]0;t\x07\x1b[2J": tensor()}))), Count(6),
           "CVE-2003-0063's kind"),
    Attack("pickle: a text protocol", "m.pt", b"(dp0\nVw\np1\ncos\nsystem\n(Vtouch mark\ntRs.",
           ": its ending is that of pytorch files, but it begins "
           "b'(dp0\\nVw\\np1\\nc'. Damaged, or wrongly named?", OPS, text=True),
    Attack("pickle: a bare one", "m.pkl", pickled(call("os", "system", TOUCH)),
           " calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile or not a "
           "checkpoint", SCAN),
    Attack("pickle: a bare one of protocol 4", "m.bin", b"\x80\x04\x95\x20\0\0\0\0\0\0\0" + stacked("os", "system") +
           TOUCH + b"\x85R.",
           " calls os.system (opcode REDUCE at 42). Nothing was run. This file is hostile or not a "
           "checkpoint", SCAN),
]  # fmt: skip
