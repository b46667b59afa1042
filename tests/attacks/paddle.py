"""Paddle's files: calls in state dicts, streams and programs whose lengths lie."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count, Link
from tests.attacks._pt import call, pickled, word
from tests.estimator_maker import array
from tests.onnx_maker import chunk, number, varint
from tests.paddle_maker import desc, f4, parameter, pdmodel, pdparams, pir, var, variable
from tests.pickle_maker import G, R

RUNS = "CVE-2024-0917: paddle.load ran code of a pickle (RCE), and GHSA advisories of PaddlePaddle"
LIES = "PaddlePaddle/Paddle tensor_util.cc (`TensorFromStream`): lengths are the file's word; PDSA-2022-001 and later"
#: a program as JSON as far as its operators
OPEN = pir().partition(b"]")[0]
TOUCH = pickled(call("os", "system", word("touch mark")))

ATTACKS = [
    Attack("paddle: a good one", "m.pdparams", pdparams({"w": f4(2, 3)}), Count(6), RUNS),
    Attack("paddle: a call", "m.pdparams", TOUCH,
           " calls os.system (opcode REDUCE at 30). Nothing was run. This file is hostile or not a checkpoint", RUNS),
    Attack("paddle: a call in the place of a tensor", "m.pdparams", pdparams({"w": R(G("paddle.base.core", "load"),
           ("x",))}),
           " calls paddle.base.core.load (opcode REDUCE at 43). Nothing was run. This file is hostile or keeps "
           "objects of its "
           "own; where you trust it, load it and torch.save(model.state_dict())", RUNS),
    Attack("paddle: tuple of what is no pair", "m.pdparams", pdparams({"w": R(G("builtins", "tuple"), ((1, 2, 3),)),
           "v": f4(4)}), Count(4), RUNS),
    Attack("paddle: more numbers than bytes", "m.pdparams", pdparams({"w": array((1 << 40,), "f4", bytes(8))}),
           ': tensor "w" takes 4,398,046,511,104 bytes by its shape, but 8 are there', RUNS),
    Attack("paddle: slices of slices", "m.pdparams",
           pdparams({"w": f4(4), "UnpackBigParamInfor@@": {"w": {"OriginShape": (4,), "slices": ["w"]}}}), Count(4),
               RUNS),
    Attack("paddle: a variable of 2^60 numbers", "m.pdiparams", variable((), told=desc((1 << 40, 1 << 20))),
           ": byte 33: variable 0 takes 4,611,686,018,427,387,904 bytes by its shape, but 4 are left. Cut short?",
               LIES),
    Attack("paddle: a size below 0", "m.pdiparams", variable((), told=desc((-1,))),
           ": byte 20: variable 0 has sizes that are no whole numbers from 0 to 2**48", LIES),
    Attack("paddle: a level of 2^63 bytes", "m.pdiparams", b"\0\0\0\0\1" + bytes(7) + b"\xff" * 8 + bytes(40),
           ": byte 0: variable 0: levels of detail that end beyond the file. Cut short?", LIES),
    Attack("paddle: 300,000 empty variables", "m.pdiparams", lambda: variable((0,)) * 300_000,
           ": byte 4,800,000: more than 200,000 variables", LIES),
    Attack("paddle: a program that is a link beside weights", "m.pdiparams", variable((2, 3)), Count(6),
           "path traversal",
           {"m.pdmodel": Link("/etc/passwd")}),
    Attack("paddle: a name that leads elsewhere", "m.pdmodel", pdmodel(var("../../etc/passwd", (2, 3))), Count(6),
           "a name is text"),
    Attack("paddle: messages without end", "m.pdmodel", chunk(1, b"\x1a" * 1000),
           ": VarDesc (offset 5): field 3 of 26 bytes ends beyond the message around it, at 31. Cut short?", LIES),
    Attack("paddle: a length of 2^60", "m.pdmodel", b"\x0a" + varint(1 << 60),
           ": ProgramDesc (offset 0): field 1 of 1,152,921,504,606,846,976 bytes ends beyond the file, at 10. "
           "Cut short?", LIES),
    Attack("paddle: JSON of a million brackets", "m.json", lambda: OPEN + b"[" * 1_000_000,
           ": its program is no JSON: maximum recursion depth exceeded while decoding a JSON array from a "
           "unicode string", "CWE-674"),
    Attack("paddle: JSON of twenty million lists", "m.json", lambda: OPEN + b"[]," * 20_000_000,
           ": a program of more than 2,000,000 entries; --limits off reads more", "CWE-400"),
    Attack("paddle: an escape in a name", "m.json", pir(parameter(1, "a\x1b[31m", [-1])),
           ': "a\\x1b[31m" is stored, and has the shape "[-1]"', "terminal escapes"),
    Attack("paddle: an operator of itself", "m.pdmodel", pdmodel(var("w", (2, 3)), chunk(4, chunk(3,
           "conv2d") + number(5, 1))), Count(6), LIES),
]  # fmt: skip
