# ruff: noqa: E501 - templates and what they render to, side by side
"""Page templates: expressions, escaping, guards, macros, errors that name template and line, and the file form."""

from __future__ import annotations

import pytest
from ZODB.POSException import ConflictError, POSKeyError

from wendelin.core.errors import NotFound, ScriptError, Unauthorized
from wendelin.core.model.scripting.templates import PageTemplate, compile_template, render
from wendelin.core.security import User, as_user


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>${a}</p>", "<p>&lt;b&gt; &amp;</p>"),
        ('<p tal:content="a"/>', "<p>&lt;b&gt; &amp;</p>"),
        ('<p title="${a}"/>', '<p title="&lt;b&gt; &amp;"/>'),
        ("""<p tal:attributes="title '&quot;'">x</p>""", '<p title="&quot;">x</p>'),
        ("<p>${structure: a}</p>", "<p><b> &</p>"),
        ('<p tal:repeat="n numbers" tal:omit-tag="">${n}${repeat.n.number}${repeat["n"].end} </p>', "510 \n721 "),
        ('<p tal:condition="not: numbers">x</p>', ""),
        ('<p tal:define="x 2; y x + 1">${x * y}</p>', "<p>6</p>"),
        ("<p>${path: options/k} ${path: here}</p>", "<p>v 1</p>"),
        ('<p tal:content="string:a${a}b"/>', "<p>a&lt;b&gt; &amp;b</p>"),
        ("<p>${nothing | 'x'}${missing | 'fallback'}</p>", "<p>fallback</p>"),
        ('<p tal:condition="exists: missing">x</p>', ""),
        ("<p>$${kept}</p>", "<p>${kept}</p>"),
        ("<p>${[m for m in numbers if m > 5]}</p>", "<p>[7]</p>"),
        ("<p>${sorted(numbers, key=lambda n: -n)[0]}</p>", "<p>7</p>"),
        ('<p class="old" tal:attributes="class default">x</p>', '<p class="old">x</p>'),
        ("""<p tal:on-error="string:failed">${1 / 0}</p>""", "<p>failed</p>"),
        ("<p>é ${'ü'}</p>", "<p>é ü</p>"),
        ("<p data-x='1'>&nbsp;</p>", "<p data-x='1'>&nbsp;</p>"),
    ],
)
def test_expressions(text, expected):
    names = {"a": "<b> &", "numbers": [5, 7]}
    assert render(text, 1, {"k": "v"}, **names) == expected


def test_macros_of_the_same_and_of_another_template(site):
    layer = site.portal_skins.layer("tests")
    layer.put_file("Base_frame.pt", b'<html metal:define-macro="page"><b metal:define-slot="main">-</b></html>')
    layer.put_file(
        "Base_page.pt",
        b"""<html metal:use-macro="context.Base_frame.macros['page']"><i metal:fill-slot="main">${context.getId()}</i></html>""",
    )
    assert site.Base_page() == "<html><i>erp5</i></html>"
    text = """<p><i metal:define-macro="m">x</i><u metal:use-macro="macros['m']"/></p>"""
    assert render(text, None) == "<p><i>x</i><i>x</i></p>"


def test_a_template_is_a_method_of_documents(site):
    layer = site.portal_skins.layer("tests")
    layer.put_file(
        "Base_hello.pt", b"<p>${context.getId()} ${options['name']} ${template.getId()} ${container.getId()}</p>"
    )
    assert site.portal_types.Base_hello(name="x") == "<p>portal_types x Base_hello tests</p>"


