"""The state of many worlds: scenarios, orders, machines, institutions and the environment in which actors decide."""
