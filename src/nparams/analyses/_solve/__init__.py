"""What solve is made of: the budget, the grids, the total as a function of what varies, the search, the answer's text."""
