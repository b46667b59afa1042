"""Archives of torch.export against torch: what torch.export.save writes, torch.export.load and ours read alike."""

from __future__ import annotations

import io
import json
import warnings
import zipfile

import pytest
import torch
from torch import nn
from torch._export.serde import schema
from torch._export.serde.serialize import _SERIALIZE_TO_TORCH_DTYPE, serialize
from torch.export.pt2_archive._package import package_pt2

import nparams
from nparams.dtypes import TORCH, TORCH_EXPORT

pytestmark = pytest.mark.filterwarnings("ignore")


class Net(nn.Module):
    """Parameters tied and frozen, buffers kept and not, a constant that is neither."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.fc = nn.Linear(8, 16)
        self.norm = nn.BatchNorm1d(16)
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight
        self.gru = nn.GRU(8, 3, batch_first=True)
        self.fc.bias.requires_grad_(False)
        self.register_buffer("kept", torch.ones(16))
        self.register_buffer("away", torch.ones(3, 4), persistent=False)
        self.constant = torch.arange(5.0)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Everything once."""
        seen = self.embed(words)
        said = self.norm(self.fc(seen)) * self.kept
        other = self.head(seen).sum() + self.gru(seen.unsqueeze(0))[0].sum()
        return said.sum() + other + self.away.sum() + self.constant.sum() + torch.tensor([1.0, 2.0]).sum()


class Views(nn.Module):
    """Parameters that show one storage: two halves that overlap, one turned."""

    def __init__(self) -> None:
        super().__init__()
        both = torch.randn(10, 4)
        self.a, self.b, self.t = nn.Parameter(both[:6]), nn.Parameter(both[4:]), nn.Parameter(both.t())
        self.thin = nn.Parameter(torch.randn(3, dtype=torch.bfloat16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Everything once."""
        return (x @ self.t).sum() + self.a.sum() + self.b.sum() + self.thin.float().sum()


def exported(model: nn.Module, *inputs: torch.Tensor) -> torch.export.ExportedProgram:
    return torch.export.export(model.eval(), inputs)


def saved(program: torch.export.ExportedProgram) -> bytes:
    held = io.BytesIO()
    torch.export.save(program, held)
    return held.getvalue()


def as_before_2_8(program: torch.export.ExportedProgram, constants: str | None = "serialized_constants.pt") -> bytes:
    """The archive that torch.export.save wrote until 2.7, of what torch serialises still."""
    made, held = serialize(program), io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("serialized_exported_program.json", made.exported_program)
        archive.writestr("serialized_state_dict.pt" if constants else "serialized_state_dict.json", made.state_dict)
        if constants:
            archive.writestr(constants, made.constants)
            archive.writestr("serialized_example_inputs.pt", made.example_inputs)
        archive.writestr("version", ".".join(map(str, schema.SCHEMA_VERSION)))
    return held.getvalue()


def listing(program: torch.export.ExportedProgram) -> dict[str, tuple[object, ...]]:
    """What torch itself says: shape, number type, whether it is a parameter."""
    held = {**program.state_dict, **{k: v for k, v in program.constants.items() if isinstance(v, torch.Tensor)}}
    parameters = set(program.graph_signature.parameters)
    return {
        name: (tuple(t.shape), TORCH[str(t.dtype).removeprefix("torch.")], name in parameters)
        for name, t in held.items()
    }


def ours(network: nparams.Network) -> dict[str, tuple[object, ...]]:
    return {t.name: (t.shape, t.dtype, t.role in ("weight", "bias")) for t in network.tensors()}


WORDS = torch.zeros(4, dtype=torch.long)
MODELS = {
    "everything": lambda: exported(Net(), WORDS),
    "views": lambda: exported(Views(), torch.zeros(2, 4)),
    "convolutions": lambda: exported(
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2)), torch.zeros(2, 1, 4, 4)
    ),
    "a transformer": lambda: exported(nn.TransformerEncoderLayer(16, 2, 32), torch.zeros(5, 2, 16)),
}


@pytest.mark.parametrize("write", [saved, as_before_2_8], ids=["2.8 and later", "before"])
@pytest.mark.parametrize("name", MODELS)
def test_tensor_by_tensor(name, write):
    program = MODELS[name]()
    data = write(program)
    network = nparams.read(data)
    assert (network.form, network.flags) == ("pt2", [])
    assert ours(network) == listing(program)
    if write is saved:  # and as torch reads it again
        assert ours(network) == listing(torch.export.load(io.BytesIO(data)))


def test_one_count_with_the_live_model():
    model = Net()
    for data in (saved(exported(model, WORDS)), as_before_2_8(exported(model, WORDS))):
        network, live = nparams.read(data), nparams.read(model)
        assert (network.total, network.weights, network.biases) == (live.total, live.weights, live.biases)
        assert network.total == sum(p.numel() for p in model.parameters())
        trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
        assert network.totals.trainable == trained


def test_without_constants_as_2_1_wrote_it():
    network = nparams.read(as_before_2_8(exported(Net(), WORDS), None))
    assert network.total == sum(p.numel() for p in Net().parameters())


def test_several_models():
    first, second = exported(Net(), WORDS), exported(nn.Linear(3, 4), torch.zeros(2, 3))
    held = io.BytesIO()
    package_pt2(held, exported_programs={"a": first, "b": second})
    network = nparams.read(held.getvalue())
    assert network.total == sum(p.numel() for p in Net().parameters()) + 16
    assert network.read_as.endswith("of 2 models: a, b")
    model, held = nn.Linear(3, 4), io.BytesIO()
    package_pt2(
        held, exported_programs={n: exported(model, torch.zeros(k, 3)) for n, k in (("prefill", 5), ("decode", 1))}
    )
    network = nparams.read(held.getvalue())
    assert (network.total, network.totals.other) == (16, 16)


def test_number_types():
    """Every one that torch.export can write, and no other name for any."""
    table = {int(code): str(dtype).removeprefix("torch.") for code, dtype in _SERIALIZE_TO_TORCH_DTYPE.items() if dtype}
    assert {code: TORCH[name] for code, name in table.items() if code} == dict(TORCH_EXPORT)


def test_shapes_without_numbers():
    with torch.device("meta"):
        model = nn.Linear(300, 400)
    network = nparams.read(saved(exported(model, torch.zeros(2, 300, device="meta"))))
    assert network.total == 300 * 400 + 400
    assert network.notes[-1] == "2 tensors without numbers: shapes alone were exported"


def test_a_quantised_weight():
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    model = nn.Sequential(nn.Linear(64, 32))
    quantize_(model, Int8WeightOnlyConfig())
    held = io.BytesIO()
    torch.save(model.state_dict(), held)
    network, checkpoint = nparams.read(saved(exported(model, torch.zeros(2, 64)))), nparams.read(held.getvalue())
    assert (network.total, network.totals.bookkeeping) == (checkpoint.total, checkpoint.totals.bookkeeping)
    assert network.total == 64 * 32 + 32


def test_the_list_is_all_that_is_read(tmp_path):
    program = exported(nn.Sequential(*(nn.Linear(500, 500) for _ in range(4))), torch.zeros(1, 500))
    torch.export.save(program, tmp_path / "m.pt2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert nparams.read(tmp_path / "m.pt2").total == 4 * 250_500
    with zipfile.ZipFile(tmp_path / "m.pt2") as archive:
        name = next(n for n in archive.namelist() if n.endswith("model_weights_config.json"))
        assert len(json.loads(archive.read(name))["config"]) == 8
