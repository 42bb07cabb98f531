"""The end of a big file: what was appended and is not in the extent map yet. Above `extents`.

- `tail`: the chunks. `appending`: adding one. `sealing`: from tail to extent map. `reading`: bytes from both.
"""
