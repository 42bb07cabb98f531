"""Pages of those who run the site: `user_pages`, `own_account`, `own_preferences`, `template_pages`, `activity_queue`,
`undo`, `registrations`. `in_words`: what a transaction did.
"""
