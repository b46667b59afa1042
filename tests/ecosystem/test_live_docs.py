"""The block of docs/live.md that needs Lightning: the callback, in a training of one step."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import nparams
from tests.documents import LIVE, blocks, python_failures


def test_the_lightning_callback_tells_once(tmp_path: Path, capsys: Any) -> None:
    import lightning
    import torch

    names: dict[str, Any] = {"nparams": nparams}
    for block in blocks(LIVE, "python"):
        if block.needs == "lightning":
            assert not python_failures(block, names)

    class Model(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(3, 2)
            self.frozen = torch.nn.Linear(2, 1).requires_grad_(False)

        def training_step(self, batch: Any, index: int) -> Any:
            return self.frozen(self.layer(batch)).sum()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.1)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_steps=1, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False, default_root_dir=tmp_path, callbacks=[names["CountParameters"]()],
        )  # fmt: skip
        trainer.fit(Model(), torch.utils.data.DataLoader(torch.zeros(2, 3)))
    said = [line for line in capsys.readouterr().out.splitlines() if "parameters," in line]
    assert said == ["11 parameters, 8 trained"]  # 3·2 + 2 and 2·1 + 1
