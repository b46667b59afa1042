"""The parts of the reader for distributed checkpoints of PyTorch."""
