"""What the page asks (nparams.page): every answer is JSON, exact, and the library's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import nparams
from nparams.page.dropped import BLOCK, Dropped, network_of
from nparams.page.session import Session, values
from tests.safetensors_maker import T, index_of, safetensors

TEXTS = {
    "784-16-16-10": 13_002,
    "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10": 54_410,
    "nn.Conv2d(3, 64, 7)": 9_472,
    "nn.LSTM(10, 20)": 2_560,
    "resnet50": 25_557_032,
    '{"model_type": "llama"}': 6_738_415_616,
    "(5*5*3+1)*100": 7_600,
    "[(784, 16), (16,)]": 12_560,
}


def asked(page: Session, **question: Any) -> Any:
    return json.loads(page.ask(json.dumps(question)))


def count(text: str, **options: Any) -> tuple[Session, Any]:
    page = Session()
    return page, asked(page, what="count", text=text, **options)


def dropped(**files: bytes) -> tuple[Session, Any]:
    held = list(files.values())
    page = Session(lambda number, offset, length: held[number][offset : offset + length])
    return page, asked(page, what="files", files=[[name, len(data)] for name, data in files.items()])


@pytest.mark.parametrize(("text", "total"), TEXTS.items())
def test_a_text_gives_the_total_and_rows_that_sum_to_it(text: str, total: int) -> None:
    _, answer = count(text)
    assert answer["total"] == {"digits": str(total)}
    assert int(answer["weights"]["digits"]) + int(answer["biases"]["digits"]) == total
    column = next(c for c in answer["table"]["columns"] if c["name"] in ("total", "textbook"))
    assert column["foot"] == str(total)
    assert answer["table"]["more"] or sum(map(int, filter(None, column["cells"]))) == total
    assert sum(int(share["total"]) for share in answer["shares"]) == total


def test_numbers_beyond_a_browser_s_are_digits() -> None:
    _, answer = count("100000000000-100000000000")
    assert answer["total"] == {"digits": str(10**22 + 10**11)}
    assert "e+" not in json.dumps(answer)


def test_symbols_are_named_and_take_numbers() -> None:
    page, answer = count("h0-h1-h2")
    assert answer["symbols"] == ["h0", "h1", "h2"]
    assert "<math" in answer["total"]["math"]
    answer = asked(page, what="count", text="h0-h1-h2", set={"h0": "784", "h1": "16", "h2": "1,0"})
    assert answer["total"] == {"digits": str(784 * 16 + 16 + 160 + 10)}
    answer = asked(page, what="count", text="h0..hl", set={"l": "3", "h": "[784, 16, 16, 10]"})
    assert answer["total"] == {"digits": "13002"}


def test_what_was_typed_for_a_symbol_is_a_number_or_is_left() -> None:
    assert values({"a": "1_000", "b": " ", "c": "x+1", "d": "²"}) == {"a": 1000, "c": "x+1", "d": "²"}


def test_conventions_stand_side_by_side_where_they_differ() -> None:
    _, answer = count("lstm 128 on 64")
    totals = {each["name"]: each["total"]["digits"] for each in answer["conventions"]}
    assert totals == {"textbook": "98816", "torch": "99328", "keras": "98816"}
    assert count("784-16-16-10")[1]["conventions"] == []


def test_a_refusal_is_one_line_and_forgets_the_network_before() -> None:
    page, _ = count("784-16-16-10")
    answer = asked(page, what="count", text="784-16-")
    assert "\n" not in answer["error"]
    assert "no network yet" in asked(page, what="why", number="3")["error"]


@pytest.mark.parametrize("question", ["", "{}", '{"what": "eval"}', "[]", "7", "null", '{"what": "files"}'])
def test_a_question_that_is_none_is_refused(question: str) -> None:
    assert "error" in json.loads(Session().ask(question))


def test_a_text_names_no_file_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors([T("w", [2, 2])]))
    assert "error" in count(str(path))[1]
    assert "error" in count("python:os:getcwd()")[1]


def test_why_and_solve_and_views_are_the_library_s() -> None:
    page, _ = count("784-h-h-10")
    found = asked(page, what="solve", max="10,000")
    assert found["answers"][0] == {"values": {"h": "12"}, "total": "9706", "gap": "-294", "fits": True}
    page, _ = count("784-h-h-10", set={"h": "16"})  # a letter that has a number may have another
    assert asked(page, what="solve", max="10,000")["answers"] == found["answers"]
    page, _ = count("784-16-16-10")
    plain = asked(page, what="solve", max="10,000")  # hidden layers vary together
    assert (plain["text"], plain["answers"]) == ("784-h-h-10", found["answers"])
    listed, _ = count("[784, 16, 16, 10]")
    assert asked(listed, what="solve", max="10,000")["answers"] == found["answers"]
    assert asked(page, what="why", number="12960")["explained"]
    network = nparams.read("784-16-16-10")
    assert asked(page, what="view", name="json")["text"] == network.to_json()
    assert asked(page, what="view", name="explain")["text"] == network.explain()
    assert "choose one of" in asked(page, what="view", name="nonsense")["error"]


def test_a_file_is_read_in_place_and_says_how_much_of_it() -> None:
    data = safetensors([T("fc.weight", [10, 784]), T("fc.bias", [10])])
    page, answer = dropped(**{"model.safetensors": data + b"\0" * 10**6})
    assert answer["error"]  # the header says another length
    page, answer = dropped(**{"model.safetensors": data})
    assert answer["total"] == {"digits": "7850"}
    assert int(answer["bytes_read"]) <= BLOCK
    assert "a budget is for sizes" in asked(page, what="solve", max="3")["error"]
    assert asked(page, what="why", number="7840")["explained"]


def test_shards_are_one_network_also_in_a_folder_that_was_dropped() -> None:
    index = index_of({"a": "m-00001-of-00002.safetensors", "b": "m-00002-of-00002.safetensors"})
    files = {
        "m-00001-of-00002.safetensors": safetensors([T("a", [3])]),
        "m-00002-of-00002.safetensors": safetensors([T("b", [4])]),
        "m.safetensors.index.json": index,
    }
    assert dropped(**files)[1]["total"] == {"digits": "7"}
    assert dropped(**{f"llama/{name}": data for name, data in files.items()})[1]["total"] == {"digits": "7"}
    del files["m-00002-of-00002.safetensors"]
    assert "m-00002-of-00002.safetensors" in dropped(**files)[1]["error"]


def test_a_config_that_was_dropped_is_counted() -> None:
    assert dropped(**{"config.json": b'{"model_type": "llama"}'})[1]["total"] == {"digits": "6738415616"}


def test_dropped_files_are_each_other_s_folder_and_lead_nowhere() -> None:
    held = [b"abc", b"defg"]
    files = Dropped(lambda n, offset, length: held[n][offset : offset + length], [("a/b/x", 3), ("a/y", 4)])
    inner = files.folder("a")
    assert (files.folders(), inner.names(), inner.folders()) == (["a"], ["b", "y"], ["b"])
    assert inner.folder("b").open("x").read(1, 2) == b"bc"
    assert files.taken == 2  # from there to the end
    for name in ("..", "a/y", "", "z"):
        with pytest.raises(nparams.NparamsError):
            files.folder(name)
        with pytest.raises(nparams.NparamsError):
            inner.open(name)


def test_a_file_that_became_shorter_is_refused() -> None:
    with pytest.raises(nparams.NparamsError, match="became shorter"):
        network_of(Dropped(lambda n, offset, length: b"", [("a.safetensors", 100)]))


def test_the_page_needs_no_terminal_no_threads_and_no_network() -> None:
    code = 'import sys; import nparams.page.session as s; s.Session().ask(\'{"what":"count","text":"784-10"}\');'
    code += "print(*{'rich', 'argparse', 'threading', 'socket', 'subprocess'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


GUARDED = """
import json
from nparams.page.deep import guard
guard()
print(json.loads("[[1], 2]"), json.loads("[" * 99 + "]" * 99) != 1)
for text in ("[" * 10**5, '{"a":' * 10**4):
    try:
        json.JSONDecoder().decode(text)
    except RecursionError as error:
        print(error)
"""


def test_what_is_nested_too_deeply_is_refused_before_it_is_scanned() -> None:
    told = subprocess.run([sys.executable, "-c", GUARDED], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ["[[1], 2] True", *["JSON that is nested too deeply"] * 2]
