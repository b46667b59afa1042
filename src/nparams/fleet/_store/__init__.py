"""Parts of the table on disk: what a value looks like in it, the two kinds of file, the lock, what is known."""
