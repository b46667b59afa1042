"""Object stores, through obstore, from a server of Amazon's protocol on loopback."""
