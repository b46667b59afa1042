"""python -m tools.derive.table: write docs/architectures.md, which lists every type: verified, or refused and why."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from nparams.architectures.entry import Entry
from nparams.architectures.letters import letters
from tools.derive.errors import KINDS
from tools.derive.formula import total
from tools.derive.store import Store

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/architectures.md"
OUTSIDE = ("no class", "not built")  # what no entry can be made of
MOST = 160  # a formula longer than this is left to `nparams formula`

HEAD = """\
# Architectures

`nparams config.json` counts these types of [transformers](https://github.com/huggingface/transformers) with nothing
installed. The formulas are not written by hand: a type's constructor is run on the meta device with integers that
remember where they came from, for many random configs; what is learned of it is kept only where fresh random configs
agree with it, tensor by tensor. `nparams formula TYPE` prints a formula in full, with its letters.

This page is made by `python -m tools.derive.table` from
[`tools/derive/entries`](../tools/derive/entries) and [`refused.json`](../tools/derive/refused.json); a type that is not
listed here is refused by name, as are configs outside what was verified. `--with-library` counts those where
transformers is installed.
"""


def main() -> None:
    """Write the page."""
    DOCUMENT.write_text(page(Store()), "utf-8")


def page(store: Store) -> str:
    """The whole page, of the entries and refusals alone."""
    entries = {name: entry for name in store.verified() if (entry := store.entry(name))}
    refused = store.refusals()
    of_kind = {kind: [name for name in refused if refused[name]["kind"] == kind] for kind in KINDS}
    open_kinds = [kind for kind in KINDS if kind not in OUTSIDE and of_kind[kind]]
    sections = [HEAD, counts(entries, of_kind), verified(entries)]
    sections += [reasons(kind, of_kind[kind], refused) for kind in (*open_kinds, "not built") if of_kind[kind]]
    return "\n".join([*sections, *classless(of_kind["no class"])]).rstrip() + "\n"


def counts(entries: dict[str, Any], of_kind: dict[str, list[str]]) -> str:
    """How many types there are of each sort."""
    tried = len(entries) + sum(len(names) for kind, names in of_kind.items() if kind not in OUTSIDE)
    share = f"{100 * len(entries) / tried:.1f} %" if tried else "none"
    rows = [
        ("types in the library's mapping of configs", len(entries) + sum(map(len, of_kind.values()))),
        *((f"- {KINDS[kind]}", len(of_kind[kind])) for kind in OUTSIDE),
        ("types with a class that can be built on the meta device", tried),
        *((f"- {KINDS[kind]}", len(names)) for kind, names in of_kind.items() if names and kind not in OUTSIDE),
        (f"- **verified: {share}**", len(entries)),
    ]
    return "\n".join(["| what | how many |", "|---|--:|", *(f"| {what} | {n} |" for what, n in rows), ""])


def verified(entries: dict[str, Any]) -> str:
    """The table of verified types."""
    most = Counter(stamp(entry["made"]) for entry in entries.values()).most_common(1)
    usual = most[0][0] if most else ""
    rows = [row(name, entry, usual) for name, entry in entries.items()]
    return "\n".join(
        [
            "## Verified",
            "",
            f"Each by {usual}, unless it says another version. *Configs* are the fresh random ones that",
            "agreed, over all classes; *refused* are those that the class accepts and the entry does not answer. The",
            "formula is that of the first class, where it fits a line.",
            "",
            "| type | classes | configs | refused | parameters |",
            "|---|---|--:|--:|---|",
            *rows,
            "",
        ]
    )


def row(name: str, entry: dict[str, Any], usual: str) -> str:
    """One verified type."""
    heads = entry["heads"]
    agreed, refused = (sum(head["verified"].get(key, 0) for head in heads.values()) for key in ("configs", "refused"))
    share = f"{100 * refused / (agreed + refused):.0f} %" if refused else "0"
    other = "" if stamp(entry["made"]) == usual else f" ({stamp(entry['made'])})"
    return f"| `{name}`{other} | {classes(heads)} | {agreed} | {share} | {formula(entry)} |"


def classes(heads: dict[str, Any]) -> str:
    """The names of a type's classes."""
    return ", ".join(heads)


def formula(entry: dict[str, Any]) -> str:
    """The closed form of the first class in letters; "" where it is long."""
    name = main_class(entry)
    text, short = total(entry["heads"][name]), letters(Entry.of(entry), name)
    text = re.sub(r"[^\W\d]\w*", lambda found: short.get(found[0], found[0]), text)
    return f"`{text}`" if len(text) <= MOST else ""


def main_class(entry: dict[str, Any]) -> str:
    """The class that a config which names none stands for."""
    return entry.get("main") or next(iter(entry["heads"]))


def reasons(kind: str, names: list[str], refused: dict[str, Any]) -> str:
    """The table of one kind of refusal."""
    rows = [f"| `{name}` | {cell(refused[name]['reason'])} | {stamp(refused[name])} |" for name in sorted(names)]
    title = f"## {KINDS[kind][0].upper()}{KINDS[kind][1:]}"
    return "\n".join([title, "", "| type | why | by |", "|---|---|---|", *rows, ""])


def classless(names: list[str]) -> list[str]:
    """The types that are only a part of others."""
    if not names:
        return []
    listed = ", ".join(f"`{name}`" for name in sorted(names))
    return ["## No model class of their own", "", "Their configs are parts of other models' configs.", "", listed, ""]


def stamp(made: dict[str, Any]) -> str:
    """The version and the date of a record; of the newest version that an entry was carried to."""
    return f"transformers {made.get('carried', made['transformers'])}, {made['date']}"


def cell(text: str) -> str:
    """Text that fits a cell of a Markdown table."""
    return re.sub(r"([|<>*_`\[\]\\])", r"\\\1", " ".join(text.split()))


if __name__ == "__main__":
    main()
