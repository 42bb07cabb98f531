"""From a tag to the documents that its data goes to.

- `supplies`: Data Supply documents: what a source is expected to deliver. `pipeline`: finds or makes the Data Ingestion
  of a tag, its lines, and the sinks. `resolution`: what was found, remembered until it changes.
- `operations`: calls the script that writes.
"""
