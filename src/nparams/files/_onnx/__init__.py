"""The parts of the ONNX reader."""
