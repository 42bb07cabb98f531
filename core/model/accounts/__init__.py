"""Who uses the site, and how they like it.

- `users`: accounts, roles and tokens. `passwords`: their hashes.
- `membership`: what scripts ask about the current user. `preferences`: settings of users, of the site, of the system.
"""
