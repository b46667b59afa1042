"""Network > Module > Tensor: the one representation that sources build and views and analyses read."""

from __future__ import annotations

from nparams.network.listed import Listed as Listed
from nparams.network.network import Network as Network
from nparams.network.tree import PARAMETER_ROLES as PARAMETER_ROLES
from nparams.network.tree import ROLES as ROLES
from nparams.network.tree import Module as Module
from nparams.network.tree import Over as Over
from nparams.network.tree import Tensor as Tensor
