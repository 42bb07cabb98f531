"""The object model: what documents are and what can be done with them. It knows nothing of the web.

From the ground up, each room may use those before it:

- `objects`: documents, folders, files and the site; attributes, properties, relations, copies, history.
- `portal_types`: what a kind of document is, as data: types, property sheets, categories, actions.
- `accounts`: users, passwords, what scripts ask about the current user, preferences.
- `scripting`: methods that are data: skins, Python scripts, page templates, and the guards of restricted code.
- `workflow`: states, transitions, permissions by state, worklists, interactions.
- `activities`: calls that workers make later, and alarms.
- `catalog`: finding documents by their properties, categories, states and words.

What a lower room needs of a higher one is declared in `wendelin.core.contracts`.
"""
