"""The parts of the ncnn reader."""
