"""Forms: what is asked, what stands in it, and what was sent.

- `fields`: which input a property becomes. `inputs`: values as inputs show and send them.
- `field_sets`: the fields of one form, with what is wrong with them.
- `document_forms`: the form of a document. `saving`: what was sent, into the document. `uploads`: files.
- `code_editor`: what scripts, page templates and definitions are edited with.
"""
