"""What every database engine has to do, as tests: for who brings an engine of their own, such as a ZODB storage.

- `engine_contract`: `EngineContract`, the tests.

A third party installs ``wendelin`` and ``pytest``, and inherits the tests in a module of its own test suite, as with
``zarr.testing``; all that it has to say is how an empty database of its engine is configured::

    from wendelin.core.database.testing import EngineContract

    class TestMyStorage(EngineContract):
        keeps_blobs = False  # when the storage has none

        @pytest.fixture
        def config_path(self, tmp_path):
            path = tmp_path / "zodb.conf"
            path.write_text("%import mystorage\\n<zodb main>\\n<mystorage>...</mystorage>\\n</zodb>\\n")
            return path

Nothing that runs in production imports this package: it needs ``pytest``, which a site has not.
"""

import pytest

# Before the import: a failed assertion then shows its values, as in a test module of the third party itself.
pytest.register_assert_rewrite("wendelin.core.database.testing.engine_contract")

from wendelin.core.database.testing.engine_contract import EngineContract  # noqa: E402

__all__ = ["EngineContract"]
