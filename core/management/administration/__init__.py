"""Pages of those who run the site: `users`, `own_account`, `template_pages`, `activity_queue`, `undo`,
`registrations`.
"""
