"""Tables at which an agenda protocol can bargain: the Council's, a divisible pie, points on a line."""
