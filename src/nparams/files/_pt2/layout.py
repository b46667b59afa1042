"""Where the archive keeps what, in the layout of torch 2.8 and in the one before it.

pytorch torch/csrc/export/pt2_archive_constants.h; before 2.8 torch/export/__init__.py (`save`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._zip import Archive

FORMAT = "archive_format"
MODELS, PROGRAM = "models/", ".json"
WEIGHTS, CONSTANTS = "data/weights/", "data/constants/"
#: the list of a model's payloads, behind its name; and torch.save's file that 2.8 itself wrote in its place
LIST = {WEIGHTS: "_weights_config.json", CONSTANTS: "_constants_config.json"}
SAVED = ".pt"
COMPILED = "data/aotinductor/"
#: a compiled model's weights, where they were packed beside its code
COMPILED_LIST = "/weights_config.json"
#: what else may lie there, and holds no weights of the model
KNOWN = (
    FORMAT, "archive_version", "byteorder", "version", ".data/", ".format_version", ".storage_alignment", MODELS,
    "data/sample_inputs/", "data/mtia", COMPILED, "data/executorch/", "extra/", "extra_files/", "xl_model_weights/",
)  # fmt: skip
#: before 2.8: the program, its weights and constants (2.1 called files of torch.save .json, 2.2 one of them otherwise)
OLD_PROGRAM = "serialized_exported_program.json"
OLD_WEIGHTS = ("serialized_state_dict.pt", "serialized_state_dict.json")
OLD_CONSTANTS = ("serialized_constants.pt", "serialized_constants.json", "serialized_tensor_constants.pt")
OLD_KNOWN = (OLD_PROGRAM, *OLD_WEIGHTS, *OLD_CONSTANTS, "serialized_example_inputs.pt")


def root_of(archive: Archive) -> str | None:
    """The folder in the archive that everything stands in, with its slash; None where it is the older layout."""
    found = [name for name in archive.names if name == FORMAT or name.endswith("/" + FORMAT)]
    return min(found, key=lambda name: name.count("/")).removesuffix(FORMAT) if found else None


def models(archive: Archive, root: str) -> list[str]:
    """The names of the models that have weights here, in the order of the archive."""
    found: dict[str, None] = {}
    for name in archive.names:
        bare = name.removeprefix(root)
        for front, back in ((MODELS, PROGRAM), (WEIGHTS, LIST[WEIGHTS]), (WEIGHTS, SAVED)):
            if name.startswith(root) and bare.startswith(front) and bare.endswith(back):
                model = bare[len(front) : -len(back)]
                if model and "/" not in model:
                    found[model] = None
    return list(found)


def compiled(archive: Archive, root: str) -> list[str]:
    """The names of the models that were compiled (AOTInductor)."""
    front = root + COMPILED
    found = (name.removeprefix(front).partition("/") for name in archive.names if name.startswith(front))
    return list(dict.fromkeys(model for model, slash, _ in found if slash and model))
