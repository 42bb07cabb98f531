"""How a chunk comes in.

- `reception`: where all doors meet. It takes in a chunk that is parsed and whose sender is known.
- `request_forms`: the forms in which HTTP clients send a chunk.
- `entrance`: the fast lane of small chunks, past Pyramid. `group_commit`: chunks that wait are stored together.
- `stream_uploads`: ``PUT`` on a stream, which is no chunk and has no policy.
"""
