"""Another gateway as the terminal, beside the same gateway asked directly."""
