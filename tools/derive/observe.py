"""One build of a model from one config, watched: every tensor with the symbolic shape that the code gave it.

Two stages.  The config class is run on raw values with symbols (what it makes of them are the rules); then every number
of the finished config becomes a symbol of its own, and the model class is run on that (what it makes are the tensors).
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import torch
from transformers.configuration_utils import PretrainedConfig
from transformers.modeling_utils import PreTrainedModel

from nparams.expr import Expr, symbol
from nparams.frameworks._trace.journal import Journal
from nparams.frameworks._trace.mode import watcher
from nparams.frameworks._trace.numbers import Tracked, plain
from nparams.frameworks._trace.run import facts
from nparams.frameworks._trace.shadow import Seen, shadowed, watched
from nparams.frameworks._trace.shapes import Shapes
from tools.derive import bases, classes, undeclared
from tools.derive.bases import build_config, build_model
from tools.derive.changes import changed, get
from tools.derive.constants import remembered
from tools.derive.fields import fields
from tools.derive.times import floats_in, with_fields
from tools.derive.tracking import STAND_INS, name_of, products, tracked_fields, tracked_value

# On the meta device there is nothing to initialise, says the library too; but it asks a tensor, which is watched here.
PreTrainedModel.initialize_weights = lambda self: None
PretrainedConfig.__repr__ = object.__repr__  # which the library writes out for a log that nobody reads

#: a name that ends in a number
NUMBERED = re.compile(r"(.*\D)(\d+)")
#: attributes of a config that are no field (stages are named by the class, whatever a file says)
INNER = frozenset(
    "transformers_version architectures id2label label2id dtype model_type return_dict output_hidden_states "
    "output_attentions chunk_size_feed_forward problem_type stage_names".split()
)


class Item(NamedTuple):
    """One tensor of a model."""

    name: str
    shape: tuple[int, ...]
    #: None in it: nothing is known of that size but its number
    dims: tuple[int | Expr | None, ...]
    #: weight, bias, or buffer (one that is kept in checkpoints)
    role: str
    dtype: str
    frozen: bool
    owner: str
    tied: str | None


class Observation:
    """What one build gave."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        #: the finished config's values by dotted path
        self.values: dict[str, Any] = {}
        #: what the config class computed: dotted path -> expression in raw symbols, or a list with them
        self.made: dict[str, Any] = {}
        #: conditions that the config class, and the model class, asked (each once, in the order asked)
        self.raw_atoms: dict[Expr, None] = {}
        self.atoms: dict[Expr, None] = {}
        #: expressions that came up, with their numbers
        self.raw_pool: dict[Expr, int] = {}
        self.pool: dict[Expr, int] = {}
        self.items: list[Item] = []
        #: modules whose children are numbered 0, 1, ...: name -> how many
        self.containers: dict[str, int] = {}


def observe(model_type: str, head: str, raw: Mapping[str, Any]) -> Observation:
    """One tracked build; whatever the constructor raises is raised."""
    seen = Observation(raw)
    config = _config(model_type, raw, seen)
    journal = Journal(_floats(head))
    with _labels_tracked(journal), products():
        _track_fields(config, "", journal, seen.values)
        for path, value in _taken(model_type, raw):
            seen.values.setdefault(path, value)
        model = _built(head, config, journal, seen)
    journal.open = False
    seen.atoms, seen.pool = journal.conditions, journal.pool
    seen.containers = dict(_containers(model))
    _name_floats(seen, {**bases.defaults(model_type), **raw})
    return seen


def _name_floats(seen: Observation, raw: Mapping[str, Any]) -> None:
    """Fields in place of the floats that sizes were multiplied with."""
    given, held = floats_in(_flat("", raw)), floats_in(seen.values)
    seen.items = [i._replace(dims=tuple(with_fields(d, held) for d in i.dims)) for i in seen.items]
    seen.atoms = {with_fields(a, held): None for a in seen.atoms}
    seen.pool = {with_fields(e, held): n for e, n in seen.pool.items()}
    seen.raw_atoms = {with_fields(a, given): None for a in seen.raw_atoms}
    seen.raw_pool = {with_fields(e, given): n for e, n in seen.raw_pool.items()}
    seen.made = {
        p: [with_fields(e, given) for e in m] if isinstance(m, list) else with_fields(m, given)
        for p, m in seen.made.items()
    }


def plainly(model_type: str, head: str, raw: Mapping[str, Any]) -> list[Item]:
    """The tensors of a plain build, for verification."""
    if bases.LAST[0] != (head, repr(raw)):
        bases.build(model_type, head, raw)
    return list(_items(bases.LAST[1], Shapes()))


