"""What a chunk's bytes are.

- `body`: the bytes, in memory or in a file, and unpacking gzip.
- `event_stream`: events in msgpack, and what their records carry; `equal_events`: the quick way through many alike.
- `event_times`: whether the moments of events tell a chunk from an equal one.
- `sound`: WAV files in streams.
"""
