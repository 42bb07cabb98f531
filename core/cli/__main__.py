"""``python -m wendelin.core.cli``: the command, where its script is not at hand."""

import sys

from wendelin.core.cli import main

sys.exit(main())
