"""Which of several checkpoints of TensorFlow in a folder is the latest: the text file `checkpoint` says.

tensorflow/tensorflow tensorflow/python/training/checkpoint_state.proto, as text: model_checkpoint_path:
"model.ckpt-200". Its paths are often those of another machine: only the bare name counts,
    and only a file that lies here.
"""

from __future__ import annotations

from nparams.errors import ReadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files.bytesource import Folder

STATE, MOST = "checkpoint", 1 << 16
PATH = "model_checkpoint_path:"


def latest(folder: Folder, names: frozenset[str]) -> str:
    """The bare name of the index of the latest checkpoint; "" where no file says which that is."""
    if STATE not in names:
        return ""
    try:
        with folder.open(STATE) as source:
            text = source.read(0, min(source.size, MOST)).decode("utf-8", "replace")
    except ReadError:
        return ""
    line = next((line for line in text.split("\n") if line.startswith(PATH)), "")
    path = line[len(PATH) :].strip().strip("\"'")
    return f"{path[max(path.rfind('/'), path.rfind(chr(92))) + 1 :]}.index" if path else ""
