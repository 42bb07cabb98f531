"""A big file's pages in memory. Above `extents`, `tail` and `arrays`.

- `address_space`: reserving it. `pagemap`: which pages were written. `mapping`: a table of runs, shown in memory.
- `page_source`: where a file's pages are to be found. `view`: writable memory that follows a connection. `snapshot`:
  read-only memory.
- `paged_file`: what is asked of a file. `lease`: what arrays hold on to. `thread_locks`: threads that share a
  connection.
"""
