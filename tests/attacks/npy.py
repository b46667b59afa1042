"""NumPy arrays: objects (which are pickles), headers that are evaluated elsewhere, shapes that lie."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count
from tests.attacks._pt import call, pickled, word
from tests.npy_maker import array, npz, of

OBJECT = "CVE-2019-6446: numpy.load ran the pickles of object arrays"
EVAL = "numpy/lib/format.py reads the header with literal_eval; older readers with eval"
EVIL = pickled(call("os", "system", word("touch mark")))
OBJECTS = array("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n") + EVIL


def header(text: str, data: int = 24) -> bytes:
    return array(text, data)


def shape(text: str) -> bytes:
    return header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {text}, }}\n")


ATTACKS = [
    Attack("an array of objects", "m.npy", OBJECTS,
           ": an array of Python objects: a pickle, which is not loaded. Save each array itself with"
           " np.savez", OBJECT),
    Attack("an array of objects among others", "m.npz",
           npz({"a.npy": of("<f4", "2, 3", 24),
                "b.npy": OBJECTS}),
           ": b.npy: an array of Python objects: a pickle, which is not loaded. Save each array "
           "itself with np.savez", OBJECT),
    Attack("objects in a record", "m.npy",
           array("{'descr': [('a', '<f4'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }\n", 12),
           ": an array of records (several fields a value), which is no tensor", OBJECT),
    Attack("a pickle in the place of an array", "m.npz", npz({"a.npy": EVIL}),
           ": a.npy: b'\\x80\\x02cos\\n' where a NumPy array begins with b'\\x93NUMPY'. Damaged, or cut "
           "short?", "12end/evil_keras"),
    Attack("a call in the header", "m.npy", header("__import__('os').system('touch mark')\n"),
           ': "__import__(\'os\').system(\'touch mark\')\\n" is no header of a NumPy array (\'descr\', '
           "'fortran_order', 'shape')", EVAL),
    Attack("a call in the shape", "m.npy", shape("(__import__('os').getpid(),)"),
           ': "{\'descr\': \'<f4\', \'fortran_order\': False, \'sh…tpid(),), }\\n" is no header of a NumPy '
           "array ('descr', 'fortran_order', 'shape')", EVAL),
    Attack("a power in the shape", "m.npy", shape("(9**9**9,)"),
           ': "{\'descr\': \'<f4\', \'fortran_order\': False, \'sh…**9**9,), }\\n" is no header of a NumPy '
           "array ('descr', 'fortran_order', 'shape')", EVAL),
    Attack("an f-string in the header", "m.npy", header("{'descr': f'{1}', 'fortran_order': False, 'shape': ()}\n"),
           ': "{\'descr\': f\'{1}\', \'fortran_order\': False, \'shape\': ()}\\n" is no header of a NumPy '
           "array ('descr', 'fortran_order', 'shape')",
           EVAL),
    Attack("brackets nested 60,000 deep", "m.npy", header("(" * 60_000),
           ': "((((((((((((((((((((((((((((((((((((((((((((…((((((((((((" is no header of a NumPy '
           "array ('descr', 'fortran_order', 'shape')",
           "python/cpython: literal_eval of nested brackets ends the process in some versions"),
    Attack("minus signs, 60,000 of them", "m.npy", shape("(" + "-" * 60_000 + "1,)"),
           ': "{\'descr\': \'<f4\', \'fortran_order\': False, \'sh…-----1,), }\\n" is no header of a NumPy '
           "array ('descr', 'fortran_order', 'shape')", "the same"),
    Attack("a number of 60,000 digits", "m.npy", shape("(" + "9" * 60_000 + ",)"),
           ": its header has the shape (99999999999999999999999999999999999999999999…99999999999,)",
           "CVE-2020-10735"),
    Attack("a header of 4 GB", "m.npy", array("{}", 24, 2, length=(1 << 32) - 1),
           ": a header of 4,294,967,307 bytes (byte 8); at most 65,547 are read", "a length that lies"),
    Attack("a header of 100 MB", "m.npy", lambda: array(" " * 100_000_000, 24, 2),
           ": a header of 100,000,012 bytes (byte 8); at most 65,547 are read", "numpy limits it to 10,000"),
    Attack("dimensions whose product overflows", "m.npy", shape(f"({1 << 40}, {1 << 40})"),
           ": 4,835,703,278,458,516,698,824,704 bytes of numbers are announced, but 24 are there. "
           "Cut short?",
           "CVE-2026-33298's kind"),
    Attack("more numbers than the file has", "m.npy", shape("(2, 4)"),
           ": 32 bytes of numbers are announced, but 24 are there. Cut short?", "a cut download"),
    Attack("data behind the end", "m.npy", of("<f4", "2, 3", 24) + EVIL, Count(6, ("trailing",)), "polyglots"),
    Attack("a negative dimension", "m.npy", shape("(-2, -3)"),
           ': "{\'descr\': \'<f4\', \'fortran_order\': False, \'sh…(-2, -3), }\\n" is no header of a NumPy '
           "array ('descr', 'fortran_order', 'shape')", EVAL),
    Attack("true as a dimension", "m.npy", shape("(True, 6)"),
           ': "{\'descr\': \'<f4\', \'fortran_order\': False, \'sh…True, 6), }\\n" is no header of a NumPy '
           "array ('descr', 'fortran_order', 'shape')", EVAL),
    Attack("a key twice", "m.npy",
           header("{'descr': '<f4', 'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}\n"),
           ': "{\'descr\': \'<f4\', \'descr\': \'|O\', \'fortran_ord…e\': (2, 3)}\\n" is no header of a NumPy '
           "array ('descr', 'fortran_order', 'shape')", OBJECT),
    Attack("a hundred dimensions", "m.npy", shape("(" + "1, " * 100 + ")"),
           ": its header has the shape (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,…1, 1, 1, 1, )",
           "numpy allows 64"),
    Attack("a version of the future", "m.npy", array("{}", 24, 9),
           ": version 9.0 of the NumPy format (byte 6); 1.0 to 3.0 are known", EVAL),
    Attack("cut inside the header", "m.npy", of("<f4", "2, 3", 24)[:40],
           ": a header of 70 bytes (byte 8), but the file has 40. Cut short?", "a cut download"),
    Attack("pickled text in a descr", "m.npy",
           header("{'descr': 'cos\\nsystem\\n', 'fortran_order': False, 'shape': (2, 3)}\n"),
           ': "{\'descr\': \'cos\\nsystem\\n\', \'fortran_order\': …e\': (2, 3)}\\n" is no header of a NumPy '
           "array ('descr', 'fortran_order', 'shape')", EVAL),
    Attack("a dimension of 0 beside huge ones", "m.npy",
           array(f"{{'descr': '<f4', 'fortran_order': False, 'shape': (0, {1 << 60}), }}\n"),
           ": its header has a dimension of 1,152,921,504,606,846,976; at most 2**48 is read", "a shape bomb"),
    Attack("an array of one number, no shape", "m.npy", of("<f4", "", 4), Count(1), "() is one number"),
]  # fmt: skip
