"""The parts of the readers of TensorFlow's files: checkpoints, SavedModels, graphs."""
