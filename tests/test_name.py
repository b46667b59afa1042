"""Named networks: every total is the one published with the name, with its citation; names, variants, refusals."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import nparams
from nparams.errors import NotationError, NparamsError, UsageError
from nparams.notation import name, stack
from nparams.notation._names.build import built, statistics
from nparams.notation._names.table import MODELS, asked, plain

EVERY = [(model, net) for model in MODELS for net in model.nets]


def agrees(total, published):
    """Whether a total is the published one: exactly, or within one unit of its last digit where it is rounded."""
    said, where, *digits = published
    assert len(where) > 10, "a citation"
    if not digits:
        return total == said
    unit = 10 ** (len(str(said)) - digits[0])
    return abs(total - said) <= unit


def test_every_name_gives_the_total_published_with_it():
    exact = 0
    for model, net in EVERY:
        total = built(net, net.convention, None, True).total
        assert agrees(total, net.published), f"{model.names[0]}: {net.told}: {total:,}, published {net.published}"
        exact += len(net.published) == 2
    assert len(EVERY) > 180
    assert exact > 160


def test_no_total_is_read_by_the_code():
    import ast
    import inspect

    from nparams.notation._names import build, read, table

    for module in (build, read, table, name):
        used = {node.attr for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Attribute)}
        assert "published" not in used, module.__name__


# typed, total
SPELLINGS = [
    ("resnet 50 trainable parameters", 25_557_032), ("how many parameters does resnet50 have?", 25_557_032),
    ("Number of trainable parameters in ResNet-50?", 25_557_032), ("VGG 19 layer", 143_667_240),
    ("resnet50", 25_557_032), ("resnet-50", 25_557_032), ("ResNet 50", 25_557_032), ("resnet_50", 25_557_032),
    ("ResNet50", 25_557_032), ("torchvision.models.resnet50", 25_557_032), ("models.resnet50(pretrained=True)",
                                                            25_557_032),
    ("model = torchvision.models.resnet18(weights=None)", 11_689_512), ("resnet50 keras", 25_583_592),
    ("keras.applications.ResNet50(weights=None)", 25_583_592), ("tf.keras.applications.MobileNetV2()", 3_504_872),
    ("bert-base-uncased", 109_482_240), ("google-bert/bert-base-uncased", 109_482_240), ("BERT base", 109_482_240),
    ("bert", 109_482_240), ("bert-large", 335_141_888), ("vit-b/16", 86_567_656), ("vit_b_16", 86_567_656),
    ("ViT-B/16", 86_567_656), ("ViT B/16", 86_567_656), ("google/vit-base-patch16-224", 86_567_656),
    ("gpt2", 124_439_808), ("GPT-2", 124_439_808), ("gpt2-xl", 1_557_611_200), ("GPT-2 XL", 1_557_611_200),
    ("openai-community/gpt2-medium", 354_823_168), ("Llama 2 7B", 6_738_415_616), ("llama-2-7b-hf", 6_738_415_616),
    ("meta-llama/Llama-2-7b-chat-hf", 6_738_415_616), ("LLaMA 7B", 6_738_415_616), ("llama 3 8b", 8_030_261_248),
    ("mistralai/Mixtral-8x7B-Instruct-v0.1", 46_702_792_704), ("Mistral 7B", 7_241_732_096), ("alexnet", 60_965_224),
    ("alexnet ungrouped", 62_378_344), ("alexnet-torchvision", 61_100_840), ("lenet-5", 61_706), ("LeNet5", 61_706),
    ("lenet-5 1998", 60_000), ("lenet", 61_706), ("vgg16", 138_357_544), ("VGG-16", 138_357_544), ("vgg16_bn",
                                                            138_365_992),
    ("vgg16 no top", 14_714_688), ("VGG16 without the top", 14_714_688), ("VGG16(include_top=False)", 14_714_688),
    ("resnet18 10 classes", 11_181_642), ("resnet18(num_classes=10)", 11_181_642), ("resnet18, 10 classes", 11_181_642),
    ("squeezenet1_1", 1_235_496), ("squeezenet 1.1", 1_235_496), ("inception v3", 27_161_264), ("googlenet", 6_624_904),
    ("Inception v1", 6_624_904), ("mobilenet v1", 4_231_976), ("MobileNetV3-Large", 5_483_032), ("u-net", 31_030_658),
    ("UNet", 31_030_658), ("efficientnet_b0", 5_288_548), ("EfficientNet B7", 66_347_960), ("densenet 121", 7_978_856),
    ("t5-small", 60_506_624), ("google/flan-t5-base", 247_577_856), ("gpt3-1.3b", 1_315_723_264),
    ("gpt3 13b", 12_936_488_380), ("wide_resnet50_2", 68_883_240), ("resnext50_32x4d", 25_028_904),
    ("pretrained resnet50 model", 25_557_032), ("resnet18 cifar", 11_173_962), ("vgg16 cifar10", 14_728_266),
    ("resnet50 backbone", 23_508_032), ("mobilenet 2", 3_504_872), ("EleutherAI/pythia-70m", 70_426_624),
    ("facebook/opt-125m", 125_239_296), ("bigscience/bloom-560m", 559_214_592), ("EleutherAI/gpt-j-6b", 6_050_882_784),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "total"), SPELLINGS)
def test_a_name_as_people_type_it(typed, total):
    assert name.may_be(typed)
    assert name.read(typed).total == total


# typed, convention, total, what also holds
CONVENTIONS = [
    ("resnet50", None, 25_557_032, {"keras": 25_583_592, "keras summary": 25_636_712}),
    ("resnet50", "torch", 25_557_032, {"keras": 25_583_592}),
    ("resnet50", "keras", 25_583_592, {"framework": 25_636_712, "resnet50": 25_557_032}),
    ("mobilenet", "keras", 4_231_976, {"framework": 4_253_864}),
    ("mobilenet", None, 4_231_976, {"framework": 4_253_864}),
    ("mobilenet v2", "keras", 3_504_872, {"framework": 3_538_984}),
    ("densenet121", "keras", 7_978_856, {"framework": 8_062_504}),
    ("densenet121", None, 7_978_856, {"keras summary": 8_062_504}),
    ("efficientnet-b0", "keras", 5_288_548, {"framework": 5_330_571}),
    ("inception v3", "keras", 23_817_352, {"framework": 23_851_784}),
    ("xception", "keras", 22_855_952, {"framework": 22_910_480}),
    ("resnet50v2", "keras", 25_568_360, {"framework": 25_613_800}),
    ("efficientnet v2 s", "keras", 21_458_488, {"framework": 21_612_360}),
    ("mobilenet v3 small", "keras", 2_542_856, {"framework": 2_554_968}),
    ("vgg16", "keras", 138_357_544, {"framework": 138_357_544}),
    ("alexnet", None, 60_965_224, {"ungrouped": 62_378_344, "torchvision": 61_100_840}),
    ("alexnet", "torch", 61_100_840, {"grouped": 60_965_224}),
    ("alexnet", "textbook", 60_965_224, {}),
    ("lenet-5", "textbook", 60_000, {"modern": 61_706}),
    ("lenet-5", None, 61_706, {"1998": 60_000}),
    ("gpt2", "all", 124_439_808, {"untied": 163_037_184}),
    ("bert-base", None, 109_482_240, {"nopooler": 108_891_648, "mlm": 109_514_298, "pretraining": 110_106_428}),
    ("googlenet", "textbook", 6_998_552, {"aux": 13_004_888}),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "convention", "total", "also"), CONVENTIONS)
def test_whose_definition(typed, convention, total, also):
    network = name.read(typed, convention=convention)
    assert network.total == total
    assert also.items() <= network.also.items()
    assert network.form == "name"
    assert network.read_as
    assert network.described


def test_a_framework_without_the_network_is_said():
    network = name.read("resnet18", convention="keras")
    assert network.total == 11_689_512
    assert any("no definition of it by Keras is known here" in note for note in network.notes)


def test_the_variants_are_listed_with_what_differs():
    notes = " ".join(name.read("alexnet").notes)
    for said in ("62,378,344 (+ 1,413,120)", "61,100,840", "Krizhevsky 2014"):
        assert said in notes
    assert "1998 is 60,000 (- 1,706)" in " ".join(name.read("lenet-5").notes)
    assert "every convolution has biases" in " ".join(name.read("resnet50").notes)
    assert "117M" in " ".join(name.read("gpt2").notes)


def test_experts_and_active():
    totals = name.read("mixtral 8x7b").totals
    assert (totals.total, totals.active) == (46_702_792_704, 12_879_925_248)


def test_layers_are_named_as_torchvision_names_them():
    names = {t.name for t in name.read("resnet50").tensors()}
    assert {
        "conv1.weight",
        "layer1.0.conv1.weight",
        "layer4.2.bn3.bias",
        "layer1.0.downsample.0.weight",
        "fc.bias",
    } <= names
    shapes = {t.name: t.shape for t in name.read("mobilenet_v2").tensors()}
    assert shapes["features.1.conv.0.0.weight"] == (32, 1, 3, 3)


def test_definitions_are_lists_of_layers():
    for model, net in EVERY[::9]:
        whole = stack.read("\n".join(net.lines()), convention=net.convention)
        assert whole.total == built(net, net.convention, None, True).total, model.names[0]


def test_lists_name_what_comes_together_and_scale_by_one_number_a_channel():
    gated = (
        "input 8x8x4; conv 6 3x3 same as c; gap; dense 2; dense 6; multiply c as scaled; conv 2 1x1; goto scaled; "
        "conv 1 1x1"
    )
    rows = {row.name: row for row in stack.read(gated).layers}
    assert rows["scaled"].out == (8, 8, 6)
    assert rows["conv2"].total == 7
    assert stack.read(stack.read(gated).read_as).total == stack.read(gated).total
    with pytest.raises(NotationError, match="cannot be added"):
        stack.read("input 8x8x4; conv 6 3x3 same as c; gap; dense 5; multiply c")


def test_what_was_read_reads_back():
    for text in ("resnet50", "alexnet torchvision", "resnet18 10 classes", "vgg16 no top", "lenet-5 1998", "vit-b/16"):
        network = name.read(text)
        assert name.read(network.read_as).total == network.total


def test_every_variant_is_chosen_by_its_words():
    for model in MODELS:
        for alias in model.names:
            for net in model.nets[1:]:
                for tag in net.tags:
                    request = asked(f"{alias} {tag}")
                    assert request is not None, f"{alias} {tag}"
                    assert (request.net or net) is net, f"{alias} {tag}"


def test_statistics_leave_counters_of_batches_out():
    net = next(net for model, net in EVERY if model.names[0] == "resnet50")
    assert statistics(built(net, "torch", None, True)) == 53_120


# typed, what the refusal says
REFUSED = [
    ("falcon-7b", "is not a network whose layers are known here; its code, printed model, summary or hyper-parameters"),
    ("lenet with 3 inputs", "known here. Known of this family: lenet-5"),
    ("resnet51", "did you mean resnet56 or resnet50"),
    ("bert-huge", "Known of this family: bert-base-uncased"),
    ("vgg17", "Known of this family: vgg11, vgg13, vgg16, vgg19"),
    ("efficientnet-b9", "Known of this family: efficientnet-b0"),
    ("llama-4-9000b", "Known of this family: llama-7b"),
    ("bert-base-uncased 10 classes", "has no classes to choose"),
    ("gpt2 no head", "no top"),
    ("resnet18 0 classes", "1 class or more"),
    ("vgg16 no top 10 classes", "without its top it has no classes"),
    ("resnet50(alpha=0.5)", "not a network whose layers are known here"),
    ("x" * 500, "no name of a network is that long"),
]


@pytest.mark.parametrize(("typed", "said"), REFUSED)
def test_refusals(typed, said):
    with pytest.raises(NotationError) as error:
        name.read(typed)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_convention_is_refused():
    with pytest.raises(UsageError, match="choose one of"):
        name.read("resnet50", convention="jax")


# other notations and files, which are not names
NOT_NAMES = [
    "784-16-16-10", "conv 32 3x3; dense 10", "transformer 512 8 6 6 2048", "encoder 768 heads 12 ff 3072",
    "inception (conv 64 1x1 | conv 96 3x3 same)", "resnet50.pth", "models/resnet50.safetensors", "bert.json",
    "vital.txt",
    "nn.Linear(784, 10)", "32C3-MP2-64C3", "L=12 H=768 A=12", "(5*5*3+1)*100", "dense 10", "capsules 10 16", "mlp",
    "Chain(Dense(5 => 7))", "[(784, 16), (16,)]", "unet: conv 64 3x3", "",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_NAMES)
def test_what_is_not_a_name(text):
    assert not name.may_be(text)


def test_names_are_plain_enough_to_be_told_apart():
    found = {}
    for model in MODELS:
        for one in model.names:
            assert found.setdefault(plain(one), model) is model


def test_read_takes_a_name():
    assert nparams.count("resnet50") == 25_557_032


pieces = st.sampled_from(
    ["resnet", "50", "bert", "-", " ", "base", "no top", "10 classes", "(", ")", "=", "keras", ".", "/", "vgg", "16",
     "gpt2",
     "include_top=False", "num_classes=", "0", "_", "x", "é", "\x00", "alexnet", "1998", "llama", "7b"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.one_of(st.lists(pieces, max_size=8).map("".join), st.text(max_size=150)))
@example("resnet50" * 20)
@example("resnet50(" + "(" * 50)
def test_only_our_errors_leave_read(text):
    name.may_be(text)
    with suppress(NparamsError):
        name.read(text)
