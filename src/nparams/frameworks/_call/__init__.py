"""What stands behind python:package.module:Net(): the expression, the import, and the run of the user's code."""
