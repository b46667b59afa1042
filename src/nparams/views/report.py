"""What was found while a file was read that a well-made file of its format does not have, one line each.

Nothing found is no promise: only what a reader passes on its way to the shapes is looked at, never the numbers.
"""

from __future__ import annotations

from nparams.errors import escaped
from nparams.views.look import Look, heading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nparams.errors import NparamsError
    from nparams.network import Network

NONE = "none found, which is no promise that the file is safe"


def render(network: Network, look: Look | None = None) -> str:
    """What was read, and each deviation as its kind and a sentence.

    >>> from nparams.network import Network, Tensor
    >>> network = Network(tensors=[Tensor("w", (2, 3))], source="m.pt", read_as="PyTorch checkpoint, 1 tensor")
    >>> print(render(network))
    m.pt: PyTorch checkpoint, 1 tensor
    <BLANKLINE>
    deviations: none found, which is no promise that the file is safe
    """
    look = look or Look()
    return "\n".join([heading(network, look), "", *map(look.text, listed(network.flags, "while reading"))])


def refused(problem: NparamsError) -> str:
    """The same for a source that was refused: what was found before that.

    >>> from nparams.errors import FormatError
    >>> problem = FormatError("m.pt: data.pkl calls os.system")
    >>> problem.flags = [{"kind": "checksum", "text": "data.pkl: its bytes do not give the checksum"}]
    >>> print(refused(problem))
    1 deviation found before the refusal:
      checksum: data.pkl: its bytes do not give the checksum
    """
    return "\n".join(listed(problem.flags, "before the refusal"))


def listed(flags: Sequence[Mapping[str, str]], when: str) -> list[str]:
    """One line for each deviation under a line that counts them; or that there is none."""
    if not flags:
        return [f"deviations: {NONE}" if when == "while reading" else f"deviations {when}: none found"]
    head = f"{len(flags):,} deviation{'' if len(flags) == 1 else 's'} found {when}:"
    return [head, *(f"  {escaped(flag['kind'])}: {escaped(flag['text'])}" for flag in flags)]
