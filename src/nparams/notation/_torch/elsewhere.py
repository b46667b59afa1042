"""Networks whose layers are in a library and not in the text: models.resnet18(), BertModel.from_pretrained("...")."""

from __future__ import annotations

import re

from nparams.errors import NotationError, shown
from nparams.notation._code.values import Unknown
from nparams.notation._torch.modules import Param, TorchModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.notation._code.machine import Machine

#: what gives a whole network, and the name of it
GIVES = re.compile(
    r"(?:from_pretrained|create_model|hub\.load|load_model|from_config)\((?:[^\"'()]*[\"'](?P<told>[^\"'\n]+)[\"'])?"
    r"|\b(?:models|torchvision|segmentation_models_pytorch|smp)\.(?:\w+\.)*(?P<name>[A-Za-z]\w*)\("
)


def library_changed(m: Machine) -> NotationError | None:
    """The refusal of a network of a library into which the text puts a layer of its own: model.fc = nn.Linear(...)."""
    for value, put in m.changed:
        if "(" in value.text and isinstance(put, (TorchModule, Param)):
            name = next((n for n, v in m.module.names.items() if v is value), "")
            return refusal(name, value, "; what the text puts into it can be counted by itself")
    return None


def library_made(m: Machine) -> NotationError | None:
    """The refusal of a network of a library that the text only makes."""
    for name, value in m.module.names.items():
        if isinstance(value, Unknown) and value.called is not None and GIVES.search(value.text):
            return refusal(name, value, "")
    return None


def refusal(name: str, value: Unknown, more: str) -> NotationError:
    """What the network is, and what counts it."""
    from nparams.notation import name as names

    found = GIVES.search(value.text)
    told = (found["told"] or found["name"] or "") if found is not None else (value.called or "").rpartition(".")[2]
    told = told.rpartition("/")[2]
    if told and names.may_be(told):
        hint = f"nparams {shown(told)} counts it"
    else:
        hint = "give its checkpoint, or paste what print(model) shows"
    subject = f"{name} is {value.text}, whose layers" if name else f"the layers of {value.text}"
    return NotationError(f"line {value.line}: {subject} are not in the code: {hint}{more}")
