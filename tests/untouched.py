"""Proof that reading a live model changes nothing: a snapshot of all that can be seen of it, before and after.

Everything reachable from the model is looked at: the attributes of every object (by identity), the entries of its
dicts and lists in their order (so hooks, flags, names of buffers that are not persistent, states of optimizers), the
bytes, version and flags of every array; and of the process the random numbers, the modes and the defaults of torch.
Attributes are read past `__getattr__` and past properties, so looking runs none of the model's code.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

#: things that hold no state of a model's
OPAQUE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.CodeType,
          type, str, bytes, int, float, complex, type(None), types.FrameType, types.GeneratorType)  # fmt: skip
#: packages whose objects are not walked into (locks, loggers, ...)
PLAIN_ROOTS = {"logging", "threading", "_thread", "weakref", "typing", "enum", "abc", "inspect", "ast", "sympy"}
#: objects in one snapshot
MOST = 2_000_000


class Untouched:
    """`with Untouched(model): nparams.read(model)` fails, listing what has changed, if anything has.

    >>> held = {"a": [1, 2]}
    >>> with Untouched(held):
    ...     pass
    """

    def __init__(self, *models: object) -> None:
        self.models = models

    def __enter__(self) -> Untouched:
        self.keep, self.before = snapshot(self.models)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            changed = changes(self.before, snapshot(self.models)[1])
            assert not changed, "\n  ".join(["reading changed the model:", *changed[:20]])


def changes(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """One line for each thing that is new, gone or different."""
    gone = [f"{where}: gone" for where in before.keys() - after.keys()]
    new = [f"{where}: new" for where in after.keys() - before.keys()]
    other = [
        f"{where}: {before[where]} became {held}"
        for where, held in after.items()
        if where in before and before[where] != held
    ]
    return sorted(gone) + sorted(new) + other


def snapshot(models: tuple[object, ...]) -> tuple[list[object], dict[str, object]]:
    """(what must live on for identities to mean something, {where: what is there})."""
    found: dict[str, object] = dict(process_state())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # kinds of tensors that are experimental say so when they are looked at
        return reachable(models, found)


def reachable(models: tuple[object, ...], found: dict[str, object]) -> tuple[list[object], dict[str, object]]:
    keep: list[object] = []
    seen: set[int] = set()
    todo: list[tuple[str, object]] = [(f"model{i or ''}", model) for i, model in enumerate(models)]
    while todo:
        where, held = todo.pop()
        if id(held) in seen or isinstance(held, OPAQUE):
            continue
        assert len(seen) < MOST, f"more than {MOST:,} objects, the last at {where}"
        seen.add(id(held))
        keep.append(held)
        found |= ((f"{where}{part}", value) for part, value in looks(held))
        todo += ((f"{where}{part}", inner) for part, inner in parts(held))
    return keep, found


def parts(held: object) -> Iterator[tuple[str, object]]:
    """What an object holds: entries, attributes in its `__dict__`, slots."""
    if isinstance(held, dict):
        yield from ((f"[{key!r:.80}]", value) for key, value in list(dict.items(held)))
    elif isinstance(held, (list, tuple)):
        base = list if isinstance(held, list) else tuple
        yield from ((f"[{i}]", value) for i, value in enumerate(list(base.__iter__(held))))  # type: ignore[arg-type]
    elif isinstance(held, (set, frozenset)):
        yield from ((f"{{{id(value)}}}", value) for value in held)
    if type(held).__module__.partition(".")[0] not in PLAIN_ROOTS:
        yield from ((f".{name}", value) for name, value in attributes(held).items())
    if is_tensor(held):
        yield from inner_tensors(held)


def attributes(held: object) -> dict[str, object]:
    """The instance's own attributes, past `__getattr__` and properties."""
    try:
        own = object.__getattribute__(held, "__dict__")
    except AttributeError:
        own = {}
    found = dict(own) if isinstance(own, dict) else {}
    for name, slot in slots(type(held)):
        try:
            found[name] = slot.__get__(held, type(held))
        except AttributeError:
            continue
    return found


@functools.cache
def slots(cls: type) -> list[tuple[str, types.MemberDescriptorType]]:
    return [
        (name, slot)
        for base in cls.__mro__
        for name, slot in vars(base).items()
        if isinstance(slot, types.MemberDescriptorType) and base.__module__ != "builtins"
    ]


