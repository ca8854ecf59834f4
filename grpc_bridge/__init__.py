"""Answers gRPC: one servicer per topic."""
