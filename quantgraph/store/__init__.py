"""What must survive a restart: the order journal and the market store."""