@pytest.mark.parametrize(
    "text",
    [
        "<p>${context.__class__}</p>",
        '<p tal:content="context.__class__"/>',
        "<p>${path: context/__class__}</p>",
        "<p>${path: context/_tree}</p>",
        "<p>${''.__class__}</p>",
        "<p>${'{0.__class__}'.format(1)}</p>",
        '<p tal:content="string:a${context.__class__}"/>',
        "<p>${getattr(context, '_tree')}</p>",
        "<p>${context.iterate()}</p>",
        "<p>${open('/etc/passwd')}</p>",
        "<p>${__builtins__}</p>",
        "<p>${econtext}</p>",
        "<p>${rcontext}</p>",
        "<p>${import: os}</p>",
        '<p tal:define="x import: os.path"/>',
        '<p tal:define="x load: /etc/passwd"/>',
        "<?python import os ?><p/>",
        "<p><?python\nimport os\n?></p>",
        '<p tal:define="__builtins__ 1">x</p>',
        '<p tal:define="econtext 1">x</p>',
        '<p tal:define="global _write_ 1">${context.__x}</p>',
        """<p tal:on-error="error.traceback">${1 / 0}</p>""",
        """<p tal:on-error="error.value.__traceback__">${1 / 0}</p>""",
        "<p>${(lambda: context.__class__)()}</p>",
        "<p>${[x.__class__ for x in [1]]}</p>",
        "<p>${macros.__init__}</p>",
        "<p>${repeat.__class__}</p>",
        "<p>${template._v_x}</p>",
        "<p>${template.compiled}</p>",
    ],
)
def test_no_way_out(site, text):
    with as_user(User("boss", frozenset({"Manager"}))), pytest.raises((ScriptError, Unauthorized)):
        render(text, site, template=site.portal_skins)


def test_a_redefined_guard_is_not_used(site):
    """A name that begins with an underscore may be defined by a template, and is never what an expression uses."""
    text = '<p tal:define="_getattr_ 5; _getitem_ 6">${options["a"]} ${context.getId()}</p>'
    assert render(text, site, {"a": 1}) == "<p>1 erp5</p>"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("<p>\n\n${1 / 0}</p>", 3, "ZeroDivisionError"),
        ("<p>\n${missing}</p>", 2, "missing"),
        ("<p>\n\n${a b}</p>", 3, "invalid syntax"),
        ('<p>\n<b tal:content="a b"/></p>', 2, "invalid syntax"),
        ('<p>\n<b tal:nothing="1"/></p>', 2, "nothing"),
        ("<p>\n${context.__class__}</p>", 2, "starts with"),
        ("<p>\n\n<?python x ?></p>", 3, "python"),
        ("<p>\n${path: a b/c//d}</p>", 2, "not a path"),
    ],
)
def test_errors_name_template_and_line(text, line, what):
    with pytest.raises(ScriptError, match=rf"/erp5/x/Base_t, line {line}") as caught:
        render(text, None, path="/erp5/x/Base_t")
    assert what in str(caught.value)


@pytest.mark.parametrize("error", [Unauthorized("no"), NotFound("gone"), ConflictError(), POSKeyError(bytes(8))])
def test_errors_with_a_meaning_keep_it_and_say_where(error):
    def fail():
        raise error

    with pytest.raises(type(error)) as caught:
        render("<p>\n${fail()}</p>", None, path="/x", fail=fail)
    assert caught.value.__notes__ == ["in /x, line 2: fail()"]


def test_a_page_cannot_grow_without_bound(monkeypatch):
    monkeypatch.setattr("wendelin.core.model.scripting.templates.MAX_OUTPUT", 10_000)
    with pytest.raises(ScriptError, match="at most"):
        render('<p tal:repeat="i range(100000)">${i}</p>', None)


def test_a_template_is_compiled_once():
    assert compile_template("/a", "<p/>") is compile_template("/a", "<p/>")


@pytest.mark.parametrize(
    "text",
    [
        "<p/>",
        '<!-- wendelin: title="T" published="View" content_type="text/xml" -->\n<p/>\n',
        "<!--  wendelin:  title='T'  --><p/>",
        "<!-- a comment --><p/>",
    ],
)
def test_the_file_form_round_trips_byte_for_byte(text):
    assert PageTemplate.from_text(text).to_text() == text


def test_what_a_header_says():
    template = PageTemplate()
    template.text, template.title, template.content_type = "<p/>", "a --> b", "text/xml"
    again = PageTemplate.from_text(template.to_text())
    assert (again.title, again.content_type, again.text) == ("a --> b", "text/xml", "<p/>")


def test_consistency_lists_what_is_wrong(site):
    item = site.portal_skins.layer("tests").put_file("Base_bad.pt", b"<p>\n${1 +}</p>")
    assert "line 2" in item.checkConsistency()[0]
