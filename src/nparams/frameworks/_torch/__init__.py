"""Live PyTorch models: the walk over their modules, and what is made of it."""
