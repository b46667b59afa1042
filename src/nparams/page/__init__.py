"""What a page in a browser asks: one JSON text in, one JSON text out, and never a traceback.

The page runs this very package, in Pyodide; everything it shows was counted and written here.  Whole numbers are texts
of digits on the way, since a browser's numbers are exact up to 2**53 only.
"""
