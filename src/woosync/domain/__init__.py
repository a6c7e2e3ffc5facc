"""What both sides agree on: frozen values and the pure rules over them. Standard library only."""
