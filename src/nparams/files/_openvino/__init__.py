"""The parts of the OpenVINO reader."""
