"""What lies in a model's place: pointers, pages, cut and empty downloads, other kinds of files, names that mislead."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count, Link, Pipe
from tests.gguf_maker import T as GT
from tests.gguf_maker import gguf
from tests.safetensors_maker import T, safetensors

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 45118424\n"
GOOD = safetensors([T("a.weight", [3, 4])])
PAGE = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
LAUGHS = b'<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY lol "lol">' + b"".join(
    b'<!ENTITY lol%d "%s">' % (i, b"&lol%d;" % (i - 1) * 10 if i > 1 else b"&lol;" * 10) for i in range(1, 30)
) + b"]>\n<net>&lol29;</net>"  # fmt: skip
LFS_SPEC = "git-lfs/git-lfs docs/spec.md"
SCAN = "mmaitre314/picklescan tests/data/malicious1_*: the extension misleads"

ATTACKS = [
    Attack("an LFS pointer, named .safetensors", "m.safetensors", LFS,
           " is a Git LFS pointer (45,118,424 bytes elsewhere), not the model itself. "
           "Run: git lfs pull --include m.safetensors", LFS_SPEC),
    Attack("an LFS pointer, named .bin", "pytorch_model.bin", LFS,
           " is a Git LFS pointer (45,118,424 bytes elsewhere), not the model itself. "
           "Run: git lfs pull --include pytorch_model.bin", LFS_SPEC),
    Attack("an LFS pointer, named .onnx", "m.onnx", LFS,
           " is a Git LFS pointer (45,118,424 bytes elsewhere), not the model itself. "
           "Run: git lfs pull --include m.onnx", LFS_SPEC),
    Attack("an LFS pointer, named .h5", "m.h5", LFS,
           " is a Git LFS pointer (45,118,424 bytes elsewhere), not the model itself. "
           "Run: git lfs pull --include m.h5", LFS_SPEC),
    Attack("a web page, named .gguf", "m.gguf", PAGE,
           " is an HTML page, not a model: a download that needed a login or a different link",
           "a download behind a login"),
    Attack("a web page, named .pt", "m.pt", PAGE,
           " is an HTML page, not a model: a download that needed a login or a different link",
           "a download behind a login"),
    Attack("a web page, named .onnx", "m.onnx", PAGE,
           " is an HTML page, not a model: a download that needed a login or a different link",
           "a download behind a login"),
    Attack("an empty file", "m.pt", b"",
           ": the file is empty (0 bytes); a download that did not start?", "a download that did not start"),
    Attack("zeros, named .safetensors", "m.safetensors", bytes(4096),
           ": the first 512 bytes are all zero; a cut download or a damaged disk?",
           "a sparse file that was never filled"),
    Attack("zeros, named .onnx", "m.onnx", bytes(4096),
           ": the first 512 bytes are all zero; a cut download or a damaged disk?",
           "a sparse file that was never filled"),
    Attack("zeros, named .npy", "m.npy", bytes(4096),
           ": the first 512 bytes are all zero; a cut download or a damaged disk?",
           "a sparse file that was never filled"),
    Attack("a partial download", "m.safetensors.incomplete", GOOD[:40],
           ": header says 64 bytes at offset 0, but the file has 40. Not a safetensors file, or a "
           "cut download", "huggingface_hub names them so"),
    Attack("safetensors named .gguf", "m.gguf", GOOD, Count(12), SCAN),
    Attack("GGUF named .safetensors", "m.safetensors", gguf(tensors=[GT("a", [5])]), Count(5), SCAN),
    Attack("GGUF named .pt", "m.pt", gguf(tensors=[GT("a", [5])]), Count(5), SCAN),
    Attack("7-zip named .pt", "m.pt", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(60), " is a 7-zip archive; unpack it first",
           "nullifAI: PyTorch files as 7z archives, which scanners could not open (reversinglabs, 2025)"),
    Attack("gzip named .keras", "m.keras", b"\x1f\x8b\x08\0" + bytes(60),
           " is a gzip archive; unpack it first", SCAN),
    Attack("tar named .pt", "m.pt", b"sys_info".ljust(257, b"\0") + b"ustar\0" + bytes(300),
           " is a PyTorch file of 2016 (tar); load it with an old PyTorch (before 1.6), save it again and count that",
           "torch/serialization.py, the tar format of 2016"),
    Attack("a program named .pt", "m.pt", b"\x7fELF" + bytes(60), " is a program, not a model", "file infectors"),
    Attack("billion laughs", "m.xml", LAUGHS,
           " is an XML file that is no OpenVINO model (<net ...>)", "CWE-776; OpenVINO models are XML", text=True),
    Attack("billion laughs, named .onnx", "m.onnx", LAUGHS,
           " is an XML file that is no OpenVINO model (<net ...>)", "CWE-776"),
    Attack("a named pipe", "m.safetensors", GOOD, Count(12), "waits for ever where it is opened", {"other": Pipe()}),
    Attack("a link to a device", "index.safetensors.index.json",
           b'{"weight_map": {"a": "model-00001-of-00001.safetensors"}}',
           ": model-00001-of-00001.safetensors: not a regular file", "CVE-2026-27489: links are followed",
           {"model-00001-of-00001.safetensors": Link("/dev/zero")}),
    Attack("YAML tags", "m.yaml", b"!!python/object/apply:os.system ['touch mark']",
           '"m.yaml" is text, and nothing in it is read as a network: code (PyTorch, Keras), a '
           "printed model, a summary, shapes, layer sizes or a list of layers; nparams formats lists"
           " them",
           "CVE-2020-14343: NeMo and others keep settings as YAML", text=True),
]  # fmt: skip
