"""What people write: one module a notation, each from text to a Network, none of them by running anything."""
