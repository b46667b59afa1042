"""Model files as people wrote them: reading one gives what building it gives, and neither asks which by guessing."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nparams
from nparams.errors import NparamsError, ReadError
from tests.torch.built import built, loaded, ours, theirs, total
from tests.torch.public_cases import GPT, PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from tests.torch.public_cases import Public

#: where the packages of requirements/public.txt are unpacked
ROOT = Path(os.environ.get("NPARAMS_PUBLIC", Path(__file__).parents[2] / ".venv/public"))
#: only stood for: their own code is not what is read, and some cannot be imported beside this torch
ABSENT = set(
    "facenet_pytorch g_mlp_pytorch labml labml_nn llms_from_scratch requests tiktoken torchaudio torchvision "
    "vit_pytorch".split()
)
#: files of several models, and models among them that the question must name
SEVERAL = {
    "torchvision/models/resnet.py": ("resnet18", "resnet50"),
    "torchvision/models/mnasnet.py": ("mnasnet0_5", "mnasnet1_3"),
    "torchaudio/models/conv_tasnet.py": (),
    "labml_nn/gan/stylegan/__init__.py": ("Generator", "Discriminator"),
    "llms_from_scratch/ch03.py": ("MultiHeadAttention", "SelfAttention_v1"),
    "labml_nn/diffusion/ddpm/unet.py": (),
    "facenet_pytorch/models/inception_resnet_v1.py": (),
    "rtdl_revisiting_models.py": ("MLP", "ResNet", "FTTransformer"),
}

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=f"{ROOT} is not there: make test-torch unpacks it")


@pytest.fixture(scope="module", autouse=True)
def packages() -> Iterator[None]:
    """What the files import of each other's packages that holds no parameters of its own: einops."""
    sys.path.append(str(ROOT))
    yield
    sys.path.remove(str(ROOT))


def model_of(case: Public) -> nn.Module:
    file = ROOT / case.file
    inside = "\nfrom ." in file.read_text(encoding="utf-8")
    module = loaded(file, ABSENT, case.file.removesuffix(".py").replace("/", ".") if inside else "")
    build = case.build or (lambda m: getattr(m, case.which)(**case.given))
    return built(lambda: build(module))


def test_there_are_at_least_twenty_files() -> None:
    assert len({case.file for case in PUBLIC}) >= 20


@pytest.mark.parametrize("case", PUBLIC, ids=lambda case: case.called)
def test_reading_gives_what_building_gives(case: Public) -> None:
    model = model_of(case)
    network = nparams.read(f"{ROOT / case.file}:{case.which}", set=case.given)
    assert network.form == "torch-code"
    assert ours(network) == theirs(model)
    assert network.total == total(model) > 0


@pytest.mark.parametrize("file", SEVERAL)
def test_a_file_of_several_models_is_one_model_or_a_question(file: str) -> None:
    """Where one model holds all the others it may be taken; else the error lists them, to be asked as file.py:Net."""
    if not SEVERAL[file]:
        assert nparams.read(str(ROOT / file)).total is not None
        return
    with pytest.raises(ReadError) as problem:
        nparams.read(str(ROOT / file))
    said = str(problem.value)
    assert "\n" not in said
    assert [name for name in SEVERAL[file] if name not in said] == [], said


def test_a_layer_of_a_file_that_is_not_there_is_named() -> None:
    """Its attention stands in another file: no total is made up without it."""
    network = nparams.read(f"{ROOT / 'llms_from_scratch/ch04.py'}:GPTModelFast", set=GPT)
    assert network.total is None
    assert any("PyTorchMultiHeadAttention" in note for note in network.notes)


def test_what_only_running_the_network_tells_has_no_total() -> None:
    """Its positions are as many as a forward pass over an empty image gives."""
    network = nparams.read(f"{ROOT / 'vit_pytorch/cct.py'}:cct_2")
    assert network.total is None
    assert any("positional_emb" in note for note in network.notes)


FILES = sorted(file for file in ROOT.rglob("*.py") if "nn.Module" in file.read_text(encoding="utf-8", errors="replace"))


def answer(file: Path) -> str:
    """The form that a file is read as, or why it is not."""
    try:
        return nparams.read(str(file)).form
    except NparamsError as problem:
        return f"no: {problem}"


def test_every_file_is_a_network_or_one_line() -> None:
    """Whatever stands in the packages, nothing but our own errors leaves."""
    answers = {file: answer(file) for file in FILES}
    assert [file for file, said in answers.items() if not said.isprintable()] == []
    assert len(answers) > 200
    assert sum(said == "torch-code" for said in answers.values()) > 60
