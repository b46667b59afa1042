"""Keras: configurations that name code, files and addresses; stores that lead elsewhere; archives with surprises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.attacks._attack import Attack, Count
from tests.attacks._pt import call, pickled, word
from tests.keras_maker import D, Link, archive, h5, layer, legacy, model, store

LAMBDA = "CVE-2024-3660, CVE-2025-9905, keras-team/keras#23055: a Lambda layer is Python code"
CLASS = "CVE-2025-1550: a configuration names any module and class, and Keras imported it"
PATH = "CVE-2025-8747, CVE-2025-12058: a configuration names a file or an address, and Keras opened it"
BAD = "12end/evil_keras"
LINKS = "CVE-2026-1669; keras-team/keras#22900, #22976"
EVIL = pickled(call("os", "system", word("touch mark")))
WEIGHTS = store({"layers/dense": [D([2, 3]), D([3])]})
DENSE = layer("Dense", "dense", [None, 2], units=3)
CODE = Count(9, ("code",))
BYTECODE = {"class_name": "__lambda__", "config": {"code": "4wEAAAAAAAAA", "defaults": None, "closure": None}}


def keras(*layers: Mapping[str, Any], **members: bytes) -> bytes:
    return archive(WEIGHTS, model(DENSE, *layers), **members)


def named(module: str, kind: str, **settings: object) -> dict[str, Any]:
    return {"module": module, "class_name": kind, "config": {"name": "x", **settings}, "registered_name": kind}


def old(*layers: Mapping[str, Any]) -> bytes:
    """A .h5 of Keras 2."""
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": [
        {"class_name": "Dense", "config": {"name": "dense", "units": 3}}, *layers]}}  # fmt: skip
    return legacy({"dense": {"dense/kernel:0": D([2, 3]), "dense/bias:0": D([3])}}, config=config)


ATTACKS = [
    Attack("a Lambda of bytecode", "m.keras", keras(layer("Lambda", "evil", function=BYTECODE)),
           Count(9, ("code", "code")), LAMBDA),
    Attack("a Lambda in a .h5", "m.h5", old({"class_name": "Lambda", "config": {"name": "evil", "function": [
        "4wEAAAAAAAAA", None, None]}}), CODE, LAMBDA),
    Attack("a Lambda inside a model inside a model", "m.keras", keras(model(model(layer("Lambda", "evil")))), CODE,
           LAMBDA),
    Attack("a Lambda as the function of another layer", "m.keras",
           keras(layer("TimeDistributed", "t", layer=layer("Lambda", "evil"))), CODE, LAMBDA),
    Attack("bytecode as an activation", "m.keras", keras(layer("Activation", "a", activation=BYTECODE)), CODE, LAMBDA),
    Attack("a class of os", "m.keras", keras(named("os", "system", command="touch mark")), CODE, CLASS),
    Attack("a class of subprocess", "m.keras", keras(named("subprocess", "Popen", args=["touch", "mark"])), CODE,
           CLASS),
    Attack("a function of builtins", "m.keras", keras(named("builtins", "exec", source="1")), CODE, CLASS),
    Attack("a class below keras's own name", "m.keras", keras(named("keras.src.utils.file_utils", "get_file",
           origin="http://example.com/x", cache_dir="/")), CODE, PATH),
    Attack("a class that pretends to be keras's", "m.keras", keras(named("keras_evil", "Dense")), CODE, CLASS),
    Attack("a layer that loads a program", "m.keras", keras(layer("TFSMLayer", "t", filepath="/etc")), CODE, CLASS),
    Attack("a layer that is a pickle", "m.keras", keras(layer("TorchModuleWrapper", "t", module="gASV")), CODE, CLASS),
    Attack("a vocabulary in a file", "m.keras", keras(layer("StringLookup", "s", vocabulary="/etc/passwd")),
           Count(9, ("path",)), PATH),
    Attack("a vocabulary on the net", "m.keras", keras(layer("TextVectorization", "s", vocabulary="http://x/y")),
           Count(9, ("path",)), PATH),
    Attack("pickles among the members", "m.keras", keras(**{"assets/x.pkl": EVIL}), Count(9), BAD),
    Attack("weights that are a pickle", "m.keras", archive(EVIL, model(DENSE)),
           ": model.weights.h5: signature (offset 0): b'\\x80\\x02cos\\nsy' where HDF5 begins with "
           "b'\\x89HDF\\r\\n\\x1a\\n'", BAD),
    Attack("weights that are a pickle, as .npz", "m.keras", archive(None, model(DENSE), **{"model.weights.npz": EVIL}),

           ": its weights are model.weights.npz, pickled objects that Keras itself no longer loads; "
           "load it where it was made and save it again with weights in HDF5",
           BAD),
    Attack("a member with a path", "m.keras", keras(**{"../../../etc/cron.d/x": b"* * * * * root touch mark"}),
           Count(9),
           "CVE-2025-12060: extractall of keras.utils.get_file"),
    Attack("a soft link among the weights", "m.keras",
           archive(h5({"layers": {"dense": {"vars": {"0": D([2, 3]), "1": Link("/layers/dense/vars/0", "soft")}}}}),
                   model(DENSE)),
           ': model.weights.h5: a soft link "1" -> "/layers/dense/vars/0": not followed; save a copy'
           " that holds the data itself", LINKS),
    Attack("an external link among the weights", "m.keras",
           archive(h5({"layers": {"dense": {"vars": {"0": D([2, 3]), "1": Link("/w", "external")}}}}), model(DENSE)),

           ': model.weights.h5: an external link "1" -> "/w" in "other.h5": not followed; count that'
           " file",
           LINKS),
    Attack("an external link in a .weights.h5", "m.weights.h5",
           h5({"layers": {"dense": {"vars": {"0": Link("/w", "external")}}}}),
           ': an external link "0" -> "/w" in "other.h5": not followed; count that file', LINKS),
    Attack("config.json nested 100,000 deep", "m.keras", archive(WEIGHTS, "[" * 100_000),
           ": config.json is not the JSON that Keras writes: nested too deeply", "CWE-674"),
    Attack("config.json nested 60 deep, twice each", "m.keras",
           archive(WEIGHTS, '{"class_name":"Sequential","config":' * 60 + "{}" + "}" * 60), Count(9), "CWE-674"),
    Attack("config.json that is no text", "m.keras", archive(WEIGHTS, "\ud800".encode("utf-8", "surrogatepass").decode(
           "latin-1")),
           ": config.json is not the JSON that Keras writes: Expecting value: line 1 column 1 (char "
           "0)", "names that no terminal can print"),
    Attack("config.json with a key twice", "m.keras",
           archive(WEIGHTS, '{"class_name":"Dense","class_name":"Lambda","config":{}}'),
           ": config.json is not the JSON that Keras writes: a key appears twice", "parsers disagree"),
    Attack("units of 5,000 digits", "m.keras",
           archive(WEIGHTS, json.dumps(model(DENSE)).replace('"units": 3', '"units": ' + "9" * 5_000)),
           ": config.json is not the JSON that Keras writes: Exceeds the limit (4300 digits) for "
           "integer string conversion: value has 5000 digits; use sys.set_int_max_str_digits() t",
           "CVE-2020-10735"),
    Attack("units of 2^60", "m.keras", archive(WEIGHTS, model(layer("Dense", "dense", [None, 2], units=1 << 60))),
           Count(9),
           "a shape bomb in the settings: what is stored counts"),
    Attack("a layer's name that acts", "m.keras",
           archive(store({"layers/dense": [D([2, 3])]}), model(layer("Dense", "\x1b]0;t\x07\x1b[2J", [None, 2],
           units=3))),
           Count(6), "CVE-2003-0063's kind"),
    Attack("model_config of a .h5 nested without end", "m.h5",
           legacy({"dense": {"dense/kernel:0": D([2, 3])}}, config='{"class_name":' + "[" * 60_000),
           ": model_config is not the JSON that Keras writes: nested too deeply", "CWE-674"),
    Attack("weight names that lead out of their layer", "m.h5",
           legacy({"dense": {"../other/kernel:0": D([2, 3])}}, config=model(DENSE)), Count(6),
           "names are not paths here"),
]  # fmt: skip
