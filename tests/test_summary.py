"""Printed summaries: what is pasted is read as what was printed, checked against its layers and its totals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nparams.errors import NotationError
from nparams.network import Network
from nparams.notation import summary

FOLDER = Path(__file__).parent / "summaries"


def held(network: Network) -> list[int]:
    """Parameters of each row."""
    return [int(row.total) for row in network.layers]  # type: ignore[call-overload]


SO_36946671 = """
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
flatten_1 (Flatten)          (None, 784)               0
_________________________________________________________________
dense_1 (Dense)              (None, 10)                7850
=================================================================
Total params: 7,850
Trainable params: 7,850
Non-trainable params: 0
_________________________________________________________________
"""
CUT = """
Model: "sequential_3"
_________________________________________________________________
Layer (type) Output Shape Param #
=================================================================
conv2d_14 (Conv2D) (None, 29, 29, 32) 1568
_________________________________________________________________
max_pooling2d_6 (MaxPooling2 (None, 14, 14, 32) 0
_________________________________________________________________
batch_normalization_9 (Batch (None, 14, 14, 32) 128
_________________________________________________________________
flatten_3 (Flatten) (None, 6272) 0
_________________________________________________________________
dense_6 (Dense) (None, 32) 200736
=================================================================
Total params: 202,432
Trainable params: 202,368
Non-trainable params: 64
"""
COLLAPSED = (
    "Layer (type) Output Shape Param # ================= input_2 (InputLayer) (None, 150, 150, 3) 0 _________________ "
    "conv2d_4 (Conv2D) (None, 148, 148, 16) 448 _________________ max_pooling2d_4 (MaxPooling2 (None, 74, 74, 16) 0 "
    "_________________ flatten_1 (Flatten) (None, 87616) 0 _________________ dense_1 (Dense) (None, 512) 44859904 "
    "================= Total params: 44,860,352 Trainable params: 44,860,352 Non-trainable params: 0"
)
CONNECTED = """
__________________________________________________________________________________________________
 Layer (type)                   Output Shape         Param #     Connected to
==================================================================================================
 input_1 (InputLayer)           [(None, 224, 224, 3  0           []
                                )]
 conv1 (Conv2D)                 (None, 112, 112, 64  9472        ['input_1[0][0]']
                                )
 batch_normalization (BatchNorm  (None, 112, 112, 64  256        ['conv1[0][0]']
 alization)                     )
 short (Conv2D)                 (None, 112, 112, 64  256         ['input_1[0][0]']
                                )
 add (Add)                      (None, 112, 112, 64  0           ['batch_normalization[0][0]',
                                )                                 'short[0][0]']
 rnn (LSTM)                     [(None, 8),          2336        ['add[0][0]']
                                 (None, 8),
                                 (None, 8)]
==================================================================================================
Total params: 12,320
Trainable params: 12,192
Non-trainable params: 128
"""
NESTED_2 = """
 Layer (type)                Output Shape              Param #
=================================================================
 vgg (Functional)            (None, 64)                1384
|¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯|
| input_1 (InputLayer)       [(None, 12, 12, 3)]       0        |
|                                                               |
| block1_conv1 (Conv2D)      (None, 12, 12, 8)         224      |
|                                                               |
| block1_conv2 (Conv2D)      (None, 12, 12, 8)         584      |
|                                                               |
| gap (GlobalAveragePooling2  (None, 8)                0        |
|                                                               |
| dense (Dense)              (None, 64)                576      |
¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯
 head (Dense)                (None, 5)                 325
=================================================================
Total params: 1,709
"""
CUT_AT_BRACKET = """
 mobilenetv2_1.00_224 (Func  (None, 7, 7, 1280)        2257984
 tional)

 global_average_pooling2d (  (None, 1280)              0
 GlobalAveragePooling2D)

 dense (Dense)               (None, 1)                 1281

=================================================================
Total params: 2259265 (8.62 MB)
Trainable params: 1281 (5.00 KB)
Non-trainable params: 2257984 (8.61 MB)
"""
TFJS = """
_________________________________________________________________
Layer (type)                 Input Shape               Output shape              Param #
=================================================================
dense_Dense1 (Dense)         [[null,4]]                [null,10]                 50
_________________________________________________________________
dense_Dense2 (Dense)         [[null,10]]               [null,1]                  11
=================================================================
"""
YOLO = """
                   from  n    params  module                                       arguments
  0                  -1  1       464  ultralytics.nn.modules.conv.Conv             [3, 16, 3, 2]
  1                  -1  1      4672  ultralytics.nn.modules.conv.Conv             [16, 32, 3, 2]
  2                  -1  1      7360  ultralytics.nn.modules.block.C2f             [32, 32, 1, True]
  3                  -1  1         0  torch.nn.modules.upsampling.Upsample         [None, 2, 'nearest']
  4             [-1, 6]  1         0  ultralytics.nn.modules.conv.Concat           [1]
YOLOv8n summary: 225 layers, 12,496 parameters, 12,480 gradients, 8.9 GFLOPs
YOLOv8n summary (fused): 168 layers, 12,400 parameters, 0 gradients
"""
PRETTY = """
+--------------+------------+
|   Modules    | Parameters |
+--------------+------------+
| conv1.weight |    432     |
|  conv1.bias  |     16     |
|  fc.weight   |    160     |
+--------------+------------+
Total Trainable Params: 608
"""
DETAILED = """
layer                                     name  gradient   parameters                shape         mu      sigma
    0                 model.0.conv.conv.weight      True         3456       [32, 12, 3, 3]   -0.00149     0.0563
    1                   model.0.conv.bn.weight      True           32                 [32]          1          0
    2                     model.0.conv.bn.bias     False           32                 [32]          0          0
"""
LIGHTNING = """
  | Name  | Type   | Params
---------------------------------
0 | layer | Linear | 6
---------------------------------
10        Trainable params
0         Non-trainable params
10        Total params
"""
LIGHTNING_NESTED = """
  | Name       | Type       | Params | In sizes | Out sizes
---------------------------------------------------------------
0 | net        | Sequential | 130    | [1, 4]   | [1, 10]
1 | net.0      | Linear     | 40     | [1, 4]   | [1, 8]
2 | net.1      | ReLU       | 0      | [1, 8]   | [1, 8]
3 | net.2      | Linear     | 90     | [1, 8]   | [1, 10]
---------------------------------------------------------------
130       Trainable params
0         Non-trainable params
130       Total params
"""
LSTM_UNSEEN = """
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
              LSTM-1   [[-1, 5, 8], [-1, 2, 8]]               0
            Linear-2                   [-1, 10]              90
================================================================
Total params: 90
"""
PADDLE = """
---------------------------------------------------------------------------
 Layer (type)       Input Shape          Output Shape         Param #
===========================================================================
   Conv2D-1       [[1, 3, 28, 28]]     [1, 16, 28, 28]          448
 BatchNorm2D-1   [[1, 16, 28, 28]]     [1, 16, 28, 28]          64
    ReLU-1       [[1, 16, 28, 28]]     [1, 16, 28, 28]           0
   Flatten-1     [[1, 16, 28, 28]]        [1, 12544]             0
   Linear-1         [[1, 12544]]           [1, 10]            125,450
===========================================================================
Total params: 125,962
Trainable params: 125,930
Non-trainable params: 32
---------------------------------------------------------------------------
"""
FASTAI = """
Sequential (Input shape: 64 x 3 x 28 x 28)
============================================================================
Layer (type)         Output Shape         Param #    Trainable
============================================================================
                     64 x 16 x 28 x 28
Conv2d                                    432        False
BatchNorm2d                               32         True
ReLU
____________________________________________________________________________
                     64 x 10
Linear                                    125450     True
____________________________________________________________________________

Total params: 125,914
Total trainable params: 125,482
Total non-trainable params: 432
"""
COMMENTED = """
# ==========================================================================================
# Layer (type:depth-idx)                   Output Shape              Param #
# ==========================================================================================
# dvhNet                                   --                        --
# ├─DeepVisualHullEncoder: 1-1             [1, 256]                  --
# │    └─Sequential: 2-1                   [1, 256]                  --
# │    │    └─Conv2d: 3-1                  [1, 64, 224, 224]         1,792
# │    │    └─BatchNorm2d: 3-2             [1, 64, 224, 224]         128
# │    │    └─Conv2d: 3-4                  [1, 64, 112, 112]         36,928
# ==========================================================================================
"""
MARKED_DOWN = """
| Layer (type:depth-idx)   | Output Shape        | Param #   |
|--------------------------|---------------------|-----------|
| CVAE_baseline            | [2, 14, 4500]       | --        |
| ├─Encoder_baseline: 1-1  | [2, 512]            | --        |
| │ └─Conv1d: 2-1          | [2, 128, 4501]      | 21,632    |
| │ └─BatchNorm1d: 2-2     | [2, 128, 4501]      | 256       |
| │ └─MaxPool1d: 2-3       | [2, 128, 2245]      | --        |
"""
MARKDOWN = """
| Layer (type) | Output Shape | Param # |
|---|---|---|
| conv2d (Conv2D) | (None, 26, 26, 32) | 320 |
| flatten (Flatten) | (None, 21632) | 0 |
| dense (Dense) | (None, 10) | 216,330 |
"""
VERTICAL = """
Layer (type)
Output Shape
Param #
conv2d (Conv2D)
(None, 26, 26, 32)
320
flatten (Flatten)
(None, 21632)
0
"""

#: text, parameters, weights, biases, Keras's own count (None: not of Keras), where it is from or what it shows
CASES: list[tuple[str, int, int, int, int | None, str]] = [
    ("dense_1 (Dense)  (None, 10)  7850", 7850, 7840, 10, 7850, "one row"),
    ("conv2d_7 (Conv2D) (None, 26, 26, 64) 640", 640, 576, 64, 640, "kernel and channels follow from the count"),
    ("conv2d (Conv2D) (None, 109, 109, 64) 9472", 9472, 9408, 64, 9472, "7x7 on 3"),
    ("lstm_1 (LSTM) (None, 256)  4457472", 4457472, 4456448, 1024, 4457472, "SO 38080035: 4·(256·(4096 + 256) + 256)"),
    ("embedding_1 (Embedding) (None, 80, 128) 2560000", 2560000, 2560000, 0, 2560000, "20,000 words"),
    ("x (BatchNormalization) (None, 14, 14, 64) 256", 128, 64, 64, 256, "half of it is statistics"),
    ("model_1 (Functional)  (None, 8)  1000", 1000, 1000, 0, 1000, "a nested model"),
    ("dense (Dense)  multiple  7850", 7850, 7850, 0, 7850, "a class of one's own, built late"),
    (SO_36946671, 7850, 7840, 10, 7850, "SO 36946671"),
    (CUT, 202368, 202272, 96, 202432, "SO 61061116, with a norm: types that are cut off"),
    (" ".join(CUT.split()), 202368, 202272, 96, 202432, "the same, its lines lost"),
    (COLLAPSED, 44860352, 44859824, 528, 44860352, "a paste without lines"),
    (CONNECTED, 12192, 11968, 224, 12320, "TF 2.8 and later: cells go on in the next line"),
    (NESTED_2, 1709, 1624, 85, 1709, "Keras 2 with expand_nested"),
    (CUT_AT_BRACKET, 2259265, 2259264, 1, 2259265, "Keras 2.13: a name that goes on after its bracket"),
    (TFJS, 61, 50, 11, 61, "TensorFlow.js"),
    (MARKDOWN, 216650, 216608, 42, 216650, "a Markdown table"),
    (VERTICAL, 320, 288, 32, 320, "a cell a line"),
    ("Total params: 7,850\nTrainable params: 7,850\nNon-trainable params: 0", 7850, 7850, 0, None, "only totals"),
    ("Conv2d-1  [-1, 64, 26, 26]  640", 640, 576, 64, None, "torchsummary"),
    ("Conv2d-1 [-1, 16, 32, 32] 448 Conv2d-2 [-1, 32, 16, 16] 4,640 Linear-3 [-1, 128] 1,048,704",
     1053792, 1053616, 176, None, "torchsummary without lines"),
    ("Conv2d-1 [-1, 64, 112, 112] 9,408", 9408, 9408, 0, None, "ResNet's first: no biases"),
    (LSTM_UNSEEN, 90, 80, 10, None, "torchsummary does not see an LSTM"),
    ("0 | fc | Linear | 650", 650, 650, 0, None, "Lightning, one row"),
    (LIGHTNING, 10, 10, 0, None, "Lightning-AI/pytorch-lightning 12736: a bare parameter is in no row"),
    (LIGHTNING_NESTED, 130, 112, 18, None, "Lightning with max_depth=-1: rows count what is below"),
    (YOLO, 12496, 12448, 48, None, "ultralytics"),
    (PRETTY, 608, 592, 16, None, "count_parameters with prettytable"),
    (DETAILED, 3520, 3488, 32, None, "ultralytics/yolov5 2904"),
    ("trainable params: 294,912 || all params: 124,734,720 || trainable%: 0.24", 124734720, 124734720, 0, None, "peft"),
    (PADDLE, 125930, 125888, 42, 125962, "paddle.summary, which counts statistics"),
    (FASTAI, 125914, 125888, 26, None, "fastai"),
    (COMMENTED, 38_848, 38_656, 192, None, "a summary in a comment of code"),
    (MARKED_DOWN, 21_888, 21_760, 128, None, "torchinfo as a Markdown table"),
    ("prelu_1 (PReLU) (None, 31, 98, 24) 72912", 72912, 72912, 0, 72912, "Keras 1: a slope for each value"),
    ("conv1 | 1,792\nfc | 650\nTotal | 2,442", 2442, 2442, 0, None, "a plain table"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[-1])
def test_it_counts(case: tuple[str, int, int, int, int | None, str]) -> None:
    text, total, weights, biases, framework, _ = case
    assert summary.may_be(text)
    network = summary.read(text)
    assert (network.total, network.weights, network.biases) == (total, weights, biases), network.notes
    assert network.also.get("framework") == framework
    assert sum(held(network)) == total
    assert network.form == "summary"
    assert network.read_as
    assert len(network.read_as) < 260
    assert "\n" not in network.read_as


@pytest.mark.parametrize("text", [case[0] for case in CASES if "Dense)" in case[0] or case[0].startswith("Conv2d-1")])
def test_what_was_understood_can_be_read_again(text: str) -> None:
    network = summary.read(text)
    if "…" not in network.read_as:
        again = summary.read(network.read_as)
        assert again.total == network.total
        assert again.read_as == network.read_as


#: a file in tests/summaries, made by the library itself; parameters, and the totals that it prints
FILES: dict[str, tuple[int, dict[str, int]]] = {
    "torchinfo_resnet18": (11_689_512, {}),
    "torchinfo_resnet18_ascii": (11_689_512, {}),
    "torchinfo_resnet18_depth2_names": (11_689_512, {}),
    "torchinfo_encoder": (54_631, {}),
    "torchinfo_encoder_no_input": (54_631, {}),
    "torchinfo_shared_no_input": (7_418, {"trainable": 7_328}),
    "torchinfo_shared": (12_122, {"trainable": 12_032}),
    "torchinfo_shared_verbose": (12_122, {"trainable": 12_032}),
    "torch_summary_resnet18": (11_689_512, {}),
    "torch_summary_shared": (7_386, {"trainable": 7_296}),
    "torchsummary_resnet18": (11_689_512, {"trainable": 11_689_512}),
    "pytorch_model_summary_resnet18": (11_689_512, {}),
    "pytorch_model_summary_inputs": (7_386, {"trainable": 7_296}),
    "flax_linen": (3_066, {"framework": 3_130, "buffers": 64}),
    "flax_linen_depth1": (3_066, {"framework": 3_130, "buffers": 64}),
    "flax_linen_narrow": (3_066, {"framework": 3_130, "buffers": 64}),
    "flax_nnx": (5_790, {"framework": 6_070, "buffers": 276}),
    "haiku": (822, {}),
    "keras3_nested": (330, {"framework": 528, "buffers": 16, "trainable": 90, "frozen": 240}),
    "keras3_closed": (346, {"framework": 528, "trainable": 90, "frozen": 256}),
}


@pytest.mark.parametrize("name", FILES)
def test_what_libraries_print(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    total, more = FILES[name]
    assert summary.may_be(text)
    network = summary.read(text)
    found: dict[str, Any] = {**network.also, "buffers": network.totals.buffers}
    found |= {"trainable": network.totals.trainable, "frozen": network.totals.frozen}
    assert network.total == total
    assert {key: found[key] for key in more} == more
    assert not any("rows sum to" in note or "is printed, but" in note for note in network.notes)


def test_every_file_is_read() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(FILES)


def test_resnet_rows_are_its_layers() -> None:
    """Every convolution and norm of the torchsummary is explained, those beside the main path too."""
    network = summary.read((FOLDER / "torchsummary_resnet18.txt").read_text(encoding="utf-8"))
    kinds = {row.kind for row in network.layers if row.total}
    assert kinds == {"Conv", "BatchNorm", "Dense"}
    assert network.biases == 5_800  # the shifts of 4,800 channels, and 1,000 neurons


WRONG_DIGIT = SO_36946671.replace("7850", "7851").replace("7,850", "7,851")
OTHER_WIDTH = SO_36946671.replace("(Dense)              (None, 10)                7850",
                                  "(Dense)              (None, 10)                7860")  # fmt: skip

#: text, what a note says
NOTES = [
    ("conv2d_7 (Conv2D) (None, 26, 26, 64) 640",
     "inferred: conv2d_7 has kernel 3x3 on 1 channel, from 640 = (3·3·1 + 1)·64"),
    ("dense_1 (Dense)  (None, 10)  7850", "inferred: dense_1 has 784 inputs and biases, from 7,850 = (784 + 1)·10"),
    ("embedding_1 (Embedding) (None, 80, 128) 2560000", "20,000 rows of 128"),
    (CUT, "64 numbers are measured, not learned (means and variances): no parameters here; Keras counts them as "
          "non-trainable, 202,432 in all"),
    (WRONG_DIGIT, "dense_1 (Dense): 7,851 is printed, but 784 values come in and 10 go out: 7,850 with biases, 7,840 "
                  "without"),
    (OTHER_WIDTH, "dense_1 (Dense): 7,860 is printed, but 784 values come in and 10 go out: 7,850 with biases"),
    (OTHER_WIDTH, "the rows sum to 7,860, the printed total is 7,850: 10 less"),
    (SO_36946671.replace("7,850", "8,850"), "the rows sum to 7,850, the printed total is 8,850: 1,000 more"),
    ("a (Conv2D) (None, 5, 5, 64) 641", "641 is printed, but a layer with 64 filters has a multiple of 64"),
    ("a (Conv2D) (None, 9, 9, 8) 1808", "several layers would have 1,808"),
    ("drop (Dropout) (None, 10) 7", "drop: 7 is printed, but Dropout has no weights"),
    ("dense (Dense)  ?  0 (unbuilt)", "not built yet, so there is nothing to count: dense"),
    ("vgg (Functional) (None, 8) 1000\nTotal params: 1,000\nTrainable params: 900\nNon-trainable params: 100",
     "100 are printed as non-trainable: frozen layers, or statistics inside vgg"),
    (LSTM_UNSEEN, "printed with 0 parameters, though such layers have some: LSTM-1"),
    ("Total params: 7,850", "only totals are printed, no rows"),
    ("dense (Dense)  multiple  7850", "not shown: dense 7,850"),
    ("  | Name | Type | Params\n0 | a | Net | 7.4 K\n1 | b | Linear | 12", "a (7.4 K)"),
    (LIGHTNING, "4 parameters of the printed total are in no row"),
    (YOLO, "16 parameters are printed as non-trainable"),
    ("a (Dense) (None, 4) 20\n...\nz (Dense) (None, 1) 5\nTotal params: 125",
     "100 parameters of the printed total are in rows that are left out (...)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), NOTES, ids=lambda value: value[:60])
def test_notes(text: str, told: str) -> None:
    notes = summary.read(text).notes
    assert any(told in note for note in notes), notes


def test_a_printed_row_stays_what_was_printed() -> None:
    assert summary.read(WRONG_DIGIT).total == 7851
    assert summary.read(OTHER_WIDTH).also == {"declared": 7850, "framework": 7850}


def test_unknown_counts_are_no_total() -> None:
    network = summary.read("dense (Dense)  ?  0 (unbuilt)")
    assert (network.total, network.totals.unknown) == (None, 1)
    network = summary.read("  | Name | Type | Params\n0 | a | Net | 7.4 K\n1 | b | Linear | 12")
    assert (network.total, network.totals.unknown, network.totals.known) == (None, 1, 12)


def test_an_exact_total_settles_rounded_rows() -> None:
    network = summary.read("  | Name | Type | Params\n0 | a | Net | 7.4 K\n1 | b | Linear | 12\nTotal params: 7,430")
    assert (network.total, held(network)) == (7430, [0, 12, 7418])


ERRORS = [
    ("0 | conv1 | Conv2d | 1.8 K", "the counts are rounded (1.8 K), so there is no exact total"),
    (
        "131 K     Trainable params\n1.4 B     Non-trainable params\n1.4 B     Total params",
        "rounded (131 K, 1.4 B, 1.4 B)",
    ),
    ("nothing here", '"nothing here": no row of a summary is found'),
    (SO_36946671 + SO_36946671, "2 summaries are in this text: summary 1, summary 2"),
    (f'Model: "g"{SO_36946671}Model: "d"{SO_36946671}', "2 summaries are in this text: g, d"),
    ("x" * 4_000_001, "the text has 4,000,001 characters"),
]


@pytest.mark.parametrize(("text", "told"), ERRORS, ids=lambda value: value[:40])
def test_errors(text: str, told: str) -> None:
    with pytest.raises(NotationError) as caught:
        summary.read(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_of_several() -> None:
    text = f'Model: "g"{SO_36946671}Model: "d"{CUT.replace("sequential_3", "other")}'
    assert summary.read(text.replace('"d"', ""), which="other").total == 202368
    assert summary.read(text, which="g").total == 7850


def test_a_row_that_is_cut_in_its_arguments_is_counted() -> None:
    head = "  0  -1  1   464  ultralytics.nn.modules.conv.Conv   [3, 16, 3, 2]\n"
    assert summary.read(f"{head}  1  -1  1  4672  ultralytics.nn.modules.conv.Conv   [16, 32").total == 5136


def test_a_total_without_rows_is_no_network_of_nothing() -> None:
    text = " ".join((FOLDER / "flax_linen.txt").read_text("utf-8").split())
    with pytest.raises(NotationError, match="no row with a count is found, though the text's total is"):
        summary.read(text)


def test_a_second_summary_that_is_cut_is_not_added_to_the_first() -> None:
    head = "Layer (type)    Output Shape    Param #\n" + "=" * 40 + "\n"
    first = f"{head}gru_9 (GRU)  (None, 64, 16)  1536\n{'=' * 40}\nTotal params: 1,536\nNone\n"
    text = f"{first}{head}a (Dense)  (None, 8)  72\n"
    with pytest.raises(NotationError, match="2 summaries are in this text: summary 1, summary 2"):
        summary.read(text)
    assert summary.read(text, which="summary 2").total == 72


OTHERS = [
    "3 | Convolution | 8 3x3x1 convolutions with stride [1 1] |\n4 | ReLU | ReLU |\n5 | Fully Connected | 10 |",
    "784-16-16-10", "input 28x28x1; conv 32 3x3; maxpool 2; flatten; dense 10", "[(784, 16), (16,)]", "w  [2048, 64]",
    "conv1.weight  torch.Size([64, 3, 7, 7])\nconv1.bias  torch.Size([64])", "nn.Linear(784, 10)", "resnet50",
    "(0): Linear(in_features=784, out_features=10, bias=True)", "L=12 H=768 A=12 V=30522", "(5*5*3+1)*100",
    "model.add(Dense(64, input_dim=10))", "Chain(Dense(784 => 32, relu), Dense(32 => 10))", "32C3-MP2-64C3-P2-128-N10",
    "Net(\n  (conv1): Conv2d(3, 64, kernel_size=(7, 7))\n  (fc): Linear(in_features=8, out_features=2, bias=True)\n)",
    "class Net(nn.Module):\n    def __init__(self):\n        self.fc = nn.Linear(784, 10)  # Total params: 7,850",
    "import torch\n# Conv2d-1  [-1, 64, 26, 26]  640\nmodel = nn.Conv2d(1, 64, 3)", "conv3-64 x2, maxpool, FC-4096",
    "conv 32 3x3\ndense 10", "x = Dense(10)(x)", "", "dense 10\ndense 20\nTotal loss", "- 784\n- 16\n- 10",
]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_other_notations_are_left_alone(text: str) -> None:
    assert not summary.may_be(text)


def test_code_with_its_output_is_a_summary() -> None:
    assert summary.may_be(f"model = Sequential()\nmodel.summary()\n{CUT}")


# -- hostile text -----------------------------------------------------------------------------------------------------

PIECES = st.sampled_from([
    "dense_1", " (Dense) ", "(None, 10)", "[(None, 8),", " 7850", "\n", "____", "====", "Total params: 5", "│", "├─",
    "└─", "Conv2d: 1-1", "Linear-3", "[-1, 64]", "(recursive)", "--", "1.8 K", "0 | ", " | ", "Name | Type | Params",
    "┃ path ┃", "float32[3,3]", "…", "multiple", "?", "(unbuilt)", "0 -1 1 464 a.Conv [3, 16]", "Layer (type)",
    "Param #", "Connected to", "a[0][0]", "999999999999999999999", "(Conv2D", "LSTM", "\t", "\x1b[1m", "\x00",
    "Trainable params:", "#", "٣", "²",
])  # fmt: skip


def assert_sums(text: str) -> None:
    """The text is refused in one line, or its rows sum to its total."""
    summary.may_be(text)
    try:
        network = summary.read(text)
    except NotationError as error:
        told = str(error)
    else:
        told = network.read_as
        assert network.total is None or sum(held(network)) == network.total
    assert "\n" not in told


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert_sums(text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_mutated_pastes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")[:4000]
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(PIECES) + text[at + data.draw(st.integers(0, 60)) :]
    assert_sums(text)


WIDE = " " * 150
LONG = [
    "(", "(None, ", "a (Dense) ", "[(None, 8), ", "│", "├─", "│    ", "| a ", "0 | a | b | ", " ", "\n",
    "Total params: ", "x: 1-1 ", "0 -1 1 464 a.b [[[[", "1", "a  ", "[[null,", "a (B) (None, 1, ", f"a{WIDE}1{WIDE}x\n",
    f"a.b{WIDE}[1{WIDE}", f"a (Dense){WIDE}(None,{WIDE}", f"0{WIDE}-1{WIDE}1{WIDE}", f"A-1{WIDE}[1, 2]{WIDE}]{WIDE}",
    f"├─A{WIDE}--{WIDE}\n",
    f"0{WIDE}|{WIDE}a{WIDE}|{WIDE}", f"Total{WIDE}params{WIDE}", f"Conv2d{WIDE}1{WIDE}Tru\n", "a,a=a:a|", "1 x 2 x ",
]  # fmt: skip
SCRIPT = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from nparams.errors import NotationError
from nparams.notation import summary
for piece in {pieces!r}:
    text = piece * (60_000 // len(piece))
    summary.may_be(text)
    try:
        summary.read(text)
    except NotationError:
        pass
print("done")
"""


def test_long_text_takes_little_work() -> None:
    """A minute of the processor for all of them together, whatever the patterns make of them."""
    import subprocess
    import sys

    script = SCRIPT.format(pieces=LONG)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "done\n", done.stderr[-500:]


def test_many_rows() -> None:
    rows = "\n".join(
        f"dense_{k} (Dense)  (None, {10 + k % 3})  {(10 + (k - 1) % 3 + 1) * (10 + k % 3)}" for k in range(3000)
    )
    network = summary.read(rows)
    assert len(network.root.children) == 3000
    assert not any("is printed, but" in note for note in network.notes)


def test_names_act_on_nothing() -> None:
    """A row may be called anything: what is said of it is one line that can be printed."""
    for name in ("dense\x00_1", "dense\u202e_1", "dense\ud800_1", "dense\x1b[31m_1"):
        network = summary.read(f"{name} (Dense)  (None, 10)  7860")
        assert network.notes
        assert all(line.isprintable() for line in (network.read_as, *network.notes))
