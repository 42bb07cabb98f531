"""Pages on which one sees what came in.

- `stream_page`: a data stream; with `preview` of both ends and the `waveform` of a sound.
- `content_pages`: what a Data Set and a Data Bucket Stream hold.
- `silent_streams`, `refused_chunks`: panels of the main page.
- `policy_pages`: trying a policy on a chunk, its log, and configurations for clients.
"""
