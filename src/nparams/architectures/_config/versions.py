"""What older and newer files write differently, put into the words of the library version that the formulas are of.

A table, after huggingface/transformers src/transformers/configuration_utils.py (`PreTrainedConfig.__post_init__`,
`remap_legacy_layer_types`), models/auto/configuration_auto.py (`AutoConfig.from_pretrained`) and the `__post_init__` of
single configuration classes.  Other names of one field that a class declares (attribute_map) stand in the entries.
"""

from __future__ import annotations

from nparams.architectures.refusals import told
from nparams.architectures.slots import read, symbol_of
from nparams.architectures.values import look_up
from nparams.errors import UnsupportedError, shown
from nparams.expr import free_symbols

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.architectures._config.remarks import Head
    from nparams.architectures.entry import Entry

#: (type, field in the file, type that it then is): models/auto/configuration_auto.py
TYPES = (("mistral", "layer_types", "ministral"),)
#: (types, name in older files, the name of today): the `__post_init__` of the classes
RENAMED = (
    (("bloom", "falcon"), "n_embed", "hidden_size"),
    (("lfm2", "lfm2_moe", "lfm2_vl"), "tie_embedding", "tie_word_embeddings"),
    (("deepseek_v32", "glm_moe_dsa", "mistral_large4"), "num_experts", "n_routed_experts"),
    (("videomae",), "qkv_bias", "qv_bias"),
    (("unlimited_ocr",), "language_config", "text_config"),
)
#: words in a list of layer types, and what they are called today
LAYERS = {
    "mamba": "linear_attention", "attention": "full_attention", "deepseek_sparse_attention": "indexed_attention",
    "qwen_sparse_attention": "indexed_attention",
}  # fmt: skip
#: a part that older files write under another name, which wins: text_config_dict (CLIP and what was made after it)
TWIN = "_dict"
#: the part whose fields older files of composite models write flat, beside it (Qwen2-VL)
FLAT = "text_config"
LABELS, MAP = "num_labels", "id2label"


class Plan:
    """What may have to be changed in files of one type: found once, from the fields of its entry."""

    __slots__ = (
        "_heads", "computed", "entry", "flat", "gathers", "labelled", "layered", "parts", "places", "renamed", "twins",
        "unstated",
    )  # fmt: skip

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._heads: dict[str, Head] = {}
        kind, fields, aliases = entry.type, entry.fields, entry.aliases
        always = [(path, cases[0][1]) for path, cases in entry.raw.get("rules", ()) if cases and cases[0][0] == "1"]
        #: fields that the class makes of others whatever the file says: files hold what it made
        self.computed = [path for path, case in always if not made_of_itself(entry, path, case)]
        #: those among them that no verified file stated
        self.unstated = [path for path in self.computed if entry.kinds.get(path) == "none"]
        self.renamed = [(old, new) for kinds, old, new in RENAMED if kind in kinds]
        self.parts = {path.partition(".")[0] for path in fields if "." in path}
        #: the paths of all configurations in it, the whole ("") first
        self.places = list(dict.fromkeys(["", *(above for path in fields for above in _above(path))]))
        #: the parts whose labels are counted by their names; a class that declares num_labels looks at that alone (PVT)
        numbered = {LABELS} if entry.raw.get("numbered") is True else set()
        named = [path for path in fields if path.rpartition(".")[2] == LABELS and path not in numbered]
        self.labelled = [path[: -len(LABELS)] for path in named]
        self.layered = [path for path in fields if path.endswith("layer_types")]
        inner = {path.partition(".")[2] for path in fields if path.startswith(f"{FLAT}.")}
        self.flat = inner - fields.keys() - aliases.keys()
        #: whether the class gathers these itself where the part is missing
        self.gathers = entry.raw.get("flat") is True
        #: whether the class reads a part under its older name too, and prefers that
        self.twins = entry.raw.get("twins") is True

    def head(self, name: str) -> Head:
        """What one of its classes may call for."""
        if name not in self._heads:
            from nparams.architectures._config.remarks import Head as Made

            self._heads[name] = Made(self.entry, self.entry.heads[name].cells)
        return self._heads[name]


def _above(path: str) -> list[str]:
    """The paths of the parts that a field stands in.

    >>> _above("thinker_config.text_config.head_dim")
    ['thinker_config', 'thinker_config.text_config']
    """
    names = path.split(".")[:-1]
    return [".".join(names[: k + 1]) for k in range(len(names))]


def made_of_itself(entry: Entry, field: str, case: Any) -> bool:
    """Whether what one case of a rule makes of a field depends on what the file has there."""
    if isinstance(case, str):
        texts = [case]
    else:
        choices = case.get("choose", ())
        if "split" in case or any(word is None for _, word in choices):  # the words, or the entries, that are given
            return True
        texts = [*case.get("each", ())[1:], *([case["of"]] if "of" in case else []), *(when for when, _ in choices)]
    own = {symbol_of(field), *(name for name, test in entry.raw.get("tests", {}).items() if test[0] == field)}
    return any(not own.isdisjoint(free_symbols(read(text))) for text in texts)


