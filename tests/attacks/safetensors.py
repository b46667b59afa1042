"""safetensors: headers that bloat, nest, repeat, overlap, leave gaps or lie; and their indexes."""

from __future__ import annotations

import json

from tests.attacks._attack import Attack, Count, Link, Pipe
from tests.safetensors_maker import T, file_of, index_of, safetensors

PEER = "safetensors/src/tensor.rs: the order of its checks"
A = '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
B = '"b":{"dtype":"F32","shape":[2],"data_offsets":[%s]}'
SHARD = safetensors([T("a", [3])])
INDEX = "model.safetensors.index.json"
OUT = "CVE-2024-27318, CVE-2024-5187: a file named inside a model leads elsewhere"


def entries(count: int) -> bytes:
    text = ",".join(f'"{i}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' for i in range(count))
    return file_of("{" + text + "}")


def one(shape: str, offsets: str = "0,8", data: int = 8, dtype: str = "F32") -> bytes:
    return file_of(f'{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{offsets}]}}}}', data)


def leads(what: str, target: str, expected: str, beside: bytes | Link | Pipe | None = None) -> Attack:
    others: dict[str, bytes | Link | Pipe] = {"m.safetensors": SHARD}
    if beside is not None:
        others[target] = beside
    return Attack(f"index: {what}", INDEX, index_of({"a": target}), expected, OUT, others)


