"""Packed weights: the layouts of quantised checkpoints, one function a scheme."""
