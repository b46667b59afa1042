"""PyTorch as a library of interpreted code: what calling a name of torch makes, and what a torch.nn.Module gives.

Source: torch/nn/modules/module.py and container.py of PyTorch 2.13.
"""

from __future__ import annotations

import ast

from nparams.layers._torch.call import HERE, tensors_of
from nparams.layers._torch.layers import CLASSES, REQUIRED, bind, make
from nparams.notation._code.library import Library
from nparams.notation._code.objects import Class, Instance
from nparams.notation._code.values import MISSING, External, Thing, Unknown
from nparams.notation._torch.modules import CONTAINERS, Param, Tensor, TorchModule, plain_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.layers.layer import Setting
    from nparams.network import Module
    from nparams.notation._code.machine import Machine

    Args = list[Any]
    Kwargs = dict[str, Any]

#: words that stand for these where a paste leaves its imports out
USUAL = {
    "nn": "torch.nn", "torch": "torch", "F": "torch.nn.functional", "np": "numpy", "numpy": "numpy", "math": "math",
    "partial": "functools.partial", "OrderedDict": "collections.OrderedDict", "copy": "copy",
    "Parameter": "torch.nn.Parameter",
    "init": "torch.nn.init", "functools": "functools", "itertools": "itertools", "dataclass": "dataclasses.dataclass",
    "field": "dataclasses.field", "pl": "pytorch_lightning", "Tensor": "torch.Tensor", "os": "os", "sys": "sys",
    "Optional": "typing.Optional", "List": "typing.List", "Tuple": "typing.Tuple", "Union": "typing.Union",
    "Callable": "typing.Callable", "Any": "typing.Any", "Dict": "typing.Dict", "Type": "typing.Type",
    "optim": "torch.optim",
    "weight_norm": "torch.nn.utils.weight_norm", "spectral_norm": "torch.nn.utils.spectral_norm", "random": "random",
    "deepcopy": "copy.deepcopy", "Rearrange": "einops.layers.torch.Rearrange", "reduce": "functools.reduce",
}  # fmt: skip
#: bases outside of torch.nn whose objects are modules and that add no parameters of their own
MODULE_BASES = frozenset(
    "Module LightningModule PreTrainedModel ModelMixin PyTorchModelHubMixin GenerationMixin ConfigMixin BaseModule "
    "ScriptModule GradientCheckpointingLayer FSDPModule".split()
)
#: modules of other packages that never have parameters
FREE_ELSEWHERE = frozenset(
    "einops.layers.torch.Rearrange einops.layers.torch.Reduce timm.models.layers.DropPath timm.layers.DropPath "
    "timm.models.layers.drop.DropPath torchvision.ops.StochasticDepth torchvision.ops.DropBlock2d "
    "torchvision.ops.stochastic_depth.StochasticDepth".split()
)
#: calls that give back the module that they are handed
PASSING = frozenset(
    "torch.compile torch.jit.script torch.nn.utils.remove_weight_norm torch.nn.utils.fusion torch.nn.SyncBatchNorm."
    "convert_sync_batchnorm torch.nn.utils.skip_init torch.quantization.prepare "
    "torch.nn.utils.remove_spectral_norm".split()
)


