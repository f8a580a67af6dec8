"""The planner, a benevolent buyer with the same money, and the price of politics, the difference from its result."""
