"""Financial statements: one declarative table per statement makes type, message and docs."""
