"""The config fields of a model type that may shape its models: where they stand, what they may hold.

Declared fields of the config classes and of their parts, and names that are read without being declared
(`getattr(config, "head_dim", None)`). Left out: what never shapes a model, by rule, and what no class of the type reads
while it is built.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
import types as types_of_python
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

from transformers.activations import ACT2CLS

from tools.derive import bases, classes, depths, readers, source, undeclared
from tools.derive.changes import Raw, changed, get
from tools.derive.errors import Refused, Unbuildable

# What a field may be about without shaping a model: tokens, randomness, small numbers, what is returned, use.
_NEVER = re.compile(
    r"(^|_)(bos|eos|pad|sep|cls|mask|unk|decoder_start|forced_\w+|\w+)_token_(id|ids|index)$|_token_ids?$"
    r"|^(bos|eos|pad|sep|mask|unk|cls)_id$|drop_?(out|path)|dropout|layerdrop|_drop$|_pdrop$|^drop_|initializer|init_(std|range|scale)"
    r"|_eps$|_epsilon$|^eps$|^use_cache$|^output_|^return_|^problem_type$|_loss_|loss_|_loss$|_coef$|coefficient|aux_loss"
    r"|^tokenizer|^name_or_path$|^torch_dtype$|^dtype$|^architectures$|^transformers_version$|^label2id$|^id2label$"
    r"|^rope_(theta|scaling|parameters|local|type)|^partial_rotary|^attn_implementation$|^_|jitter|^gradient_checkpointing$"
    r"|^(temperature|top_k|top_p|max_length|min_length|num_beams|length_penalty|repetition_penalty|begin_suppress_tokens"
    r"|suppress_tokens|no_repeat_ngram_size|do_sample)$|momentum|^mask_(time|feature)_|^apply_spec_augment$|softcapping"
    r"|^cache_implementation$|^task_specific_params$|^pretraining_tp$|^is_decoder_only$|^quantization_config$"
)
# Activations that hold parameters of their own, and two that do not (transformers.activations.ACT2CLS).
_ACTIVATIONS = ("gelu", "relu", "prelu", "xielu")


class Field(NamedTuple):
    """One config field: where it stands, its value where a config.json says nothing, what it may hold, and whether its
    class says that there is such a field."""

    path: str
    default: Any
    kinds: frozenset[str]
    choices: tuple[str, ...]
    declared: bool = True


def fields(model_type: str) -> list[Field]:
    """The fields that may shape the models of a type, in the order of the config classes, parts last."""
    return list(_fields(model_type))


@functools.cache
def _fields(model_type: str) -> tuple[Field, ...]:
    raw = bases.base(model_type)
    kind = classes.config_class(model_type)
    seen = reads(model_type, raw, classes.heads(model_type))
    for flipped in _flips(raw, _of(kind, raw, model_type, "", None)):
        for config, names in reads(model_type, flipped, classes.heads(model_type)[:1]).items():
            seen.setdefault(config, set()).update(names)
    return tuple(_of(kind, raw, model_type, "", seen))


def _flips(raw: Raw, found: list[Field]) -> Iterator[Raw]:
    """Configs that may read what the base hides: each truth the other way, each unset number set."""
    for field in found:
        value = get(raw, field.path, field.default)
        if isinstance(value, bool):
            yield changed(raw, [{field.path: not value}])
        elif type(value) is int and "none" not in field.kinds and 0 <= value <= 2 and not depths.is_depth(field.path):
            yield changed(raw, [{field.path: 1 if value != 1 else 2}])
        elif value is None and "int" in field.kinds:
            yield changed(raw, [{field.path: 2}])
        for word in field.choices:
            if isinstance(value, str) and word != value and word not in _ACTIVATIONS:
                yield changed(raw, [{field.path: word}])


def _of(kind: type[Any], raw: Raw, model_type: str, prefix: str, seen: dict[type, set[str]] | None) -> list[Field]:
    """The fields of one config class, then those of its parts; all declared ones where nothing is known of reads."""
    home = _home(kind, model_type)
    words = source.strings(home)
    declared = [field for field in dataclasses.fields(kind) if not depths.is_part(raw.get(field.name))]
    read = {field.name for field in declared} if seen is None else seen.get(kind, set())
    found = [_declared(field, prefix, words) for field in declared if _read(field.name, kind, read)]
    mapped = {*kind.attribute_map, *kind.attribute_map.values()}
    known = mapped | {field.name for field in dataclasses.fields(kind)}
    for name in sorted(read - known):
        given = name in raw or _may_be_given(name, model_type, home)
        if given and not _left_out(name) and not hasattr(kind, name):
            found.append(_undeclared(name, prefix, words, source.asked(home).get(name)))
    for name, taken in undeclared.popped(kind).items():
        if name not in known | read and may_shape(name):
            field = _taken(name, taken, kind, prefix, words)
            found.append(_lettered(field, source.letters(home)) if name.endswith("_pattern") else field)
    if "num_labels" in read:
        found.append(Field(f"{prefix}num_labels", 2, frozenset({"int"}), ()))
    for key, part in raw.items():
        if depths.is_part(part):
            found += _of(bases.class_of(kind, key, part), part, model_type, f"{prefix}{key}.", seen)
    return found


def _read(name: str, kind: type[Any], read: set[str]) -> bool:
    """Whether a declared field is read, under its own name or the one it is mapped to, and may shape a model."""
    return not _left_out(name) and bool({name, kind.attribute_map.get(name)} & read)


def _home(kind: type[Any], model_type: str) -> str:
    """The model type whose package holds a config class."""
    own = getattr(kind, "model_type", "")
    try:
        return own if own and classes.modules(own) else model_type
    except ImportError:
        return model_type


def _may_be_given(name: str, model_type: str, home: str) -> bool:
    """Whether a name that is read but not declared can come from a config.json: the code asks for it unsurely."""
    return name in source.asked(home) or name in source.asked(model_type)


def _left_out(name: str) -> bool:
    """Whether a name is of what never shapes a model.

    >>> [_left_out(name) for name in ("eos_token_id", "attention_dropout", "hidden_size", "layer_norm_eps")]
    [True, True, False, True]
    """
    return bool(_NEVER.search(name)) or name in bases.COMMON - {"num_labels", "is_encoder_decoder"}


def may_shape(name: str) -> bool:
    """Whether a name that a config class takes without declaring it may be of what shapes a model.

    >>> [may_shape(name) for name in ("full_attention_interval", "global_rope_theta", "mamba_dt_min", "out_features")]
    [True, False, False, False]
    """
    return not _left_out(name) and not re.search(r"theta|_dt_|chunk_size|^out_(features|indices)$|_config_dict$", name)


def _declared(field: dataclasses.Field[Any], prefix: str, words: dict[str, tuple[str, ...]]) -> Field:
    """A declared field: what it may hold is annotated."""
    default = bases.listed(bases.default(field))
    kinds, literals = kinds_of(field.type)
    return Field(f"{prefix}{field.name}", default, kinds, _choices(field.name, default, kinds, literals, words))


def _undeclared(name: str, prefix: str, words: dict[str, tuple[str, ...]], default: Any) -> Field:
    """A field that is read unsurely: what it may hold is what fields of its name hold in other config classes."""
    annotated = source.annotations().get(name, ())
    kinds = frozenset({"none"}).union(*(_kinds_of_text(text) for text in annotated[:1])) if annotated else None
    kinds = kinds or frozenset({"none", _kind(default) if default is not None else "int"})
    return Field(f"{prefix}{name}", default, kinds, _choices(name, default, kinds, (), words), declared=False)


def _taken(name: str, taken: undeclared.Name, kind: type[Any], prefix: str, words: dict[str, tuple[str, ...]]) -> Field:
    """A name that is taken without being declared: it may hold what the field may that it is put into."""
    like = next((field for field in dataclasses.fields(kind) if field.name == taken.into), None)
    if like is None:
        return _undeclared(name, prefix, words, taken.default)
    return _declared(like, prefix, words)._replace(path=f"{prefix}{name}", default=taken.default, declared=False)


def _lettered(field: Field, letters: tuple[str, ...]) -> Field:
    """A pattern that is a text with a letter for each layer."""
    return field._replace(kinds=frozenset({"none", "letters"}), choices=letters) if letters else field


def _choices(
    name: str, default: Any, kinds: frozenset[str], literals: tuple[str, ...], words: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """The strings that a field, or the entries of it, may be: the default, annotated ones, those in the source."""
    if not kinds & {"str", "strs"}:
        return ()
    given = default if isinstance(default, list) else [default]
    found = [*given, *(literals or words.get(name, ()))]
    if re.search(r"act(ivation)?(_fn|_func|_function)?$|activation", name) and default in ACT2CLS:
        found += _ACTIVATIONS
    return tuple(dict.fromkeys(word for word in found if isinstance(word, str)))


def kinds_of(annotation: Any) -> tuple[frozenset[str], tuple[str, ...]]:
    """What an annotation allows, and the strings that it spells out.

    >>> sorted(kinds_of(list[int] | int | None)[0])
    ['int', 'ints', 'none']
    """
    if isinstance(annotation, str):
        return _kinds_of_text(annotation), ()
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types_of_python.UnionType):
        each = [kinds_of(argument) for argument in arguments]
        return frozenset().union(*(kinds for kinds, _ in each)), tuple(word for _, words in each for word in words)
    if origin is typing.Annotated:
        return kinds_of(arguments[0])
    if origin is typing.Literal:
        return frozenset(map(_kind, arguments)), tuple(word for word in arguments if isinstance(word, str))
    if origin in (list, tuple):
        each = [kinds_of(argument) for argument in arguments if argument is not ...]
        inner = frozenset().union(*(kinds for kinds, _ in each)) & {"int", "bool", "float", "str"}
        return frozenset(f"{kind}s" for kind in inner), tuple(word for _, words in each for word in words)
    plain = {int: "int", bool: "bool", float: "float", str: "str", type(None): "none", list: "ints", tuple: "ints"}
    return frozenset({plain.get(annotation, "dict")}), ()


def _kinds_of_text(text: str) -> frozenset[str]:
    """What an annotation in words allows."""
    text = re.sub(r"(list|tuple|Sequence)\[(int|float|str|bool)[^\]]*\]", r"\2s", text)
    return frozenset(re.findall(r"\b(ints?|floats?|strs?|bools?|dict|none)\b", text.replace("None", "none")))


def _kind(value: Any) -> str:
    """The kind of one value."""
    if value is None:
        return "none"
    if isinstance(value, list):
        return f"{_kind(value[0])}s" if value else "ints"
    return type(value).__name__ if isinstance(value, (bool, int, float, str)) else "dict"


def reads(model_type: str, raw: Raw, heads: list[str]) -> dict[type, set[str]]:
    """Which attributes the classes read while they are built from a raw config, by config class."""
    noted: readers.Reads = []
    for head in heads:
        with readers.noted(noted), contextlib.suppress(Refused, Unbuildable):
            bases.build(model_type, head, raw)
    seen: dict[type, set[str]] = {}
    for kind, name in noted:
        seen.setdefault(kind, set()).add(name)
    return seen
