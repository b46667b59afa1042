"""Containers of torch.nn: Sequential, lists and dicts of modules and parameters, stacks of copies.

Source: torch/nn/modules/container.py and transformer.py of PyTorch 2.13.
"""

from __future__ import annotations

from nparams.expr import Expr
from nparams.notation._code.machine import described
from nparams.notation._code.sizes import Copies
from nparams.notation._code.standard import copied
from nparams.notation._code.values import Unknown
from nparams.notation._torch.modules import TorchModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.notation._code.machine import Machine


def fill_container(m: Machine, made: TorchModule, word: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    """What the constructor of a container puts into it."""
    if word in ("TransformerEncoder", "TransformerDecoder"):
        _stack(m, made, word, args, kwargs)
    elif word == "DataParallel":
        made.set(m, "module", args[0] if args else kwargs.get("module"))
    else:
        made.container = word
        if word == "Sequential":
            _sequential(m, made, args)
        elif word.endswith("Dict"):
            update(m, made, args[0] if args else next(iter(kwargs.values()), {}))
        elif args or kwargs:
            made.extend(m, args[0] if args else next(iter(kwargs.values())))


def _sequential(m: Machine, made: TorchModule, args: list[Any]) -> None:
    if len(args) == 1 and isinstance(args[0], dict):
        for name, entry in args[0].items():
            made.put(m, entry, str(name))
        return
    if len(args) == 1 and isinstance(args[0], (list, tuple)):
        raise m.error("Sequential takes modules one by one; write Sequential(*layers)")
    for entry in args:
        if isinstance(entry, TorchModule) and entry.container == "ModuleList" and len(args) == 1:
            raise m.error("Sequential takes modules one by one; write Sequential(*layers)")
        made.put(m, entry)


def update(m: Machine, made: TorchModule, held: Any) -> None:
    """Put the entries of a dict, or of pairs, into a dict of modules."""
    if isinstance(held, TorchModule):
        held = {**held.children, **held.params}
    if isinstance(held, Unknown):
        raise m.error(f"what {held.text} holds is not known, so what {made.name} holds is not")
    pairs = list(held.items()) if isinstance(held, dict) else m.entries(held) or []
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise m.error(f"{described(pair)} is no pair of a name and a module")
        made.put(m, pair[1], str(pair[0]))


def _stack(m: Machine, made: TorchModule, word: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    """TransformerEncoder(layer, n, norm): deep copies of one layer."""
    names = ("encoder_layer" if word.endswith("Encoder") else "decoder_layer", "num_layers", "norm")
    given = dict(zip(names, args, strict=False)) | kwargs
    layer, count, norm = (given.get(name) for name in names)
    if not isinstance(layer, TorchModule) or count is None:
        raise m.error(f"{word} needs a layer and a number of layers")
    if not isinstance(m.size_of(count), (int, Expr)):
        raise m.error(f"{word}: {described(count)} is no number of layers")
    layers = TorchModule(_list_class(), m)
    layers.container = "ModuleList"
    count = m.size_of(count)
    if isinstance(count, int):
        m.check_entries(count)
        for _ in range(count):
            layers.put(m, copied(m, layer, {}))
    else:
        from nparams.notation._code.loops import index_for

        index, _ = index_for(m)
        layers.children[f"[{index}]"] = Copies(copied(m, layer, {}), index, 0, count - 1)
    made.set(m, "layers", layers)
    if norm is not None:
        made.set(m, "norm", norm)


def _list_class() -> Any:
    from nparams.notation._torch.modules import plain_class

    return plain_class("ModuleList")
