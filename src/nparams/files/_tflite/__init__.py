"""The parts of the TensorFlow Lite reader."""
