"""The Python client: bulk bars into numpy, and streams."""
