"""What the exercise sheet is made of: questions by rule, and how a sheet is written."""
