"""What layers of torch.nn make of a shape: code asks them in its constructor how wide its first dense layer must be.

`n = self.conv(torch.zeros(1, 3, 84, 84)).view(1, -1).size(1)` is answered by arithmetic; no layer is run.
Source: the shape sections of the documentation of torch.nn; Dumoulin and Visin (arXiv 1603.07285).
"""

from __future__ import annotations

from nparams.errors import NotationError
from nparams.expr import Expr, add, mul, product
from nparams.layers._torch.layers import CLASSES
from nparams.layers.flow import reach, windows
from nparams.notation._torch.modules import Tensor, TorchModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nparams.expr import Size
    from nparams.notation._code.machine import Machine

    Shape = tuple[Size, ...]

#: steps that following one forward pass may take
MAX_STEPS = 60_000


def passed(m: Machine, module: TorchModule, args: list[Any]) -> Any:
    """What a module makes of a tensor of known shape; unknown where that cannot be told."""
    if len(args) != 1 or not isinstance(args[0], Tensor) or args[0].shape is None:
        return m.unknown(f"{module.name}(...)")
    shape = args[0].shape
    if module.spec is not None and not module.children:
        settle(m, module, shape)
        found = layer_shape(module, shape)
    elif module.container == "Sequential":
        return _chain(m, module, args[0])
    else:
        return _forward(m, module, args[0])
    return m.unknown(f"{module.name}(...)") if found is None else Tensor(found)


def settle(m: Machine, module: TorchModule, shape: Shape) -> None:
    """A lazy layer finds its sizes when it is first called, and is an ordinary one then (torch/nn/modules/lazy.py)."""
    assert module.spec is not None
    if not module.spec.name.startswith("Lazy"):
        return
    spec = CLASSES[module.spec.name.removeprefix("Lazy")]
    place = len(shape) - 1 if spec.rank == 0 else len(shape) - 1 - spec.rank if spec.rule.startswith("conv") else 1
    if 0 <= place < len(shape):
        module.given = {next(iter(spec.params)): shape[place], **module.given}
        module.spec = spec
        _create(m, module)


def _create(m: Machine, module: TorchModule) -> None:
    """Its parameters, which had no shape until now."""
    from nparams.layers._torch.call import HERE, tensors_of
    from nparams.notation._torch.library import TorchLibrary

    assert isinstance(m.library, TorchLibrary)
    for tensor in tensors_of(m.library.template(module)):
        held = module.params.get(tensor.name[len(HERE) + 1 :])
        if held is not None and held.shape is None:
            held.shape = tensor.shape


def is_lazy(module: TorchModule) -> bool:
    """Whether a layer in it has not found its sizes yet."""
    stack, steps = [module], 0
    while stack and steps < MAX_STEPS:
        each, steps = stack.pop(), steps + 1
        if each.spec is not None and each.spec.name.startswith("Lazy"):
            return True
        stack += [child for child in each.children.values() if isinstance(child, TorchModule)]
    return False


def _chain(m: Machine, module: TorchModule, value: Any) -> Any:
    for child in module.children.values():
        if not isinstance(child, TorchModule) or not isinstance(value, Tensor):
            return m.unknown(f"{module.name}(...)")
        value = passed(m, child, [value])
    return value


def _forward(m: Machine, module: TorchModule, value: Tensor) -> Any:
    """A class's own forward, followed with shapes only; not at the top of the text, where training runs it."""
    from nparams.notation._code.values import MISSING

    method = module.cls.find("forward")
    if method is MISSING or (m.frame is m.module and not is_lazy(module)):
        return m.unknown(f"{module.name}(...)")
    frame, calls, limit = m.frame, m.calls, m.limit
    m.limit = min(limit, m.steps + MAX_STEPS)
    try:
        return m.call(method, [module, value], {})
    except NotationError:
        return m.unknown(f"{module.name}(...)")
    finally:
        m.frame, m.calls, m.limit = frame, calls, limit


def layer_shape(module: TorchModule, shape: Shape) -> Shape | None:
    """The shape that a layer sends, None where it is not known here."""
    assert module.spec is not None
    name = module.spec.name
    for front, rule in RULES:
        if name.startswith(front):
            return rule(module.given, shape, int(name[-2]) if name[-2:] in ("1d", "2d", "3d") else 0)
    return shape if module.spec.free or "Norm" in name or name == "PReLU" else None


def _each(value: Any, rank: int) -> list[Any]:
    """One number for each side."""
    return list(value) if isinstance(value, (tuple, list)) else [value] * rank


def _whole(*values: Any) -> bool:
    return all(isinstance(value, (int, Expr)) for value in values)


