"""Core ML: lengths and shapes that lie, files of weights elsewhere, lists that lead out, graphs that go round."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count, Link
from tests.coreml_maker import (
    FLOAT16,
    FLOAT32,
    INNER,
    UINT8,
    UINT32,
    block,
    chunk,
    const,
    dense,
    floats,
    inner,
    layer,
    manifest,
    network,
    number,
    op,
    pipeline,
    program,
    value,
)
from tests.onnx_maker import varint

WIRE = "protocolbuffers/protobuf: lengths are checked against what is left"
SHAPE = "CVE-2026-33298's kind"
PATH = "CVE-2024-27318's kind: a path in a model"
FC = network(layer("fc", INNER, inner(3, 4)))


def rounds() -> bytes:
    """A loop whose results go in again, crosswise."""
    test = block([], ["a"], ["a", "b"])
    body = block([op("matmul", {"x": "a", "y": "b"}, ["c"])], ["b", "a"], ["a", "b"])
    return program([const("w", FLOAT32, (2, 3)), const("v", FLOAT32, (2, 3)),
                    op("while_loop", {"loop_vars": ["w", "v"]}, ["p", "q"], [test, body]),
                    op("linear", {"x": "x", "weight": "p"}, ["y"])])  # fmt: skip


def itself() -> bytes:
    """An operator on its own result, and one on a name that nothing has."""
    return program([const("w", FLOAT32, (2, 3)), op("transpose", {"x": "t"}, ["t"]),
                    op("matmul", {"x": "t", "y": "w"}, ["y"]), op("add", {"x": "nothing", "y": "y"},
                        ["z"])])  # fmt: skip


ATTACKS = [
    Attack("a message of 2^63 bytes", "m.mlmodel", number(1, 4) + b"\xa2\x1f" + varint((1 << 63) - 1),
           ": Model (offset 2): field 500 of 9,223,372,036,854,775,807 bytes ends beyond the file, at 13. Cut "
               "short?", WIRE),
    Attack("dimensions whose product overflows", "m.mlmodel",
           network(layer("fc", INNER, number(1, (1 << 47) + 1) + number(2, (1 << 47) + 1) + chunk(20, floats(2)))),
           ': NeuralNetworkLayer (offset 20): "fc.weight" has 2 numbers, where its layer says [140737488355329, '
           "140737488355329]", SHAPE),
    Attack("a dimension above the limit", "m.mlmodel", program([const("w", FLOAT32, (1 << 60,), at=64)]),
           ': TensorType (offset 158): impossible shape "[1152921504606846976]" of a tensor', SHAPE),
    Attack("indices of a table that are not there", "m.mlmodel",
           program([op("constexpr_lut_to_dense", {}, [("w", FLOAT16, (1 << 20, 1 << 20))], attributes={
               "indices": value(UINT8, (1,), at=64), "lut": value(FLOAT16, (2,)), "shape": value(UINT32, (2,))})]),
           ": Operation (offset 88): constexpr_lut_to_dense: 1 bytes of indices do not hold 1,099,511,627,776 of 1 "
               "bits", SHAPE),
    Attack("a name that acts", "m.mlmodel", network(layer("\x1b]0;t\x07\x1b[2J", INNER, inner(3, 4))), Count(12),
           "CVE-2003-0063's kind"),
    Attack("weights in a file of the system", "m.mlmodel",
           program([const("w", FLOAT32, (2, 3), at=64, file="/etc/passwd"), op("linear", {"x": "x", "weight": "w"},
               ["y"])]),
           Count(6, ("external-data",)), PATH),
    Attack("weights above the package", "m.mlmodel",
           program([const("w", FLOAT32, (2, 3), at=64, file="@model_path/weights/../../../w.bin"),
                    op("linear", {"x": "x", "weight": "w"}, ["y"])]), Count(6, ("external-data",)), PATH),
    Attack("weights at 2^62", "m.mlmodel", dense(at=1 << 62), Count(15), SHAPE),
    Attack("a list that leads out", "Manifest.json", manifest("../../../etc/passwd"),
           ': "../../../etc/passwd" is no plain path in the package', PATH),
    Attack("a list that leads to a link", "Manifest.json", manifest("m.mlmodel"),
           ': "m.mlmodel" is not in the package (its folder Data); links that lead out are not followed',
               "symbolic links", {"Data": Link("/etc")}),
    Attack("a list nested too deep", "Manifest.json", b'{"itemInfoEntries": ' + b"[" * 200_000,
           ": no JSON: nested too deep", "CWE-674"),
    Attack("pipelines inside pipelines", "m.mlmodel", lambda: nested(60),
           ": Model (offset 1,100): messages inside messages, more than 100 deep", "CWE-674"),
    Attack("a loop that goes round crosswise", "m.mlmodel", rounds, Count(12), "an endless loop"),
    Attack("an operator on its own result", "m.mlmodel", itself, Count(6), "an endless loop"),
    Attack("half a million operations", "m.mlmodel", lambda: program([op("relu", {}, []) for _ in range(500_000)]),
           ": Operation (offset 480,097): more than 60,000 operations, more than any real file has", "header bloat"),
    Attack("a cut download", "m.mlmodel", FC[:-9],
           ": Model (offset 15): field 500 of 72 bytes ends beyond the file, at 81. Cut short?", "a cut download"),
]  # fmt: skip


def nested(count: int) -> bytes:
    data = FC
    for _ in range(count):
        data = pipeline({"a": data})
    return data
