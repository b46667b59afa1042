"""Renderings of a Network: each module has `render(network, look) -> str`."""
