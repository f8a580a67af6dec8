"""How chips come to a site and what they yield: procurement, construction, operations, pooling, the frontier."""
