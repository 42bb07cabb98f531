"""Restricted Python: what scripts and templates that are edited in the site may do.

`compiling` turns source into code with every attribute, item, iteration, write and import replaced by a guard;
`access` decides on attributes and items (of documents with `properties`, of other things with `objects`), `calls` on
what is given to library functions, `modules` on imports, of the names that `allowed` lists, where `wrapped` and
`functions` have stand-ins, `formatting` on ``str.format``; `environment` puts them together as the global names that
restricted code runs with.

What this protects: documents (every access is checked against the current user's rights) and the process (no way to
files, memory, frames, classes or unchecked attributes). What it cannot bound is time and memory: a script of a
trusted author may still loop for ever. So only managers may write scripts.
"""
