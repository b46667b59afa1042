"""The parts of the Darknet reader."""
