"""What stands in a module of PyTorch, read past properties, hooks and `__getattr__`: none of the user's code runs."""

from __future__ import annotations

import sys

from nparams.errors import UnsupportedError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

look = object.__getattribute__
#: (module and name of a class) -> (the child that it wraps, what is said of it); a class derived from it too
WRAPPERS = {
    # pytorch/pytorch torch/_dynamo/eval_frame.py
    ("torch._dynamo.eval_frame", "OptimizedModule"): ("_orig_mod", "compiled"),
    # pytorch/pytorch torch/nn/parallel/distributed.py, data_parallel.py
    ("torch.nn.parallel.distributed", "DistributedDataParallel"): ("module", "in DistributedDataParallel"),
    ("torch.nn.parallel.data_parallel", "DataParallel"): ("module", "in DataParallel"),
    # pytorch/pytorch torch/distributed/fsdp/fully_sharded_data_parallel.py
    ("torch.distributed.fsdp.fully_sharded_data_parallel", "FullyShardedDataParallel"): (
        "_fsdp_wrapped_module",
        "in FSDP",
    ),
    # pytorch/pytorch torch/distributed/algorithms/_checkpoint/checkpoint_wrapper.py
    ("torch.distributed.algorithms._checkpoint.checkpoint_wrapper", "ActivationWrapper"): (
        "_checkpoint_wrapped_module",
        "",
    ),
    # deepspeedai/DeepSpeed deepspeed/runtime/engine.py
    ("deepspeed.runtime.engine", "DeepSpeedEngine"): ("module", "in a DeepSpeed engine"),
    # Lightning-AI/pytorch-lightning src/lightning/fabric/wrappers.py: both of its children are the model
    ("lightning.fabric.wrappers", "_FabricModule"): ("_forward_module", "in Fabric"),
    ("lightning_fabric.wrappers", "_FabricModule"): ("_forward_module", "in Fabric"),
}


class Class:
    """What is known of a class of modules: looked up once for each."""

    __slots__ = ("clean", "foreign", "fsdp", "odd", "packs", "scripted", "wraps")

    def __init__(self, cls: type) -> None:
        if any("__hash__" in vars(base) for base in type.mro(type(cls)) if base not in (type, object)):
            raise UnsupportedError(f"{cls.__name__[:60]}: a metaclass of its own says which classes are equal")
        names = [(base.__module__, base.__name__) for base in cls.__mro__]
        #: the child that a wrapper stands for, and what is said of it
        self.wraps: tuple[str, str] | None = next((WRAPPERS[name] for name in names if name in WRAPPERS), None)
        self.fsdp = ("torch.distributed.fsdp.fully_sharded_data_parallel", "FullyShardedDataParallel") in names
        self.scripted = ("torch.jit._script", "ScriptModule") in names
        #: whether it comes from elsewhere than torch.nn.modules
        self.foreign = not cls.__module__.startswith("torch.nn.modules.")
        #: whether its objects may hold packed weights
        self.packs = self.foreign
        #: whether its objects hold more than what is registered in them
        self.odd = self.foreign or self.scripted or self.wraps is not None
        #: how many attributes an object of PyTorch's own class has that holds nothing besides what is registered
        self.clean = -1

    def settle(self, packs: bool) -> None:
        """Once it is known whether objects of the class hold packed weights."""
        self.packs = packs
        self.odd = packs or self.scripted or self.wraps is not None


def own(module: object) -> dict[str, Any]:
    """The attributes of a module itself; those of a scripted one may stand in another object."""
    held: dict[str, Any] = look(actual(module), "__dict__")
    return held


def actual(module: object) -> object:
    """The module, or the scripted one that a traced one stands for (pytorch/pytorch torch/jit/_script.py)."""
    return look(module, "__dict__").get("_actual_script_module", module)


def items(held: object) -> Iterable[tuple[str, Any]]:
    """What `_parameters`, `_buffers` or `_modules` hold, past what a class derived from dict makes of looking it up.

    DeepSpeed's ZeROOrderedDict gathers a parameter that is looked up; scripted modules have a class of their own.
    """
    if issubclass(type(held), dict):
        return dict.items(held)  # type: ignore[arg-type]
    if held is not None and not type(held).__module__.startswith("torch."):
        called = type(held).__name__
        raise UnsupportedError(f"a {called} stands where a module keeps a dict of what is registered in it")
    return () if held is None else held.items()  # type: ignore[attr-defined]


def named(module: Any) -> str:
    """The name of a model's class, past its wrappers, and of a scripted one the name of what was scripted."""
    for _ in range(20):
        told = Class(type(module))
        if told.wraps is None:
            break
        inner = dict(items(own(module).get("_modules"))).get(told.wraps[0])
        if inner is None:
            break
        module = inner
    if told.scripted and (held := own(module).get("_c")) is not None:
        return str(held._type().name())  # pytorch/pytorch torch/jit/_script.py, `original_name`
    return type(module).__name__


def children(told: Class, name: str, attributes: dict[str, Any]) -> list[tuple[str, Any]]:
    """The modules that stand in a module, under their full names; a wrapper's child bears the wrapper's own name."""
    found = items(attributes.get("_modules"))
    if told.wraps is not None:
        return [(name, child) for key, child in found if key == told.wraps[0] and child is not None]
    prefix = f"{name}." if name else ""
    return [
        (prefix + (key if type(key) is str else leaf_name(key)), child) for key, child in found if child is not None
    ]


def leaf_name(leaf: object) -> str:
    """The name that something is registered under, as plain text."""
    if not issubclass(type(leaf), str):
        kind = type(leaf).__name__
        raise UnsupportedError(f"something is registered in a module under a {kind} in place of a name")
    return str.__str__(leaf)


class Bare:
    """A tensor of a class of the user's, past what that class makes of asking it: only PyTorch's own answers."""

    __slots__ = ("_held",)

    def __init__(self, held: object) -> None:
        self._held = look(held, "_held") if type(held) is Bare else held

    def __getattr__(self, name: str) -> Any:
        base: Any = sys.modules["torch"]._C.TensorBase
        return getattr(base, name).__get__(self._held)


def shape_of(t: Any, name: str | None = None) -> tuple[int, ...]:
    """The shape of a tensor in numbers; a tensor that has none is refused."""
    bare, called = Bare(t), "a tensor" if name is None else shown(name)
    if bare.is_nested:
        raise UnsupportedError(f"{called} is nested: its parts have shapes of their own; read them one by one")
    sides = tuple(bare.shape)
    for side in sides:
        if type(side) is not int:
            raise UnsupportedError(f"{called} has a side that is a symbol ({str(side)[:20]}), not a number")
    return sides


def strange(name: str, held: object, what: str) -> UnsupportedError:
    """What is registered as a module, parameter or buffer and is none."""
    return UnsupportedError(f"{shown(name)} is a {type(held).__name__}, registered in place of a {what}")
