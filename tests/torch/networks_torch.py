"""Whole networks of torch, each beside the list of layers that describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    )  # fmt: skip


CNN = """input 1x28x28; conv 32 3x3 relu; maxpool 2; conv 64 3x3 relu; maxpool 2; flatten
dense 128 relu; dropout 0.5; dense 10"""


class Residual(nn.Module):
    """A basic block of a ResNet, with a convolution on the short way where the shape changes."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__()
        self.long = nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU(),
            nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False), nn.BatchNorm2d(c_out),
        )  # fmt: skip
        short = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
        self.short = nn.Identity() if (c_in, stride) == (c_out, 1) else short

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.long(x) + self.short(x))


def resnet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 7, 2, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        Residual(16, 16), Residual(16, 16), Residual(16, 32, 2), Residual(32, 32),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip


RESNET = """input 3x64x64; conv 16 7x7 stride 2 padding 3 no bias; bn; relu; maxpool 3 stride 2 padding 1
2 x (residual (conv 16 3x3 same no bias; bn; relu; conv 16 3x3 same no bias; bn); relu)
residual (conv 32 3x3 s2 padding 1 no bias; bn; relu; conv 32 3x3 same no bias; bn | conv 32 1x1 s2 no bias; bn); relu
residual (conv 32 3x3 same no bias; bn; relu; conv 32 3x3 same no bias; bn); relu
gap; dense 10"""


class Unet(nn.Module):
    """Two steps down and up again, with what was there before put beside."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.floor = nn.Conv2d(16, 32, 3, padding=1)
        self.grow2, self.up2 = nn.ConvTranspose2d(32, 16, 2, 2), nn.Conv2d(32, 16, 3, padding=1)
        self.grow1, self.up1 = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(16, 8, 3, padding=1)
        self.out = nn.Conv2d(8, 1, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        one = self.down1(x)
        two = self.down2(self.pool(one))
        up = self.up2(torch.cat([self.grow2(self.floor(self.pool(two))), two], 1))
        result: Tensor = self.out(self.up1(torch.cat([self.grow1(up), one], 1)))
        return result


UNET = """input 3x32x32; conv 8 3x3 same as c1; maxpool 2; conv 16 3x3 same as c2; maxpool 2; conv 32 3x3 same
deconv 16 2x2 stride 2; concat c2; conv 16 3x3 same; deconv 8 2x2 stride 2; concat c1; conv 8 3x3 same; conv 1 1x1"""


class Inverted(nn.Module):
    """A block of MobileNetV2: up, each channel by itself, down again."""

    def __init__(self, c: int, t: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(c, t * c, 1, bias=False), nn.BatchNorm2d(t * c), nn.ReLU6(),
            nn.Conv2d(t * c, t * c, 3, 1, 1, groups=t * c, bias=False), nn.BatchNorm2d(t * c), nn.ReLU6(),
            nn.Conv2d(t * c, c, 1, bias=False), nn.BatchNorm2d(c),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.inner(x)
        return result


def mobilenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(), Inverted(8, 6), Inverted(8, 6),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10),
    )  # fmt: skip


MOBILENET = """input 3x32x32; conv 8 3x3 stride 2 padding 1 no bias; bn; relu6
2 x (residual (conv 48 1x1 no bias; bn; relu6; depthwise conv 3x3 same no bias; bn; relu6; conv 8 1x1 no bias; bn))
gap; dense 10"""


class Last(nn.Module):
    """What a recurrent layer sends at its last step."""

    def forward(self, results: tuple[Tensor, ...]) -> Tensor:
        return results[0][:, -1]


def lstm() -> nn.Module:
    return nn.Sequential(
        nn.Embedding(100, 16),
        nn.LSTM(16, 24, num_layers=2, batch_first=True, bidirectional=True),
        Last(),
        nn.Linear(48, 5),
    )


LSTM = "input 20 tokens; embedding 100 16; bidirectional lstm 24 layers=2; dense 5"


def gru() -> nn.Module:
    return nn.Sequential(nn.GRU(6, 12, num_layers=3, batch_first=True), Last(), nn.Linear(12, 1))


GRU = "input 30x6; gru 12 layers=3; dense 1"


class Classifier(nn.Module):
    """Tokens and their places through an encoder, the first one to a class."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(50, 16), nn.Embedding(12, 16)
        layer = nn.TransformerEncoderLayer(16, 4, 64, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 3, nn.LayerNorm(16), enable_nested_tensor=False)
        self.head = nn.Linear(16, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        at = torch.arange(tokens.shape[1])
        result: Tensor = self.head(self.encoder(self.words(tokens) + self.places(at)))
        return result


CLASSIFIER = """input 12 tokens; embedding 50 16; positions 12
encoder 16 heads 4 ff 64 layers 3 norm first final norm; dense 2"""


class Translator(nn.Module):
    """The transformer of 2017, with a table of words on either side and a layer that finds the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(40, 16), nn.Embedding(30, 16)
        self.transformer = nn.Transformer(16, 4, 2, 3, 32, batch_first=True)
        self.head = nn.Linear(16, 30)

    def forward(self, tokens: Tensor) -> Tensor:
        result: Tensor = self.head(self.transformer(self.source(tokens), self.target(tokens)))
        return result


TRANSLATOR = """input 10 tokens; embedding 40 16; encoder 16 heads 4 ff 32 layers 2 final norm as memory
input 10 tokens; embedding 30 16; decoder 16 heads 4 ff 32 layers 3 final norm; dense 30"""


class Gpt(nn.Module):
    """GPT-2 made small: norms first, and a last layer that is the table of words."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(100, 24), nn.Embedding(16, 24)
        layer = nn.TransformerEncoderLayer(24, 4, 96, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 4, nn.LayerNorm(24), enable_nested_tensor=False)
        self.head = nn.Linear(24, 100, bias=False)
        self.head.weight = self.words.weight

    def forward(self, tokens: Tensor) -> Tensor:
        at = torch.arange(tokens.shape[1])
        result: Tensor = self.head(self.blocks(self.words(tokens) + self.places(at)))
        return result


GPT = """input 16 tokens; embedding 100 24 as wte; positions 16
4 x (layernorm; attention heads 4; layernorm; ffn 96); layernorm; dense 100 no bias tied to wte"""

#: name -> (list of layers, the network, the shape of an input, whether it holds tokens)
NETWORKS: dict[str, tuple[str, Callable[[], nn.Module], tuple[int, ...], bool]] = {
    "cnn": (CNN, cnn, (1, 28, 28), False),
    "resnet": (RESNET, resnet, (3, 64, 64), False),
    "unet": (UNET, Unet, (3, 32, 32), False),
    "mobilenet": (MOBILENET, mobilenet, (3, 32, 32), False),
    "lstm": (LSTM, lstm, (20,), True),
    "gru": (GRU, gru, (30, 6), False),
    "classifier": (CLASSIFIER, Classifier, (12,), True),
    "translator": (TRANSLATOR, Translator, (10,), True),
    "gpt": (GPT, Gpt, (16,), True),
}
