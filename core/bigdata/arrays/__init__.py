"""What makes an array of bytes.

- `geometry`: where an index stands. `summary`: minima and maxima, so that a plot reads kilobytes.
- `python_parsing`: Python's parser, one user at a time (NPY headers, scripts and templates need it).
"""
