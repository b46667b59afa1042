"""The parts of the safetensors readers."""
