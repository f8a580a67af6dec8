"""The actors: what member states, commissioners and labs may see, and how they decide."""