def _conv(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    sides = _slid(given, shape, rank, given["stride"])
    return None if sides is None else (*shape[: len(shape) - rank - 1], given["out_channels"], *sides)


def _slid(given: dict[str, Any], shape: Shape, rank: int, stride: Any) -> list[Size] | None:
    """The sides after a window slid along them."""
    if len(shape) not in (rank + 1, rank + 2):
        return None
    found: list[Size] = []
    padding = given.get("padding", 0)
    options = zip(
        shape[len(shape) - rank :], _each(given["kernel_size"], rank), _each(stride, rank), _each(padding, rank),
        _each(given.get("dilation", 1), rank), strict=True,
    )  # fmt: skip
    for n, k, s, p, d in options:
        if p in ("same", "valid"):
            p = 0 if p == "valid" else p
        if p == "same":
            found.append(n)
        elif not _whole(n, k, s, p, d):
            return None
        else:
            found.append(windows(n, reach(k, d), s, mul(2, p), up=bool(given.get("ceil_mode"))))
    return found


def _pool(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    stride = given.get("stride")
    sides = _slid(given, shape, rank, given["kernel_size"] if stride is None or stride == () else stride)
    return None if sides is None else (*shape[: len(shape) - rank], *sides)


def _transposed(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    if len(shape) not in (rank + 1, rank + 2):
        return None
    options = zip(
        shape[len(shape) - rank :], _each(given["kernel_size"], rank), _each(given["stride"], rank),
        _each(given["padding"], rank), _each(given["output_padding"], rank), _each(given["dilation"], rank),
        strict=True,
    )  # fmt: skip
    found: list[Size] = []
    for n, k, s, p, extra, d in options:
        if not _whole(n, k, s, p, extra, d):
            return None
        found.append(add(mul(s, add(n, -1)), reach(k, d), mul(-2, p), extra))
    return (*shape[: len(shape) - rank - 1], given["out_channels"], *found)


def _adaptive(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    wanted = _each(given["output_size"], rank)
    kept = shape[len(shape) - rank :]
    return (*shape[: len(shape) - rank], *(n if w is None else w for w, n in zip(wanted, kept, strict=True)))


def _linear(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    return (*shape[:-1], given["out_features"])


def _flatten(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    first, last = given.get("start_dim", 1), given.get("end_dim", -1)
    if not (isinstance(first, int) and isinstance(last, int)):
        return None
    first, last = first % len(shape), last % len(shape)
    return (*shape[:first], product(shape[first : last + 1]), *shape[last + 1 :])


def _upsample(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    size, scale = given.get("size"), given.get("scale_factor")
    front = shape[:2]
    if size is not None:
        return (*front, *_each(size, len(shape) - 2))
    whole = int(scale) if isinstance(scale, float) and scale.is_integer() else scale
    return (*front, *(mul(n, whole) for n in shape[2:])) if isinstance(whole, int) else None


def _embedding(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    return (*shape, given["embedding_dim"])


def _shuffled(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    r = given["upscale_factor"]
    return (*shape[:-3], shape[-3] // (r * r), mul(shape[-2], r), mul(shape[-1], r)) if len(shape) > 2 else None


def _unknown(given: dict[str, Any], shape: Shape, rank: int) -> Shape | None:
    return None


#: by how the name of the class begins, the first that fits
RULES: tuple[tuple[str, Callable[[dict[str, Any], Shape, int], Shape | None]], ...] = (
    ("ConvTranspose", _transposed), ("Conv", _conv), ("MaxPool", _pool), ("AvgPool", _pool), ("LPPool", _unknown),
    ("AdaptiveAvgPool", _adaptive), ("AdaptiveMaxPool", _adaptive), ("Linear", _linear), ("Flatten", _flatten),
    ("Upsample", _upsample), ("UpsamplingNearest", _upsample), ("UpsamplingBilinear", _upsample),
    ("EmbeddingBag", _unknown), ("Embedding", _embedding), ("PixelShuffle", _shuffled), ("PixelUnshuffle", _unknown),
    ("Unflatten", _unknown), ("Fold", _unknown), ("Unfold", _unknown), ("FractionalMax", _unknown),
    ("MaxUnpool", _unknown),
    ("ZeroPad", _unknown), ("ReflectionPad", _unknown), ("ReplicationPad", _unknown), ("ConstantPad", _unknown),
    ("CircularPad", _unknown), ("GLU", _unknown), ("ChannelShuffle", _unknown),
)  # fmt: skip


# -- torch.nn.functional ----------------------------------------------------------------------------------------------

#: functions that leave a shape as it is
SAME = frozenset(
    "relu relu6 leaky_relu elu selu gelu silu mish tanh sigmoid softmax log_softmax dropout dropout2d "
    "dropout1d normalize "
    "batch_norm layer_norm hardswish hardsigmoid softplus prelu celu alpha_dropout feature_dropout relu_ elu_".split()
)


def functional(m: Machine, word: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """torch.nn.functional.word(x, ...) on a tensor of known shape."""
    held = args[0] if args else None
    if not isinstance(held, Tensor) or held.shape is None:
        return m.unknown(f"torch.nn.functional.{word}(...)")
    if word in SAME:
        return Tensor(held.shape)
    found = _pooled(m, word, held.shape, args[1:], kwargs)
    return m.unknown(f"torch.nn.functional.{word}(...)") if found is None else Tensor(found)


def _pooled(m: Machine, word: str, shape: Shape, args: list[Any], kwargs: dict[str, Any]) -> Shape | None:
    rank = int(word[-2]) if word[-2:] in ("1d", "2d", "3d") else 0
    if word.startswith(("max_pool", "avg_pool")) and rank:
        names = ("kernel_size", "stride", "padding")
        return _pool({"padding": 0, **dict(zip(names, args, strict=False)), **kwargs}, shape, rank)
    if word.startswith(("adaptive_avg_pool", "adaptive_max_pool")) and rank:
        return _adaptive(dict(zip(("output_size",), args, strict=False)) | kwargs, shape, rank)
    return None
