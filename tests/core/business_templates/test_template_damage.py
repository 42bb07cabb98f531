"""Whatever stands in a template's files: it is installed, or refused with a list; it never fails in the middle."""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.business_templates.template_factory import module_files, register, write_template
from wendelin.core.business_templates import dump, install, uninstall
from wendelin.core.errors import BusinessTemplateError

METHOD = "wendelin.core.model.accounts.membership:check_permission_at"
EXAMPLES = int(os.environ.get("WENDELIN_FUZZ_EXAMPLES", "100"))
FILES: dict[str, Any] = {
    **module_files(
        "sample",
        property_sheet_list=["Sample"],
        workflow_list=["sample_workflow"],
        field_list=["colour"],
        action=[{"id": "look", "title": "Look", "permission": "View", "condition": "here.getTitle()"}],
        form=[{"id": "more", "title": "More", "field_list": ["colour"]}],
        dialog=[{"id": "ask", "method": "Sample_hello", "field": [{"id": "name", "type": "string"}]}],
    ),
    "portal_types/File.toml": {"extends": True, "type_group_list": ["x"], "action": [{"id": "mine"}]},
    "property_sheets/Sample.toml": {"property": [{"id": "colour", "type": "string"}], "category": [{"id": "mood"}]},
    "workflows/sample_workflow.toml": {
        "state_variable": "sample_state",
        "initial_state": "new",
        "state": [{"id": "new", "transitions": ["use"], "permissions": {"View": ["Manager"]}}, {"id": "used"}],
        "transition": [{"id": "use", "trigger": "method", "new_state": "used", "roles": ["Manager"]}],
    },
    "categories/mood.toml": {"title": "Mood", "category": [{"id": "good", "category": [{"id": "very"}]}]},
    "categories/use.toml": {"extends": True, "category": [{"id": "sampling", "title": "Sampling"}]},
    "actions.toml": {"action": [{"id": "samples", "category": "global", "title": "Samples"}]},
    "security.toml": {"permissions": {"Take samples": ["Manager", "Assignor"]}},
    "preferences.toml": {"preference": [{"id": "sample_preference", "portal_type": "System Preference"}]},
    "skins/sample/Sample_hello.py": '# wendelin: parameters="name"\nreturn name\n',
    "paths/sample_module/first.toml": {
        "portal_type": "Sample",
        "properties": {"title": "First", "colour": "red"},
        "categories": ["mood/good/very"],
        "state": {"sample_workflow": "used"},
    },
    "business_template.toml": {
        "title": "sample",
        "version": "1.0",
        "dependencies": ["erp5_core (>= 1.0)"],
        "provisions": ["things"],
        "skins": {
            "sample": {
                "priority": 1,
                "methods": {"Sample_id": {"method": METHOD}},
            }
        },
    },
}
JUNK = st.sampled_from(
    ["", "x", "a/b", "ü", 0, -1, 2.5, True, [], [1], ["x"], [[]], [{}], [{"id": 1}], {}, {"id": "x"}, {"x": {"y": 1}}]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every value inside nested mappings and lists."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


PLACES = [path for path in places(FILES) if not (len(path) == 1 and path[0].endswith(".py"))]


def damaged(path: tuple[Any, ...], junk: Any) -> dict[str, Any]:
    """A copy of FILES with ``junk`` at ``path``; junk that cannot be a whole file is put in as one more key."""
    files = copy.deepcopy(FILES)
    if len(path) == 1 and not isinstance(junk, dict):
        files[path[0]]["junk"] = junk
        return files
    here: Any = files
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = junk
    return files


def is_installed_or_refused(site: Any, write: Callable[[Path], object]) -> None:
    """What ``write`` puts into a folder is installed, and leaves nothing when it is removed; or it is refused whole."""
    before = dump(site, documents=True)
    folder = Path(tempfile.mkdtemp())
    try:
        write(folder)
        register("sample", folder)
        install(site, "sample")
    except BusinessTemplateError as error:
        assert error.problem_list
    else:
        uninstall(site, "sample")
    finally:
        shutil.rmtree(folder)
    assert dump(site, documents=True) == before


@pytest.mark.usefixtures("registered")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(PLACES), junk=JUNK)
def test_one_wrong_value(site: Any, path: tuple[Any, ...], junk: Any) -> None:
    is_installed_or_refused(site, lambda folder: write_template(folder, "sample", damaged(path, junk)))


HOSTILE = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"\0", b"\xff\xfe", b"'''", b"\r\n"]),
    st.sampled_from([b"[" * 3000, b"x = " + b"[" * 3000, b"(" * 3000, b"9" * 5000, b"a." * 2000, b"x.y = 1\n" * 500]),
)


@pytest.mark.usefixtures("registered")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(sorted(FILES)),
    share=st.floats(0, 1),
    cut=st.integers(0, 40),
    put=HOSTILE,
)
def test_bytes_cut_out_of_a_file_and_put_in(site: Any, name: str, share: float, cut: int, put: bytes) -> None:
    def write(folder: Path) -> None:
        write_template(folder, "sample", FILES)
        data = (folder / name).read_bytes()
        place = int(share * len(data))
        (folder / name).write_bytes(data[:place] + put + data[place + cut :])

    is_installed_or_refused(site, write)


NAMES = ["a\nb", "ü", "x" * 200, " ", ".hidden", "%00", "a b", "e\u0301", "-", "__init__", "1"]


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("kind", ["link to a file", "link to a folder", "folder", "file", "pipe"])
@pytest.mark.parametrize("place", ["paths", "paths/sample_module", "skins/sample", "portal_types", ""])
def test_files_that_no_template_has(site: Any, place: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("portal_type = 'Sample'\n[properties]\ntitle = 'secret'\n")

    def write(folder: Path) -> None:
        write_template(folder, "sample", FILES)
        for name in NAMES:
            path = folder / place / f"{name}{'' if 'folder' in kind else '.toml'}"
            if kind == "link to a file":
                path.symlink_to(tmp_path / "secret")
            elif kind == "link to a folder":
                path.symlink_to("/")
            elif kind == "folder":
                path.mkdir()
            elif kind == "pipe":
                os.mkfifo(path)
            else:
                path.write_bytes(b"\xff")

    is_installed_or_refused(site, write)


def test_the_undamaged_template(site: Any, registered: None, tmp_path: Path) -> None:
    register("sample", write_template(tmp_path, "sample", FILES))
    assert install(site, "sample") == ["sample"]
