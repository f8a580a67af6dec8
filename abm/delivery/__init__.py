"""From a selected site to its computing power: procurement, construction, operations, pooling and the frontier."""
