"""Bargaining games on which agenda protocols run besides the Council: a divisible pie, a line, a market for votes."""