def looks(held: object) -> Iterator[tuple[str, object]]:
    """What an object looks like from outside, as plain values."""
    yield " type", (type(held).__module__, type(held).__qualname__, id(type(held)))
    own = ((f".{name}", value) for name, value in attributes(held).items()) if is_tensor(held) else parts(held)
    for part, value in own:
        yield f"{part} is", value if isinstance(value, (int, str, float, type(None))) else id(value)
    if isinstance(held, dict):
        yield " keys", [key if isinstance(key, str) else id(key) for key in dict.keys(held)]
    if is_tensor(held):
        yield from tensor_looks(held)
    elif type(held).__module__.partition(".")[0] in ("numpy", "jaxlib", "jax") and hasattr(held, "dtype"):
        yield " bytes", array_bytes(held)
    elif isinstance(held, type(iter(()))):
        yield " iterator", repr(held)
    elif isinstance(held, random.Random):
        yield " state", held.getstate()


def is_tensor(held: object) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(held, torch.Tensor)


def array_bytes(held: Any) -> object:
    """A digest of an array of numpy or jax (None where it is abstract, or not of plain numbers)."""
    numpy = sys.modules["numpy"]
    try:
        return digest(numpy.asarray(held).tobytes())
    except Exception:
        return None


def digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def quiet(look: Callable[[], object]) -> object:
    """What a look gives, or the class of the error where this kind of tensor has no such thing."""
    try:
        return look()
    except Exception as error:
        return type(error).__name__


def inner_tensors(t: Any) -> Iterator[tuple[str, object]]:
    """A gradient (what a subclass wraps is in its attributes)."""
    torch = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():
        if quiet(lambda: t.is_leaf and t.grad is not None) is True:
            yield ".grad", t.grad


def tensor_looks(t: Any) -> Iterator[tuple[str, object]]:
    """Flags, sizes, version and bytes of a tensor, without a function of a subclass being run."""
    torch = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():
        for name in ("dtype", "device", "layout", "requires_grad", "is_leaf", "_version", "_backward_hooks"):
            held = quiet(lambda name=name: getattr(t, name))  # type: ignore[misc]
            yield f" {name}", str(held)
        if not t.is_nested:  # asked for its sides, a nested tensor keeps the answer
            yield " shape", str(quiet(lambda: t.shape))
            yield " stride", str(quiet(lambda: (t.stride(), t.storage_offset())))
        yield " is inference", quiet(t.is_inference)
        yield " hooks", str(quiet(lambda: t._post_accumulate_grad_hooks))
        yield " grad is", quiet(lambda: id(t.grad) if t.is_leaf and t.grad is not None else None)
        yield " bytes", quiet(lambda: tensor_bytes(t))


def tensor_bytes(t: Any) -> object:
    """A digest of the memory behind a tensor of this process's; the parts of a sparse one."""
    torch = sys.modules["torch"]
    if t.is_meta or t.device.type != "cpu":
        return None
    if t.layout is torch.sparse_coo:
        return [tensor_bytes(t._indices()), tensor_bytes(t._values())]
    if t.layout in (torch.sparse_csr, torch.sparse_bsr):
        return [tensor_bytes(part) for part in (t.crow_indices(), t.col_indices(), t.values())]
    storage = t.untyped_storage()
    size = storage.nbytes()
    if not storage.data_ptr():  # nothing is behind a fake tensor
        return None
    return (storage.data_ptr(), size, digest(ctypes.string_at(storage.data_ptr(), size)))


def process_state() -> Iterator[tuple[str, object]]:
    """What reading could change besides the model: random numbers, modes, defaults, hooks for every module."""
    yield "random", digest(repr(random.getstate()).encode())
    yield "recursion limit", sys.getrecursionlimit()
    yield "warning filters", len(warnings.filters)
    if (numpy := sys.modules.get("numpy")) is not None:
        yield (
            "numpy.random",
            digest(repr(numpy.random.get_state()[1:]).encode() + numpy.random.get_state()[1].tobytes()),
        )
    if (torch := sys.modules.get("torch")) is not None:
        yield from torch_state(torch)


def torch_state(torch: Any) -> Iterator[tuple[str, object]]:
    yield "torch random", digest(bytes(torch.get_rng_state().tolist()))
    yield "default dtype", str(torch.get_default_dtype())
    yield "default device", str(torch.get_default_device())
    for name in ("is_grad_enabled", "is_inference_mode_enabled", "is_autocast_cache_enabled", "get_num_threads",
                 "are_deterministic_algorithms_enabled", "is_autocast_enabled"):  # fmt: skip
        yield name, getattr(torch, name)()
    yield "function modes", torch._C._len_torch_function_stack()
    yield "dispatch modes", torch._C._len_torch_dispatch_stack()
    module = torch.nn.modules.module
    for name in sorted(vars(module)):
        if name.startswith("_global_"):
            held = getattr(module, name)
            yield name, list(held) if isinstance(held, dict) else id(held)
    yield "Module", [(name, id(value)) for name, value in vars(torch.nn.Module).items()]
    yield "cuda", torch.cuda.is_initialized()
