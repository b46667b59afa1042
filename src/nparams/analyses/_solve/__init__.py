"""What solve is made of: budget, grids, the total as a function of what varies, search, the text of the answer."""
