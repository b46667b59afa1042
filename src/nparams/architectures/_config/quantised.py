"""quantization_config: which tensors a checkpoint stores packed, in how many bytes.  Totals never change.

What the settings or a name leave open makes bytes unknown, and a note names it; nothing is guessed.
"""

from __future__ import annotations

import re

from nparams.architectures._config.remarks import with_tensors
from nparams.architectures._config.schemes import EXCEPTIONS, EXPERTS, OWN, RULES, TABLES, TEXT_ONLY
from nparams.errors import UsageError, escaped, shown
from nparams.network import Tensor
from nparams.network.split import components

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from nparams.architectures._config.schemes import Packed
    from nparams.network import Network

#: settings that name modules which are stored as they are
SKIPPED = ("modules_to_not_convert", "llm_int8_skip_modules", "ignored_layers", "ignore", "modules_to_not_quantize")
MARK = re.compile(r"\{\w+\}|\d+")
#: a pattern that is followed: words, dots and a star for anything
PLAIN = re.compile(r"[\w.\-]+(?:\.\*[\w.\-]*){0,3}|(?:\.\*[\w.\-]+){1,3}")
LONGEST, MOST_PATTERNS, DEEPEST = 200, 64, 24
#: classes that hold a matrix with its output first
MATRICES = ("Linear",)
#: the text of a state that bitsandbytes stores with each layer
STATE = "the few bytes of text that describe each layer (quant_state) are not in it"


class Unknown(Exception):
    """What the settings leave open, as the end of a sentence; never leaves this room."""


def method_of(settings: Mapping[str, Any]) -> str:
    """What the scheme is called, with the width of bitsandbytes.

    >>> method_of({"quant_method": "bitsandbytes", "load_in_4bit": True})
    'bitsandbytes_4bit'
    """
    said = settings.get("quant_method", settings.get("mode", "mlx" if _is_mlx(settings) else None))
    if said == "bitsandbytes" or (said is None and "load_in_4bit" in settings):
        wide = settings.get("load_in_8bit") is True
        return "bitsandbytes_8bit" if wide else "bitsandbytes_4bit" if settings.get("load_in_4bit") is True else ""
    return "mlx" if said == "affine" else str(said)


def _is_mlx(settings: Mapping[str, Any]) -> bool:
    return "quant_method" not in settings and {"bits", "group_size"} <= settings.keys()


class Packer:
    """One checkpoint's scheme: asked for the name of a tensor's module, its class and its shape."""

    def __init__(self, settings: Mapping[str, Any], dtype: str | None, classes: Mapping[str, str]) -> None:
        self.method = method_of(settings)
        if self.method not in RULES:
            raise Unknown(f"how {shown(self.method, 40)} stores weights is not known here")
        self.name, self.rule = RULES[self.method]
        _check(self.method, settings)
        self.settings = settings
        self.dtype = dtype
        #: name of a tensor, numbers in it as #, -> the class of its module
        self.classes = classes
        self.kept = _kept(settings)
        self._known: dict[tuple[int, int, int], Packed] = {}

    def tensors(self, held: Sequence[Tensor]) -> list[Tensor]:
        """Every tensor, those that are packed with how they are stored, and what lies beside them."""
        kept = Kept(self.kept if self.kept is not None else _usual(held))
        made: list[Tensor] = []
        for t in held:
            made.append(t)
            sides = self._sides(t)
            module = t.name.removesuffix(".weight")
            if sides is None or t.tied_to is not None or module in kept:
                continue
            made += self._pack(t, module, *sides)
        if len(made) == len(held):
            raise Unknown("it names no matrix that is packed")
        return made

    def _sides(self, t: Tensor) -> tuple[int, int, int] | None:
        """(out, in, how many) of a tensor of matrices; None for anything else."""
        if t.role != "weight" or t.shape is None or not all(isinstance(d, int) for d in t.shape):
            return None
        shape: Any = t.shape
        experts = ".experts." in t.name and len(shape) in (2, 3)
        if self.method in EXPERTS:
            return (shape[1], shape[2], shape[0]) if experts and len(shape) == 3 else None
        kind = self.classes.get(MARK.sub("#", t.name), "")
        tables = self.method in TABLES and kind == "Embedding"
        if len(shape) == 2 and (kind in MATRICES or tables):
            return shape[0], shape[1], 1
        return (shape[1], shape[2], shape[0]) if experts and len(shape) == 3 else None

    def _pack(self, t: Tensor, module: str, out: int, ins: int, n: int) -> list[Tensor]:
        packed = self._known.get((out, ins, n)) or self.rule(out, ins, n, self.settings, self.dtype)
        if packed is None:
            raise Unknown(f"its settings leave open how {self.name} stores {shown(t.name)}")
        self._known[out, ins, n] = packed
        dtype, elements, held, beside = packed
        t.dtype, t.stored = dtype, (elements, held)
        return [
            Tensor(f"{module}.{leaf}", (n, *shape) if n > 1 else shape, kind, "bookkeeping", None)
            for leaf, shape, kind in beside
        ]


