"""What stands beside the total of a list: conventions, folded rows, copies one by one, what does not matter."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

import nparams
from nparams.cli.main import main
from nparams.errors import UsageError
from nparams.network import copies

CAPTURE = pytest.CaptureFixture[str]
COUNTED = "counted by the definitions of the textbook, since --convention was not given"
TORCH, KERAS = "by those of PyTorch it is", "by those of Keras it is"
RECURRENT = "for a second bias vector in each gate"
HH = f"{RECURRENT} (b_hh)"
HN = f"{RECURRENT} (b_hn is needed where the reset comes after the product)"
AFTER = f"{RECURRENT} (reset_after, its default since TensorFlow 2)"
EVERY = "for acting on the last side, at each position of an image by itself"
PLAIN = "for scales and shifts, which are off there unless asked for (affine)"
APART = "for biases of the depthwise layer, which is a layer of its own there"


def read(text: str, convention: str | None = None, **options: Any) -> nparams.Network:
    return nparams.read(text, form="stack", convention=convention, **options)


GATE = 32 * (32 + 32)

# what is typed | every note: the other totals, and each difference by its cause
NOTED = [
    ("dense 10 on 784", []),
    ("conv 32 3x3 on 3", []),
    ("lstm 128 on 64", [
        COUNTED, f"{TORCH} {4 * 128 * (64 + 128 + 2):,}: + {4 * 128} {HH}, in lstm", f"{KERAS} the same",
    ]),
    ("gru 32 on 32", [
        COUNTED,
        f"{TORCH} {3 * (GATE + 2 * 32):,}: + {3 * 32} {HN}, in gru",
        f"{KERAS} {3 * (GATE + 2 * 32):,}: + {3 * 32} {AFTER}, in gru",
    ]),
    ("rnn 32 on 32 as encoder", [
        COUNTED, f"{TORCH} {GATE + 2 * 32:,}: + 32 for a second bias vector (b_hh), in encoder", f"{KERAS} the same",
    ]),
    ("bilstm 8 seq on 4; gru 3; dense 2", [
        COUNTED,
        f"{TORCH} {2 * 4 * 8 * (4 + 8 + 2) + 3 * 3 * (16 + 3 + 2) + 4 * 2:,}: + {2 * 4 * 8} {HH}, in lstm; "
        f"+ {3 * 3} {HN}, in gru",
        f"{KERAS} {2 * 4 * 8 * (4 + 8 + 1) + 3 * 3 * (16 + 3 + 2) + 4 * 2:,}: + {3 * 3} {AFTER}, in gru",
    ]),
    ("input 8; lstm 8; lstm 8; lstm 8; lstm 8; lstm 4", [
        COUNTED,
        f"{TORCH} {4 * (4 * 8 * (8 + 8 + 2)) + 4 * 4 * (8 + 4 + 2):,}: + {4 * 4 * 8 + 4 * 4} {HH}, in lstm1-4, lstm5",
        f"{KERAS} the same",
    ]),
    ("input 8x8x3; prelu", [
        COUNTED, f"{TORCH} 1: - {3 - 1} for one slope for all channels, in prelu",
        f"{KERAS} {8 * 8 * 3}: + {8 * 8 * 3 - 3} for a slope for every value, not for every channel, in prelu",
    ]),
    ("sepconv 32 3x3 on 16", [
        COUNTED, f"{TORCH} {(9 + 1) * 16 + (16 + 1) * 32}: + 16 {APART}, in sepconv", f"{KERAS} the same",
    ]),
    ("instancenorm 64", [COUNTED, f"{TORCH} 0: - {2 * 64} {PLAIN}, in instancenorm", f"{KERAS} the same"]),
    ("input 28x28x1; dense 10", [
        "dense: every one of the 28·28·1 values is connected, as after a flatten",
        COUNTED,
        f"{TORCH} {2 * 10}: - {784 * 10 - 10:,} {EVERY}, in dense",
        f"{KERAS} {2 * 10}: - {784 * 10 - 10:,} {EVERY}, in dense",
    ]),
    # s*(n - 1) + k = 11 positions along a side, and s*n = 12 in Keras: what differs is the dense layer behind it
    ("input 4x4x8; deconv 3 2x2 stride 3; flatten; dense 1", [
        COUNTED, f"{TORCH} the same",
        f"{KERAS} {(4 * 8 + 1) * 3 + 12 * 12 * 3 + 1}: + {(12 * 12 - 11 * 11) * 3} for the shape that convtranspose "
        "sends, in dense",
    ]),
    ("input 4x4x8; deconv 3 2x2 stride 3 as up; flatten; dense 1; dense 5", [
        COUNTED, f"{TORCH} the same",
        f"{KERAS} {(4 * 8 + 1) * 3 + 12 * 12 * 3 + 1 + 2 * 5}: + {(12 * 12 - 11 * 11) * 3} for the shape that up "
        "sends, in dense1",
    ]),
    ("input 4x4x8; deconv 3 2x2 stride 3; gap; dense 1", []),  # its shape is seen by no weight
    ("batchnorm 64", [
        f"model.summary() of Keras prints {4 * 64}: it counts {2 * 64} statistics, which are not trained",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "notes"), NOTED, ids=[row[0] for row in NOTED])
def test_notes(text: str, notes: list[str]) -> None:
    assert read(text).notes == notes


@pytest.mark.parametrize("convention", ["textbook", "torch", "keras"])
def test_what_was_asked_for_is_not_explained(convention: str) -> None:
    found = read("lstm 128 on 64", convention)
    assert not any("since --convention was not given" in note for note in found.notes)
    assert found.also.keys() - {"framework"} == {"textbook", "torch", "keras"} - {convention}


# what is typed | numbers for its symbols | every note
PUT_IN: list[tuple[str, dict[str, object], list[str]]] = [
    ("dense 10", {}, ["dense: how many values come in is not said; n_in stands for it"]),
    ("dense 10", {"n_in": 3}, []),
    ("lstm 128", {"n": 64}, [
        COUNTED, f"{TORCH} {4 * 128 * (64 + 128 + 2):,}: + {4 * 128} {HH}, in lstm", f"{KERAS} the same",
    ]),
    ("lstm h on n", {"h": 5, "n": 3}, [
        COUNTED, f"{TORCH} {4 * 5 * (3 + 5 + 2)}: + {4 * 5} {HH}, in lstm", f"{KERAS} the same",
    ]),
    ("lstm h on n", {}, [
        COUNTED, f"{TORCH} 4*h**2 + 4*h*n + 8*h: + 4*h {HH}, in lstm", f"{KERAS} the same",
    ]),
    ("conv n 3x3 no bias on 3; bn", {"n": 5}, [
        f"model.summary() of Keras prints {27 * 5 + 4 * 5}: it counts {2 * 5} statistics, which are not trained",
    ]),
    ("dense 10; dense h", {"h": 4}, ["dense1: how many values come in is not said; n_in stands for it"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "notes"), PUT_IN, ids=[f"{row[0]} {row[1]}" for row in PUT_IN])
def test_notes_follow_the_numbers(text: str, values: dict[str, object], notes: list[str]) -> None:
    assert read(text, set=values).notes == notes
    assert (read(text).substitute(values) if values else read(text)).notes == notes


# -- side by side -----------------------------------------------------------------------------------------------------

SIDES = "input 8x8x3; conv 4 3x3; prelu; gap; gru 5"
#: what each layer holds by each convention
CONV = (9 * 3 + 1) * 4
COLUMNS = {
    "textbook": [CONV, 4, 0, 3 * 5 * (4 + 5 + 1)],
    "torch": [CONV, 1, 0, 3 * 5 * (4 + 5 + 2)],
    "keras": [CONV, 6 * 6 * 4, 0, 3 * 5 * (4 + 5 + 2)],
}


def test_a_column_for_each_convention() -> None:
    found = read(SIDES, "all")
    lines = str(found).splitlines()
    head = next(line for line in lines if line.startswith("layer "))
    rows = lines[lines.index(head) + 1 :][:5]
    for name, held in COLUMNS.items():
        end = head.index(name) + len(name)
        cells = [int(line[:end].split()[-1].replace(",", "")) for line in rows]
        assert cells == [*held, sum(held)]
    assert rows[-1].startswith("sum ")


def test_a_network_for_each_convention() -> None:
    found = read(SIDES, "all")
    assert {name: other.total for name, other in found.conventions.items()} == {
        name: sum(held) for name, held in COLUMNS.items()
    }
    assert {name: [row.total for row in other.layers] for name, other in found.conventions.items()} == COLUMNS
    assert found.also == {name: sum(COLUMNS[name]) for name in ("torch", "keras")}
    assert found.total == sum(COLUMNS["textbook"])


@pytest.mark.parametrize("convention", [None, "textbook", "torch", "keras"])
def test_one_convention_has_no_others_beside_it(convention: str | None) -> None:
    assert read(SIDES, convention).conventions == {}


def test_where_nothing_differs_the_columns_agree() -> None:
    found = read("input 8; dense 4", "all")
    assert {other.total for other in found.conventions.values()} == {9 * 4}
    assert found.also == {"torch": 9 * 4, "keras": 9 * 4}


# -- rows that repeat -------------------------------------------------------------------------------------------------


def test_a_run_that_repeats_is_a_row_for_each_of_its_layers() -> None:
    found = read("input 784\n" + "dense 10\nrelu\n" * 1000)
    assert [(row.name, row.copies, row.total) for row in found.layers] == [
        ("dense1", 1, 785 * 10), ("relu1-999", 999, 0), ("dense2-1000", 999, 999 * 11 * 10), ("relu1000", 1, 0),
    ]  # fmt: skip
    assert len(read("dense 10; relu;" * 1000).layers) == 4


def test_rows_stay_in_the_order_of_the_layers() -> None:
    found = read("input 8;" + "dense 8; relu; dense 8;" * 3 + "dense 4; dense 8; relu; dense 8")
    assert sum(row.total for row in found.layers) == found.total == 7 * 9 * 8 + 9 * 4 + 5 * 8  # type: ignore[misc]
    widths = [row.out for row in found.layers]
    assert widths.index((4,)) == len(widths) - 4
    assert [row.kind for row in found.layers][-3:] == ["Dense", "Activation", "Dense"]


# -- copies one by one ------------------------------------------------------------------------------------------------


def test_each_copy_is_listed_under_its_own_number() -> None:
    told = json.loads(read("3 x (dense 4 on 4)").to_json(tensors=True))
    assert [(t["name"], t["shape"], t["adds"]) for t in told["tensors"]] == [
        (f"block{k}.dense.{name}", shape, adds)
        for k in (1, 2, 3)
        for name, shape, adds in (("weight", [4, 4], 16), ("bias", [4], 4))
    ]
    assert sum(t["adds"] for t in told["tensors"]) == told["total"] == 3 * 5 * 4


def test_the_table_of_tensors_lists_each_copy(capsys: CAPTURE) -> None:
    assert main(["--tensors", "3 x (dense 4 on 4)"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("block")] == [
        f"block{k}.dense.{name}" for k in (1, 2, 3) for name in ("weight", "bias")
    ]


def fingerprint(text: str) -> str:
    return str(json.loads(read(text).to_json())["fingerprint"])


def test_the_number_of_copies_is_in_the_fingerprint() -> None:
    twelve, thirteen = fingerprint("input 8; 12 x (dense 8; relu)"), fingerprint("input 8; 13 x (dense 8; relu)")
    assert twelve != thirteen
    assert twelve == fingerprint("input 8; 12 x (dense 8; tanh)")


def test_very_many_copies_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a copy was made")

    monkeypatch.setattr(copies, "_numbered", refuse)
    million = fingerprint(f"input 8; {10**6} x (dense 8; relu)")
    assert million != fingerprint(f"input 8; {10**6 + 1} x (dense 8; relu)")
    with pytest.raises(UsageError, match=r"^2,000,000 tensors: too many to list one by one, at most 1,000,000$"):
        read(f"input 8; {10**6} x (dense 8; relu)").to_json(tensors=True)


# -- what does not matter ---------------------------------------------------------------------------------------------

NO_WEIGHT = "no layer here has a weight for a position, so"
ONE, SEVERAL = "it shapes what flows and not what is counted.", "they shape what flows and not what is counted."

# what is typed | the remark at the end of its explanation
REMARKS = [
    ("input 400x3; lstm 50", f"The sequence length: {NO_WEIGHT} {ONE}"),
    ("input 28x28x1; conv 8 3x3", f"The image size: {NO_WEIGHT} {ONE}"),
    ("input 28x28x1; conv 8 3x3 stride 2; gap; dense 3", f"The image size and the stride (2): {NO_WEIGHT} {SEVERAL}"),
    ("input 28x28x1; flatten; dense 10", None),
    ("input 28x28x1; conv 8 3x3; flatten; dense 10", None),
    ("input 400x3; lstm 50 return_sequences; flatten; dense 1", None),
    ("input 50x16; positions", None),
    ("input 784; dense 10", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "remark"), REMARKS, ids=[row[0] for row in REMARKS])
def test_remarks(text: str, remark: str | None) -> None:
    found = read(text)
    assert found.remarks == (() if remark is None else (("What does not matter?", remark, None),))
    assert (remark is None) or remark in " ".join(found.explain().split())


# -- the command line -------------------------------------------------------------------------------------------------


def test_all_kinds_are_listed(capsys: CAPTURE) -> None:
    assert main(["layers"]) == 0
    out = capsys.readouterr().out
    assert "gru 32 on 32 " in out
    assert all(" " in line.strip() for line in out.splitlines())


@pytest.mark.parametrize("name", [["gru"], ["GRU"], ["gated", "recurrent", "unit"]])
def test_one_kind_in_full(name: list[str], capsys: CAPTURE) -> None:
    assert main(["layers", *name]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("GRU: ")
    assert f"torch differs in {HN.removeprefix('for ')}\n" in out
    assert out.endswith(f"example    gru 32 on 32: 3·(32·(32 + 32) + 32) = {3 * (GATE + 32):,}\n")
    assert err == ""


def test_no_such_kind(capsys: CAPTURE) -> None:
    assert main(["layers", "gruu"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith('nparams: no layer is called "gruu"')


@pytest.mark.parametrize("text", ["input 8; dense 3", "input 8\ndense 3\n", "\ufeff- input 8\r\n- dense 3\r\n"])
def test_a_list_from_standard_input(text: str, capsys: CAPTURE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-8"))))
    assert main(["-", "-q"]) == 0
    assert capsys.readouterr() == (f"{9 * 3}\n", "")


def test_notes_go_beside_the_answer(capsys: CAPTURE) -> None:
    assert main(["-q", "lstm", "128", "on", "64"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{4 * 128 * (64 + 128 + 1)}\n"
    assert err == "".join(f"note: {note}\n" for note in dict(NOTED)["lstm 128 on 64"])


# sums in notes are worked out, before and after numbers are put in
TIDY: list[tuple[str, dict[str, object], str]] = [
    ("input 8x8x3; L x prelu", {"L": 3}, f"{TORCH} 3: - 6 for one slope for all channels, in prelu[i]"),
    ("lstm n h L", {}, f"+ 4*L*h {HH}, in lstm.l0, lstm.l[i]"),
    ("lstm h on n", {"n": 3}, f"{TORCH} 4*h**2 + 20*h: + 4*h {HH}, in lstm"),
    ("L x lstm h on h; dense n", {"L": 3, "h": 2}, f"{TORCH} 3*n + {3 * 4 * 2 * (2 + 2 + 2)}: "),
]


@pytest.mark.parametrize(("text", "values", "words"), TIDY, ids=[row[0] for row in TIDY])
def test_sums_are_tidy(text: str, values: dict[str, object], words: str) -> None:
    assert any(words in note for note in read(text, set=values).notes)


def test_what_is_trained_stands_under_the_table() -> None:
    lines = str(read("dense 4096 on 4096 no bias lora 16")).split("\n")
    assert lines[-1] == "trained: 131,072 (0.78%); frozen: 16,777,216"  # 16*(4096 + 4096) and 4096*4096


def test_a_square_without_channels_is_said_to_be_a_sequence() -> None:
    found = read("input 28x28; dense 10")
    assert found.total == 28 * 10 + 10
    assert any("28·28 is read as a sequence" in note and "write flatten before it" in note for note in found.notes)


def test_a_layer_used_again_has_a_name_of_its_own() -> None:
    found = read("lstm 8 on 8 as a; reuse a")
    assert [t.name.partition(".")[0] for t in found.tensors()] == ["a"] * 3 + ["a2"] * 3
    assert f"by those of PyTorch it is {4 * 8 * (8 + 8 + 2):,}: + 32 for" in " ".join(found.notes)


# a dense layer behind an image whose sides are not known has as many weights as nobody said: text | total
UNSEEN = [
    ("conv 8 3x3 on 3; dense 10", "10*n_in + 234"),
    ("conv 8 3x3 on 3; batchnorm; relu; dense 10", "10*n_in + 250"),
    ("input 9x9x3; conv 8 3x3; maxpool; dense 10", "10*n_in + 234"),
    ("conv 8 3x3 on 3; dense 10 on 392", "4154"),
    ("conv 8 3x3 on 3; gap; dense 10", "314"),
    ("conv1d 8 3 on 3; dense 10", "170"),
]


@pytest.mark.parametrize(("text", "total"), UNSEEN)
def test_an_image_of_unknown_sides_stays_open(text: str, total: str) -> None:
    network = nparams.read(text)
    assert str(network.total) == total
    assert ("n_in stands for it" in " ".join(network.notes)) == ("n_in" in total)


def test_an_input_that_is_told_last_comes_first() -> None:
    network = nparams.read("conv 8 3x3; flatten; dense 10; input 9x9x1")
    assert network.total == 80 + 7 * 7 * 8 * 10 + 10
    assert network.read_as == "input 9x9x1; conv 8 3x3; flatten; dense 10"
