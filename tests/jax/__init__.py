"""Models of JAX's family and of scikit-learn, live: totals by plain arithmetic."""
