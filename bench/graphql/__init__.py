"""Bars and small operations over GraphQL, beside what a user would take instead."""
