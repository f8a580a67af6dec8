"""How member states, commissioners and labs see the world and decide."""
