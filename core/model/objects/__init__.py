"""Documents: persistent objects with a place in the site.

- `document`, `folder`, `big_file_document`, `files`, `site`: the classes.
- `creation`: how a new document comes to be: its type, identity, states and first values.
- `attributes`: how a name is found on a document, and what is acquired from its containers.
- `editing`, `properties`, `accessors`, `relations`: values, what they are declared as, and the methods made from that.
- `ids`: ids and document numbers. `copying`: copies, moves and removals. `events`: what subscribers are told.
- `history`: transactions, undo, and the site as of a moment.
"""
