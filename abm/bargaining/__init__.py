"""Bargaining: agendas, the Council, coalitions, and the equilibrium of patient states."""
