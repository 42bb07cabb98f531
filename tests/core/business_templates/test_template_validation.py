"""Everything that is wrong with a set of templates is told at once, with file and line, before anything is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.business_templates.template_factory import TemplateMaker, module_files, write_template
from wendelin.core.business_templates import dump, install
from wendelin.core.business_templates.repository import load_folder
from wendelin.core.errors import BusinessTemplateError, MissingDependency, PathOwned

SAMPLE = "portal_types/Sample.toml"


def problems_of(site: Any, *titles: str) -> list[str]:
    """What installing is refused for; nothing may have been written."""
    before = dump(site, documents=True)
    with pytest.raises(BusinessTemplateError) as caught:
        install(site, titles)
    assert dump(site, documents=True) == before
    return caught.value.problem_list


def test_every_problem_of_every_template_at_once(site: Any, add_template: TemplateMaker) -> None:
    add_template(
        "a", {SAMPLE: 'type_class = "wendelin.core.model.objects.folder.Folder"\nworkflow_list = ["nowhere"]\n'}
    )
    add_template("b", {"property_sheets/Broken.toml": '[[property]]\nid = "x"\ntype = \n'}, dependencies=["missing"])
    add_template("c", {"skins/c/bad.py": "return (\n", "categories/use.toml": {"title": "Use"}})
    problems = problems_of(site, "a", "b", "c")
    assert len(problems) == 5
    for expected in (
        "a/portal_types/Sample.toml:2: unknown workflow 'nowhere'",
        "b/property_sheets/Broken.toml:3: not TOML",
        "b: depends on missing, which is not available",
        "c/skins/c/bad.py: ",
        "c/categories/use.toml: 'portal_categories/use' belongs to erp5_core",
    ):
        assert any(problem.startswith(expected) for problem in problems), (expected, problems)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('type_class = "wendelin.core.model.objects.folder.Nothing"', "is not there"),
        ('type_class = "antigravity.Nothing"', "no installed plugin has a module"),  # importing it would run it
        ('type_class = "os.path.join"', "is no document class"),
        (
            'type_class = "wendelin.core.model.objects.folder.Folder"\nproperty_sheet_list = ["No Sheet"]',
            "unknown property sheet",
        ),
        (
            'type_class = "wendelin.core.model.objects.folder.Folder"\nbase_category_list = ["no_base"]',
            "unknown category 'no_base'",
        ),
        (
            'type_class = "wendelin.core.model.objects.folder.Folder"\nallowed_content_type_list = ["No"]',
            "unknown portal type 'No'",
        ),
        (
            'type_class = "wendelin.core.model.objects.folder.Folder"\ninit_script = "no_script"',
            "unknown skin method 'no_script'",
        ),
        (
            'type_class = "wendelin.core.model.objects.folder.Folder"\nfield_list = ["no_field"]',
            "unknown property of Sample",
        ),
        ('type_class = "wendelin.core.model.objects.folder.Folder"\nworkflow_list = "edit_workflow"', "must be a list"),
        ('type_class = "wendelin.core.model.objects.folder.Folder"\ncolour = "red"', "unknown key 'colour'"),
        ('title = "No class"', "type_class is missing"),
        ('type_class = "wendelin.core.model.objects.folder.Folder"\n[[action]]\ntitle = "x"', "needs a text 'id'"),
        ('type_class = "wendelin.core.model.objects.folder.Folder"\n[[action]]\nid = "x"\ncolour = "red"', "colour"),
        (
            'type_class = "wendelin.core.model.objects.folder.Folder"\n[[action]]\nid="x"\n[[action]]\nid="x"',
            "stands twice",
        ),
        (
            'type_class = "wendelin.core.model.objects.folder.Folder"\n[[dialog]]\nid = "x"\nmethod = "none"',
            "unknown skin method",
        ),
        ('type_class = "wendelin.core.model.objects.folder.Folder"\npermission = "Fly"', "unknown permission 'Fly'"),
        (
            'type_class = "wendelin.core.model.objects.folder.Folder"\n[[action]]\nid="x"\npermission = "Veiw"',
            "permission 'Veiw'",
        ),
        (
            'type_class = "wendelin.core.model.objects.folder.Folder"\n[[action]]\nid="x"\ncondition = "here."',
            "condition 'here.'",
        ),
        ('extends = true\nworkflow_list = ["edit_workflow"]', "unknown portal type 'Sample'"),
    ],
)
def test_portal_types(site: Any, add_template: TemplateMaker, text: str, expected: str) -> None:
    add_template("a", {SAMPLE: text})
    problems = problems_of(site, "a")
    assert any(expected in problem for problem in problems), problems
    assert all(problem.startswith("a/portal_types/Sample.toml") for problem in problems)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("modules.toml", {"module": [{"id": "x_module", "portal_type": "No"}]}, "unknown portal type 'No'"),
        ("modules.toml", {"module": [{"id": "x_module"}]}, "unknown portal type ''"),
        ("modules.toml", {"module": [{"portal_type": "File"}]}, "needs a text 'id'"),
        ("modules.toml", {"modules": []}, "unknown key 'modules'"),
        (
            "modules.toml",
            {"module": [{"id": "x_module", "portal_type": "Image Module", "business_application": "no"}]},
            "'no'",
        ),
        ("actions.toml", {"action": [{"id": "x", "category": "local"}]}, "category must be 'global' or 'user'"),
        ("security.toml", {"permissions": {"View": ["Manager"]}}, "belongs to the platform"),
        ("security.toml", {"permissions": {"Fly": ["Pilot"]}}, "unknown role 'Pilot'"),
        ("categories/a_base.toml", {"colour": "red"}, "unknown key 'colour'"),
        ("categories/use.toml", {"extends": True, "category": [{"id": "big_data"}]}, "belongs to erp5_core"),
        (
            "categories/nowhere.toml",
            {"extends": True, "category": [{"id": "x"}]},
            "unknown document 'portal_categories/nowhere'",
        ),
        (
            "workflows/w.toml",
            {"state": [{"id": "x"}], "state_variable": "w_state", "initial_state": "y"},
            "initial_state 'y'",
        ),
        ("workflows/w.toml", {"colour": "red"}, "unknown key 'colour'"),
        (
            "workflows/w.toml",
            {"state": [{"id": "x", "permissions": {"View": ["shm"]}}], "state_variable": "w", "initial_state": "x"},
            "unknown role 'shm'",
        ),
        ("skins/a/x.py", '# wendelin: published="Veiw"\nreturn 1\n', "unknown permission 'Veiw'"),
        ("skins/a/x.py", '# wendelin: proxy_roles=["Boss"]\nreturn 1\n', "unknown role 'Boss'"),
        ("skins/a/x.pt", '<p tal:repeat="x">', "skins/a/x.pt"),
        ("paths/nowhere/x.toml", {"portal_type": "File"}, "has no container"),
        ("paths/document_module/x.toml", {"portal_type": "No"}, "unknown portal type 'No'"),
        ("paths/document_module/x.toml", {"portal_type": "File", "categories": ["no/x"]}, "unknown category 'no'"),
        ("paths/document_module/x.toml", {"portal_type": "File", "categories": ["use/no"]}, "unknown document 'no'"),
        (
            "paths/document_module/x.toml",
            {"portal_type": "File", "state": {"document_publication_workflow": "lost"}},
            "unknown state of document_publication_workflow 'lost'",
        ),
        (
            "paths/document_module/x.toml",
            {"portal_type": "File", "state": {"validation_workflow": "draft"}},
            "workflow 'validation_workflow' is not in the chain of File",
        ),
        (
            "paths/document_module/x.toml",
            {"portal_type": "File", "properties": {"titel": "x"}},
            "File has no property 'titel'; did you mean title",
        ),
        (
            "paths/document_module/x.toml",
            {"portal_type": "File", "properties": {"effective_date": "soon"}},
            "'soon' is not a valid date",
        ),
        ("preferences.toml", {"preference": [{"id": "x", "portal_type": "No"}]}, "unknown portal type 'No'"),
        ("skins/a/x.txt/y", "text", "this file has no place"),
        ("notes.txt", "text", "this file has no place"),
        ("portal_types/Sample.txt", "text", "this file has no place"),
        ("skins/custom/a.css", "p {}", "'custom' is for what users change"),
        ("skins/a/%61.css", "p {}", "cannot be an id"),
    ],
)
def test_other_files(site: Any, add_template: TemplateMaker, name: str, content: Any, expected: str) -> None:
    add_template("a", {name: content})
    problems = problems_of(site, "a")
    assert any(expected in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ({"version": "one"}, "version must look like 1.0"),
        ({"dependencies": ["erp5_core >= 1"]}, "is no dependency"),
        ({"provisions": ["a b"]}, "provisions: 'a b'"),
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"changes": "first"}, "changes must be a list"),
        ({"skins": {"a": {"priority": "high"}}}, "priority must be"),
        ({"skins": {"a": {"methods": {"x": {"method": "nothing"}}}}}, "needs method = 'module:function'"),
        (
            {"skins": {"a": {"methods": {"x": {"method": "wendelin.core.model.objects.ids:nothing"}}}}},
            "no trusted method 'nothing'",
        ),
        ({"skins": {"a": {"methods": {"x": {"method": "os:system"}}}}}, "of an installed plugin"),
    ],
)
def test_manifests(site: Any, add_template: TemplateMaker, manifest: dict[str, Any], expected: str) -> None:
    add_template("a", {}, **manifest)
    problems = problems_of(site, "a")
    assert any(expected in problem for problem in problems), problems
    assert all(problem.startswith("a/business_template.toml:") for problem in problems)


def test_the_class_of_the_error_says_what_is_wrong(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", {}, dependencies=["missing"])
    with pytest.raises(MissingDependency):
        install(site, "a")
    with pytest.raises(MissingDependency, match="unknown business template 'unknown'"):
        install(site, "unknown")
    add_template("b", {"portal_types/File.toml": {"type_class": "wendelin.core.model.objects.folder.Folder"}})
    with pytest.raises(PathOwned, match="'portal_types/File' belongs to erp5_core"):
        install(site, "b")


def test_a_path_that_two_templates_of_the_set_bring(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", module_files("sample"))
    add_template("b", module_files("sample"))
    with pytest.raises(PathOwned) as caught:
        install(site, ["a", "b"])
    assert len(caught.value.problem_list) == 3
    assert "'sample_module' is brought by a/modules.toml as well" in str(caught.value)


def test_a_path_that_a_user_made(site: Any, add_template: TemplateMaker, add_type: Any) -> None:
    add_type("Sample", module="sample_module")
    add_template("a", module_files("sample"))
    with pytest.raises(PathOwned, match="'sample_module' is in the site already, and no template owns it"):
        install(site, "a")


def test_a_reference_to_a_template_that_is_not_among_the_dependencies(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", module_files("sample"))
    add_template("b", {"paths/sample_module/x.toml": {"portal_type": "Sample"}})
    install(site, "a")
    problems = problems_of(site, "b")
    assert any("portal type 'Sample' belongs to a, which is not among the dependencies" in text for text in problems)
    assert any("container 'sample_module' belongs to a" in text for text in problems)
    add_template("b", {"paths/sample_module/x.toml": {"portal_type": "Sample"}}, dependencies=["a"])
    assert install(site, "b") == ["b"]


def test_a_script_of_a_template_that_is_not_among_the_dependencies(site: Any, add_template: TemplateMaker) -> None:
    add_template("a", {"skins/a/Base_help.py": "return 1\n"})
    files = {SAMPLE: 'type_class = "wendelin.core.model.objects.folder.Folder"\ninit_script = "Base_help"'}
    add_template("b", files)
    expected = "skin method 'Base_help' belongs to a, which is not among the dependencies"
    assert any(expected in problem for problem in problems_of(site, "a", "b"))
    install(site, "a")
    assert any(expected in problem for problem in problems_of(site, "b"))
    add_template("b", files, dependencies=["a"])
    assert install(site, "b") == ["b"]


def test_reading_a_folder_needs_no_site(tmp_path: Any) -> None:
    folder = write_template(tmp_path / "a", "a", {"portal_types/Sample.toml": "x = \n", "modules.toml": b"\xff"})
    template = load_folder(folder)
    assert [str(problem).split(": ")[0] for problem in template.problems] == [
        "a/portal_types/Sample.toml:1",
        "a/modules.toml",
    ]
    with pytest.raises(BusinessTemplateError, match="is not a folder"):
        load_folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BusinessTemplateError, match=r"has no business_template\.toml"):
        load_folder(tmp_path / "empty")


def test_what_is_read_follows_the_files(tmp_path: Any) -> None:
    folder = write_template(tmp_path / "a", "a", {}, description="one")
    first = load_folder(folder)
    assert load_folder(folder) is first
    write_template(folder, "a", {}, description="the second")
    second = load_folder(folder)
    assert second.manifest.description == "the second"
    assert second.revision != first.revision
