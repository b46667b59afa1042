"""What a loader would run or open: named, never looked up.

Keras runs a Lambda's Python (CVE-2025-9905 for .h5 in spite of safe_mode; CVE-2024-3660), imports whatever module a
configuration names (CVE-2025-1550), and opens files and addresses named in one (CVE-2025-8747, CVE-2025-12058).
keras-team/keras keras/src/saving/serialization_lib.py, `deserialize_keras_object` and `_retrieve_class_or_fn`.
"""

from __future__ import annotations

from nparams.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: class -> what a loader does with it
RUNS = {
    "Lambda": "a Lambda layer: loading it would run Python out of this file",
    "__lambda__": "Python bytecode that a loader would run",
    "TorchModuleWrapper": "a PyTorch module as a pickle: loading it would run what that names",
    "TFSMLayer": "a layer that loads a TensorFlow program from a path",
    "JaxLayer": "a JAX function as a pickle: loading it would run what that names",
    "FlaxLayer": "a Flax module as a pickle: loading it would run what that names",
    "TFOpLambda": "a layer that calls a TensorFlow function by its name",
    "SlicingOpLambda": "a layer that calls a TensorFlow function by its name",
    "get_file": "a call that downloads a file",
}
#: TFOpLambda is ordinary in functional models of tf.keras: the function is one of TensorFlow's own
HARMLESS = frozenset(("TFOpLambda", "SlicingOpLambda"))
#: packages that are Keras itself
OWN = frozenset(("keras", "keras_hub", "keras_nlp", "keras_cv", "tf_keras", "keras_core", "keras_tuner"))
#: objects looked through, and rows told
MOST_SEEN, MOST_TOLD = 2_000_000, 20


def flags(held: dict[str, Any], where: str) -> list[dict[str, str]]:
    """Rows of kind and text for everything in a configuration that a loader would run, import or open."""
    told: dict[tuple[str, str], int] = {}
    stack: list[object] = [held]
    seen = 0
    while stack and seen < MOST_SEEN:
        each = stack.pop()
        seen += 1
        if isinstance(each, list):
            stack.extend(item for item in each if isinstance(item, (dict, list)))
        elif isinstance(each, dict):
            stack.extend(item for item in each.values() if isinstance(item, (dict, list)))
            for row in _of(each):
                told[row] = told.get(row, 0) + 1
    rows = [
        {"kind": kind, "text": f"{where}: {text}{f' (and {count - 1:,} more)' if count > 1 else ''}; nothing was run"}
        for (kind, text), count in sorted(told.items())
    ]
    if len(rows) > MOST_TOLD:
        more = len(rows) - MOST_TOLD
        rows = [*rows[:MOST_TOLD], {"kind": "code", "text": f"{where}: {more:,} more classes and functions by name"}]
    return rows


def _of(each: dict[str, Any]) -> list[tuple[str, str]]:
    """(kind, text) of what one object of a configuration makes a loader do."""
    rows: list[tuple[str, str]] = []
    kind, module, registered = each.get("class_name"), each.get("module"), each.get("registered_name")
    settings = each.get("config")
    settings = settings if isinstance(settings, dict) else {}
    if isinstance(kind, str):
        name = settings.get("name")
        called = f"{shown(name)}: " if isinstance(name, str) else ""
        if kind in RUNS and kind not in HARMLESS:
            rows.append(("code", f"{called}{RUNS[kind]}"))
        elif (module, kind) == ("builtins", "function"):
            rows.append(("code", f"{shown(str(each.get('config')))} is a function of somebody's own"))
        elif isinstance(module, str) and module.split(".")[0] not in OWN:
            rows.append(("code", f"{shown(f'{module}.{kind}')} would be imported by a loader"))
        elif "module" in each and module is None and isinstance(registered, str):
            rows.append(("code", f"{shown(registered)} is a class of somebody's own, which a loader must be given"))
    vocabulary = settings.get("vocabulary")
    if isinstance(vocabulary, str) and vocabulary:
        rows.append(("path", f"a vocabulary in the file {shown(vocabulary)}, which a loader would open"))
    return rows
