"""What a pickle may make: the names that may be called, each with how a call is recorded, and some of Python's classes.

Nothing is called: a row says that a call of that name is harmless where it is real, and what record stands for it.
Everything else that a pickle calls is refused by name.  The rows are what real files hold: torch's own list is
torch/_weights_only_unpickler.py (`_get_allowed_globals`), the others are named with what writes them.
"""

from __future__ import annotations

import sys

from nparams.errors import escaped
from nparams.files._pickle.values import Call, Dict, Global, Record, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.files._pickle.values import Make

#: modules under the names that Python 2 gave them (CPython Lib/_compat_pickle.py), and the joblib that scikit-learn
#: brought along before 0.23
RENAMED = {
    "__builtin__": "builtins", "copy_reg": "copyreg",
    "sklearn.externals.joblib.numpy_pickle": "joblib.numpy_pickle",
    "sklearn.externals.joblib.numpy_pickle_compat": "joblib.numpy_pickle_compat",
}  # fmt: skip
#: modules of Python 2's standard library that are gone
GONE = frozenset("commands cPickle cStringIO dummy_thread exceptions popen2 Queue thread UserDict UserList".split())

#: classes of the standard library that a bare instance may be of: they hold data, and make nothing happen
HARMLESS = frozenset(
    (
        "builtins.object", "builtins.dict", "builtins.list", "builtins.set", "builtins.frozenset", "builtins.tuple",
        "builtins.str", "builtins.int", "builtins.float", "builtins.complex", "builtins.bytearray",
        "argparse.Namespace", "types.SimpleNamespace", "collections.OrderedDict", "collections.defaultdict",
        "collections.Counter", "collections.deque", "collections.UserDict", "collections.UserList", "uuid.UUID",
        "functools.partial", "random.Random", "threading.local", "_io.BytesIO", "io.BytesIO", "_io.StringIO",
        "io.StringIO",
    )
)  # fmt: skip

#: names that no checkpoint has a reason to hold, even where it does not call them: modules, and builtins
ALARMING_MODULES = frozenset(
    "os posix nt subprocess sys socket shutil pty runpy ctypes _ctypes importlib webbrowser code codeop pdb bdb "
    "commands popen2 cProfile profile timeit pickle _pickle marshal types imp pkgutil asyncio multiprocessing "
    "urllib http ftplib smtplib ssl tempfile signal idlelib lib2to3 pip ensurepip venv doctest test".split()
)
ALARMING_BUILTINS = frozenset(
    "eval exec compile open __import__ input breakpoint globals locals vars setattr delattr map filter apply "
    "execfile file reload help".split()
)


def is_alarming(found: Global) -> bool:
    """Whether a name alone is worth a flag.

    >>> is_alarming(Global("os", "system")), is_alarming(Global("torch", "FloatStorage"))
    (True, False)
    """
    if found.path in HARMLESS:
        return False
    if found.module == "builtins":
        return found.name in ALARMING_BUILTINS
    return found.module.partition(".")[0] in ALARMING_MODULES


def is_standard(module: str) -> bool:
    """Whether a module is one of Python's own."""
    root = module.partition(".")[0]
    return root in sys.stdlib_module_names or root in GONE


def named(called: object) -> str:
    """What a pickle would call, for a message."""
    if isinstance(called, Global):
        return escaped(called.path if len(called.path) < 200 else called.path[:200] + "…")
    if isinstance(called, (Record, Call)):
        if called.maker.path == "builtins.getattr" and len(called.args) == 2:
            return f"the attribute {escaped(str(called.args[1])[:100])} of {named(called.args[0])}"
        return f"what {named(called.maker)} gives"
    return "what is no function"


def instance(of: object, args: object) -> Record:
    """A bare instance of a class, as a record; of Python's own classes only those that hold data."""
    if not isinstance(of, Global) or not isinstance(args, tuple):
        raise TypeError("an instance of what is no class")
    if is_standard(of.module) and of.path not in HARMLESS:
        raise Refused(f"makes an instance of {named(of)}")
    of.instances += 1
    return Record(of, args)


# -- how calls are recorded -----------------------------------------------------------------------------------------


