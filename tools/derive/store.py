"""Where entries and refusals are kept: one file for each verified type, one for all refusals, never half a file."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from tools.derive.text import dumps, loads

HERE = Path(__file__).resolve().parent


class Store:
    """`folder/entries/TYPE.json` and `folder/refused.json`: a type stands in one of them or in neither."""

    def __init__(self, folder: Path = HERE) -> None:
        self.entries, self.refused = folder / "entries", folder / "refused.json"

    def verified(self) -> list[str]:
        """The types that have an entry, sorted."""
        return sorted(path.stem for path in self.entries.glob("*.json"))

    def entry(self, model_type: str) -> dict[str, Any] | None:
        """The entry of a type, or None."""
        path = self.entries / f"{model_type}.json"
        return loads(path.read_text("utf-8")) if path.exists() else None

    def has(self, model_type: str, heads: str = "main") -> bool:
        """Whether a type has an entry, with as many heads as are asked for."""
        kept = self.entry(model_type)
        return kept is not None and heads in ("main", kept["made"].get("heads", "main"))

    def holds(self, model_type: str, record: dict[str, Any]) -> bool:
        """Whether a type has an entry by the engine and for the version of the library that a record names."""
        kept = self.entry(model_type)
        made = kept["made"] if kept else {}
        return (
            bool(made)
            and made["engine"] == record["engine"]
            and record["transformers"]
            in (
                made["transformers"],
                made.get("carried"),
            )
        )

    def refusals(self) -> dict[str, dict[str, Any]]:
        """{type: {reason, kind, transformers, date, ...}}."""
        return json.loads(self.refused.read_text("utf-8")) if self.refused.exists() else {}

    def keep(self, entry: dict[str, Any]) -> None:
        """Write the entry of a verified type, and forget an earlier refusal."""
        write(self.entries / f"{entry['type']}.json", dumps(entry))
        self._set_refusal(entry["type"], None)

    def refuse(self, model_type: str, record: dict[str, Any]) -> None:
        """Write down why a type has no entry, and forget an earlier entry."""
        self._set_refusal(model_type, record)
        (self.entries / f"{model_type}.json").unlink(missing_ok=True)

    def carry(self, model_type: str, transformers: str) -> None:
        """Note that an entry holds for another version of transformers too, whose sources are the same."""
        kept = self.entry(model_type)
        if kept is not None and transformers not in (kept["made"]["transformers"], kept["made"].get("carried")):
            self.keep({**kept, "made": {**kept["made"], "carried": transformers}})

    def _set_refusal(self, model_type: str, record: dict[str, Any] | None) -> None:
        all_of_them = self.refusals()
        before = all_of_them.pop(model_type, None)
        if record is not None:
            all_of_them[model_type] = record
        if record != before:
            lines = (f"{json.dumps(key)}: {json.dumps(all_of_them[key])}" for key in sorted(all_of_them))
            write(self.refused, "{\n" + ",\n".join(lines) + "\n}\n")


def write(path: Path, text: str) -> None:
    """Put the whole text in place at once: a reader finds the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
