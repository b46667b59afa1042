"""PyTorch: its layers as a table, and what interpreted code makes of torch.nn."""
