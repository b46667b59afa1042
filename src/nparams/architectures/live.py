"""A live configuration of the transformers library: the dict that it writes of itself, read as a config.json.

The library is not imported here: whoever made the object has done that.
"""

from __future__ import annotations

from nparams.architectures import config
from nparams.errors import UnsupportedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from nparams.network import Network

#: (module, name) of the base class: version 5, and before
BASES = frozenset(
    (("transformers.configuration_utils", "PreTrainedConfig"), ("transformers.configuration_utils", "PretrainedConfig"))
)


def claims(source: object) -> bool:
    """Whether an object is a configuration, or the class of one."""
    kind = source if isinstance(source, type) else type(source)
    return any((base.__module__, base.__name__) in BASES for base in kind.__mro__)


def held_in(source: Any) -> Mapping[str, Any]:
    """The dict that a configuration writes of itself; UnsupportedError for a class of one."""
    if isinstance(source, type):
        raise UnsupportedError(
            f"{source.__name__} is a class, not a configuration: make one, as in {source.__name__}()"
        )
    return config.held_in(source.to_dict())


def read(source: object, **options: Any) -> Network:
    """The network that a configuration describes; the options are those of config.read."""
    return config.read(held_in(source), **options)
