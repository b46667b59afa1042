"""Darknet: what each section of a .cfg stores, which sizes a .weights may have, what is refused with which words."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pytest

import nparams
from nparams.errors import NparamsError
from nparams.files._darknet.layers import MAKERS
from nparams.files.bytesource import FileSource, LocalFolder, MemorySource
from nparams.files.darknet import read
from nparams.files.darknet_cfg import read as read_cfg

DATA = Path(__file__).parent / "data" / "darknet"
OLD, NEW, ALEXEY = pack("<4i", 0, 1, 0, 64), pack("<3iq", 0, 2, 0, 64), pack("<3iq", 0, 2, 5, 64)
NET = "[net]\nwidth=8\nheight=6\nchannels=3\n"


def counted(text: str, net: str = NET) -> list[tuple[str, tuple[int, ...], str]]:
    """What the layers of a .cfg store: names without the layer's own, shapes, first letters of roles."""
    network = read_cfg(MemorySource((net + text).encode(), "n.cfg"))
    return [(t.name.partition(".")[2], t.shape, t.role[:2]) for t in network.tensors()]


def conv(n: int, c: int, size: int, normed: bool = False, before: str = "") -> list[tuple[str, tuple[int, ...], str]]:
    norm = [("scales", (n,), "we"), ("rolling_mean", (n,), "bu"), ("rolling_variance", (n,), "bu")] if normed else []
    found = [("biases", (n,), "bi"), *norm, ("weights", (n, c, size, size), "we")]
    return [(before + name, shape, role) for name, shape, role in found]


def dense(inputs: int, outputs: int, normed: bool = False, before: str = "") -> list[tuple[str, tuple[int, ...], str]]:
    norm = [(name, (outputs,), role) for name, role in (("scales", "we"), ("rolling_mean", "bu"),
                                                        ("rolling_variance", "bu"))]  # fmt: skip
    found = [("biases", (outputs,), "bi"), ("weights", (outputs, inputs), "we"), *(norm if normed else [])]
    return [(before + name, shape, role) for name, shape, role in found]


