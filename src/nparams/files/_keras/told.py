"""An HDF5 file as a Network: which of the layouts it is, and what should be said of it."""

from __future__ import annotations

from nparams.errors import bare_name, shown
from nparams.files._hdf5 import Group
from nparams.files._keras import config as configs
from nparams.files._keras import danger, legacy, store, weights
from nparams.files._keras.legacy import MODEL
from nparams.network import Network
from nparams.network.grouping import group
from nparams.network.tree import PARAMETER_ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.expr import Size
    from nparams.files._keras.config import Layer
    from nparams.files._keras.weights import Read
    from nparams.files.bytesource import ByteSource, Folder
    from nparams.network import Module, Tensor

#: attributes of a whole model, as JSON
MODEL_CONFIG, VERSION = "model_config", "keras_version"


def network(root: Group, source: ByteSource, folder: Folder | None) -> Network:
    """The network in an open HDF5 file."""
    if legacy.is_legacy(root):
        held, rows, notes = configuration(root, source.name)
        config = None if held is None else configs.tree(held)
        made = legacy.read(root, config, source.name)
        what = "Keras weights" if config is None else "Keras model"
        return finish(made, source, "hdf5", what, _version(root), rows + root.flags, notes, called(config))
    datasets = store.plain_datasets(root)
    if datasets is None:
        held, version = beside(source, folder)
        config = None if held is None else configs.tree(held)
        made = weights.read([root], config, version)
        version = version or ("3" if made.named else None)
        rows = [] if held is None else danger.flags(held, "config.json")
        notes = [] if config is None else ["layers are named by the config.json beside it"]
        what = "Keras 3 weights" if made.named else "Keras weights"
        return finish(made, source, "hdf5", what, version, rows + root.flags, notes, called(config))
    from nparams.files._keras.plain import read as plain

    return plain(datasets, source, folder, root.flags)


def beside(source: ByteSource, folder: Folder | None) -> tuple[dict[str, object] | None, str | None]:
    """(configuration, version of Keras) of a model that was saved as a directory: model.weights.h5 and config.json."""
    if folder is None or bare_name(source.name) != "model.weights.h5":
        return None, None
    from nparams.stored.settings import config, held_in

    held = config(folder)
    if not isinstance(held.get("class_name"), str) or not isinstance(held.get("config"), dict):
        return None, None
    version = held_in(folder, "metadata.json").get(VERSION)
    return held, version[:40] if isinstance(version, str) else None


def configuration(root: Group, name: str) -> tuple[dict[str, object] | None, list[dict[str, str]], list[str]]:
    """(model_config of a whole model, flags, notes)."""
    attribute = root.attrs().get(MODEL_CONFIG)
    text = None if attribute is None else attribute.value()
    if not isinstance(text, str):
        return None, [], []
    if len(text) > configs.MOST_CONFIG:
        return None, [], [f"{MODEL_CONFIG} takes {len(text):,} characters and is not read: names are the file's own"]
    held = configs.parse(text, name, MODEL_CONFIG)
    return held, danger.flags(held, MODEL_CONFIG), []


def called(config: Layer | None) -> str | None:
    """A model's class and its own name, for the print-back."""
    return None if config is None else shown(f"{config.kind} {config.name}".strip())[1:-1]


def _version(root: Group) -> str | None:
    inside = root.get(MODEL)
    for at in (inside, root):
        attribute = at.attrs().get(VERSION) if isinstance(at, Group) else None
        value = None if attribute is None else attribute.value()
        if isinstance(value, str):
            return value[:40]
    return None


def finish(
    made: Read, source: ByteSource, form: str, what: str, version: str | None, flags: list[dict[str, str]],
    notes: list[str], kind: str | None = None,
) -> Network:  # fmt: skip
    """The network of the tensors that were read, with its print-back, notes and other counts."""
    tensors = made.tensors
    parts = [f"{what} ({_keras(version)})" if version and "." in version else what]
    parts += [kind] if kind else []
    model = [t for t in tensors if t.role != "other"]
    parts.append(f"{len(model):,} tensor{'' if len(model) == 1 else 's'}")
    parts += [made.scheme] if made.scheme else []
    also, by_keras = _also(made, version)
    return Network(
        tree(made), source=source.name, form=form, read_as=", ".join(parts), notes=[*notes, *_notes(made), *by_keras],
        also=also, flags=flags,
    )  # fmt: skip


