"""What a kind of document is, as data that can be changed in the site.

- `types`: portal types and their compiled form. `property_sheets`: named sets of properties and relations.
- `categories`: trees of words, and base categories, which are kinds of relation.
- `known_names`: the names in a portal type that have to lead somewhere.
- `actions`: actions, forms and dialogs. `definition_text`: editing such data as TOML text.
"""
