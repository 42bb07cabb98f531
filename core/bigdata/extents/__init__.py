"""Where the bytes of a big file stand.

- `page`: the page, and the numbers that name extents. `runs`: which pages stand where. `extent_map`: the same,
  persistent.
- `blob_store`, `record_store`: extents as ZODB blobs, or as records. `joint_extents`: extents that several files share.
- `file_parts`: bytes that are in a file already.
"""
