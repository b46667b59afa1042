"""Roles by the operators that stored arrays reach, for graphs of any format: OpenVINO's IR, Core ML's programs."""
