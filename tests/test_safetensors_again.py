"""A header that was read lately is not read again, and nobody sees a difference but in time."""

from __future__ import annotations

import pytest

from nparams.errors import FormatError
from nparams.files._safetensors import header
from nparams.files.bytesource import MemorySource
from nparams.files.safetensors import read, read_header
from nparams.network import Tensor
from tests.safetensors_maker import T, safetensors

PLAIN = safetensors([T("fc.weight", [4, 3]), T("fc.bias", [4])], {"format": "pt", "total_parameters": "99"})


@pytest.fixture(autouse=True)
def scanned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose headers were really read."""
    found: list[str] = []
    real = header._scanned

    def counting(raw: bytes, room: int, file: str, most: int) -> header.Header:
        found.append(file)
        return real(raw, room, file, most)

    monkeypatch.setattr(header, "_scanned", counting)
    monkeypatch.setattr(header, "lately", {})
    return found


def test_the_answer_is_the_same_and_of_its_own_file(scanned: list[str]) -> None:
    first, second = (read(MemorySource(PLAIN, name)) for name in ("a.safetensors", "b.safetensors"))
    assert scanned == ["a.safetensors"]
    assert (first.source, second.source) == ("a.safetensors", "b.safetensors")
    assert first.to_json().replace("a.safe", "b.safe") == second.to_json()
    assert (second.total, second.also, len(second.notes)) == (16, {"declared": 99}, 1)


def test_what_is_changed_in_one_is_not_in_the_other() -> None:
    first = read_header(MemorySource(PLAIN, "a.safetensors"))
    first.tensors[0].role = "buffer"
    first.tensors.put(Tensor("more", (1,), "float32"))
    first.metadata.clear()
    second = read_header(MemorySource(PLAIN, "b.safetensors"))
    assert [(t.name, t.role) for t in second.tensors] == [("fc.weight", "weight"), ("fc.bias", "bias")]
    assert second.metadata["format"] == "pt"
    second.tensors[0].role = "other"
    assert read_header(MemorySource(PLAIN)).tensors[0].role == "weight"


def test_other_data_behind_the_same_header_is_refused(scanned: list[str]) -> None:
    read_header(MemorySource(PLAIN, "a.safetensors"))
    for data in (PLAIN[:-1], PLAIN + b"\0"):
        with pytest.raises(FormatError, match=r"^b\.safetensors: "):
            read_header(MemorySource(data, "b.safetensors"))
    assert scanned == ["a.safetensors", "b.safetensors", "b.safetensors"]


def test_a_refusal_is_not_remembered(scanned: list[str]) -> None:
    for name in ("a.safetensors", "b.safetensors"):
        with pytest.raises(FormatError, match=name):
            read_header(MemorySource(PLAIN[:-1], name))
    assert scanned == ["a.safetensors", "b.safetensors"]


def test_few_and_short_ones_are_remembered(scanned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "MOST_LATELY", 3)
    files = [safetensors([T(f"w{k}", [2])]) for k in range(5)]
    for data in files:
        read_header(MemorySource(data))
    assert len(header.lately) == 3
    scanned.clear()
    read_header(MemorySource(files[4]))
    read_header(MemorySource(files[0]))
    assert len(scanned) == 1
    scanned.clear()
    monkeypatch.setattr(header, "LONGEST_LATELY", 10)
    for _ in range(2):
        read_header(MemorySource(files[4]))
    assert len(scanned) == 2
