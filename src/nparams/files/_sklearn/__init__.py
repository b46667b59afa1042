"""Estimators of scikit-learn in a pickle: what stored/estimators.py asks of them, answered from inert records."""
