"""Answers GraphQL: one module per topic."""
