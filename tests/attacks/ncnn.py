"""ncnn and Darknet: texts that ask for more than there is, binaries that lie about lists, files that do not fit."""

from __future__ import annotations

from struct import pack

from tests.attacks._attack import Attack, Count, Link, Pipe
from tests.ncnn_maker import FLOAT32, L, b, binary, numbers, text, w

NCNN = "Tencent/ncnn: load_param trusts counts and lengths (issues 2330, 4109 and their kind)"
DARKNET = "AlexeyAB/darknet src/parser.c: atoi and malloc without checks"
START = b"7767517\n2 2\nInput in 0 1 in\n"
ONE = L("InnerProduct", {0: 2, 1: 1, 2: 6}, [w(2, 3, flag=FLOAT32), b(2)])
NET = b"[net]\nwidth=8\nheight=8\nchannels=3\n"
HEADER = pack("<3iq", 0, 2, 0, 0)
ATTACKS = [
    Attack("2^31 layers", "n.param", b"7767517\n2147483647 1\n",
           ": layer 0 of 2,147,483,647: the file ends where its type belongs. Cut short?", NCNN),
    Attack("2^31 inputs", "n.param", START + b"Concat c 2147483647 1 in out",
           ': layer 1 of 2 "c" (Concat): it takes 2,147,483,647 blobs and makes 1', NCNN),
    Attack("a list of 2^31", "n.param", START + b"ReLU r 1 1 in out -23303=2147483647,1", Count(0), NCNN),
    Attack("a binary list of 2^31", "n.param.bin",
           binary([L("ReLU", {-23303: pack("<2i", -23303, 0x7FFFFFFF)})]),
           ": (offset 60) layer 1 has a list of 2,147,483,647 in parameter 3. Cut short?", NCNN),
    Attack("a binary list below 0", "n.param.bin", binary([L("ReLU", {-23303: pack("<2i", -23303, -9)})]),
           ": (offset 60) layer 1 has a list of -9 in parameter 3. Cut short?", NCNN),
    Attack("a binary one without an end", "n.param.bin", binary([ONE], end=5) + pack("<2i", 5, 5) * 40,
           ": (offset 400) the file ends where a parameter belongs. Cut short?", NCNN),
    Attack("a weight of 2^60", "n.param", START + b"InnerProduct ip 1 1 in out 0=1 2=999999999999999999",
           ': layer "ip" (InnerProduct): weight has an impossible shape: [1, 999999999999999999]', NCNN),
    Attack("a number of 5,000 digits", "n.param", START + b"InnerProduct ip 1 1 in out 0=1 2=" + b"9" * 5_000, Count(0),
           "CVE-2020-10735"),
    Attack("more than the .bin holds", "n.param", START + b"InnerProduct ip 1 1 in out 0=1024 2=1073741824",
           'n.bin: weight of layer "ip" (offset 4) takes 4,294,967,296 bytes, up to 4,294,967,300, but the file has 8. '
           "Cut short, or not the .bin of this .param?", NCNN, {"n.bin": bytes(8)}),
    Attack("a .bin with something behind", "n.param", text([ONE]),
           "n.bin has 136 bytes, and the layers of n.param take 36: they do not belong together", "polyglot files",
           {"n.bin": numbers([ONE]) + b"PK\x05\x06" + bytes(96)}),
    Attack("a .bin that is a pipe", "n.param", text([ONE]), "n.bin: not a regular file", "a read that never ends",
           {"n.bin": Pipe()}),
    Attack("a .param that leads elsewhere", "n.bin", numbers([ONE]), "n.param: no such file or directory",
           "CVE-2026-27489's kind: links", {"n.param": Link("/nowhere/at/all")}),
    Attack("splits that feed one another", "n.param",
           b"7767517\n4 4\nInput in 0 1 in\nMemoryData m 0 1 a 0=3\nSplit s 2 1 a b c\nSplit t 1 1 c b\n", Count(0),
           "an endless loop"),
    Attack("names without end", "n.param", START + b"ReLU " + b"x" * 100_000 + b" 1 1 in out",
           ": layer 1 of 2: its name has 100,000 characters; ncnn reads 255", NCNN),
    Attack("five megabytes of layers", "n.param", lambda: START + b"ReLU r 1 1 in out\n" * 300_000,
           ": 5,400,028 bytes of layers; at most 1,000,000 are read", NCNN),
    Attack("a .param full of constants", "n.param",
           lambda: b"7767517\n24000 2\n" + b"MemoryData m 0 1 a 0=3\nSplit s 1 1 a b\n" * 12_000, Count(0),
           "work that grows with the square"),
    # -- PNNX
    Attack("a shape of PNNX of the sky", "n.pnnx.param",
           b"7767517\n1 1\npnnx.Attribute a 0 1 0 @data=(999999999999999,999999999999999)f32\n",
           ': operator 0 "a": impossible shape [999999999999999, 999999999999999]', NCNN),
    # -- Darknet
    Attack("filters of the sky", "n.cfg", NET + b"[convolutional]\nfilters=99999999999\n",
           ": layer 0 [convolutional] (line 5): filters=99999999999, which no int of Darknet holds", DARKNET),
    Attack("sides that grow without end", "n.cfg", NET + b"[upsample]\nstride=2000000000\n" * 4,
           ": layer 0 [upsample] (line 5): it is larger than any file could hold", DARKNET),
    Attack("routes of routes", "n.cfg", NET + b"[convolutional]\n" + b"[route]\nlayers=-1,-1,-1,-1\n" * 60,
           ": layer 16 [route] (line 36): it is larger than any file could hold", "2^60 leaves of sixty pairs"),
    Attack("a layer that names itself", "n.cfg", NET + b"[convolutional]\n[route]\nlayers=1\n",
           ": layer 1 [route] (line 6): it names layer 1, and there are 1 before it", DARKNET),
    Attack("a hundred thousand layers", "n.cfg", lambda: NET + b"[yolo]\n" * 100_000,
           ": more than 10,000 sections", DARKNET),
    Attack("many routes of many layers", "n.cfg",
           lambda: NET + b"[convolutional]\n" * 100 + (b"[route]\nlayers=" + b"0," * 4_000 + b"0\n[avgpool]\n") * 90,
           Count(202), "work that grows with the square"),
    Attack("weights of no .cfg", "n.weights", HEADER + bytes(400),
           ": Darknet weights, 100 numbers without shapes; their layers stand in a .cfg, which must lie beside it "
           "(n.cfg)",
           DARKNET),
    Attack("a .cfg that leads elsewhere", "n.weights", HEADER + bytes(400), "n.cfg: no such file or directory",
           "CVE-2026-27489's kind: links", {"n.cfg": Link("/nowhere/at/all")}),
    Attack("a .cfg that names files", "n.cfg", NET + b"[convolutional]\n[detection]\nmap=/etc/passwd\ntree=../../x\n",
           Count(4), "src/parser.c, parse_region: reads the files that tree= and map= name"),
]  # fmt: skip
