"""What the readers of arrays in memory share: what an array is, walking containers, shared memory, kinds by shapes."""
