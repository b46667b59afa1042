"""What arrays mean as they are stored, in a file or in memory: packed weights, adapters, experts, second copies."""
