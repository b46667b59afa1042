"""What a child does for one type: derive its entry, or say why there is none."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
import time
import traceback
from pathlib import Path
from typing import Any, NamedTuple

from tools.derive.errors import NoEntry, Refused
from tools.derive.provenance import made, source_hash, today, versions
from tools.derive.store import Store

KEPT: list[Any] = []  # what has to live as long as this process
SEED, CONFIGS = 11, 6  # of the configs that an entry is tried with before it is carried over
HERE = Path(__file__).resolve().parent


class Wish(NamedTuple):
    """How: heads ("main", "all", "same": as the entry has), the seed, how many seconds; `stale`: only what changed."""

    heads: str = "main"
    seed: int = 1
    seconds: float = 90.0
    stale: bool = False


def warm() -> None:
    """Import the frameworks once, for all children: one thread, no network, no warnings."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false")
    import warnings

    warnings.simplefilter("ignore")
    with quiet():  # libraries that do not load say so below Python
        import torch

        see_torchvision()
        import transformers.generation
        import transformers.modeling_utils
        import transformers.models.auto.modeling_auto

    with contextlib.suppress(ImportError):
        import scipy.linalg

        scipy.linalg.dft = _no_table
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()


def _no_table(n: int, scale: str | None = None) -> Any:
    """In place of scipy.linalg.dft, which takes seconds for a large matrix: one of its size."""
    import numpy

    return numpy.zeros((n, n), numpy.complex64)


def see_torchvision() -> None:
    """Import torchvision where it is, also one whose operators are compiled for another build of torch.

    Such a one stops at each operator that it did not bring and describes unguarded; models are only built here, never
    run, so any signature will do.
    """
    import torch

    for _ in range(10):
        try:
            importlib.import_module("torchvision")
            return
        except ModuleNotFoundError:
            return
        except RuntimeError as error:
            missing = re.fullmatch(r"operator torchvision::(\w+) does not exist", str(error))
            if not missing:
                raise
            for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
                del sys.modules[name]
            KEPT.append(torch.library.Library("torchvision", "FRAGMENT"))
            KEPT[-1].define(f"{missing[1]}(Tensor x) -> Tensor")


@contextlib.contextmanager
def quiet() -> Any:
    """Nothing written to standard error meanwhile."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def all_types() -> list[str]:
    """Every model type in transformers' mapping of configs, sorted."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    return sorted(CONFIG_MAPPING_NAMES)


def work(model_type: str, wish: Wish, store: Store | None = None) -> dict[str, Any]:
    """{"entry": ...} or {"refused": record}, {"trace": text} beside it if something was raised; or {"same": hash}."""
    if wish.stale and (same := unchanged(model_type, wish.heads, store or Store())):
        return {"same": same}
    try:
        return {"entry": entry(model_type, wish)}
    except NoEntry as none:
        return {"refused": record(model_type, none.kind, none.reason)}
    except Refused as refused:
        return {"refused": record(model_type, "not verified", told(refused))}
    except Exception as error:
        return {"refused": record(model_type, "failed", told(error)), "trace": traceback.format_exc()}


def entry(model_type: str, wish: Wish) -> dict[str, Any]:
    """The entry that the engine learns, with where it comes from."""
    from tools.derive.classes import heads
    from tools.derive.learn import derive

    if not heads(model_type):
        raise NoEntry("its config is a part of other models' configs", kind="no class")
    kept = Store().entry(model_type) or {"made": {}}
    which = kept["made"].get("heads", "main") if wish.heads == "same" else wish.heads
    names = heads(model_type) if which == "all" else heads(model_type)[:1]
    begun = kept if which == "all" and kept["made"].get("heads") == "main" and current(model_type, kept) else None
    found = derive(model_type, names, wish.seed, time.monotonic() + wish.seconds, begun)
    return {**found, "schema": 1, "type": model_type, "made": {**made(model_type, found["heads"]), "heads": which}}


def current(model_type: str, entry: dict[str, Any]) -> bool:
    """Whether an entry was made from today's sources by today's engine."""
    now = {**versions(), "source": source_hash(model_type, entry["heads"])}
    return all(entry["made"].get(key) == value for key, value in now.items())


def record(model_type: str, kind: str, reason: str) -> dict[str, Any]:
    """A refusal as it is kept."""
    try:
        source = source_hash(model_type, ())
    except Exception:  # a config that cannot even be imported
        source = None
    return {"kind": kind, "reason": reason, **versions(), "source": source, "date": today()}


def told(error: BaseException) -> str:
    """An unforeseen error on one line: what, and where in these tools.

    >>> told(KeyError("depths"))
    "KeyError: 'depths'"
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent == HERE and not frame.filename.endswith("work.py")]
    at = f" ({Path(ours[-1].filename).name}:{ours[-1].lineno})" if ours else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}{at}"


def unchanged(model_type: str, heads: str, store: Store) -> str | None:
    """The hash of a type's sources, where its entry or refusal was made from the same by the same engine."""
    kept = store.entry(model_type)
    if kept and not store.has(model_type, heads):
        return None
    before = kept["made"] if kept else store.refusals().get(model_type)
    if before is None or before["engine"] != versions()["engine"]:
        return None
    now = source_hash(model_type, kept["heads"] if kept else ())
    if now != before["source"] or (kept and not agrees(kept)):
        return None
    return now


def agrees(entry: dict[str, Any]) -> bool:
    """Whether an entry made for another version still holds: sources that all types share may have changed too."""
    if versions()["transformers"] in (entry["made"]["transformers"], entry["made"].get("carried")):
        return True
    from tools.derive.trial.judge import judge

    result = judge(entry["type"], SEED, CONFIGS, time.monotonic() + 60, packed=False, base=True)
    return bool(result.get("right")) and not result["wrong"]