class TorchLibrary(Library):
    """torch, torch.nn and what code around them uses."""

    harmless = frozenset(
        "train eval to cuda cpu zero_grad parameters named_parameters state_dict load_state_dict forward "
        "__call__ float "
        "half share_memory double".split()
    )

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        #: every module of a class of the text or of torch.nn, in the order in which they were made
        self.made: list[TorchModule] = []
        #: statements that made layers, or were to make some, and could not be followed: why, and the names in them
        self.lost: list[tuple[str, set[str]]] = []
        self.failed = False
        #: layers by their classes and arguments
        #: whether a lazy layer was made
        self.lazy = False
        self.templates: dict[str, Module] = {}

    def count(self) -> int:
        """How many modules it has made."""
        return len(self.made)

    def failing(self, node: ast.stmt, before: int) -> None:
        """A part of a model is no model: what a statement made before it failed is dropped, and it is lost.

        A block keeps what its statements have finished, and so does a call whose answer nothing uses: `main()`.
        """
        if isinstance(node, (ast.If, ast.With, ast.Try)) or (isinstance(node, ast.Expr) and _of_function(node)):
            return
        dropped = self.made[before:]
        del self.made[before:]
        held = any(each.spec is None or not each.spec.free for each in dropped)
        self.failed = self.failed or held or _speaks_of_layers(node)

    def caught(self) -> None:
        """What failed was meant to be tried."""
        self.failed = False

    def lose(self, node: ast.stmt, why: str) -> None:
        """Remember why a statement that made layers, or was to make some, could not be followed."""
        if self.failed:
            self.lost.append((why, {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}))
        self.failed = False

    # -- names --------------------------------------------------------------------------------------------------------

    def name(self, m: Machine, word: str) -> Any:
        """nn, torch, Linear in a paste without imports."""
        if word in USUAL or word.endswith("nn"):
            return m.external(USUAL.get(word, "torch.nn"))
        if word in CLASSES or word in CONTAINERS or word in ("Module", "TransformerEncoder", "TransformerDecoder"):
            return External(f"torch.nn.{word}")
        return MISSING

    def external(self, m: Machine, path: str) -> Any:
        """Constants of torch that sizes are computed with."""
        if path in ("torch.pi", "torch.math.pi"):
            return 3.141592653589793
        return MISSING

    def has(self, path: str) -> bool:
        """torch and what is in it."""
        return path == "torch" or path.startswith("torch.")

    def alike(self, m: Machine, one: Any, other: Any) -> bool:
        """Two modules with parameters of the same names and shapes, or with none: DropPath(rate) or Identity()."""
        from nparams.notation._torch.methods import parameters_of

        if not (isinstance(one, TorchModule) and isinstance(other, TorchModule)):
            return False
        lists = [[(name, p.shape) for name, p in parameters_of(each)] for each in (one, other)]
        return lists[0] == lists[1] and not one.strangers() and not other.strangers()

    def makes(self, path: str) -> bool:
        """torch.nn.X(...) makes a layer; functional and init do not."""
        return layer_word(path) is not None or path.startswith("torch.nn.utils")

    # -- calls --------------------------------------------------------------------------------------------------------

    def call(self, m: Machine, path: str, args: Args, kwargs: Kwargs) -> Any:
        """A layer, a container, a parameter, a tensor, or what torch.nn.utils makes of a module."""
        word = layer_word(path)
        if word is not None:
            return self._layer(m, word, args, kwargs)
        if path in FREE_ELSEWHERE:
            return self.keep(TorchModule(plain_class(path.rpartition(".")[2]), m))
        root, _, last = path.rpartition(".")
        if root == "torch.nn.functional":
            from nparams.notation._torch.shapes import functional

            return functional(m, last, args, kwargs)
        if last in ("Parameter", "Buffer", "UninitializedParameter") and path.startswith("torch"):
            return parameter(m, args, kwargs, buffer=last == "Buffer")
        if path.endswith("WeightsEnum.verify"):  # torchvision: checks its argument and gives it back
            return args[0] if args else None
        if last == "_ovewrite_named_param" and len(args) == 3:  # torchvision/models/_utils.py
            return args[0].setdefault(args[1], args[2]) if isinstance(args[0], dict) else None
        if path.startswith("einops."):
            from nparams.notation._torch.tensors import rearranged

            return rearranged(m, last, args, kwargs)
        if path in PASSING or path.startswith(("torch.nn.init.", "torch.nn.parallel.")):
            return args[0] if args else None
        if path.startswith("torch.nn.utils"):
            from nparams.notation._torch.wrappers import wrapped

            return wrapped(m, path, args, kwargs)
        if root == "torch" or path.startswith("torch.Tensor"):
            from nparams.notation._torch.tensors import make_tensor

            return make_tensor(m, last, args, kwargs)
        return MISSING

    def _layer(self, m: Machine, word: str, args: Args, kwargs: Kwargs) -> Any:
        made = TorchModule(plain_class(word), m)
        self.fill(m, made, word, args, kwargs)
        return self.keep(made)

    def keep(self, made: TorchModule) -> TorchModule:
        """Remember a module that the code made."""
        self.made.append(made)
        return made

    def fill(self, m: Machine, made: TorchModule, word: str, args: Args, kwargs: Kwargs) -> None:
        """What the constructor of a class of torch.nn does to a module."""
        from nparams.notation._torch.containers import fill_container

        m.step(12)
        if word == "Module":
            return
        if word in CONTAINERS or word in ("TransformerEncoder", "TransformerDecoder", "DataParallel"):
            fill_container(m, made, word, args, kwargs)
            return
        spec = CLASSES[word]
        self.lazy = self.lazy or word.startswith("Lazy")
        names = list(spec.params)
        args = [argument(m, spec, names[k] if k < len(names) else "", arg) for k, arg in enumerate(args)]
        made.given = bind(spec, args, {name: argument(m, spec, name, value) for name, value in kwargs.items()})
        made.spec = spec
        if not spec.free:
            self._tensors(m, made)

    def _tensors(self, m: Machine, made: TorchModule) -> None:
        """Its parameters and buffers."""
        for t in tensors_of(self.template(made)):
            m.step(3)
            made.params[t.name[len(HERE) + 1 :]] = Param(t.shape, buffer=t.role == "buffer", line=m.line)

    def waits(self, over: Any) -> bool:
        """Whether there are lazy layers in a module."""
        from nparams.notation._torch.shapes import is_lazy

        return self.lazy and isinstance(over, TorchModule) and is_lazy(over)

    def template(self, module: TorchModule) -> Module:
        """A layer by its class and arguments, made once for all that are called alike."""
        assert module.spec is not None
        key = f"{module.spec.name} {list(module.given.values())!r}"
        if key not in self.templates:
            self.templates[key] = make(module.spec, HERE, module.given, self.setting)
        return self.templates[key]

    # -- classes of the text ------------------------------------------------------------------------------------------

    def is_module(self, cls: Class) -> bool:
        """Whether it stands below torch.nn.Module."""
        return is_module_class(cls)

    def instance(self, m: Machine, cls: Class) -> Instance | None:
        """A module, where a class stands below torch.nn.Module or one of its classes."""
        return self.keep(TorchModule(cls, m)) if is_module_class(cls) else None

    def start(self, m: Machine, owner: Instance, path: str, args: Args, kwargs: Kwargs) -> None:
        """super().__init__(...): a class of torch.nn puts in what it has."""
        word = layer_word(path)
        if isinstance(owner, TorchModule) and word is not None:
            self.fill(m, owner, word, args, kwargs)

    def inherited(self, m: Machine, owner: Instance, path: str, name: str) -> Any:
        """The methods of torch.nn.Module and of its containers."""
        if not isinstance(owner, TorchModule):
            return MISSING
        from nparams.notation._torch.methods import module_method

        return module_method(m, self, owner, name)

    def is_a(self, m: Machine, value: Any, path: str) -> bool | None:
        """isinstance(value, nn.Linear)."""
        word = layer_word(path) or path.rpartition(".")[2]
        if isinstance(value, TorchModule):
            names = [value.cls.name, *(each.rpartition(".")[2] for each in value.cls.externals())]
            return word == "Module" or word in names or _family(word, names)
        if word == "Parameter":
            return isinstance(value, Param) and not value.buffer
        if word == "Tensor":
            return isinstance(value, Tensor)
        return None if isinstance(value, Unknown) else False


