"""The opcodes that tensors rarely need: each a function (machine, window, place of its operand) -> place behind it.

CPython Lib/pickletools.py gives the operands, Lib/pickle.py what is done.
"""

from __future__ import annotations

from struct import Struct

from nparams.files._pickle import plain
from nparams.files._pickle.calls import instance, named
from nparams.files._pickle.plain import line, whole
from nparams.files._pickle.values import Dict, Global, Record, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.files._pickle.machine import Machine

    Opcode = Callable[[Machine, bytes, int], int]

UINT8 = Struct("<Q").unpack_from
SET = Global("builtins", "set")
FROZENSET = Global("builtins", "frozenset")


# -- containers -------------------------------------------------------------------------------------------------------


def empty_list(m: Machine, data: bytes, pos: int) -> int:
    m.stack.append([])
    m.made += 1
    return pos


def list_(m: Machine, data: bytes, pos: int) -> int:
    items = m.items()
    m.stack.append(items)
    m.made += 1
    return pos


def append(m: Machine, data: bytes, pos: int) -> int:
    item = m.stack.pop()
    target = m.stack[-1]
    (target if target.__class__ is list else target.listed).append(item)
    return pos


def appends(m: Machine, data: bytes, pos: int) -> int:
    items = m.items()
    target = m.stack[-1]
    (target if target.__class__ is list else target.listed).extend(items)
    return pos


def dict_(m: Machine, data: bytes, pos: int) -> int:
    items, made = m.items(), Dict()
    _pair_up(items)
    made.pairs = items
    m.stack.append(made)
    m.made += 1
    return pos


def setitem(m: Machine, data: bytes, pos: int) -> int:
    value, key = m.stack.pop(), m.stack.pop()
    m.stack[-1].pairs += (key, value)
    return pos


def setitems(m: Machine, data: bytes, pos: int) -> int:
    items = m.items()
    _pair_up(items)
    m.stack[-1].pairs += items
    return pos


def _pair_up(items: list[Any]) -> None:
    if len(items) % 2:
        raise ValueError("a key without a value")


def empty_set(m: Machine, data: bytes, pos: int) -> int:
    m.stack.append(Record(SET))
    m.made += 1
    return pos


def additems(m: Machine, data: bytes, pos: int) -> int:
    items = m.items()
    m.stack[-1].listed.extend(items)
    return pos


def frozenset_(m: Machine, data: bytes, pos: int) -> int:
    items, made = m.items(), Record(FROZENSET)
    made.listed = items
    m.stack.append(made)
    m.made += 1
    return pos


# -- the stack and the memo -------------------------------------------------------------------------------------------


def pop(m: Machine, data: bytes, pos: int) -> int:
    if m.stack:
        m.stack.pop()
    else:
        m.items()
    return pos


def pop_mark(m: Machine, data: bytes, pos: int) -> int:
    m.items()
    return pos


def dup(m: Machine, data: bytes, pos: int) -> int:
    m.stack.append(m.stack[-1])
    return pos


def get(m: Machine, data: bytes, pos: int) -> int:
    text, pos = line(data, pos)
    m.stack.append(m.memo[whole(text)])
    return pos


def put(m: Machine, data: bytes, pos: int) -> int:
    text, pos = line(data, pos)
    number = whole(text)
    if number < 0:
        raise ValueError("a memo entry below 0")
    m.memo[number] = m.stack[-1]
    return pos


# -- names, calls, instances ------------------------------------------------------------------------------------------


def _name(data: bytes, pos: int) -> tuple[str, str, int]:
    module, pos = line(data, pos)
    name, pos = line(data, pos)
    return module.decode("utf-8", "backslashreplace"), name.decode("utf-8", "backslashreplace"), pos


def global_(m: Machine, data: bytes, pos: int) -> int:
    module, name, pos = _name(data, pos)
    m.stack.append(m.global_of(module, name))
    return pos


def stack_global(m: Machine, data: bytes, pos: int) -> int:
    name, module = m.stack.pop(), m.stack.pop()
    if name.__class__ is not str or module.__class__ is not str:
        raise TypeError("a name that is no text")
    m.stack.append(m.global_of(module, name))
    return pos


def build(m: Machine, data: bytes, pos: int) -> int:
    """The state of an object; a class or function that is built would be changed for the whole program."""
    state, target = m.stack.pop(), m.stack[-1]
    if target.__class__ is Global:
        raise Refused(f"changes {named(target)}")
    if target.state is not None:
        raise ValueError("an object that is built twice")
    target.state = state
    return pos if m.built is None else m.built(m, target, data, pos)


