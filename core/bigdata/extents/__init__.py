"""Where the bytes of a big file stand. The lowest room of the engine.

- `page_size`: the page, and the numbers that name extents.
- `runs`: which pages stand where, as tables. `extent_map`: the same, persistent.
- `file_parts`: bytes that are in a file already. `extent_files`: writing files of immutable bytes, durably.
- `blob_store`, `record_store`: extents as ZODB blobs, or as records. `stores`: their contract, and which one a database
  has.
- `joint_extents`: extents that several files share.
"""
