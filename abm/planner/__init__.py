"""The planner: what the same money would reach if one benevolent buyer spent it, and what politics costs against that."""