def kind_of(held: Mapping[str, Any]) -> str:
    """The type that a file is of today.

    >>> kind_of({"model_type": "mistral", "layer_types": []}), kind_of({"model_type": "mistral"})
    ('ministral', 'mistral')
    """
    kind: str = held["model_type"]
    for old, field, new in TYPES:
        if kind == old and field in held:
            return new
    return kind


def renewed(held: Mapping[str, Any], plan: Plan, notes: list[str]) -> Mapping[str, Any]:
    """The file in today's words: itself, or a copy where anything had to change."""
    made = held
    for path in plan.computed:
        made = without(made, path)
    for old, new in plan.renamed:
        if held.get(old) is not None:
            made = {**made, new: held[old]}
    if plan.parts:
        made = _parts(made, plan, notes)
    for before in plan.labelled:
        made = _labels(made, before)
    for path in plan.layered:
        made = _layers(made, path)
    return made


def undisputed(raw: Mapping[str, Any], held: Mapping[str, Any], plan: Plan) -> None:
    """Refuse a file that states a size or a list that the class makes otherwise of other fields, where none stated was
    verified: tiiuae/falcon-mamba-7b says expand 16, and is intermediate_size 8192 wide as it says too, not 16*4096."""
    stated = {path: look_up(raw, path) for path in plan.unstated}
    stated = {path: value for path, value in stated.items() if type(value) in (int, list)}
    if not stated:
        return
    made = plan.entry.resolve(held)
    for path, value in stated.items():
        if made[path] != value:
            raise UnsupportedError(
                f"{path} = {told(value)} in the file, and {plan.entry.type} makes {told(made[path])} of its other "
                "fields: they do not agree; count its weights instead, or --with-library for what the library builds"
            )


def _parts(held: Mapping[str, Any], plan: Plan, notes: list[str]) -> Mapping[str, Any]:
    """Parts under an older name, and the fields of the text part where they stand beside it."""
    made = held
    for part in plan.parts:
        twin = held.get(part + TWIN)
        if type(twin) is dict and plan.twins:
            made = {**made, part: twin}
    if FLAT in plan.parts and made.get(FLAT) is None:
        lifted = {name: made[name] for name in plan.flat if name in made}
        if lifted and not plan.gathers:
            raise UnsupportedError(
                f"its {FLAT} is missing, and {shown(min(lifted))} stands beside where that should be: what the library "
                f"makes of it was not verified for {plan.entry.type}; --with-library counts it where transformers is "
                "installed"
            )
        if lifted:
            made = {**made, FLAT: lifted}
            notes.append(
                f"its {FLAT} is missing: {len(lifted):,} of its fields stand beside it, as older files have them"
            )
    return made


def _labels(held: Mapping[str, Any], before: str) -> Mapping[str, Any]:
    """The number of labels: as many as are named, else the number given, else the class's own."""
    place = at(held, before.removesuffix("."))
    labels = None if place is None else place.get(MAP)
    if labels is None:
        return held
    if type(labels) is not dict:
        raise UnsupportedError(f"{before}{MAP} is {shown(str(labels))}: an object with a name for each label is needed")
    return put(held, f"{before}{LABELS}", len(labels))


def _layers(held: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    before, _, name = path.rpartition(".")
    place = at(held, before)
    words = None if place is None else place.get(name)
    if type(words) is not list or not any(type(word) is str and word in LAYERS for word in words):
        return held
    return put(held, path, [LAYERS.get(word, word) if type(word) is str else word for word in words])


def at(held: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """The part of a file at a path ("" for the whole); None where there is none.

    >>> at({"a": {"b": {"c": 1}}}, "a.b")
    {'c': 1}
    """
    place: Any = held
    for key in path.split(".") if path else ():
        place = place.get(key) if type(place) is dict else None
    return place if isinstance(place, dict) else None


def put(held: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy of a file with another value at a path; parts that are missing are made.

    >>> put({"a": {"b": 1}}, "a.c", 2)
    {'a': {'b': 1, 'c': 2}}
    """
    key, _, rest = path.partition(".")
    if not rest:
        return {**held, key: value}
    inner = held.get(key)
    return {**held, key: put(inner if type(inner) is dict else {}, rest, value)}


def without(held: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """A file without what stands at a path: itself, where nothing does.

    >>> without({"a": {"b": 1, "c": 2}}, "a.b")
    {'a': {'c': 2}}
    """
    key, _, rest = path.partition(".")
    if key not in held:
        return held
    if not rest:
        return {name: value for name, value in held.items() if name != key}
    inner = held[key]
    return {**held, key: without(inner, rest)} if type(inner) is dict else held
