"""What a chunk's bytes are.

- `body`: the bytes, in memory or in a file; `gzip_members`: unpacking gzip. `msgpack_objects`: unpacking
  msgpack; `msgpack_measuring`: how large an object is.
- `event_forms`: what an event is. `event_stream`: events in msgpack, and what their records carry; `equal_events`: the
  quick way through many alike. `event_times`: whether the moments of events tell a chunk from an equal one.
- `json_bodies`: records in a body of JSON. `json_text`: values as JSON. `lines`: what the shipped operations append.
- `sound`: WAV files in streams; `riff`: finding their parts.
"""
