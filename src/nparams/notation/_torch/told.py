"""What was understood of PyTorch code, in one line that reads as code again, and in words."""

from __future__ import annotations

from nparams.notation._code.sizes import Copies
from nparams.notation._torch.modules import Param, TorchModule
from nparams.notation._torch.strangers import Stranger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

LONGEST = 160
#: layers that are written out before the rest is cut
WRITTEN = 60


def told(root: TorchModule) -> tuple[str, str]:
    """The network in one line, and how many layers it has.

    A lone layer or an nn.Sequential of layers reads back as the same network.
    """
    if root.spec is not None and not root.children:
        return f"nn.{call_of(root)}", "a layer of PyTorch"
    parts: list[str] = []
    count = holding = 0
    for leaf in leaves_of(root):
        count += 1
        holding += not isinstance(leaf, TorchModule) or any(
            p is not None and not p.buffer for p in leaf.params.values()
        )
        if len(parts) < WRITTEN:
            parts.append(_one(leaf))
    plain = root.container == "Sequential" and not root.cls.line
    line = f"nn.Sequential({', '.join(parts)})" if plain else f"{root.cls.name}({', '.join(_counted(parts))})"
    line = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
    return line, f"PyTorch, {count:,} layer{'s' if count != 1 else ''}, {holding:,} with parameters"


def leaves_of(root: TorchModule) -> Iterator[Any]:
    """The layers and lone parameters under a module, in torch's order, each once."""
    seen: set[int] = set()
    stack: list[Any] = [root]
    while stack:
        held = stack.pop()
        while isinstance(held, Copies):
            held = held.value
        if id(held) in seen:
            continue
        seen.add(id(held))
        if isinstance(held, TorchModule) and (held.spec is None or held.children):
            stack.extend(reversed([*(p for p in held.params.values() if p and not p.buffer), *held.children.values()]))
        elif held is not None:
            yield held


def _one(held: Any) -> str:
    if isinstance(held, TorchModule):
        return call_of(held)
    if isinstance(held, Param):
        return f"parameter {'x'.join(map(str, held.shape)) or '1' if held.shape is not None else '?'}"
    return held.origin.text if isinstance(held, Stranger) else str(held)


def call_of(module: TorchModule) -> str:
    """A layer as it is called: what is at its default is left out.

    >>> from nparams import read
    >>> read("torch.nn.Conv2d(in_channels=3, out_channels=64, kernel_size=7, bias=False)").read_as
    'nn.Conv2d(3, 64, 7, bias=False)'
    """
    assert module.spec is not None
    words = []
    by_name = False
    for name, default in module.spec.params.items():
        value = module.given.get(name, default)
        if value is default or (type(value) is type(default) and value == default):
            by_name = True
            continue
        if module.spec.free and name not in SHOWN:
            by_name = True
            continue
        words.append(f"{name}={_value(value)}" if by_name else _value(value))
    return f"{module.spec.name}({', '.join(words)})"


#: what is shown of layers that have no parameters
SHOWN = ("kernel_size", "output_size", "p", "scale_factor", "upscale_factor")


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_value, value))}{',' if len(value) == 1 else ''})"
    return repr(value) if isinstance(value, str) else str(value)


def _counted(parts: list[str]) -> list[str]:
    """Equal neighbours once: 3 x Linear(16, 16)."""
    found: list[tuple[str, int]] = []
    for part in parts:
        if found and found[-1][0] == part:
            found[-1] = (part, found[-1][1] + 1)
        else:
            found.append((part, 1))
    return [part if times == 1 else f"{times} x {part}" for part, times in found]