def _family(word: str, names: list[str]) -> bool:
    """The classes above several of torch.nn: _BatchNorm, _ConvNd, RNNBase."""
    stem = word.lstrip("_").removesuffix("Nd").removesuffix("Base")
    return word.startswith("_") or word.endswith("Base") if any(n.startswith(stem) for n in names) else False


def argument(m: Machine, spec: Any, name: str, value: Any) -> Any:
    """An argument of a layer as its table wants it: unknown sizes are symbols, flags must be known."""
    if isinstance(value, (list, tuple)):
        if any(isinstance(each, (list, tuple)) for each in value):
            raise m.error(f"{spec.name}: {name or 'an argument'} is a list of lists")
        return tuple(argument(m, spec, "", each) for each in value)
    if isinstance(value, Thing) and not isinstance(value, Unknown) and isinstance(spec.params.get(name), bool):
        raise m.error(f"{spec.name}: {name} is {value.told()}, neither True nor False")
    if not isinstance(value, Unknown):
        return value
    if spec.free:  # of no consequence
        default = spec.params.get(name)
        return m.size_of(value) if default is None or default is REQUIRED else default
    if isinstance(spec.params.get(name), bool):
        word = value.name or value.text
        hint = f"; --set {word}=1 or {word}=0 says" if word.isidentifier() else ""
        raise m.error(f"{spec.name}: whether it has {name} ({value.text}) is not known{hint}")
    return m.size_of(value)


def layer_word(path: str) -> str | None:
    """The class of torch.nn that a dotted name means: torch.nn.modules.linear.Linear is Linear."""
    root, _, word = path.rpartition(".")
    if not root.startswith("torch.nn") or root.startswith(("torch.nn.functional", "torch.nn.init", "torch.nn.utils")):
        return None
    known = word in CLASSES or word in CONTAINERS or word in ("Module", "TransformerEncoder", "TransformerDecoder")
    return word if known or word == "DataParallel" else None


def is_module_class(cls: Class) -> bool:
    """Whether objects of a class are modules."""
    for path in cls.externals():
        word = path.rpartition(".")[2]
        if layer_word(path) is not None or word in MODULE_BASES:
            return True
    return False


def parameter(m: Machine, args: Args, kwargs: Kwargs, *, buffer: bool) -> Param:
    """nn.Parameter(tensor, requires_grad=True)."""
    held = args[0] if args else kwargs.get("data")
    trained = args[1] if len(args) > 1 else kwargs.get("requires_grad", True)
    shape = held.shape if isinstance(held, Tensor) else None
    return Param(shape, buffer=buffer, trainable=trained is not False, line=m.line)


def _of_function(node: ast.Expr) -> bool:
    """Whether an expression is a call of a name that is written as functions are."""
    called = node.value.func if isinstance(node.value, ast.Call) else None
    return isinstance(called, ast.Name) and called.id[:1].islower()


def _speaks_of_layers(node: ast.stmt) -> bool:
    """Whether a statement itself calls a layer that holds parameters, or a container."""
    calls = [inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    names = [getattr(func, "attr", getattr(func, "id", "")) for func in calls]
    return any(name in CONTAINERS or (name in CLASSES and not CLASSES[name].free) for name in names)
