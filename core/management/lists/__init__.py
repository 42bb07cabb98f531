"""Lists of documents: `listing`, `list_sources`, and the `search` of the whole site."""
