"""The order pipeline: what a journalled order costs, at the service and through a whole gateway."""
