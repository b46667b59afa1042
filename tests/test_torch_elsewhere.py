"""PyTorch code that takes networks from libraries, or from helpers that the text does not hold: never counted as 0."""

from __future__ import annotations

import pytest

import nparams
from nparams.errors import NotationError

HEAD = "class C(nn.Module):\n  def __init__(self):\n    super().__init__()\n    self.fc = nn.Linear(768, 2)\n    "

#: what a module is given | whether how many parameters it has is not known then
HELD = [
    ("self.b = BertModel.from_pretrained('bert-base-uncased')", True),
    ("self.b = EfficientNet.from_name('b0')", True),
    ("self.b = models.vgg16(pretrained=True)", True),
    ("self.b = torchvision.models.vgg16().features", True),
    ("self.b = torch.hub.load('a/b', 'c')", True),
    ("self.b = timm.create_model('vit_b', num_classes=0)", True),
    ("self.b = conv3x3(3, 16)", True),
    ("self.b = get_encoder('x')", True),
    ("self.b = make_layer(64, 2)", True),
    ("self.b = norm_layer(64)", True),
    ("self.b = BertTokenizer.from_pretrained('x')", False),
    ("self.b = AutoConfig.from_pretrained('x')", False),
    ("self.b = get_activation('relu')", False),
    ("self.b = get_device()", False),
    ("self.b = np.load('x.npy')", False),
    ("self.b = models.vgg16().fc.in_features", False),
    ("self.b = BertModel.from_pretrained('x').config.hidden_size", False),
]

#: code | what is said
ELSEWHERE = [
    (
        "m = models.resnet18(pretrained=True)\nm.fc = nn.Linear(512, 2)",
        'nparams "resnet18" counts it; what the text puts',
    ),
    (
        "import torchvision\nm = torchvision.models.vgg16()\nm.classifier[6] = nn.Linear(4096, 2)",
        "the layers of torchvision.models.vgg16().classifier",
    ),
    (
        "model = models.resnet18(True)\nn = model.fc.in_features\nmodel.fc = nn.Linear(n, 2)\nmodel = model.to(device)",
        'the layers of models.resnet18(True) are not in the code: nparams "resnet18" counts it',
    ),
    ("from transformers import AutoModel\nm = AutoModel.from_pretrained('gpt2')", 'nparams "gpt2" counts it'),
    ("import timm\nm = timm.create_model('unheard_of_7')", "give its checkpoint"),
]


@pytest.mark.parametrize(("line", "unknown"), HELD, ids=[line for line, _ in HELD])
def test_what_is_held(line: str, unknown: bool) -> None:
    totals = nparams.read(f"{HEAD}{line}", paths=False).totals
    assert (totals.total, totals.known) == (None if unknown else 1538, 1538)


@pytest.mark.parametrize(("text", "told"), ELSEWHERE, ids=range(len(ELSEWHERE)))
def test_what_is_elsewhere(text: str, told: str) -> None:
    with pytest.raises(NotationError) as caught:
        nparams.read(text, paths=False)
    assert told in str(caught.value)
