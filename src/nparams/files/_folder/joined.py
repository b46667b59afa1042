"""Several networks as one: the parts of a pipeline, each under the name of its folder."""

from __future__ import annotations

from nparams.errors import FormatError, escaped, shown, uncounted
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nparams.expr import Size
    from nparams.network import Tensor


class Part:
    """A network that is part of another: the folder that it came from, "" for the top one."""

    __slots__ = ("folder", "network")

    def __init__(self, folder: str, network: Network) -> None:
        self.folder = folder
        self.network = network

    def described(self) -> str:
        """Its name and how much it holds, for a sentence."""
        total = self.network.total
        held = f"{total:,}" if isinstance(total, int) else uncounted(self.network.totals.unknown)
        return f"{escaped(self.folder) or 'the top folder'} ({held})"


def joined(parts: Sequence[Part], source: str, kind: str) -> Network:
    """One network whose tensors bear their part's name in front; `kind` says what the whole is.

    >>> from nparams.network import Tensor
    >>> one, two = (Network(tensors=[Tensor("w", (n,), "float32")]) for n in (2, 3))
    >>> whole = joined([Part("unet", one), Part("vae", two)], "sd", "a pipeline")
    >>> whole.total, [t.name for t in whole.tensors()]
    (5, ['unet.w', 'vae.w'])
    """
    tensors: list[Tensor] = []
    routes: dict[str, tuple[Size | None, Size]] = {}
    notes: list[str] = []
    flags: list[dict[str, str]] = []
    for part in parts:
        before = f"{part.folder}." if part.folder else ""
        tensors += _renamed(part.network, before)
        routes |= {before + name: route for name, route in part.network.routes.items()}
        said = f"{escaped(part.folder)}: " if part.folder else ""
        notes += [said + note for note in part.network.notes]
        flags += [{**flag, "text": said + flag.get("text", "")} for flag in part.network.flags]
    _check_names(tensors)
    names = ", ".join(escaped(part.folder) or part.network.read_as for part in parts)
    whole = Network(
        tensors=tensors, source=source, form="folder", read_as=f"{kind}: {names}", notes=notes, flags=flags,
        routes=routes, parts={f"{part.folder}.": part.folder for part in parts if part.folder},
    )  # fmt: skip
    whole.formats = tuple(form for part in parts for form in part.network.formats or (part.network.form,))
    return whole


def _renamed(network: Network, before: str) -> list[Tensor]:
    """The tensors of a network, each under its part's name."""
    tensors = list(network.tensors())
    for t in tensors if before else ():
        t.name = before + t.name
        t.tied_to = None if t.tied_to is None else before + t.tied_to
    return tensors


def _check_names(tensors: Sequence[Tensor]) -> None:
    """Raise FormatError where two parts name a tensor alike."""
    seen: set[str] = set()
    for t in tensors:
        if t.name in seen:
            raise FormatError(f"{shown(t.name)}: two parts of one pipeline hold a tensor of this name")
        seen.add(t.name)
