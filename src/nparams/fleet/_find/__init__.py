"""Behind finding.py: walking places, folders that are one model, the sets of files in the others."""
