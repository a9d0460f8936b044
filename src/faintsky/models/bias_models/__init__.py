"""How sources trace matter."""
