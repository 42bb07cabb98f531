"""What a template's data is checked against.

- `known`: what it may refer to. `type_facts`: what its portal types will have. `words`: permissions, roles,
  expressions.
- `site_paths`: finding and placing documents by path. `placeholders`: documents whose class is gone with its plugin.
"""