def _keras(version: str) -> str:
    return f"Keras {shown(version)[1:-1]}"


def tree(made: Read) -> Module:
    """The modules by the tensors' names, each with its class where that is known."""
    root = group(made.tensors)
    stack = [root]
    while stack:
        module = stack.pop()
        module.kind = made.kinds.get(module.name)
        stack.extend(module.children)
    return root


def _notes(made: Read) -> list[str]:
    notes: list[str] = []
    apart = [t for t in made.tensors if t.role == "other"]
    if apart:
        sizes: dict[str, int] = {}
        for t in apart:
            sizes[t.note or ""] = sizes.get(t.note or "", 0) + _stored(t)
        told = "; ".join(f"{size:,} number{'' if size == 1 else 's'}, {why}" for why, size in sizes.items())
        notes.append(f"set aside: {told}")
    tied = [t for t in made.tensors if t.tied_to is not None and t.role in PARAMETER_ROLES]
    if tied:
        notes.append(f"{len(tied):,} tensors are stored under two names and counted once ({tied[0].name})")
    if made.alike:
        names = weights.listed(made.alike)
        notes.append(f"layers of one name stand in two models here, in {names} again: counted as layers of their own")
    if made.disagree:
        names = weights.listed(made.disagree)
        notes.append(f"the configuration says other sizes than the weights file has, of {names}: the file is counted")
    if made.guessed:
        names = weights.listed(made.guessed)
        notes.append(f"the file does not say what kind of layer {names} is: variables are named by shape or by place")
    if made.bytes_alone:
        notes.append(
            "int8 kernels without a configuration are counted one number to a byte: where Keras 3.11 to 3.13 wrote "
            "them as int4, they hold two, and the .keras file tells"
        )
    if made.left_out:
        notes.append(f"left out, because they hold no plain numbers: {weights.listed(made.left_out)}")
    unknown = [t for t in made.tensors if t.size is None and t.role in PARAMETER_ROLES]
    if unknown:
        notes.append(f"{len(unknown):,} packed weights have no known size, so there is no total ({unknown[0].name})")
    if made.lora:
        notes.append(
            f"the configuration has LoRA: what it learnt is merged into the kernels here, and Keras adds {made.lora:,} "
            "numbers for it when it loads the model"
        )
    return notes


#: role -> where Keras's summary counts what is no parameter here
APART = (("buffer", "in buffers"), ("bookkeeping", "in scales"))


def _also(made: Read, version: str | None) -> tuple[dict[str, Size], list[str]]:
    """What Keras's own summary prints, and a note where that is another number.

    keras/src/utils/summary_utils.py, `print_summary`: every variable of the layers, packed kernels as stored; in Keras
    3 those of the optimizer too, once it is built.
    """
    held = [t for t in made.tensors if t.tied_to is None]
    optimizer = [t for t in held if t.role == "other" and _of_the_optimizer(t.name)]
    if all(t.shape == () and "sgd" not in f"{t.note}{t.name}".lower() for t in optimizer):
        optimizer = []  # made, but not built: it keeps nothing for any variable of the model yet
    third = version is not None and version.split(".")[0].isdigit() and int(version.split(".")[0]) >= 3
    if optimizer and version is None:
        return {}, []
    model = [t for t in held if t.role != "other"]
    if any(t.size is None and t.stored is None for t in model):
        return {}, []
    learning = sum(_stored(t) for t in optimizer) if third else 0
    own = sum(_stored(t) for t in model) + learning + (made.lora if third else 0)
    more = [(sum(_stored(t) for t in model if t.role == role), where) for role, where in APART]
    parts = [f"{size:,} {where}" for size, where in (*more, (learning, "of the optimizer")) if size]
    told = f"Keras's own summary says {own:,}: it counts {' and '.join(parts)} too"
    return {"framework": own}, [told] if parts else []


def _of_the_optimizer(name: str) -> bool:
    """Whether a variable is one of the model's optimizer; another inside that (loss scaling) is saved with both."""
    return name.startswith(f"{legacy.OPTIMIZER}/") or (name.startswith("optimizer/") and name.count("/") == 1)


def _stored(t: Tensor) -> int:
    return t.stored[0] if t.stored is not None else t.size  # type: ignore[return-value]
