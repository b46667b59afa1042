"""Shapes of tensors: from pastes to names and sides."""
