"""What a chunk's bytes are: the `body`, the msgpack `event_stream`, runs of `equal_events`, and `sound`."""
