"""Carries what agents tell to many gateways over NATS; the truth stays at the agent."""
