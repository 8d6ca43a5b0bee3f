"""What the data path costs, beside the server's own bulk load and what else a user would pick."""
