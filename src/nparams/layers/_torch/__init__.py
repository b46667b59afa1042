"""The classes of torch.nn: their arguments, and the tensors that each then holds under PyTorch's names."""
