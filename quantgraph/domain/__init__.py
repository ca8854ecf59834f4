"""What things are, and what the rooms above may ask for."""
