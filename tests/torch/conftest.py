"""Keras runs on torch and keeps its settings in a folder of this run; both must be said before Keras is imported."""

from __future__ import annotations

import atexit
import os
import tempfile

_home = tempfile.TemporaryDirectory(prefix="keras-")
atexit.register(_home.cleanup)
os.environ["KERAS_HOME"] = _home.name
os.environ["KERAS_BACKEND"] = "torch"