def dictionary(maker: Global, args: tuple[Any, ...]) -> Record:
    """OrderedDict and its like: pairs may be given at once (Python 2 wrote a list of [key, value])."""
    made = Record(maker, args)
    if args and isinstance(args[-1], Dict):
        made.pairs = list(args[-1].pairs)
    elif args and isinstance(args[-1], (list, tuple)):
        for pair in args[-1]:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise TypeError("a dictionary of what are no pairs")
            made.pairs += pair
    return made


def collection(maker: Global, args: tuple[Any, ...]) -> Record:
    """set, deque and their like: the items may be given at once."""
    made = Record(maker, args)
    if args and isinstance(args[0], (list, tuple)):
        made.listed = list(args[0])
    return made


def rebuilt(maker: Global, args: tuple[Any, ...]) -> Record:
    """copyreg._reconstructor(class, base, state): how protocols 0 and 1 write an instance (CPython Lib/copyreg.py)."""
    of, base, state = args
    if not isinstance(base, Global) or base.path not in HARMLESS:
        raise Refused(f"makes an instance of {named(base)}")
    made = instance(of, () if state is None else (state,))
    if isinstance(state, Dict):
        made.pairs = list(state.pairs)
    elif isinstance(state, list):
        made.listed = list(state)
    return made


def new_object(maker: Global, args: tuple[Any, ...]) -> Record:
    """copyreg.__newobj__(class, ...): what NEWOBJ does, before protocol 2."""
    return instance(args[0], args[1:])


def new_object_ex(maker: Global, args: tuple[Any, ...]) -> Record:
    """copyreg.__newobj_ex__(class, arguments, arguments by name): what NEWOBJ_EX does, before protocol 4."""
    of, plain, named_ones = args
    if not isinstance(named_ones, Dict):
        raise TypeError("arguments by name that are no dictionary")
    return instance(of, (*plain, named_ones) if named_ones.pairs else plain)


def attribute(maker: Global, args: tuple[Any, ...]) -> Call:
    """getattr(object, name): how a method is written (a fused YOLO keeps `forward_fuse` so); it is never called."""
    of, name = args
    harmless = isinstance(of, Record) or (isinstance(of, Global) and not is_standard(of.module))
    if not harmless or not isinstance(name, str) or name.startswith("__"):
        raise Refused(f"calls builtins.getattr on {named(of)}")
    return Call(maker, args)


def kind(maker: Global, args: tuple[Any, ...]) -> Call:
    """type(None): how the class of None is written; type of three arguments makes a class."""
    if len(args) != 1 or args[0] is not None:
        raise Refused("calls builtins.type")
    return Call(maker, args)


def generic(maker: Global, args: tuple[Any, ...]) -> Call:
    """operator.getitem(typing.Dict, ...): how an annotation is written (omegaconf keeps them)."""
    if not args or not isinstance(args[0], Global) or args[0].module not in ("typing", "builtins", "collections.abc"):
        raise Refused("calls operator.getitem")
    return Call(maker, args)


def of_partial(called: object, args: object) -> Record:
    """A call of what functools.partial(function, ...) gives: a call of that function; pandas' tables hold some."""
    if isinstance(called, Record) and called.maker.path == "functools.partial" and isinstance(args, tuple):
        function: Any = called.args[0] if called.args else None
        told = called.state[0] if isinstance(called.state, tuple) and called.state else function
        if function.__class__ is Global and told is function and function.path in FRAMES:
            return Record(function, args)
    raise Refused(f"calls {named(called)}")


def _rows(make: Make, prefix: str, names: str) -> dict[str, Make]:
    return {f"{prefix}.{name}": make for name in names.split()}