ATTACKS = [
    Attack("a header of 2^64 - 1 bytes", "m.safetensors", b"\xff" * 8 + b"{}",
           ": header says 18,446,744,073,709,551,615 bytes at offset 0, but the file has 10. Not a "
           "safetensors file, or a cut download", PEER),
    Attack("a header of 25 MB and one byte", "m.safetensors", lambda: file_of(b"{" + b" " * 25_000_000),
           ": a header of 25,000,001 bytes; at most 25,000,000 are read; --limits off reads up to "
           "the format's own limit of 100,000,000", PEER),
    Attack("a header of very many entries", "m.safetensors", lambda: entries(380_000),
           ": header, byte 8: more than 120,000 tensors in one file; --limits off reads more",
           "safetensors' limit of 100 MB is meant against header bloat (README)"),
    Attack("objects nested without end", "m.safetensors", lambda: file_of('{"a":' * 4_000_000),
           ': header, byte 13: "a" needs an object with dtype, shape and data_offsets', "CWE-674"),
    Attack("lists nested without end", "m.safetensors", lambda: file_of('{"a":' + "[" * 20_000_000),
           ': header, byte 13: "a" needs an object with dtype, shape and data_offsets', "CWE-674"),
    Attack("a name twice", "m.safetensors", file_of("{" + A + "," + A + "}", 8),
           ': header: the name "a" appears twice', "duplicate keys: " + PEER),
    Attack("a name twice, once as an escape", "m.safetensors",
           file_of("{" + A + "," + A.replace('"a"', '"\\u0061"') + "}", 8),
           ': header: the name "a" appears twice', "duplicate keys: " + PEER),
    Attack("tensors that overlap", "m.safetensors", file_of("{" + A + "," + B % "4,12" + "}", 12),
           ': "b" at data byte 4 overlaps the tensor before it', PEER),
    Attack("a gap that could hide data", "m.safetensors", file_of("{" + A + "," + B % "16,24" + "}", 24),
           ': "b" at data byte 16 leaves a gap of 8 bytes before it', PEER),
    Attack("data behind the end (polyglot)", "m.safetensors", file_of("{" + A + "}", bytes(8) + b"PK\3\4evil"),
           ": the tensors end at data byte 8, but 16 bytes of data follow the header",
           "a safetensors file that is an archive as well: trailofbits audit of safetensors, 2023"),
    Attack("an archive in the header", "m.safetensors", file_of("{" + A + "}PK\3\4", 8),
           ': header, byte 62: found "PK\\x03\\x04" after the header\'s end', "polyglot in the padding"),
    Attack("a script in __metadata__", "m.safetensors",
           file_of('{"__metadata__":{"x":"<script>alert(1)</script>"},' + A + "}", 8), Count(2), "never shown"),
    Attack("cut data", "m.safetensors", file_of("{" + A + "}", 7),
           ': header, byte 13: "a" says bytes 0 to 8, but 7 bytes of data follow the header. Cut '
           "download?", PEER),
    Attack("dimensions whose product is beyond 64 bits", "m.safetensors", one("[4294967296,4294967296]"),
           ': header, byte 13: "a": (4294967296, 4294967296) of F32 takes 73,786,976,294,838,206,464'
           " bytes, its offsets hold 8",
           "CVE-2026-33298's kind: a size that overflows"),
    Attack("a dimension of 2^63", "m.safetensors", one("[0,9223372036854775808]", "0,0", 0),
           ': header, byte 13: "a" has a dimension of 9,223,372,036,854,775,808; at most 2**48 is '
           "read", PEER),
    Attack("a thousand dimensions", "m.safetensors", one(str([1] * 900), "0,4", 4),
           ': header, byte 13: "a" has 900 dimensions; at most 8 are read', PEER),
    Attack("a number of 5,000 digits", "m.safetensors", one("[" + "9" * 4_950 + "]"),
           ': header, byte 13: "a" needs an object with dtype, shape and data_offsets',
           "CVE-2020-10735: quadratic int()"),
    Attack("a negative dimension", "m.safetensors", one("[-2]"),
           ': header, byte 13: "a": "{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}" needs a '
           "dtype in quotes and lists of whole numbers", PEER),
    Attack("NaN as a dimension", "m.safetensors", one("[NaN]"),
           ': header, byte 13: "a": "{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}" needs a '
           "dtype in quotes and lists of whole numbers", "Python's json reads NaN"),
    Attack("true as a dimension", "m.safetensors", one("[true]", "0,4", 4),
           ': header, byte 13: "a": "{"dtype":"F32","shape":[true],"data_offsets":[0,4]}" needs a '
           "dtype in quotes and lists of whole numbers", "bool is an int in Python"),
    Attack("an unknown dtype", "m.safetensors", one("[2]", dtype="F128"),
           ': header, byte 13: "a" has the unknown dtype "F128"; known are F64, F32, F16, BF16, '
           "F8_E5M2, F8_E4M3, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ, F6_E2M3, F6_E3M2, F4, I64, I32, "
           "I16, I8, U64, U32, U16, U8, BOOL, C64", PEER),
    Attack("half a surrogate in a name", "m.safetensors", file_of("{" + A.replace('"a"', '"\\ud800"') + "}", 8),
           ": header, byte 9: a name with half a surrogate pair is no text",
           "names that no terminal can print"),
    leads("a path upward", "../../../../etc/passwd",
          ': "../../../../etc/passwd": a file named inside a model must lie beside it; paths are not'
          " followed"),
    leads("an absolute path", "/etc/passwd",
          ': "/etc/passwd": a file named inside a model must lie beside it; paths are not followed'),
    leads("a path upward on Windows", "..\\..\\m.safetensors",
          ': "..\\..\\m.safetensors": a file named inside a model must lie beside it; paths are not '
          "followed"),
    leads("a drive", "C:m.safetensors",
          ': "C:m.safetensors": a file named inside a model must lie beside it; paths are not '
          "followed"),
    leads("a NUL in a name", "m.safetensors\0.txt",
          ': "m.safetensors\\x00.txt": a file named inside a model must lie beside it; paths are not '
          "followed"),
    leads("the folder itself", ".", ': ".": a file named inside a model must lie beside it; paths are not followed'),
    leads("a subfolder", "sub/m.safetensors",
          ': "sub/m.safetensors": a file named inside a model must lie beside it; paths are not '
          "followed"),
    leads("a link to a device", "zero.safetensors", ": zero.safetensors: not a regular file", Link("/dev/zero")),
    leads("a link to a folder", "passwd.safetensors", ": passwd.safetensors: not a directory", Link("/dev/null/..")),
    leads("a link that leads nowhere", "gone.safetensors",
          ": gone.safetensors: no such file or directory", Link("FOLDER/nothing")),
    leads("a link to itself", "self.safetensors",
          ": self.safetensors: too many levels of symbolic links", Link("self.safetensors")),
    leads("a named pipe", "pipe.safetensors", ": pipe.safetensors: not a regular file", Pipe()),
    leads("a shard that is missing", "model-00001-of-00002.safetensors",
           ": model-00001-of-00002.safetensors: no such file or directory"),
    Attack("index: itself as a shard", INDEX, index_of({"a": INDEX}),
           ": model.safetensors.index.json: header says 8,387,229,874,382,703,227 bytes at offset 0,"
           " but the file has 84. Not a safetensors file, or a cut download", OUT),
    Attack("index: a key twice", INDEX, b'{"weight_map":{"a":"m.safetensors","a":"n.safetensors"}}',
           ': byte 35: the key "a" appears twice', PEER),
    Attack("index: nested without end", INDEX, b'{"weight_map":' + b"[" * 100_000,
           ": byte 14: weight_map must be an object of tensor names and files", "CWE-674", text=True),
    Attack("index: a lie about the total", INDEX, index_of({"a": "m.safetensors"}, {"total_parameters": 10**12}),
           Count(3), "huggingface_hub#4221: a declared total of 333,312 for a 7.6B model", {"m.safetensors": SHARD}),
    Attack("config.json nested without end", "m.safetensors", SHARD, Count(3), "CWE-674",
           {"config.json": b'{"quantization":' + b"[" * 100_000}),
    Attack("config.json a pipe", "m.safetensors", SHARD, Count(3), "waits for ever", {"config.json": Pipe()}),
    Attack("config.json a link to a device", "m.safetensors", SHARD, Count(3), "never ends",
           {"config.json": Link("/dev/zero")}),
    Attack("targets that are patterns (ReDoS)", "m.safetensors", safetensors([T("a" * 40, [3])]), Count(3),
           "quantization_config targets 're:...': a pattern from a file is never run (huggingface.js globMatch)",
           {"config.json": json.dumps({"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {
               "g": {"targets": ["re:(a+)+$", "re:(a|a)*b"], "weights": {"num_bits": 4}}}, "ignore": ["re:(a*)*b"]}}
           ).encode()}),
]  # fmt: skip
