"""PyTorch: what interpreted code makes of torch.nn (its classes as a table: layers/_torch)."""
