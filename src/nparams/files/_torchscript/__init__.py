"""Parts of the TorchScript reader: the classes in the archive's code, its objects, and what constants are used for."""
