"""How the Union decides where sites go: agenda, coalitions, voting, funding, entitlement and reversion."""
