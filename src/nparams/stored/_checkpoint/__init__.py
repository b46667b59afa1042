"""What a checkpoint of PyTorch holds, in a file or in memory: which tensors are the model, and under which names."""
