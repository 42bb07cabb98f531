"""The kinds of things that a business template brings, one module each.

- `item`: what all of them can do. `removers`: how the record of an installed one is undone, without its template.
- `property_sheets`, `portal_types`, `type_extensions` (more for another template's type), `categories`, `workflows`,
  `skins`: the definitions that documents are made by.
- `modules`, `paths`, `preferences`: documents. `actions`: the global actions. `security`: permissions.
"""
