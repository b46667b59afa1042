"""What torch.nn.utils makes of a layer: weight_norm, spectral_norm and parametrizations.

Source: torch/nn/utils/weight_norm.py, spectral_norm.py and parametrizations.py of PyTorch 2.13.
"""

from __future__ import annotations

from nparams.expr import product
from nparams.notation._torch.modules import Param, TorchModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.expr import Size
    from nparams.notation._code.machine import Machine


def wrapped(m: Machine, path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The module under weight_norm, spectral_norm, orthogonal or a parametrization; others give it back as it is."""
    word = path.rpartition(".")[2]
    module = args[0] if args else kwargs.get("module")
    if not isinstance(module, TorchModule):
        return module if word in ("weight_norm", "spectral_norm") else m.unknown(f"{path}(...)")
    name = args[1] if len(args) > 1 else kwargs.get("name", kwargs.get("tensor_name", "weight"))
    weight = module.params.get(name) if isinstance(name, str) else None
    if not isinstance(weight, Param):
        return module
    new = "parametriz" in path
    if word == "weight_norm":
        _weight_norm(m, module, name, weight, args[2] if len(args) > 2 else kwargs.get("dim", 0), new=new)
    elif word == "spectral_norm":
        _spectral_norm(module, name, weight, new=new)
    elif word == "orthogonal":
        _rename(module, name, {f"parametrizations.{name}.original": weight})
    return module


def _rename(module: TorchModule, name: str, held: dict[str, Param]) -> None:
    """Other tensors in place of one; torch puts new ones at the end."""
    kept = {leaf: param for leaf, param in module.params.items() if leaf != name}
    module.params = {**kept, **held}
    module.attributes[name] = next(iter(held.values()))


def _weight_norm(m: Machine, module: TorchModule, name: str, weight: Param, dim: Any, *, new: bool) -> None:
    """A length for each slice along `dim` (None or -1: one for all), and the direction."""
    shape = weight.shape
    length: tuple[Size, ...] | None = None if shape is None else ()
    if shape is not None and dim is not None and dim != -1:
        if not isinstance(dim, int) or not -len(shape) <= dim < len(shape):
            raise m.error(f"weight_norm() along side {dim} of {len(shape)}")
        length = tuple(side if k == dim % len(shape) else 1 for k, side in enumerate(shape))
    front = f"parametrizations.{name}.original" if new else f"{name}_"
    _rename(module, name, {
        f"{front}{'0' if new else 'g'}": Param(length, line=weight.line),
        f"{front}{'1' if new else 'v'}": Param(shape, line=weight.line),
    })  # fmt: skip


def _spectral_norm(module: TorchModule, name: str, weight: Param, *, new: bool) -> None:
    """The weight stays; two vectors that estimate its norm are buffers."""
    shape = weight.shape or ()
    dim = 1 if module.name.startswith("ConvTranspose") else 0
    rows = shape[dim] if len(shape) > dim else 1
    columns = product([side for k, side in enumerate(shape) if k != dim])
    front = f"parametrizations.{name}.0._" if new else f"{name}_"
    first = f"parametrizations.{name}.original" if new else f"{name}_orig"
    _rename(module, name, {
        first: weight, f"{front}u": Param((rows,), buffer=True), f"{front}v": Param((columns,), buffer=True),
    })  # fmt: skip
