"""DDUF and llamafile: archives whose members lead out, hide, overlap or inflate, and programs with something behind."""

from __future__ import annotations

import json

from tests.attacks._attack import Attack, Count
from tests.gguf_maker import T as GT
from tests.gguf_maker import gguf
from tests.safetensors_maker import T, safetensors
from tests.zip_maker import M, archive

SLIP, HIDDEN = "Zip Slip (snyk, 2018)", "nullifAI: parsers that see different files"
INDEX = json.dumps({"_class_name": "P", "vae": ["diffusers", "VAE"]}).encode()
ONE, MODEL = safetensors([T("w", [4, 3])]), gguf([], [GT("w", [32, 8])])
LIST, PART = M("model_index.json", INDEX), M("vae/model.safetensors", ONE)
APE = b"MZqFpD='\n" + bytes(300)
ATTACKS = [
    Attack("a member that leads out", "p.dduf", archive([LIST, PART, M("vae/../../x.json", b"{}")]),
           ': "vae/../../x.json" lies more than one folder deep, as in no DDUF', SLIP),
    Attack("a member above it", "p.dduf", archive([LIST, PART, M("../x.json", b"{}")]),
           ': a member is called "../x.json": paths are not followed', SLIP),
    Attack("a member of the root", "p.dduf", archive([LIST, PART, M("/x.json", b"{}")]),
           ': a member is called "/x.json": paths are not followed', SLIP),
    Attack("a list that leads out", "p.dduf",
           archive([M("model_index.json", INDEX.replace(b'"vae"', b'"../vae"')), PART]),
           ': model_index.json names "../vae": a part must lie in it; paths are not followed', SLIP),
    Attack("a list twice", "p.dduf", archive([LIST, LIST, PART]),
           ': two members are called "model_index.json": readers would see different files', HIDDEN),
    Attack("another name in its own header", "p.dduf",
           archive([LIST, PART._replace(local_name="vae/model.safetensor_")]),
           ": the directory and the header at byte 95 disagree about \"vae/model.safetensors\": readers would see "
           "different files", HIDDEN),
    Attack("members that overlap", "p.dduf", archive([LIST, PART, PART._replace(name="vae/b.safetensors", offset=128)]),
           ': "vae/b.safetensors" overlaps "vae/model.safetensors"', "zip bombs that overlap (Fifield, 2019)"),
    Attack("something before the list", "p.dduf", archive([LIST, PART], before=b"PK\x03\x04" + bytes(70_000)),
           Count(12, ("unlisted",)), HIDDEN),
    Attack("code beside the weights", "p.dduf", archive([LIST, PART, M("vae/modeling.py", b"import os")]),
           Count(12, ("unexpected-member",)), "trust_remote_code"),
    Attack("a list that would inflate", "p.zip",
           lambda: archive([M("model_index.json", b" " * 20_000_000 + INDEX, deflated=True), PART]),
           ': "model_index.json" is compressed in the archive, so its header cannot be read in place; unpack it, '
           'or zip '
           "it again without compression (zip -0)", "42.zip"),
    Attack("folders in folders", "p.zip", archive([LIST, PART, M("a/" * 5_000 + "x", b"")]),
           ': a member is called "' + "a/" * 22 + "…" + "/a" * 5 + '/x": paths are not followed', "CWE-674"),
    Attack("a name that a terminal acts on", "p.dduf",
           archive([LIST, PART, M("vae/\x1b[31m.json", b"{}", deflated=True)]),
           ': "vae/\\x1b[31m.json" is compressed, which a DDUF never is; zip the folder again without compression (zip '
           "-0)", "CWE-150: escape sequences on a terminal"),
    # -- llamafile
    Attack("a program without an archive", "m.llamafile", APE,
           ": a llamafile without the zip directory at its end. Cut short?", HIDDEN),
    Attack("an archive that lies about its place", "m.llamafile", APE + archive([M("m.gguf", MODEL)]),
           ": its directory is said to lie at bytes 1,156 to 1,208, but ends at 1,517 of 1,539: something was put "
           "before "
           "it, after it, or cut away", HIDDEN),
    Attack("two models of one name", "m.llamafile", archive([M("m.gguf", MODEL)] * 2, before=APE),
           ': two members are called "m.gguf": readers would see different files', HIDDEN),
    Attack("arguments that lead out", "m.llamafile",
           archive([M("m.gguf", MODEL), M(".args", b"-m\n../../etc/passwd\n")], before=APE), Count(256), SLIP),
    Attack("arguments that would inflate", "m.llamafile",
           lambda: archive([M("m.gguf", MODEL), M(".args", b"-m\n" * 9_000_000, deflated=True)], before=APE),
           Count(256),
           "42.zip"),
    Attack("a model that lies", "m.llamafile", archive([M("m.gguf", MODEL[:-4])], before=APE),
           'm.llamafile/m.gguf: tensor 0 "w" (offset 96): ends at 1,120 but the file stops at 1,116. Header says 256 '
           "parameters; re-download",
           "CVE-2024-21802's kind"),
]  # fmt: skip
