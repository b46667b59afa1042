"""The methods of torch.nn.Module and of containers that interpreted code calls.

Source: torch/nn/modules/module.py and container.py of PyTorch 2.13.
"""

from __future__ import annotations

from nparams.notation._code.sizes import Copies
from nparams.notation._code.values import MISSING, Native, Unknown
from nparams.notation._torch.modules import Param, Tensor, TorchModule
from nparams.notation._torch.strangers import Stranger, stranger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from nparams.notation._code.machine import Machine
    from nparams.notation._torch.library import TorchLibrary

    Args = list[Any]
    Kwargs = dict[str, Any]
    Made = Callable[[Machine, TorchModule, Args, Kwargs], Any]

#: methods that give the module back and change nothing that counts
SELF = frozenset(
    "to cuda cpu eval train float half double bfloat16 type apply share_memory xpu to_empty compile init_weights "
    "reset_parameters post_init gradient_checkpointing_enable tie_weights_".split()
)
#: methods whose result does not matter
NOTHING = frozenset(
    "zero_grad load_state_dict register_forward_hook register_forward_pre_hook register_full_backward_hook "
    "register_backward_hook _register_load_state_dict_pre_hook register_load_state_dict_post_hook set_extra_state "
    "_register_state_dict_hook log log_dict register_state_dict_pre_hook _register_load_state_dict_post_hook "
    "register_to_config register_state_dict_post_hook __init_subclass__ __post_init__".split()
)


def module_method(m: Machine, library: TorchLibrary, owner: TorchModule, name: str) -> Any:
    """A method or attribute that torch.nn.Module gives; MISSING where it has none of that name."""
    if name in METHODS:
        made = METHODS[name]
        return Native(name, lambda m, args, kwargs: made(m, owner, args, kwargs))
    if owner.container is not None and name in ENTRIES:
        held = ENTRIES[name]
        return Native(name, lambda m, args, kwargs: held(m, owner, args, kwargs))
    if name in SELF:
        return Native(name, lambda m, args, kwargs: owner)
    if name in NOTHING:
        return Native(name, lambda m, args, kwargs: None)
    if name == "training":
        return True
    if name == "_modules":
        return owner.children
    if name == "_parameters":
        return owner.params
    if name == "hparams":
        return owner.attributes.setdefault("hparams", m.unknown("self.hparams"))
    return MISSING if owner.spec is not None or owner.container is not None else _unknown(m, owner, name)


def _unknown(m: Machine, owner: TorchModule, name: str) -> Any:
    """An attribute that the text never sets: of an object of its own class it is only unknown."""
    if name.startswith("__"):
        return Native(name, lambda m, args, kwargs: None)
    return MISSING


# -- registering -----------------------------------------------------------------------------------------------------


