"""The packed catalogue: what goes in comes out, damage is said, and the shipped file is what the entries give."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from nparams.architectures import catalogue
from nparams.architectures.catalogue import MAGIC, Catalogue, packed
from nparams.architectures.network import network_of
from nparams.architectures.symbolic import symbolic
from nparams.errors import FormatError, UnsupportedError
from tests.architectures import DATA
from tests.test_purity import FRAMEWORKS, SLOW, pulled_in
from tools.derive.pack import ENTRIES, PACKED, dictionary, pack, read_entries, shortened

HELD = {path.stem: shortened(json.loads(path.read_text("utf-8"))) for path in sorted(DATA.glob("*.json"))}


def test_what_goes_in_comes_out() -> None:
    made = Catalogue(packed(HELD, dictionary(list(HELD.values()))))
    assert made.types() == ("llama", "moe", "stages")
    assert {name: made.text(name) for name in made.types()} == HELD
    found = made.entry("llama")
    assert found is not None
    assert found is made.entry("llama")
    assert found.made == {"transformers": "5.24.0"}
    assert made.entry("no-such-type") is None


def test_packing_is_a_function_of_the_entries() -> None:
    assert packed(HELD) == packed(dict(reversed(HELD.items())))
    assert len(packed(HELD, dictionary(list(HELD.values())))) < sum(map(len, HELD.values()))


WHOLE = packed(HELD, b"hidden_size")
DAMAGED = [
    (b"", "does not begin as one"),
    (b"PK\3\4", "does not begin as one"),
    (MAGIC, "cut short"),
    (WHOLE[:40], "cut short"),
    (MAGIC + b"\0\0\0\3abc" + b"\0\0\0\0", "incorrect header check"),
    (MAGIC + b"\xff\xff\xff\xff", "cut short"),
]


@pytest.mark.parametrize(("data", "text"), DAMAGED)
def test_a_damaged_file_says_so(data: bytes, text: str) -> None:
    with pytest.raises(FormatError, match=rf"^the catalogue .* is damaged: .*{text}"):
        Catalogue(data)


@pytest.mark.parametrize(
    "index",
    ["{", "5", "[5]", '[["a", 0]]', '[["a", -1, 2]]', '[["a", 0, 999]]', '[["a", true, 2]]', "[" * 100_000],
    ids=lambda text: text[:20],
)
def test_a_damaged_index_says_so(index: str) -> None:
    piece = zlib.compress(index.encode())
    with pytest.raises(FormatError, match="is damaged"):
        Catalogue(MAGIC + len(piece).to_bytes(4, "big") + piece + b"\0\0\0\0").types()


def test_a_damaged_piece_says_so() -> None:
    for text in (b"{", b'{"type": "b"}', b"5", b"[" * 100_000):
        with pytest.raises(FormatError, match="is damaged"):
            Catalogue(packed({"a": text})).entry("a")
    with pytest.raises(FormatError, match="is damaged"):
        Catalogue(packed({"a": b'{"type": "a"}'})[:-3] + b"xyz").entry("a")


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(FormatError, match="cut short"):
        Catalogue(packed({"a": b"0" * 17_000_000})).entry("a")


def test_every_cut_and_every_changed_byte_is_a_format_error_or_harmless() -> None:
    for place in range(0, len(WHOLE), 7):
        for data in (WHOLE[:place], WHOLE[:place] + bytes([WHOLE[place] ^ 255]) + WHOLE[place + 1 :]):
            try:
                made = Catalogue(data)
                for name in made.types():
                    made.entry(name)
            except FormatError:
                continue


def test_other_entries_may_stand_in_for_the_shipped_ones() -> None:
    catalogue.use({"llama": json.loads(HELD["llama"])})
    try:
        assert catalogue.types() == ("llama",)
        assert catalogue.entry("gpt2") is None
    finally:
        catalogue.use(None)
    assert catalogue.types() == Catalogue(Path(catalogue.__file__).with_name("catalogue.bin").read_bytes()).types()


def test_the_shipped_file_is_what_the_entries_give() -> None:
    """By content: another zlib may write other bytes."""
    shipped, entries = Catalogue(PACKED.read_bytes()), read_entries(ENTRIES)
    assert shipped.types() == tuple(sorted(entries)), "python -m tools.derive.pack brings it up to date"
    assert {name: shipped.text(name) for name in shipped.types()} == entries
    assert len(pack()) < 1_000_000


def test_every_shipped_entry_compiles() -> None:
    for name in catalogue.types():
        held = catalogue.entry(name)
        assert held is not None
        for head in held.heads:
            held.program(head)


def test_the_formula_of_every_shipped_entry_is_its_count_at_the_defaults() -> None:
    for name in catalogue.types():
        held = catalogue.entry(name)
        assert held is not None
        head = next(iter(held.heads))
        try:
            counted = network_of(held, head, {}).total
        except UnsupportedError:  # what is the default of every field is not always a network
            continue
        assert symbolic(held, head, {}, free=()).total == counted, name


def test_counting_a_configuration_loads_nothing_slow_and_no_framework() -> None:
    text = json.dumps({"llama": json.loads(HELD["llama"])})
    code = f"""
import json, nparams
from nparams.architectures import catalogue
catalogue.use(json.loads({text!r}))
assert nparams.count({{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}}) == 6738415616
"""
    found = pulled_in(code)
    assert found.isdisjoint([*FRAMEWORKS, "transformers", *(set(SLOW) - {"json"})])
    assert not any(name.startswith(("nparams.views", "nparams.layers", "nparams.frameworks")) for name in found)
    unwanted = "symbolic sight cases letters layers".split()
    assert found.isdisjoint([f"nparams.architectures.{name}" for name in unwanted])
    assert "nparams.expr.text" not in found
