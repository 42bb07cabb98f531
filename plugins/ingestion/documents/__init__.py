"""The documents that data is kept in.

- `data_stream`, `bucket_stream` (with `buckets`, `bucket_index`, `bucket_sequences`), `data_set`, `data_mapping`.
- `marks`: which chunks were stored last. `growth`: a stream's size over time. `silence`: streams that get no more data.
- `transforming`: scripts that work through a stream chunk by chunk.
"""
