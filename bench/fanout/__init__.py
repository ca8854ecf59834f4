"""Live quotes to many subscribers, beside what a user would take instead."""
