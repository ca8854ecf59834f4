"""Market rules as dated rows, read by the guards and the simulated exchange alike."""