def _check(method: str, settings: Mapping[str, Any]) -> None:
    """Unknown where settings make exceptions for single modules."""
    open_ = [key for key in EXCEPTIONS.get(method, ()) if settings.get(key)]
    if method == "mlx":
        open_ = [key for key in settings if key not in OWN]
    if open_:
        raise Unknown(f"its {shown(open_[0], 40)} makes exceptions for single modules")


def _kept(settings: Mapping[str, Any]) -> list[str] | None:
    """Names of modules that are stored as they are; None where the settings do not say."""
    held: list[str] = []
    said = False
    for key in SKIPPED:
        names = settings.get(key)
        if isinstance(names, list):
            said = True
            held += [str(name) for name in names]
    return held if said else None


def _usual(held: Sequence[Tensor]) -> list[str]:
    """What is left as it is where nothing is said: the last module, what is tied, and what that is tied to.

    huggingface/transformers src/transformers/quantizers/base.py, `get_keys_to_not_convert`.
    """
    parameters = [t for t in held if t.role in ("weight", "bias")]
    last = [parameters[-1].name.rpartition(".")[0]] if parameters else []
    tied = [name for t in parameters if t.tied_to for name in (t.name, t.tied_to)]
    return [*last, *(name.removesuffix(".weight") for name in tied)]


class Kept:
    """The modules that are stored as they are: by a whole name, a part of one, or a pattern.

    >>> kept = Kept(["lm_head", "re:.*mlp.gate$"])
    >>> "model.lm_head" in kept, "model.layers.0.mlp.gate" in kept, "model.layers.0.mlp.gate_proj" in kept
    (True, True, False)
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names: set[str] = set()
        self.patterns: list[re.Pattern[str]] = []
        for name in names:
            if name.startswith("re:") or set("*[(|\\^$+?").intersection(name):
                self.patterns.append(_pattern(name))
            else:
                self.names.add(name)
        if len(self.patterns) > MOST_PATTERNS:
            raise Unknown(f"{len(self.patterns):,} patterns of names are not followed")

    def __contains__(self, module: str) -> bool:
        parts = module.split(".")[:DEEPEST]
        runs = (".".join(parts[k:end]) for k in range(len(parts)) for end in range(k + 1, len(parts) + 1))
        return any(run in self.names for run in runs) or any(each.fullmatch(module) for each in self.patterns)


def _pattern(name: str) -> re.Pattern[str]:
    """A pattern of words, dots and a star for anything, up to the end of a part; Unknown for one that says more."""
    text = name.removeprefix("re:").removesuffix("$").replace("\\.", ".")
    if len(text) > LONGEST or PLAIN.fullmatch(text) is None:
        raise Unknown(f"the pattern {shown(name)} is not followed")
    return re.compile(".*".join(map(re.escape, text.split(".*"))) + r"(?:\..*)?")


def classes_of(cells: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """{name of a tensor, # for each number in it: the class of the module that holds it}.

    >>> classes_of([{"tensors": [["h.{i}.fc.weight", ["d"], "Linear"]]}])
    {'h.#.fc.weight': 'Linear'}
    """
    return {MARK.sub("#", row[0]): row[2] for cell in cells for row in cell["tensors"]}


def stored(
    network: Network, cells: Iterable[Mapping[str, Any]], settings: Mapping[str, Any], dtype: str | None, route: Any
) -> Network:
    """The same network as its checkpoint stores it; with a note instead of bytes where that is not known.

    `network` has no number type yet: what is not packed is of `dtype`.
    """
    try:
        packer = Packer(settings, dtype, classes_of(cells))
        if packer.method in TEXT_ONLY and packer.kept is None and (components(network) or {}).keys() != {"backbone"}:
            raise Unknown(f"{packer.name} does not say which parts of the model it packs")
        held = [_copy(t, dtype) for t in network.tensors()]
        made = with_tensors(network, packer.tensors(held), route)
    except (Unknown, UsageError) as problem:  # UsageError: more tensors than are named
        network.notes.append(f"bytes are unknown: {escaped(str(problem))} (quantization_config)")
        return network
    made.notes += told(packer, held)
    return made


def _copy(t: Tensor, dtype: str | None) -> Tensor:
    return Tensor(t.name, t.shape, t.dtype or dtype, t.role, t.trainable, t.tied_to, t.stored, t.note, t.size)


def told(packer: Packer, held: Sequence[Tensor]) -> list[str]:
    """What must be seen of a packed checkpoint."""
    count = sum(t.stored is not None for t in held)
    notes = [
        f"{count:,} tensors are stored packed ({packer.name}), as quantization_config says; the total is the model's"
    ]
    if packer.method == "bitsandbytes_4bit":
        notes.append(f"bytes are those of numbers: {STATE}")
    return notes
