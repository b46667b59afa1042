"""Attacks on the readers of files: for every known threat at least one file, made here, and what must come of it.

Each module but test_*.py and those that begin with _ holds a table ATTACKS (see _attack.py).  The files are built from
the rows; none is stored.  test_attacks.py reads every one of them as a user would, in a process that may map 256 MB
beyond what it holds, use 5 s of the processor for a file, open that file and its neighbours, and do nothing else that
Python tells an audit hook of (_guard.py).
"""
