"""The parts of the GGUF reader."""
