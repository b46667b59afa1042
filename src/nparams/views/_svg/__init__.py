"""The parts of the picture: which there are, where things stand in them, and how they are written down."""
