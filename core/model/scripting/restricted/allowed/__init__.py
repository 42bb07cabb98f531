"""What libraries give to scripts, name by name. What is not here is refused.

`standard`: Python's own modules, msgpack and DateTime. `arrays`: NumPy. `science`: SciPy. `tables`: pandas and
scikit-learn, with the attributes of their objects.
"""

from collections.abc import Mapping

from wendelin.core.model.scripting.restricted.allowed.arrays import NUMPY
from wendelin.core.model.scripting.restricted.allowed.science import SCIPY
from wendelin.core.model.scripting.restricted.allowed.standard import STANDARD
from wendelin.core.model.scripting.restricted.allowed.tables import SKLEARN, TABLES

#: module -> the names that may be used, as one text.
ALLOWED: Mapping[str, str] = {**STANDARD, **NUMPY, **SCIPY, **TABLES, **SKLEARN}
