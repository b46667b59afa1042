"""The parts of the Core ML reader."""
