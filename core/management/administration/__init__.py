"""Pages of those who run the site: `user_pages`, `own_account`, `template_pages`, `activity_queue`, `undo`,
`registrations`. `in_words`: what a transaction did.
"""
