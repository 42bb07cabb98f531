"""From a tag to the documents that its data goes to.

- `lookup`: documents by reference. `supplies`: Data Supply documents: what a source is expected to deliver.
- `pipeline`: finds or makes the Data Ingestion of a tag, and its lines; `sinks`: the items of a line.
- `resolution`: what was found, remembered until it changes.
- `operations`: calls the script that writes.
"""
