"""What a chunk's bytes are.

- `body`: the bytes, in memory or in a file, and unpacking gzip.
- `event_stream`: events in msgpack, and what their records carry; `equal_events`: the quick way through many alike.
- `sound`: WAV files in streams; `riff`: finding their parts.
"""
