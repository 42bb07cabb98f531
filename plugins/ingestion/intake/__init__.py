"""How a chunk comes in.

- `request_forms`: the forms in which clients send. `entrance`: the short way of small chunks. `committer`: chunks
  that are stored together.
- `receiving`, `retrying`: chunks of the forward receiver and the MQTT client. `uploads`: ``PUT`` on a stream.
"""