LAST = "[connected]\noutput=2\n"
#: what it shows | the sections after [net] (8 wide, 6 high, 3 channels) | what they store
SECTIONS = [
    ("a convolution", "[convolutional]\nfilters=4\nsize=3", conv(4, 3, 3)),
    ("its usual values", "[conv]", conv(1, 3, 1)),
    ("a batch norm", "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3", conv(4, 3, 3, True)),
    ("one over several batches", "[convolutional]\ncbn=1\nfilters=4", conv(4, 3, 1, True)),
    ("groups", "[convolutional]\nfilters=6\nsize=3\ngroups=3", conv(6, 1, 3)),
    ("sides after it", f"[convolutional]\nfilters=4\nsize=3\nstride=2\npad=1\n{LAST}",
     conv(4, 3, 3) + dense(4 * 4 * 3, 2)),
    ("without a pad", f"[convolutional]\nfilters=4\nsize=3\n{LAST}", conv(4, 3, 3) + dense(6 * 4 * 4, 2)),
    ("two strides", f"[convolutional]\nfilters=4\nstride_x=4\nstride_y=2\n{LAST}", conv(4, 3, 1) + dense(2 * 3 * 4, 2)),
    ("a blur behind it", f"[convolutional]\nfilters=4\nsize=3\npad=1\nstride=2\nantialiasing=1\n{LAST}",
     conv(4, 3, 3) + dense(4 * 3 * 4, 2)),
    ("another blur", f"[convolutional]\nfilters=4\nsize=3\npad=1\nstride=2\nantialiasing=2\n{LAST}",
     conv(4, 3, 3) + dense(4 * 3 * 4, 2)),
    ("weights of another layer", "[convolutional]\nfilters=3\n[convolutional]\nfilters=3\nshare_index=0\n[batchnorm]",
     [*conv(3, 3, 1), *conv(3, 3, 1, True)[:4]]),
    ("a deconvolution", f"[deconvolutional]\nfilters=4\nsize=4\nstride=2\npadding=1\n{LAST}",
     conv(4, 3, 4) + dense(16 * 12 * 4, 2)),
    ("weights for each position", f"[local]\nfilters=4\nsize=3\nstride=1\npad=1\n{LAST}",
     [("biases", (4, 6, 8), "bi"), ("weights", (48, 4, 3, 3, 3), "we"), *dense(48 * 4, 2)]),
    ("fewer of them", "[local]\nfilters=4\nsize=3\nstride=2",
     [("biases", (4, 2, 3), "bi"), ("weights", (6, 4, 3, 3, 3), "we")]),
    ("dense layers", "[connected]\noutput=5\nbatch_normalize=1\n[connected]\noutput=2",
     dense(144, 5, True) + dense(5, 2)),
    ("a batch norm alone", "[batchnorm]", conv(3, 3, 1, True)[:4]),
    ("maximum and dropout", f"[maxpool]\nsize=2\nstride=2\n[dropout]\n{LAST}", dense(4 * 3 * 3, 2)),
    ("maximum of stride 1", f"[maxpool]\nsize=2\nstride=1\n{LAST}", dense(8 * 6 * 3, 2)),
    ("maximum of channels", f"[maxpool]\nmaxpool_depth=1\nout_channels=2\n{LAST}", dense(8 * 6 * 2, 2)),
    ("a mean", f"[avgpool]\n[softmax]\n{LAST}", dense(3, 2)),
    ("moved into channels", f"[reorg]\nstride=2\n{LAST.replace('connected', 'batchnorm')}", conv(12, 3, 1, True)[:4]),
    ("and back", "[convolutional]\nfilters=8\n[reorg]\nstride=2\nreverse=1\n[batchnorm]",
     conv(8, 3, 1) + conv(2, 3, 1, True)[:4]),
    ("more positions", f"[upsample]\nstride=2\n{LAST}", dense(16 * 12 * 3, 2)),
    ("fewer positions", f"[upsample]\nstride=-2\n{LAST}", dense(4 * 3 * 3, 2)),
    ("two layers side by side", "[conv]\nfilters=4\n[conv]\nfilters=5\n[route]\nlayers=-1,-2\n[batchnorm]",
     conv(4, 3, 1) + conv(5, 4, 1) + conv(9, 1, 1, True)[:4]),
    ("half of one", "[conv]\nfilters=4\n[route]\nlayers=0\ngroups=2\ngroup_id=1\n[batchnorm]",
     conv(4, 3, 1) + conv(2, 1, 1, True)[:4]),
    ("of two sizes, into a dense layer", f"[conv]\nfilters=4\n[maxpool]\nstride=2\n[route]\nlayers=0,1\n{LAST}",
     conv(4, 3, 1) + dense(8 * 6 * 4 + 4 * 3 * 4, 2)),
    ("a sum", "[conv]\nfilters=3\n[conv]\nfilters=4\n[shortcut]\nfrom=-2\n[batchnorm]",
     conv(3, 3, 1) + conv(4, 3, 1) + conv(4, 3, 1, True)[:4]),
    ("a weighed sum", "[conv]\nfilters=4\n[conv]\nfilters=4\n[shortcut]\nfrom=-2, 0\nweights_type=per_feature",
     [*conv(4, 3, 1), *conv(4, 4, 1), ("weights", (3,), "we")]),
    ("a sum weighed by channels", "[conv]\nfilters=4\n[conv]\nfilters=4\n[shortcut]\nfrom=-2\nweights_type=per_channel",
     [*conv(4, 3, 1), *conv(4, 4, 1), ("weights", (2, 4), "we")]),
    ("scaled channels", "[conv]\nfilters=4\n[avgpool]\n[scale_channels]\nfrom=0\n[batchnorm]",
     conv(4, 3, 1) + conv(4, 3, 1, True)[:4]),
    ("attention to places", "[conv]\nfilters=4\n[sam]\nfrom=0\n[batchnorm]", conv(4, 3, 1) + conv(4, 3, 1, True)[:4]),
    ("numbers of no input", "[implicit]\nfilters=9\n[implicit]\nfilters=9\natoms=2",
     [("weights", (9,), "we"), ("weights", (9, 2), "we")]),
    ("steps side by side", "[history]\nhistory_size=3\n[batchnorm]", conv(9, 3, 1, True)[:4]),
    ("a part of the image", f"[crop]\ncrop_width=4\ncrop_height=3\n{LAST}", dense(4 * 3 * 3, 2)),
    ("a recurrence of convolutions", "[crnn]\nhidden=4\noutput=5\nbatch_normalize=1\n[batchnorm]",
     [*conv(4, 3, 3, True, "input."), *conv(4, 4, 3, True, "self."), *conv(5, 4, 3, True, "output."),
      *conv(5, 3, 1, True)[:4]]),
    ("a recurrence", f"[rnn]\nhidden=4\noutput=5\n{LAST}",
     dense(144, 4, False, "input.") + dense(4, 4, False, "self.") + dense(4, 5, False, "output.") + dense(5, 2)),
    ("a recurrence as wide as its output", "[rnn]\noutput=5",
     dense(144, 5, False, "input.") + dense(5, 5, False, "self.") + dense(5, 5, False, "output.")),
    ("GRU", f"[gru]\noutput=5\nbatch_normalize=1\n{LAST}",
     [a for name in ("uz.", "ur.", "uh.") for a in dense(144, 5, True, name)]
     + [a for name in ("wz.", "wr.", "wh.") for a in dense(5, 5, True, name)] + dense(5, 2)),
    ("LSTM", "[lstm]\noutput=5",
     [a for name in ("wf.", "wi.", "wg.", "wo.") for a in dense(5, 5, False, name)]
     + [a for name in ("uf.", "ui.", "ug.", "uo.") for a in dense(144, 5, False, name)]),
    ("LSTM of convolutions", "[conv_lstm]\noutput=4\npeephole=1",
     [a for name in ("vf.", "vi.", "vo.", "wf.", "wi.", "wg.", "wo.") for a in conv(4, 4, 3, False, name)]
     + [a for name in ("uf.", "ui.", "ug.", "uo.") for a in conv(4, 3, 3, False, name)]),
    ("a narrow one", "[conv_lstm]\noutput=4\nbottleneck=1",
     conv(4, 8, 3, False, "wf.") + [a for name in ("uf.", "ui.", "ug.", "uo.") for a in conv(4, 3, 3, False, name)]),
    ("as people write it", "  [ convolutional ]\r\n # filters=9\n;x\nfilters = 4 # of "
     "them\nsize=3.5\nfilters=7\nnonsense\n",
     conv(4, 3, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [s[1:] for s in SECTIONS], ids=[s[0] for s in SECTIONS])
def test_what_a_section_stores(text, expected):
    assert counted(text) == expected


def test_every_type_is_met():
    """Each type of layer is in a section above, or in a network of the examples, but for what only passes on."""
    texts = " ".join([text for _, text, _ in SECTIONS] + [path.read_text() for path in DATA.glob("*.cfg")])
    left = {kind for kind in MAKERS if f"[{kind}]" not in texts.replace(" ", "")}
    assert left <= {"conn", "deconv", "max", "avg", "local_avg", "local_avgpool", "reorg3d", "activation", "lrn",
                    "normalization", "soft", "Gaussian_yolo", "iseg", "logistic", "l2norm", "contrastive", "empty",
                    "silence"}  # fmt: skip


#: a .cfg | bytes of the published .weights | header | how many layers of the .cfg | where the size is told
PUBLISHED = [
    ("yolov3", 248_007_048, NEW, None, "pjreddie.com/media/files/yolov3.weights"),
    ("yolov3-tiny", 35_434_956, NEW, None, "pjreddie.com/media/files/yolov3-tiny.weights"),
    ("yolov4", 257_717_640, ALEXEY, None, "AlexeyAB/darknet releases, darknet_yolo_v3_optimal"),
    ("yolov4-tiny", 24_251_276, ALEXEY, None, "AlexeyAB/darknet releases, darknet_yolo_v4_pre"),
    ("yolov2", 203_934_260, OLD, None, "pjreddie.com/media/files/yolov2.weights"),
    ("yolov1", 789_312_988, OLD, None, "pjreddie.com/media/files/yolov1.weights"),
    # backbones, cut as their names say
    ("yolov3", 162_482_580, NEW, 74, "pjreddie.com/media/files/darknet53.conv.74"),
    ("yolov4", 170_038_676, ALEXEY, 137, "AlexeyAB/darknet releases, yolov4.conv.137"),
    ("yolov4-tiny", 19_789_716, ALEXEY, 29, "AlexeyAB/darknet releases, yolov4-tiny.conv.29"),
]  # fmt: skip


@pytest.mark.parametrize(("cfg", "size", "header", "layers", "where"), PUBLISHED, ids=[p[4] for p in PUBLISHED])
def test_published_sizes(tmp_path, cfg, size, header, layers, where):
    """The size of a published file is exactly what its .cfg says: a count that no one here made."""
    path = tmp_path / where.rpartition("/")[2].rpartition(", ")[2]
    with path.open("wb") as file:
        file.write(header)
        file.truncate(size)
    (tmp_path / f"{cfg}.cfg").write_bytes((DATA / f"{cfg}.cfg").read_bytes())
    network = nparams.read(path)
    assert (network.form, 4 * network.totals.elements + len(header)) == ("darknet", size)
    cut = [note for note in network.notes if note.startswith("cut off: ")]
    if layers is None:
        assert cut == []
    else:
        assert f" up to convolutional_{layers - 1} of {cfg}.cfg, which has " in cut[0]
    assert {t.dtype for t in network.tensors()} == {"float32"}


def test_totals_that_others_print():
    """62,001,757 is what keras-yolo3 prints for yolov3 (batch statistics among them), 138,357,544 is VGG-16."""
    network = nparams.read(DATA / "yolov3.cfg")
    assert network.totals.elements == 62_001_757
    assert network.total + network.totals.buffers == 62_001_757
    assert nparams.read(DATA / "vgg-16.cfg").total == 138_357_544
    assert network.read_as == "Darknet network, 107 layers"
    assert network.notes == ["counted from the layers that the .cfg describes; no numbers were looked at"]


SMALL = NET + "[convolutional]\nfilters=4\nsize=3\nbatch_normalize=1\n[convolutional]\nfilters=2\n[yolo]\n"
NUMBERS = 4 * 4 + 108 + 2 + 8  # the two convolutions


def files(folder: Path, held: dict[str, bytes | str]) -> Path:
    for name, data in held.items():
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


@pytest.mark.parametrize("name", [
    "n.weights", "n_final.weights", "n_last.weights", "n_best.weights", "n_1000.weights", "n.backup", "n.conv.2", "n",
])  # fmt: skip
def test_the_cfg_of_the_same_name(tmp_path, name):
    files(tmp_path, {name: NEW + bytes(4 * NUMBERS), "n.cfg": SMALL, "other.cfg": "[net]\n"})
    network = nparams.read(tmp_path / name)
    assert (network.total, network.totals.buffers, network.source) == (NUMBERS - 8, 8, str(tmp_path / name))
    assert network.notes == ["read with n.cfg: its layers take exactly the numbers of the file"]
    assert network.read_as == "Darknet, 3 layers, 7 arrays"


def test_the_only_cfg(tmp_path):
    files(tmp_path, {"a.weights": OLD + bytes(4 * NUMBERS), "n.cfg": SMALL})
    assert nparams.read(tmp_path / "a.weights").total == NUMBERS - 8
    assert nparams.read(tmp_path).total == NUMBERS - 8
    assert nparams.read(tmp_path / "n.cfg").total == NUMBERS - 8


def test_several_of_other_names(tmp_path):
    """The one that takes exactly the numbers of the file; not where two such differ."""
    other = SMALL.replace("filters=2", "filters=3")
    held = {"a.weights": NEW + bytes(4 * NUMBERS), "b.cfg": other, "c.cfg": SMALL, "d.cfg": "[metadata]"}
    files(tmp_path, held)
    network = nparams.read(tmp_path / "a.weights")
    assert network.total == NUMBERS - 8
    assert network.notes == ["read with c.cfg: its layers take exactly the numbers of the file"]
    # as many numbers: (2 + 6) + (42 + 84) against 16 + 108 + 2 + 8
    (tmp_path / "e.cfg").write_text(NET + "[convolutional]\nfilters=2\nsize=1\n[convolutional]\nfilters=42\n")
    assert nparams.read(tmp_path / "e.cfg").total == NUMBERS
    with pytest.raises(NparamsError, match=r"a\.weights: Darknet weights, 134 numbers without shapes"):
        nparams.read(tmp_path / "a.weights")


def test_a_cfg_known_by_its_ending_alone(tmp_path):
    files(tmp_path, {"n.cfg": f"# by hand\n\n{SMALL}"})
    assert nparams.read(tmp_path / "n.cfg").form == "darknet-cfg"


def test_shared_weights_are_said():
    text = NET + "[convolutional]\nfilters=3\n" + "[convolutional]\nfilters=3\nshare_index=0\n" * 2
    assert read_cfg(MemorySource(text.encode(), "n.cfg")).notes[1] == (
        "convolutional_1 and 1 more: share_index says that its weights are another layer's: counted once, there"
    )


#: what it shows | the sections | the error
BAD = [
    ("nothing", "", "n.cfg: not a Darknet network, which begins with [net]: it begins \"\""),
    ("other settings", "[metadata]\nname = x\n",
     'n.cfg: not a Darknet network, which begins with [net]: it begins "[metadata]\\nname = x\\n"'),
    ("a layer first", "[convolutional]\n",
     'n.cfg: not a Darknet network, which begins with [net]: it begins "[convolutional]\\n"'),
    ("a type that is not known", f"{NET}[transformer]\n",
     "n.cfg: layer 0 is a [transformer] (line 5), which Darknet does not have; count the model in the form of the "
     "program "
     "that it was made for"),
    ("no channels", "[net]\nwidth=8\nheight=8\n[conv]",
     "n.cfg: layer 0 [conv] (line 4): what it is given is no image: width, height or channels of [net] or a layer "
     "is 0"),
    ("no inputs", "[net]\n[connected]",
     "n.cfg: layer 0 [connected] (line 2): it is given no values: inputs, or width, height and channels of [net], are "
     "missing"),
    ("filters below 0", f"{NET}[conv]\nfilters=-4",
     "n.cfg: layer 0 [conv] (line 5): filters is -4, where a number above 0 belongs"),
    ("filters that are a word", f"{NET}[conv]\nfilters=many",
     "n.cfg: layer 0 [conv] (line 5): filters is 0, where a number above 0 belongs"),
    ("a number of the sky", f"{NET}[conv]\nfilters=4000000000",
     "n.cfg: layer 0 [conv] (line 5): filters=4000000000, which no int of Darknet holds"),
    ("a layer of the sky", f"{NET}[conv]\nfilters=2000000000\nsize=999999\npadding=999999\n",
     "n.cfg: layer 0 [conv] (line 5): it is larger than any file could hold"),
    ("groups that do not part", f"{NET}[conv]\nfilters=4\ngroups=2",
     "n.cfg: layer 0 [conv] (line 5): 3 channels and 4 filters do not part into 2 groups"),
    ("a window too large", f"{NET}[conv]\nsize=9", "n.cfg: layer 0 [conv] (line 5): a window of 9 does not fit on "
     "a side of 8"),
    ("a stride of 0", f"{NET}[conv]\nstride=0", "n.cfg: layer 0 [conv] (line 5): a stride of 0"),
    ("a layer that is not there", f"{NET}[conv]\n[route]\nlayers=-3",
     "n.cfg: layer 1 [route] (line 6): it names layer -3, and there are 1 before it"),
    ("a layer to come", f"{NET}[conv]\n[route]\nlayers=1",
     "n.cfg: layer 1 [route] (line 6): it names layer 1, and there are 1 before it"),
    ("no layers named", f"{NET}[route]\n",
     'n.cfg: layer 0 [route] (line 5): layers is "", where numbers apart by commas belong'),
    ("a list that is none", f"{NET}[conv]\n[shortcut]\nfrom=-1,x",
     'n.cfg: layer 1 [shortcut] (line 6): from is "-1,x", where numbers apart by commas belong'),
    ("weights of a kind that is not known", f"{NET}[conv]\n[shortcut]\nfrom=-1\nweights_type=per_mood",
     "n.cfg: layer 1 [shortcut] (line 6): weights_type is none, per_feature, per_layer or per_channel"),
    ("a join of two sizes, then a convolution", f"{NET}[conv]\n[maxpool]\nstride=2\n[route]\nlayers=0,1\n[conv]",
     "n.cfg: layer 3 [conv] (line 10): what it is given is no image: width, height or channels of [net] or a "
     "layer is 0"),
    ("extra", f"{NET}[reorg]\nextra=1",
     "n.cfg: layer 0 [reorg] (line 5): extra and flatten of [reorg] are not read; count the model without them"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_cfg_that_is_refused(text, message):
    with pytest.raises(NparamsError) as problem:
        read_cfg(MemorySource(text.encode(), "n.cfg"))
    assert str(problem.value) == message


def test_too_much_of_it():
    with pytest.raises(NparamsError, match=r"n\.cfg: 1,000,001 bytes; at most 1,000,000 of a \.cfg are read"):
        read_cfg(MemorySource(b"#" * 1_000_001, "n.cfg"))
    with pytest.raises(NparamsError, match=r"n\.cfg: more than 10,000 sections"):
        read_cfg(MemorySource(b"[net]\n" * 10_001, "n.cfg"))


ALONE = "n.weights: Darknet weights, 132 numbers without shapes; their layers stand in a .cfg, which must lie beside it"
#: what it shows | the files | the error
REFUSED = [
    ("no .cfg", {"n.weights": NEW + bytes(4 * 132)}, f"{ALONE} (n.cfg)"),
    ("several of other names", {"n.weights": NEW + bytes(4 * 132), "a.cfg": SMALL, "b.cfg": SMALL}, f"{ALONE} (n.cfg)"),
    ("fewer numbers", {"n.weights": NEW + bytes(4 * (NUMBERS - 1)), "n.cfg": SMALL},
     f"n.weights holds {NUMBERS - 1} numbers, and the layers of n.cfg take {NUMBERS}: they do not belong together"),
    ("more numbers", {"n.weights": NEW + bytes(4 * (NUMBERS + 1)), "n.cfg": SMALL},
     f"n.weights holds {NUMBERS + 1} numbers, and the layers of n.cfg take {NUMBERS}: they do not belong together"),
    ("no numbers", {"n.weights": NEW, "n.cfg": SMALL},
     f"n.weights holds 0 numbers, and the layers of n.cfg take {NUMBERS}: they do not belong together"),
    ("a part of a number", {"n.weights": NEW + bytes(7), "n.cfg": SMALL},
     "n.weights: 27 bytes are no header of 20 and float32 numbers"),
    ("a part of the header", {"n.weights": NEW[:13], "n.cfg": SMALL},
     "n.weights: 13 bytes, less than the header of Darknet weights"),
    ("less than a header of its version", {"n.weights": NEW[:17], "n.cfg": SMALL},
     "n.weights: 17 bytes are no header of 20 and float32 numbers"),
    ("another .cfg", {"n.weights": NEW + bytes(4 * NUMBERS), "n.cfg": "[metadata]"},
     'n.cfg: not a Darknet network, which begins with [net]: it begins "[metadata]"'),
]  # fmt: skip


@pytest.mark.parametrize(("held", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(tmp_path, held, message):
    with pytest.raises(NparamsError) as problem:
        nparams.read(files(tmp_path, held) / "n.weights")
    assert str(problem.value) == message


def test_another_version():
    with pytest.raises(NparamsError, match=r"n\.weights: version 7\.-1, where Darknet has 0\.1 and 0\.2"):
        read(MemorySource(pack("<4i", 7, -1, 0, 0), "n.weights"))


def test_a_cut_off_file_of_its_first_layer(tmp_path):
    files(tmp_path, {"n.conv.1": NEW + bytes(4 * (NUMBERS - 10)), "n.cfg": SMALL})
    network = nparams.read(tmp_path / "n.conv.1")
    assert network.total == 4 + 4 + 108
    assert network.notes == [
        "cut off: its size is that of the layers up to convolutional_0 of n.cfg, which has 3 layers; those behind it "
        "are not counted"
    ]


def test_numbers_are_not_read(tmp_path):
    files(tmp_path, {"n.weights": NEW + bytes(4 * NUMBERS), "n.cfg": SMALL})
    seen = []

    class Counting(FileSource):
        def read(self, offset, length):
            seen.append((offset, length))
            return super().read(offset, length)

    with Counting(str(tmp_path / "n.weights")) as source:
        assert read(source, LocalFolder(str(tmp_path))).total == NUMBERS - 8
    assert seen == [(0, 12)]
