"""Parts of the PyTorch readers: storages, tensors, what in a checkpoint is the model, ties, modules."""