# -- the config --------------------------------------------------------------------------------------------------------


def _config(model_type: str, raw: Mapping[str, Any], seen: Observation) -> Any:
    journal = Journal()
    places = _places_of_config(model_type)
    given = tracked_fields(_completed(raw, _defaults(model_type)), journal)
    with shadowed(places, journal, STAND_INS), products():
        config = build_config(model_type, given)
    journal.open = False
    seen.raw_atoms, seen.raw_pool = journal.conditions, journal.pool
    seen.made = dict(_made(config, ""))
    return config


@functools.cache
def _defaults(model_type: str) -> dict[str, Any]:
    """What the config class takes where nothing is said, names that it does not declare among them."""
    popped = {*undeclared.popped(classes.config_class(model_type)), *undeclared_in(model_type)}
    known = bases.defaults(model_type)
    taken = [f for f in fields(model_type) if f.default is not None and f.path in popped]
    there = [f for f in taken if "." not in f.path or isinstance(get(known, f.path.rpartition(".")[0]), dict)]
    return changed(known, [{f.path: f.default} for f in there])


def _completed(raw: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The config with its defaults spelled out, so that they are tracked too; a part that is missing stays so."""
    made = {k: v for k, v in defaults.items() if not isinstance(v, Mapping)} | dict(raw)
    for key, part in raw.items():
        if isinstance(part, Mapping) and isinstance(defaults.get(key), Mapping):
            made[key] = _completed(part, defaults[key])
    return made


@functools.cache
def _places_of_config(model_type: str) -> list[dict[str, Any]]:
    import sys

    build_config(model_type, {"model_type": model_type})
    found = [
        m.__dict__ for n, m in list(sys.modules.items())
        if n.startswith("transformers.models.") and ".configuration_" in n and m is not None
    ]  # fmt: skip
    remembered(found)
    return found


def _held(config: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of a config that may be fields."""
    for key, value in list(vars(config).items()):
        if not key.startswith("_") and key not in INNER:
            yield key, value


def field_name(config: Any, key: str) -> str:
    """The declared name of an attribute: attribute_map may send a declared name to one that is not declared."""
    declared = {field.name for field in dataclasses.fields(config)}
    if key in declared:
        return key
    return next((name for name, target in config.attribute_map.items() if target == key and name in declared), key)


def _made(config: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Every number, and list of numbers, with the expression that it has."""
    for key, value in _held(config):
        path = f"{prefix}{field_name(config, key)}"
        if isinstance(value, PretrainedConfig):
            yield from _made(value, f"{path}.")
        elif isinstance(value, Tracked):
            yield path, value.expr
        elif isinstance(value, (list, tuple)) and any(isinstance(v, Tracked) for v in value):
            yield path, [v.expr if isinstance(v, Tracked) else v for v in value]


def _track_fields(config: Any, prefix: str, journal: Journal, values: dict[str, Any]) -> None:
    """Every number of a config becomes a symbol of its own; `values` gets them in plain form."""
    labels = getattr(config, "id2label", None)
    if labels is not None:
        values[f"{prefix}num_labels"] = len(labels)
    if prefix:
        values[f"{prefix}model_type"] = config.model_type
    for key, value in _held(config):
        path = f"{prefix}{field_name(config, key)}"
        if isinstance(value, PretrainedConfig):
            _track_fields(value, f"{path}.", journal, values)
            continue
        bare = bared(value)
        values.update(_flat(path, bare))
        vars(config)[key] = tracked_value(bare, path, journal)
    _track_layers(config, journal)


def _track_layers(config: Any, journal: Journal) -> None:
    """What single layers have in place of fields stays what the config class made it of."""
    spec = vars(config).get("_heterogeneity_spec")
    for held in spec.per_layer_overrides.values() if spec is not None else ():
        for key, value in held.items():
            if isinstance(value, Tracked):
                held[key] = Tracked(plain(value), value.expr, journal)


def _taken(model_type: str, raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names that the config class takes and that need be no attribute afterwards."""
    given = _flat("", {**_completed(raw, _defaults(model_type))})
    names = undeclared_in(model_type)
    yield from ((path, given.get(path)) for path in names)


@functools.cache
def undeclared_in(model_type: str) -> list[str]:
    """The paths of the names that the config class and those of its parts take without declaring them."""
    from tools.derive.settings import undeclared_names

    return undeclared_names(build_config(model_type, bases.base(model_type)))


def _flat(path: str, value: Any) -> dict[str, Any]:
    """A dict as its entries by dotted path; anything else as it is."""
    if not isinstance(value, dict):
        return {path: value}
    found: dict[str, Any] = {}
    for key, entry in value.items():
        if isinstance(key, str):
            found.update(_flat(f"{path}.{key}" if path else key, entry))
    return found


def bared(value: Any) -> Any:
    """The value with no expression left in it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return plain(value)
    if isinstance(value, float):
        return float.__add__(value, 0.0)
    if isinstance(value, (list, tuple)):
        made = [bared(v) for v in value]
        return tuple(made) if isinstance(value, tuple) else made
    if isinstance(value, dict):
        return {k: bared(v) for k, v in value.items()}
    return value


@contextmanager
def _labels_tracked(journal: Journal) -> Iterator[None]:
    """`config.num_labels`, which is the length of a table of names, as a symbol."""
    before = PretrainedConfig.num_labels

    def get(config: Any) -> Any:
        count = before.fget(config)
        return Tracked(count, symbol("num_labels"), journal) if count is not None and journal.open else count

    PretrainedConfig.num_labels = property(get, before.fset)
    try:
        yield
    finally:
        PretrainedConfig.num_labels = before


# -- the model ---------------------------------------------------------------------------------------------------------

#: class -> (globals of the code that its constructor runs, floats that stand there)
PLACES: dict[str, tuple[list[dict[str, Any]], frozenset[float]]] = {}


def look(model_type: str, head: str, raw: Mapping[str, Any]) -> None:
    """One plain build to see which code runs (again where other fields may call other code)."""
    found = Seen()
    config = build_config(model_type, raw)
    with watched(found):
        build_model(head, config)
    places, floats = PLACES.get(head, ([], frozenset()))
    known = {id(p) for p in places}
    PLACES[head] = places + [p for p in found.ours() if id(p) not in known], floats | frozenset(found.floats)


def _floats(head: str) -> frozenset[float]:
    return PLACES[head][1] if head in PLACES else frozenset()


def _built(head: str, config: Any, journal: Journal | None, seen: Observation) -> Any:
    mode = watcher(journal)
    with ExitStack() as stack:
        if journal is not None:
            stack.enter_context(shadowed(PLACES[head][0], journal, STAND_INS))
        stack.enter_context(torch.device("meta"))
        stack.enter_context(mode)
        made = build_model(head, config)
    seen.items = list(_items(made, mode.rules.shapes))
    return made


def _items(model: Any, shapes: Any) -> Iterator[Item]:
    """Every parameter and persistent buffer in the order of registration; a second name of one is tied to the first."""
    first: dict[int, str] = {}
    for prefix, module in model.named_modules(remove_duplicate=False):
        left_out = module._non_persistent_buffers_set
        held = [(leaf, t, True) for leaf, t in module._parameters.items()]
        held += [(leaf, t, False) for leaf, t in module._buffers.items() if leaf not in left_out]
        for leaf, tensor, registered in held:
            if tensor is None:
                continue
            name = f"{prefix}.{leaf}" if prefix else leaf
            item = _item(name, leaf, tensor, registered, type(module).__name__, shapes)
            tied = first.get(id(tensor))
            first.setdefault(id(tensor), name)
            yield item._replace(tied=tied)


def _item(name: str, leaf: str, tensor: Any, registered: bool, owner: str, shapes: Any) -> Item:
    shape, dims, role, dtype = facts(leaf, tensor, registered, shapes)
    return Item(name, shape, tuple(dims), role, dtype, registered and not tensor.requires_grad, owner, None)


def _containers(model: Any) -> Iterator[tuple[str, int]]:
    """Modules with children or parameters numbered 0, 1, ... and nothing else."""
    for name, module in model.named_modules(remove_duplicate=False):
        keys = list(module._modules) or list(module._parameters)
        if keys and keys == [str(k) for k in range(len(keys))]:
            yield name, len(keys)
        else:
            yield from _stems(name, keys)
        if type(module) in (torch.nn.ModuleList, torch.nn.Sequential, torch.nn.ParameterList) and not keys:
            yield name, 0


def _stems(name: str, keys: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Children that are numbered within their names: embedder_0, embedder_1, ..."""
    found: dict[str, list[int]] = {}
    for key in keys:
        met = NUMBERED.fullmatch(key)
        if met is not None:
            found.setdefault(met[1], []).append(int(met[2]))
    for stem, numbers in found.items():
        if sorted(numbers) == list(range(len(numbers))):
            yield f"{name}.{stem}" if name else stem, len(numbers)


__all__ = ["Item", "Observation", "look", "name_of", "observe", "plainly"]
