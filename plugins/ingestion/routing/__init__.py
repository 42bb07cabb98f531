"""From a tag to the documents that its data goes to: `supplies`, `pipeline`, `resolution`, `operations`."""
