"""The documents that data is kept in.

- `data_stream`, `data_set`, `data_mapping`; `bucket_stream` with its `buckets`, `bucket_index` and `bucket_sequences`.
- `growth`: how a stream's size grew. `marks`: which chunks were stored last. `silence`: streams that get no more data.
- `transforming`: scripts that work through a stream chunk by chunk.
"""
