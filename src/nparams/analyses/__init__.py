"""Further questions asked of Networks: why another number, what differs, whether a bound holds."""
