"""One model in several files: the index, and the pieces that it names, whatever their format."""
