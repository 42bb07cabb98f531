"""What makes an array of bytes. Above `extents`.

- `description`: dtype and shape, checked. `geometry`: where an index stands.
- `growing_axis`: the one along which it grows.
- `summary`: minima and maxima, so that a plot reads kilobytes.
- `python_parsing`: Python's parser, one thread at a time (headers of NPY files, scripts and templates need it).
"""
