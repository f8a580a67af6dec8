"""How an allocation is decided: agenda, coalition, voting, funding, entitlement, reversion."""
