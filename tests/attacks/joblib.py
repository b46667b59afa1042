"""joblib's files and scikit-learn's pickles: calls among arrays, lengths that lie, files that inflate without end."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib

from tests.attacks._attack import Attack, Count
from tests.attacks._pt import call, pickled, word
from tests.estimator_maker import Wrapped, array, dumped, estimator, mlp
from tests.pickle_maker import G, R

RUNS = "joblib joblib/numpy_pickle.py: joblib.load unpickles whatever the file names; CVE-2022-21797, CVE-2024-34997"
LIES = "joblib joblib/numpy_pickle.py (`read_array`): shape and padding are the file's word"
BOMB = "CWE-409: a small file that inflates without end"
TOUCH = pickled(call("os", "system", word("touch mark")))
CALLED = " calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile or not a checkpoint"
NET = dumped(mlp(4, 5, 3, make=Wrapped))
LARGE = ": it inflates to more than 16,000,000 bytes: too large, or a bomb; where you trust it, save it uncompressed"


ATTACKS = [
    Attack("joblib: a good one", "m.joblib", NET, Count(43), RUNS),
    Attack("joblib: a call", "m.joblib", TOUCH, CALLED, RUNS),
    Attack("joblib: a call, compressed", "m.joblib", zlib.compress(TOUCH), CALLED, RUNS),
    Attack("joblib: a call behind a name that says gzip", "m.pkl.gz", TOUCH, CALLED, RUNS),
    Attack("joblib: a call in an array of objects", "m.joblib", dumped({"a": Wrapped((1,), "O8", TOUCH)}),
           " calls os.system (opcode REDUCE at 242). Nothing was run. This file is hostile or not a checkpoint", RUNS),
    Attack("joblib: a call hidden in an array's numbers", "m.joblib",
           NET.replace(b"\x2e" * 24, TOUCH[:24], 1), Count(43), "numbers are stepped over, and never run"),
    Attack("joblib: an array that ends behind the file", "m.joblib", dumped({"a": Wrapped((1 << 40,), numbers=8)}),
           ": the pickle, byte 224: an array of 8,796,093,022,208 bytes, but 10 are left. Cut short?", LIES),
    Attack("joblib: sides whose product overflows", "m.joblib", dumped({"a": Wrapped((1 << 47, 1 << 47, 1 << 47),
           numbers=8)}),
           ": the pickle, byte 240: an array of 22,300,745,198,530,623,141,535,718,272,648,361,505,980,416 "
           "bytes, but 10 are "
           "left. Cut short?", LIES),
    Attack("joblib: an estimator of one's own that os.system makes", "m.joblib",
           dumped(R(G("os", "system"), ("touch mark",), {"coefs_": [array((2,))], "intercepts_": [array((2,))]})),
           " calls os.system (opcode REDUCE at 33). Nothing was run. This file is hostile or not a checkpoint", RUNS),
    Attack("joblib: an instance of os.system among the steps", "m.joblib",
           dumped(estimator("Pipeline", "sklearn.pipeline", steps=[("a", R(G("os", "system"), (), {"coef_": 1},
               new=True))])),
           " makes an instance of os.system (opcode NEWOBJ at 72). Nothing was run. This file is hostile or not "
           "a checkpoint",
           RUNS),
    Attack("joblib: 128 MB of zeros, zlib", "m.joblib", lambda: zlib.compress(bytes(1 << 27)), LARGE, BOMB),
    Attack("joblib: 200 MB that are packed badly", "m.joblib", lambda: zlib.compress(bytes(1 << 20), 0) * 200,
           ": it inflates to more than 100,000,000 bytes: too large, or a bomb; where you trust it, save it "
           "uncompressed", BOMB),
    Attack("joblib: 128 MB of zeros, gzip", "m.pkl.gz", lambda: gzip.compress(bytes(1 << 27), mtime=0),
           LARGE, BOMB),
    Attack("joblib: 128 MB of zeros, bzip2", "m.joblib.bz2", lambda: bz2.compress(bytes(1 << 27)), LARGE, BOMB),
    Attack("joblib: 128 MB of zeros, xz", "m.joblib.xz", lambda: lzma.compress(bytes(1 << 27)), LARGE, BOMB),
    Attack("joblib: xz that asks for a gigabyte", "m.joblib.xz",
           lzma.compress(b"x" * 100, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]),
           ": it cannot be inflated (xz): Memory usage limit exceeded", BOMB),
    Attack("joblib: a thousand empty streams", "m.joblib", zlib.compress(b"") * 1000,
           ": the pickle, byte 0: ends without its last opcode (STOP). Cut short?", BOMB),
    Attack("joblib: estimators in a ring", "m.pkl",
           pickled(b"csklearn.pipeline\nPipeline\n)\x81q\1}" + word("steps") + b"]((" + word("a") + b"h\1tesb"),
           ": Pipeline is no network of weights: it has no coef_ or coefs_", "an object graph with a cycle"),
]  # fmt: skip