#: makers of tensors (torch/_utils.py, torch/_tensor.py, and what older versions had there)
TENSORS: Mapping[str, Make] = {
    **_rows(
        Call, "torch._utils",
        "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_qtensor _rebuild_sparse_tensor "
        "_rebuild_nested_tensor _rebuild_meta_tensor_no_storage _rebuild_wrapper_subclass "
        "_rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor _rebuild_xla_tensor "
        "_rebuild_sparse_csr_tensor _rebuild_mlc_tensor _rebuild_parameter _rebuild_parameter_with_state",
    ),
    **_rows(Call, "torch._tensor", "_rebuild_from_type _rebuild_from_type_v2"),
    **_rows(Call, "torch.tensor", "_rebuild_from_type _rebuild_from_type_v2"),  # the module's name before 1.9
    # torch/nn/parameter.py; Variable and Parameter were called so before 0.4
    **_rows(Record, "torch.nn.parameter", "Parameter Buffer UninitializedParameter UninitializedBuffer"),
    "torch.autograd.variable.Variable": Record,
    "torch.nested._internal.nested_tensor._rebuild_njt": Call,
    "fastai.torch_core._rebuild_from_type": Call,  # fastai/torch_core.py: torch's, under another name
}  # fmt: skip

#: makers of pandas' tables, which learners of tables keep (pandas/core/internals/blocks.py, core/indexes/base.py)
FRAMES: Mapping[str, Make] = {
    **_rows(Record, "pandas.core.internals.blocks", "new_block"),
    **_rows(Record, "pandas._libs.internals", "_unpickle_block"),
    **_rows(Record, "pandas.core.indexes.base", "_new_Index"),
    **_rows(Record, "pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
    **_rows(Record, "pandas.core.internals.managers", "BlockManager"),
    **_rows(Record, "pandas", "StringDtype"),
}

_LOSSES = (
    "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss CyHalfPoissonLoss "
    "CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHuberLoss CyPinballLoss"
)
_SLOPES = (
    "Hinge SquaredHinge Log ModifiedHuber SquaredLoss Huber EpsilonInsensitive SquaredEpsilonInsensitive "
    "Classification Regression"
)
#: makers of what scikit-learn writes in Cython: losses, trees, searches (`__reduce__` in sklearn/_loss/_loss.pyx.tp,
#: linear_model/_sgd_fast.pyx.tp, tree/_tree.pyx, neighbors/_binary_tree.pxi.tp, metrics/_dist_metrics.pyx.tp)
ESTIMATORS: Mapping[str, Make] = {
    **_rows(Record, "sklearn._loss._loss", _LOSSES),
    **_rows(Record, "sklearn._loss._loss", " ".join(f"__pyx_unpickle_{name}" for name in _LOSSES.split())),
    **_rows(Record, "sklearn.linear_model._sgd_fast", _SLOPES),
    **_rows(Record, "sklearn.linear_model.sgd_fast", _SLOPES),
    **_rows(Record, "sklearn.tree._tree", "Tree"),
    **{f"sklearn.neighbors.{module}.newObj": Record for module in ("_kd_tree", "_ball_tree", "kd_tree", "ball_tree")},
    **{
        f"sklearn.{module}.newObj": Record
        for module in ("metrics._dist_metrics", "neighbors._dist_metrics", "neighbors.dist_metrics")
    },
    "numpy.ma.core._mareconstruct": Record,
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": Record,
    "numpy._core._ufunc_reconstruct": Call,
    "numpy.core._ufunc_reconstruct": Call,
}

CALLS: Mapping[str, Make] = {
    **TENSORS,
    **FRAMES,
    **ESTIMATORS,
    **_rows(Call, "torch", "Size device Generator finfo iinfo"),
    "torch.serialization._get_layout": Call,
    "torch.nn.backends.thnn._get_thnn_function_backend": Call,  # what every module held before 1.5
    **_rows(Call, "torch.storage", "UntypedStorage TypedStorage"),
    # numpy: arrays, scalars and number types (numpy/_core/multiarray.py, numeric.py), states of random numbers
    **_rows(Record, "numpy.core.multiarray", "_reconstruct scalar"),
    **_rows(Record, "numpy._core.multiarray", "_reconstruct scalar"),
    **_rows(Call, "numpy.core.numeric", "_frombuffer"),
    **_rows(Call, "numpy._core.numeric", "_frombuffer"),
    **_rows(Record, "numpy", "dtype ndarray"),
    **_rows(Record, "numpy.random._pickle", "__randomstate_ctor __generator_ctor __bit_generator_ctor"),
    **_rows(Record, "numpy.random", "__RandomState_ctor"),
    "_codecs.encode": Call,  # how protocol 2 writes bytes
    # Python's own containers and values
    **_rows(dictionary, "collections", "OrderedDict defaultdict Counter"),
    **_rows(collection, "collections", "deque"),
    **_rows(collection, "builtins", "set frozenset list tuple"),
    **_rows(dictionary, "builtins", "dict"),
    **_rows(Call, "builtins", "bytearray bytes complex slice range int float str bool object xrange unicode"),
    "builtins.getattr": attribute,
    "builtins.type": kind,
    "operator.getitem": generic,
    "copyreg._reconstructor": rebuilt,
    "copyreg.__newobj__": new_object,
    "copyreg.__newobj_ex__": new_object_ex,
    **_rows(Record, "datetime", "datetime date time timedelta timezone"),
    **_rows(Record, "decimal", "Decimal"),
    **_rows(Record, "fractions", "Fraction"),
    **_rows(Record, "pathlib", "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath"),
    **_rows(Record, "pathlib._local", "PosixPath WindowsPath"),  # Python 3.13
    **_rows(Record, "types", "SimpleNamespace"),
    **_rows(Record, "functools", "partial"),
    **_rows(Record, "argparse", "Namespace"),
    **_rows(Record, "uuid", "UUID"),
    **_rows(Record, "random", "Random"),
    **_rows(Record, "inspect", "Signature Parameter"),  # of functions that fastai's learners hold
    **_rows(Call, "inspect", "_ParameterKind"),
    "logging.getLogger": Call,
    # members of enumerations in torchao's quantised tensors (pytorch/ao torchao/quantization, torchao/float8)
    **_rows(Call, "torchao.quantization.quant_primitives", "MappingType ZeroPointDomain TorchAODType"),
    **_rows(Call, "torchao.quantization.quantize_.common.kernel_preference", "KernelPreference"),
    **_rows(Call, "torchao.quantization.quantize_.common.packing_format", "PackingFormat"),
    **_rows(Call, "torchao.quantization.quantize_.workflows.float8.float8_packing_format", "Float8PackingFormat"),
    **_rows(Call, "torchao.quantization.quantize_.workflows.int4.int4_packing_format", "Int4PackingFormat"),
    **_rows(Call, "torchao.quantization.quantize_.workflows.intx.intx_packing_format", "IntxPackingFormat"),
    **_rows(Call, "torchao.prototype.mx_formats.config", "ScaleCalculationMode MXGemmKernelChoice"),
    **_rows(Call, "torchao.float8.config", "ScalingType ScalingGranularity"),
    **_rows(Call, "torchao.float8.float8_tensor", "GemmInputRole"),
    **_rows(Call, "torchao.float8.float8_training_tensor", "GemmInputRole"),
    # members of enumerations, in the settings that trainers keep beside a model
    **_rows(
        Call, "transformers.trainer_utils",
        "IntervalStrategy EvaluationStrategy SaveStrategy SchedulerType HubStrategy ShardedDDPOption FSDPOption",
    ),
    **_rows(Call, "transformers.training_args", "OptimizerNames ParallelMode"),
    **_rows(Call, "accelerate.utils.dataclasses", "DistributedType"),
    **_rows(Call, "deepspeed.runtime.zero.config", "ZeroStageEnum"),
    **_rows(Call, "megatron.model.enums", "AttnMaskType AttnType LayerType ModelType PositionEmbeddingType"),
    **_rows(Call, "megatron.enums", "AttnMaskType AttnType LayerType ModelType PositionEmbeddingType"),
    **_rows(Call, "megatron.core.enums", "ModelType"),
    **_rows(Call, "megatron.core.transformer.enums", "AttnBackend AttnMaskType AttnType LayerType ModelType"),
    **_rows(Call, "pytorch_lightning.trainer.states", "TrainerFn RunningStage TrainerStatus"),
    **_rows(Call, "lightning.pytorch.trainer.states", "TrainerFn RunningStage TrainerStatus"),
}  # fmt: skip
