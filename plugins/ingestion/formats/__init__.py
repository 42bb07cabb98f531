"""What a chunk's bytes are.

- `body`: the bytes, in memory or in a file, and unpacking gzip.
- `event_stream`: events in msgpack, and what their records carry; `equal_events`: the quick way through many alike.
- `json_bodies`: records in a body of JSON. `lines`: what the shipped operations append for records.
- `event_times`: whether the moments of events tell a chunk from an equal one.
- `sound`: WAV files in streams; `riff`: finding their parts.
"""
