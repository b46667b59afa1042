"""Flax: nnx modules and states, linen variables, training states, and linen modules with the shapes of their inputs.

An nnx module is read from its attributes: its class of Variable says what an array is.  Of linen's variables the
collection says it.  A linen module makes its arrays when it is called, so it is traced abstractly (jax.eval_shape) with
the inputs that were given: no array is made and no random number drawn.
"""

from __future__ import annotations

from nparams.errors import UnsupportedError
from nparams.frameworks._arrays.kinds import tree
from nparams.frameworks._arrays.remarks import recurrent
from nparams.frameworks._arrays.sections import is_sectioned
from nparams.frameworks._flax import linen, nnx
from nparams.frameworks._flax.classes import is_from
from nparams.network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nparams.frameworks._flax.found import Found


def claims(source: object) -> bool:
    """Whether it is an object of Flax, a container of them, or variables as linen gives them.

    >>> claims({"params": {}}), claims("flax")
    (True, False)
    """
    try:
        return nnx.knows(source) or linen.knows(source) or is_sectioned(source)
    except Exception:
        return False


def read(source: Any, inputs: object = None) -> Network:
    """The network that it is; `inputs` are example inputs of a linen module, or their shapes.

    Raises UnsupportedError for what holds no arrays, ReadError where a module cannot be traced with the inputs.
    """
    if is_from(source, "flax.linen.module", "Module"):
        return _network(source, linen.module(source, inputs))
    if nnx.knows(source):
        return _network(source, nnx.read(source))
    return _network(source, linen.variables(source))


def _network(source: object, found: Found) -> Network:
    gathered = found.gathered
    if not gathered.tensors:
        raise UnsupportedError(f"{found.read_as} holds no arrays; give the module, or what init returned")
    gathered.finish()
    gathered.notes += recurrent(gathered.tensors, gathered.kinds)
    if gathered.known:
        gathered.also["framework"] = found.framework
    return Network(
        tensors=gathered.tensors,
        tree=tree(gathered.kinds),
        source=type(source).__name__,
        form="flax",
        read_as=found.read_as,
        described=found.described,
        notes=gathered.notes,
        also=gathered.also,
    )
