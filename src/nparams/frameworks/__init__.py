"""What a program holds: live models of each framework, read without a forward pass and left as they were."""
