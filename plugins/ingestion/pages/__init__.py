"""Pages on which one sees what came in: of streams, of what they hold, of configurations for clients."""
