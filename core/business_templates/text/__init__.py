"""The text of a business template's folder.

- `source_files`: reading it so that every problem names its file and line. `problems`: problems, collected.
- `shapes`: which keys a table may have. `manifest`: ``business_template.toml``. `versions`: versions and restrictions.
"""
