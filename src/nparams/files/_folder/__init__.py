"""A directory as a model repository: its files by name, and the parts of a pipeline."""
