"""config.json: what is one, which class it means, what its words mean in which version, and what must be said."""
