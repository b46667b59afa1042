"""TorchScript archives: calls in any of their pickles, objects that hold themselves, code that is never run."""

from __future__ import annotations

from tests.attacks._attack import Attack, Count
from tests.torchscript_maker import Call, Global, Mod, Raw, T, code_of, old, old_tensor, torchscript
from tests.zip_maker import M

PICKLE = "mmaitre314/picklescan tests/data: pickles in archives of torch.jit"
BOMB = "60 nested pairs are 2^60 leaves"
NET = code_of(["weight"])
CODE = 'import os\nos.system("touch mark")\n' + NET


def net(**held: object) -> Mod:
    return Mod("Net", {"training": True, **held})


def loop() -> bytes:
    me = net(weight=T([4, 3]))
    me.state["me"] = me
    return torchscript(me, NET)


def pairs() -> bytes:
    made = net(weight=T([4, 3]))
    for _ in range(60):
        made = net(a=made, b=made)
    return torchscript(made, NET)


def deep() -> bytes:
    made = b"N"
    for _ in range(5_000):
        made = b"c__torch__\nNet\n)\x81}X\x01\x00\x00\x00a" + made + b"sb"
    return torchscript(Raw(made), NET)


def constants() -> bytes:
    """The same constants under a name, again and again in lists of lists."""
    lines = [f"a{k} = [CONSTANTS.c0, {f'a{k - 1}, a{k - 1}' if k else ''}]" for k in range(20_000)]
    return torchscript(Mod("Net", {}), code_of(body="\n".join(lines)), [T([4, 3])] * 3)


ATTACKS = [
    Attack("a call in data.pkl", "m.pt", torchscript(net(a=Call("os.system", ["touch mark"])), NET),
           ": data.pkl calls os.system (opcode REDUCE at 74). Nothing was run. This file is hostile or not a "
           "checkpoint", PICKLE),
    Attack("a call in constants.pkl", "m.pt", torchscript(net(), NET, [Call("builtins.exec", ["1"])]),
           ": constants.pkl calls builtins.exec (opcode REDUCE at 26). Nothing was run. This file is hostile or not a "
           "checkpoint", PICKLE),
    Attack("a call of torch's own", "m.jit", torchscript(net(a=Call("torch.jit.load", ["x"])), NET),
           ": data.pkl calls torch.jit.load (opcode REDUCE at 70). Nothing was run. This file is hostile or not a "
           "checkpoint", PICKLE),
    Attack("an instance of a class of Python's own", "m.pt",
           torchscript(net(a=Raw(b"csubprocess\nPopen\n)\x81}b")), NET),
           ": data.pkl makes an instance of subprocess.Popen (opcode NEWOBJ at 65). Nothing was run. This file is "
           "hostile or not a checkpoint", PICKLE),
    Attack("code that would do something", "m.pt", torchscript(net(weight=T([4, 3])), CODE), Count(12),
           "the code of an archive is text here"),
    Attack("an extra file that is a pickle", "m.pt",
           torchscript(net(weight=T([4, 3])), NET, more=[M("net/extra/a.pkl", b"cos\nsystem\n(S'touch mark'\ntR.")]),
           Count(12), "torch.jit.save(_extra_files=...)"),
    Attack("a module that holds itself", "m.pt", loop, Count(12), BOMB),
    Attack("modules shared 2^60 times", "m.pt", pairs, Count(12), BOMB),
    Attack("modules too deep", "m.pt", deep, ': "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.….a.a.a.a.a.a": objects '
           "more than 300 deep", BOMB),
    Attack("constants named again and again", "m.pt", constants, Count(0), "lists of lists double"),
    Attack("a storage that is cut", "m.pt", torchscript(net(weight=T([4, 3])), NET, short=40),
           ': storage "0" has 48 bytes by the pickle, but its member has 8. Cut short, or changed', "CVE-2026-24747"),
    Attack("no module", "m.pt", torchscript(Global("os.system"), NET),
           ": data.pkl holds no module of TorchScript", PICKLE),
    Attack("an old archive with a path for a storage", "m.pt",
           old({"parameters": [{"name": "w", "tensorId": "0"}]}, [old_tensor([4, 3], "../../etc/passwd")], {}),
           ': tensor "w" reaches to number 12 of storage ../../etc/passwd, which holds 0',
           "a member's name, never a path"),
]  # fmt: skip
