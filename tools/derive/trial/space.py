"""What a config of a type may hold: each field with its value in the base, the kinds and the words that it may be."""

from __future__ import annotations

import ast
import dataclasses
import re
import types
import typing
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from tools.derive.provenance import class_modules, closure, config_modules, parts, source

Raw = dict[str, Any]

#: of every config, and without a say in what is built
APART = set(
    "transformers_version architectures dtype torch_dtype id2label label2id problem_type output_hidden_states "
    "output_attentions return_dict chunk_size_feed_forward use_cache model_type tokenizer_class name_or_path".split()
)
KINDS = {int: "int", bool: "bool", str: "str", float: "float", type(None): "none", list: "list", tuple: "list"}
WORDS = {"int": "int", "bool": "bool", "str": "str", "float": "float", "None": "none", "list": "list", "tuple": "list"}


class Found(NamedTuple):
    """A model: parameters, {later name of one: its first name}, persistent buffers; the total counts each once."""

    total: int
    parameters: dict[str, tuple[int, ...]]
    ties: dict[str, str]
    buffers: dict[str, tuple[int, ...]]


class Spot(NamedTuple):
    """A field: where it stands, its value in the base, what its annotation allows, words that it is compared with."""

    path: tuple[str, ...]
    value: Any
    kinds: frozenset[str]
    words: tuple[str, ...]


class Words(NamedTuple):
    """What sources say: strings by the attribute that is compared with them; all strings; names read by getattr."""

    compared: dict[str, set[str]]
    strings: set[str]
    asked: dict[str, Any]


def spots(model_type: str, raw: Raw, heads: Iterable[str] = ()) -> list[Spot]:
    """Every field of a raw config of this type, those of its parts too."""
    from transformers import CONFIG_MAPPING

    said = words(model_type, tuple(heads))
    return [*fields_of(CONFIG_MAPPING[model_type], raw, (), said)]


def fields_of(config: type, raw: Raw, path: tuple[str, ...], said: Words) -> Iterator[Spot]:
    """The fields of one config class, then those of its parts."""
    inner = part_classes(config)
    declared = {field.name: field for field in dataclasses.fields(config)}
    for name, field in declared.items():
        if name not in APART and name not in inner and not name.startswith("_"):
            value = raw[name] if name in raw else default(field)
            kinds, literals = allowed(field.type)
            yield Spot((*path, name), value, frozenset(kinds | {kind_of(value)}), spelled(name, literals, said))
    for name, value in said.asked.items():
        if not path and name not in declared and name not in inner and name not in APART and not hasattr(config, name):
            yield Spot((*path, name), raw.get(name, ABSENT), frozenset({kind_of(value), "absent"}), ())
    for name, part in inner.items():
        given = raw.get(name)
        yield from fields_of(part, given if isinstance(given, dict) else {}, (*path, name), said)


class Absent:
    """A name that the config does not hold, and that the sources ask for."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


def part_classes(config: type) -> dict[str, type]:
    """The parts of a composite config: key -> config class."""
    specs = getattr(config, "sub_configs_defaults", {})
    found = {key: [*parts(type("One", (), {"sub_configs_defaults": {key: spec}}))] for key, spec in specs.items()}
    return {key: classes[0] for key, classes in found.items() if classes}


def parts_given(model_type: str) -> dict[tuple[str, ...], Raw]:
    """What a part of a composite config has to hold where it is spelled out: its type, what its parent asks for."""
    from transformers import CONFIG_MAPPING

    found: dict[tuple[str, ...], Raw] = {}
    waiting: list[tuple[tuple[str, ...], type]] = [((), CONFIG_MAPPING[model_type])]
    while waiting:
        path, config = waiting.pop()
        for key, part in part_classes(config).items():
            spec = config.sub_configs_defaults[key]  # type: ignore[attr-defined]
            found[(*path, key)] = {"model_type": spec.model_type, **spec.init_kwargs}
            waiting.append(((*path, key), part))
    return found


def default(field: dataclasses.Field[Any]) -> Any:
    """A field's value where it is not given."""
    if field.default is not dataclasses.MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else None


def kind_of(value: Any) -> str:
    """The kind of a value.

    >>> kind_of(None), kind_of((1, 2)), kind_of(True), kind_of({})
    ('none', 'list', 'bool', 'dict')
    """
    return KINDS.get(type(value), "absent" if value is ABSENT else "dict")


def allowed(annotation: Any) -> tuple[set[str], set[str]]:
    """The kinds that an annotation allows, and the words where it lists them.

    >>> sorted(allowed(int | list[int] | None)[0])
    ['int', 'list', 'none']
    """
    if isinstance(annotation, str):
        return {WORDS[word] for word in re.findall(r"\w+", annotation) if word in WORDS}, set()
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        given = typing.get_args(annotation)
        return {kind_of(value) for value in given}, {value for value in given if isinstance(value, str)}
    if origin in (typing.Union, types.UnionType):
        each = [allowed(one) for one in typing.get_args(annotation)]
        return set().union(*(kinds for kinds, _ in each)), set().union(*(literals for _, literals in each))
    return {KINDS.get(origin or annotation, "dict")}, set()


def spelled(name: str, literals: set[str], said: Words) -> tuple[str, ...]:
    """The words that a field may be: its annotation's, those that the sources compare it with."""
    if literals:
        return tuple(sorted(literals))
    found = set(said.compared.get(name, ()))
    if re.search(r"(^|_)(act|activation|act_fn|act_func|nonlinearity|activation_function)$", name):
        from transformers.activations import ACT2FN

        found |= set(ACT2FN)
    if "layer_types" in name or name.endswith(("block_type", "layers_block_type")):
        from transformers.configuration_utils import ALLOWED_LAYER_TYPES

        found |= said.strings & set(ALLOWED_LAYER_TYPES)
    return tuple(sorted(found))


@cache
def words(model_type: str, heads: tuple[str, ...]) -> Words:
    """What the sources of a type compare its fields with, and which names they ask for that it may not have."""
    said = Words({}, set(), {})
    for module in sorted(closure({*config_modules(model_type), *class_modules(heads)})):
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Compare):
                compare(node, said.compared)
            elif isinstance(node, ast.Call):
                ask(node, said.asked)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 40:
                said.strings.add(node.value)
    return said


@cache
def tree(module: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(source(module))


def compare(node: ast.Compare, compared: dict[str, set[str]]) -> None:
    """Note the strings that an attribute or a name is compared with: `config.pos == "absolute"`, `x in ["a", "b"]`."""
    name = last_name(node.left)
    if name:
        for other in node.comparators:
            inner = other.elts if isinstance(other, (ast.List, ast.Tuple, ast.Set)) else [other]
            strings = {one.value for one in inner if isinstance(one, ast.Constant) and isinstance(one.value, str)}
            compared.setdefault(name, set()).update(strings)


def last_name(node: ast.expr) -> str:
    """`pos` of `config.pos`, `config.pos[i]` or `pos`."""
    if isinstance(node, ast.Subscript):
        return last_name(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def ask(node: ast.Call, asked: dict[str, Any]) -> None:
    """Note what is asked for by `getattr(config, "head_dim", None)`: None stands for a number."""
    if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) == 3:
        of, name, otherwise = node.args
        if "config" in ast.unparse(of) and isinstance(name, ast.Constant) and isinstance(otherwise, ast.Constant):
            value = 16 if otherwise.value is None else otherwise.value
            if isinstance(value, (bool, int)) and not name.value.startswith("_"):
                asked[name.value] = value