def newobj(m: Machine, data: bytes, pos: int) -> int:
    args = m.stack.pop()
    m.stack[-1] = instance(m.stack[-1], args)
    m.made += 2
    return pos


def newobj_ex(m: Machine, data: bytes, pos: int) -> int:
    kwargs, args = m.stack.pop(), m.stack.pop()
    if kwargs.__class__ is not Dict:
        raise TypeError("arguments by name that are no dictionary")
    m.stack[-1] = made = instance(m.stack[-1], args)
    made.args = (*made.args, kwargs) if kwargs.pairs else made.args
    m.made += 2
    return pos


def obj(m: Machine, data: bytes, pos: int) -> int:
    items = m.items()
    m.stack.append(_old_style(items[0], tuple(items[1:])))
    m.made += 2
    return pos


def inst(m: Machine, data: bytes, pos: int) -> int:
    module, name, pos = _name(data, pos)
    args = tuple(m.items())
    m.stack.append(_old_style(m.global_of(module, name), args))
    m.made += 2
    return pos


def _old_style(of: object, args: tuple[Any, ...]) -> object:
    """OBJ and INST call what they name, unless it is a class and gets no arguments (Lib/pickle.py, `_instantiate`)."""
    if isinstance(of, Global) and of.make is not None:
        return of.make(of, args)
    if args or not isinstance(of, Global) or not of.name.lstrip("_")[:1].isupper():
        raise Refused(f"calls {named(of)}")
    return instance(of, args)


def persid(m: Machine, data: bytes, pos: int) -> int:
    text, pos = line(data, pos)
    m.stack.append(m.persistent(text.decode("utf-8", "backslashreplace")))
    m.made += 1
    return pos


# -- the frame --------------------------------------------------------------------------------------------------------


def proto(m: Machine, data: bytes, pos: int) -> int:
    m.protocol = data[pos]
    if m.protocol > 5:
        m.fail(pos, f"protocol {m.protocol}, where 0 to 5 are known")
    return pos + 1


def frame(m: Machine, data: bytes, pos: int) -> int:
    length = UINT8(data, pos)[0]
    if m.base + pos + 8 + length > m.source.size:
        m.fail(pos, f"a frame of {length:,} bytes, but {m.source.size - m.base - pos - 8:,} are left. Cut short?")
    return pos + 8


def stop(m: Machine, data: bytes, pos: int) -> int:
    m.stopped = True
    return pos


def extension(m: Machine, data: bytes, pos: int) -> int:
    """EXT1, EXT2, EXT4: a name by a number that only the program knows which wrote it."""
    raise Refused("names something by a number of copyreg's registry")


def buffer(m: Machine, data: bytes, pos: int) -> int:
    """NEXT_BUFFER, READONLY_BUFFER."""
    m.fail(pos, "keeps its bytes outside the file (out-of-band buffers), which nothing here can find")


def unknown(m: Machine, data: bytes, pos: int) -> int:
    m.fail(pos - 1, f"{data[pos - 1]:#04x} is no opcode of a pickle. Damaged, or no pickle?")


#: opcode -> what does it; the machine's own loop does the others
OPCODES: dict[str, Opcode] = {
    "I": plain.int_, "L": plain.long_, "\x8a": plain.long1, "\x8b": plain.long4, "F": plain.float_,
    "G": plain.binfloat, "\x88": plain.newtrue, "S": plain.string, "T": plain.binstring, "U": plain.short_binstring,
    "V": plain.unicode_, "\x8d": plain.binunicode8, "B": plain.binbytes, "C": plain.short_binbytes,
    "\x8e": plain.binbytes8, "\x96": plain.binbytes8,
    "]": empty_list, "l": list_, "a": append, "e": appends, "d": dict_, "s": setitem, "u": setitems,
    "\x8f": empty_set, "\x90": additems, "\x91": frozenset_,
    "0": pop, "1": pop_mark, "2": dup, "g": get, "p": put,
    "c": global_, "\x93": stack_global, "b": build, "\x81": newobj, "\x92": newobj_ex, "o": obj, "i": inst, "P": persid,
    "\x80": proto, "\x95": frame, ".": stop, "\x82": extension, "\x83": extension, "\x84": extension,
    "\x97": buffer, "\x98": buffer,
}  # fmt: skip
RARE: list[Opcode] = [OPCODES.get(chr(code), unknown) for code in range(256)]