def _add_module(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> None:
    given = dict(zip(("name", "module"), args, strict=False)) | kwargs
    name = given.get("name")
    if not isinstance(name, str):
        raise m.error("add_module() with a name that is not known")
    if isinstance(given.get("module"), Unknown):
        owner.children[name] = stranger(given["module"], sure=True)
    elif owner.container is not None or given.get("module") is None:
        owner.children[name] = owner.wrapped(m, given.get("module"))
    else:
        owner.set(m, name, given.get("module"))


def _register_parameter(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> None:
    given = dict(zip(("name", "param"), args, strict=False)) | kwargs
    if not isinstance(given.get("name"), str):
        raise m.error("register_parameter() with a name that is not known")
    held = given.get("param")
    owner.params[given["name"]] = held if isinstance(held, Param) else None


def _register_buffer(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> None:
    given = dict(zip(("name", "tensor", "persistent"), args, strict=False)) | kwargs
    if not isinstance(given.get("name"), str):
        return
    held = given.get("tensor")
    shape = held.shape if isinstance(held, Tensor) else None
    owner.params[given["name"]] = None if held is None else Param(shape, buffer=True, line=m.line)


def _requires_grad(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> TorchModule:
    trained = (args[0] if args else kwargs.get("requires_grad", True)) is not False
    for _, param in parameters_of(owner):
        param.trainable = trained
    return owner


def _save_hyperparameters(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> None:
    """Lightning: self.hparams holds the arguments of __init__."""
    from nparams.notation._code.objects import Class, Instance

    made = Instance(Class("hparams", [], m.line))
    made.attributes.update({k: v for k, v in m.frame.names.items() if k not in ("self", "__class__")})
    owner.attributes["hparams"] = made


# -- going through ---------------------------------------------------------------------------------------------------


def modules_of(root: TorchModule) -> Iterator[tuple[str, TorchModule]]:
    """(name, module) of a module and all inside it, each once, in torch's order."""
    seen: set[int] = set()
    stack: list[tuple[str, Any]] = [("", root)]
    while stack:
        name, module = stack.pop()
        module = module.value if isinstance(module, Copies) else module
        if not isinstance(module, TorchModule) or id(module) in seen:
            continue
        seen.add(id(module))
        yield name, module
        front = f"{name}." if name else ""
        stack.extend((front + child, held) for child, held in reversed(module.children.items()))


def parameters_of(root: TorchModule, *, buffers: bool = False) -> list[tuple[str, Param]]:
    """(name, parameter), each once."""
    seen: set[int] = set()
    found = []
    for name, module in modules_of(root):
        for leaf, param in module.params.items():
            if param is not None and param.buffer == buffers and id(param) not in seen:
                seen.add(id(param))
                found.append((f"{name}.{leaf}" if name else leaf, param))
    return found


def _parameters(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return [param for _, param in parameters_of(owner)]


def _named_parameters(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return list(parameters_of(owner))


def _buffers(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return [param for _, param in parameters_of(owner, buffers=True)]


def _modules(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return [module for _, module in modules_of(owner)]


def _named_modules(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return list(modules_of(owner))


def _children(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return [child for child in owner.children.values() if child is not None and not isinstance(child, Stranger)]


def _named_children(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return [(name, c) for name, c in owner.children.items() if c is not None and not isinstance(c, Stranger)]


def _get_submodule(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> Any:
    path = args[0] if args else kwargs.get("target", "")
    held: Any = owner
    for part in path.split(".") if isinstance(path, str) and path else ():
        held = m.attribute(held, part)
    return held


def _state_dict(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> dict[str, Any]:
    return dict([*parameters_of(owner), *parameters_of(owner, buffers=True)])


# -- entries of containers -------------------------------------------------------------------------------------------


def _append(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> TorchModule:
    owner.put(m, args[0] if args else next(iter(kwargs.values()), None))
    return owner


def _extend(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> TorchModule:
    owner.extend(m, args[0] if args else next(iter(kwargs.values()), []))
    return owner


def _insert(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> TorchModule:
    place, entry = args
    if not isinstance(place, int):
        raise m.error("insert() at a place that is not known")
    entries = list(owner.children.values())
    entries.insert(place, owner.wrapped(m, entry))
    owner.children = {str(k): each for k, each in enumerate(entries)}
    return owner


def _pop(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> Any:
    key = args[0] if args else -1
    held = owner.item(m, key)
    if isinstance(key, str):
        owner.children.pop(key, None)
    else:
        owner.delete(m, key)
    return held


def _items(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return [*owner.children.items(), *owner.params.items()]


def _keys(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return [*owner.children, *owner.params]


def _values(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> list[Any]:
    return [*owner.children.values(), *owner.params.values()]


def _update(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> None:
    from nparams.notation._torch.containers import update

    update(m, owner, args[0] if args else {})


def _set(m: Machine, owner: TorchModule, args: Args, kwargs: Kwargs) -> None:
    name, value = args
    if not isinstance(name, str):
        raise m.error("__setattr__() with a name that is not known")
    m.set_attribute(owner, name, value)


METHODS: dict[str, Made] = {
    "__setattr__": _set,
    "add_module": _add_module, "register_module": _add_module, "register_parameter": _register_parameter,
    "register_buffer": _register_buffer, "requires_grad_": _requires_grad, "parameters": _parameters,
    "named_parameters": _named_parameters, "buffers": _buffers, "modules": _modules, "named_modules": _named_modules,
    "children": _children, "named_children": _named_children, "get_submodule": _get_submodule,
    "get_parameter": _get_submodule, "state_dict": _state_dict, "save_hyperparameters": _save_hyperparameters,
    "_get_name": lambda m, owner, args, kwargs: owner.name,
}  # fmt: skip
ENTRIES: dict[str, Made] = {
    "append": _append, "extend": _extend, "insert": _insert, "pop": _pop, "items": _items, "keys": _keys,
    "values": _values, "update": _update,
}  # fmt: skip
