"""The parts of the reader for archives of torch.export."""
