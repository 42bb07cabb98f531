"""Names of ERP5 and Wendelin that scripts use: each is called by a script, as its author would.

The table follows the reference of the original's names. What one document answers is tested where it belongs; here it
is only that scripts find the name and get an answer of the right kind.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy
import pytest
from DateTime import DateTime

from tests.conftest import layered_database, make_storage
from wendelin.core.errors import BadRequest, NotFound, Unauthorized, ValidationFailed
from wendelin.core.model.scripting.restricted.compiling import FUNCTION_NAME, compile_function
from wendelin.core.model.scripting.restricted.environment import restricted_globals
from wendelin.core.security import ANONYMOUS, User, as_user
from wendelin.plugins.analysis.skins import row_list

SCRIPTING = Path(__file__).parents[2] / "docs/extend/scripting.md"
BOSS = User("boss", frozenset({"Manager"}))


@pytest.fixture(scope="module")
def whole_storage(tmp_path_factory):
    storage = make_storage(tmp_path_factory.mktemp("whole"), "erp5_wendelin", "erp5_wendelin_analysis")
    yield storage
    storage.close()


@pytest.fixture
def database(whole_storage):
    with layered_database(whole_storage) as database:
        yield database


@pytest.fixture
def names(site):
    policy, _, _ = site.portal_ingestion_policies.IngestionPolicyTool_addIngestionPolicy("pydata", batch_mode=True)
    stream = site.data_stream_module.newContent("s1", "Data Stream", title="One", reference="one")
    stream.appendData(b"hello")
    array = site.data_array_module.newContent("a1", "Data Array", reference="array")
    array.initArray((3,), "float64")
    buckets = site.data_stream_module.newContent("b1", "Data Bucket Stream")
    supply = site.data_supply_module.newContent("p1", "Data Supply", reference="supply", title="Supply")
    line = supply.newContent("l1", "Data Supply Line", aggregate_value=stream)
    data_set = site.data_set_module.newContent("d1", "Data Set", aggregate_value=stream)
    indicator = site.progress_indicator_module.newContent("i1", "Progress Indicator")
    script = site.portal_callables.newContent("Base_twice", "Python Script")
    script.edit(parameter_signature="x", body="return 2 * x", reference="twice")
    product = site.data_product_module.newContent("q1", "Data Product", reference="product")
    values = {"portal": site, "stream": stream, "array": array, "buckets": buckets, "supply": supply, "line": line}
    values |= {"data_set": data_set, "indicator": indicator, "script_document": script, "policy": policy}
    return values | {"module": site.data_stream_module, "product": product, "context": stream, "DateTime": DateTime}


def run(names, body):
    bound = restricted_globals(**names)
    with as_user(BOSS):
        exec(compile_function("/erp5/script", "", body), bound)
        return bound[FUNCTION_NAME]()


TABLE = [
    # -- documents
    ("stream.getId(), stream.getUid() > 0, stream.getPath()", ("s1", True, "/erp5/data_stream_module/s1")),
    ("stream.getRelativeUrl(), stream.absolute_url()", ("data_stream_module/s1", "/erp5/data_stream_module/s1")),
    ("stream.getParentValue().getId(), stream.getParentRelativeUrl()", ("data_stream_module", "data_stream_module")),
    ("module.getParentRelativeUrl()", ""),
    ("stream.getPortalType(), stream.getPortalTypeName()", ("Data Stream", "Data Stream")),
    ("stream.getTitle(), stream.getTitleOrId(), stream.getReference()", ("One", "One", "one")),
    ("stream.getPortalObject().getId()", "erp5"),
    ("stream.isTempObject(), stream.asContext(title='x').getTitle()", (False, "x")),
    ("stream.getProperty('title'), stream.hasProperty('version'), stream.getProperty('zz', 3)", ("One", False, 3)),
    (
        "stream.setProperty('title', 'Two'); stream.edit(version='1'); return stream.getTitle(), stream.getVersion()",
        ("Two", "1"),
    ),
    ("stream.setId('s2'); return stream.getPath()", "/erp5/data_stream_module/s2"),
    ("stream.getCategoryList(), stream.isMemberOf('use/big_data')", ([], False)),
    (
        "line.isMovement(), supply.isMovement(), supply.hasLineContent(), stream.hasLineContent()",
        (True, False, True, False),
    ),
    ("line.getQuantity(), indicator.getIntOffsetIndex(), indicator.getStringOffsetIndex()", (0.0, 0, None)),
    (
        "stream.checkConsistency(), stream.checkConsistency(fixit=True), stream.checkConsistency(filter={})",
        ([], [], []),
    ),
    ("stream.Base_checkConsistency()", None),
    ("stream.updateRoleMapping(), stream.updateLocalRolesOnSecurityGroups()", (None, None)),
    ("stream.log('a'), stream.log('a', 'b'), stream.logEntry('a', level=30)", (None, None, None)),
    ("stream.Base_translateString('${n} rows of $t', mapping={'n': 3, 't': 'x'})", "3 rows of x"),
    ("supply.asComposedDocument().getTitle(), supply.asComposedDocument().isTempObject()", ("Supply", True)),
    ("stream.Base_createCloneDocument(id='s9').getId()", "s9"),
    ("stream.getTypeBasedMethod('nothing'), stream.hasActivity()", (None, False)),
    ("stream.getOwner() != '', stream.getCreationDate() is not None", (True, True)),
    ("stream.activate(tag='x').getTitle() is None or True", True),
    ("stream.getValidationState(), stream.getValidationStateTitle()", ("draft", "Draft")),
    ("stream.validate(); return stream.getValidationState()", "validated"),
    ("stream.getPropertyList('title'), stream.getPropertyList('version')", (["One"], [])),
    ("product.setUseList(['big_data/ingestion']); return product.getPropertyList('use_list')", ["big_data/ingestion"]),
    # -- containers
    ("module.objectIds(), module.keys()", (["b1", "s1"], ["b1", "s1"])),
    ("[d.getId() for d in module.values()], [k for k, v in module.items()]", (["b1", "s1"], ["b1", "s1"])),
    ("[d.getId() for d in module.objectValues(portal_type='Data Stream')]", ["s1"]),
    ("[d.getId() for d in module.contentValues(sort_on='title')]", ["b1", "s1"]),
    ("stream.objectIds(), stream.objectValues(), stream.contentValues(), stream.hasContent()", ([], [], [], False)),
    ("module['s1'].getId(), module.get('s1').getId(), module.get('zz'), 's1' in module", ("s1", "s1", None, True)),
    ("module.hasContent(), len(module)", (True, 2)),
    ("portal.restrictedTraverse('data_stream_module/s1').getId()", "s1"),
    ("portal.restrictedTraverse('data_stream_module/zz', None)", None),
    ("len(module.searchFolder(portal_type='Data Stream')), module.countFolder()[0][0]", (1, 2)),
    (
        "module.newContent(portal_type='Data Stream', activate_kw={'tag': 'x'}, reindex_kw={}, is_indexable=True)"
        ".getPortalType()",
        "Data Stream",
    ),
    ("module.newContent(portal_type='Data Stream', temp_object=True).isTempObject()", True),
    (
        "module.allowedContentTypes(), module.getVisibleAllowedContentTypeList()",
        (["Data Stream", "Data Bucket Stream"], ["Data Stream", "Data Bucket Stream"]),
    ),
    ("module.manage_delObjects(ids=['s1']); return module.objectIds()", ["b1"]),
    ("module.deleteContent('s1'); return module.objectIds()", ["b1"]),
    ("[d.getId() for d in module.manage_pasteObjects(module.manage_copyObjects(['s1']))] != []", True),
    (
        "portal.getDefaultModule('Data Stream').getId(), portal.getDefaultModuleId('Data Array')",
        ("data_stream_module", "data_array_module"),
    ),
    # -- relations and dates
    ("line.getAggregate(), line.getAggregateList()", ("data_stream_module/s1", ["data_stream_module/s1"])),
    ("line.getAggregateValue(portal_type='Data Stream').getId(), line.getAggregateTitle()", ("s1", "One")),
    ("line.getAggregateReference(), line.getAggregateUid() == stream.getUid()", ("one", True)),
    ("line.getAggregateDataStreamValue().getId()", "s1"),
    ("sorted([d.getId() for d in stream.getAggregateRelatedValueList()])", ["d1", "l1"]),
    ("stream.getAggregateRelated(portal_type='Data Set')", "data_set_module/d1"),
    (
        "line.setResourceValue(product); return line.getResourceValue().getId(), line.getResourceReference()",
        ("q1", "product"),
    ),
    (
        "line.setUse('big_data/ingestion'); return line.getUse(), line.isMemberOf('use/big_data')",
        ("big_data/ingestion", True),
    ),
    ("supply.setEffectiveDate('2024/05/02'); return supply.getEffectiveDate()", datetime(2024, 5, 2, tzinfo=UTC)),
    (
        "supply.setEffectiveDate('2024/5/2 12:30'); return supply.getEffectiveDate()",
        datetime(2024, 5, 2, 12, 30, tzinfo=UTC),
    ),
    (
        "supply.setEffectiveDate('2024/05/02 12:30:05 UTC'); return supply.getEffectiveDate()",
        datetime(2024, 5, 2, 12, 30, 5, tzinfo=UTC),
    ),
    (
        "supply.setEffectiveDate(DateTime('2024/05/02 10:00 GMT+2')); return supply.getEffectiveDate()",
        datetime(2024, 5, 2, 8, tzinfo=UTC),
    ),
    # -- tools
    ("portal.portal_ids.generateNewId(id_group='g'), portal.portal_ids.generateNewId(id_group='g')", (0, 1)),
    ("portal.portal_ids.generateNewId(id_group='h', default=5), portal.portal_ids.generateNewId(id_group='h')", (5, 6)),
    (
        "portal.portal_ids.generateNewIdList(id_group='i', id_count=3), portal.portal_ids.getLastGeneratedId('i')",
        ([0, 1, 2], 2),
    ),
    ("portal.portal_url(), portal.portal_url.getPortalPath()", ("/erp5", "/erp5")),
    (
        "portal.portal_url.getRelativeContentURL(stream), portal.portal_url.getPortalObject().getId()",
        ("data_stream_module/s1", "erp5"),
    ),
    (
        "stream.Base_twice(4), script_document.getParameterSignature(), script_document.getReference()",
        (8, "x", "twice"),
    ),
    ("script_document.getProperty('parameter_signature')", "x"),
    ("len(portal.portal_catalog(portal_type='Data Stream', reference='one'))", 1),
    ("portal.portal_catalog.getResultValue(reference='one').getId()", "s1"),
    ("portal.portal_catalog.countResults(reference='one')[0][0]", 1),
    ("portal.portal_catalog.getObject(stream.getUid()).getId()", "s1"),
    ("portal.portal_workflow.isTransitionPossible(stream, 'validate')", True),
    ("portal.portal_workflow.doActionFor(stream, 'validate_action'); return stream.getValidationState()", "validated"),
    (
        "portal.portal_workflow.getInfoFor(stream, 'history', wf_id='validation_workflow')[0]['validation_state']",
        "draft",
    ),
    ("portal.portal_membership.getAuthenticatedMember().getUserName()", "boss"),
    (
        "portal.portal_membership.isAnonymousUser(), portal.portal_membership.checkPermission('View', stream)",
        (False, True),
    ),
    ("stream.Base_checkPermission('data_stream_module/s1', 'View')", True),
    ("portal.portal_preferences.getPreference('preferred_source_code_editor')", "codemirror"),
    ("portal.portal_preferences.getPreferredSourceCodeEditor()", "codemirror"),
    ("portal.portal_activities.hasActivity(), portal.portal_activities.countMessage()", (False, 0)),
    ("portal.portal_templates.getInstalledBusinessTemplate('erp5_wendelin') is not None", True),
    ("portal.portal_templates.getUpdatedRepositoryBusinessTemplateList()", []),
    ("portal.portal_templates.getLastestBTOnRepos('erp5_wendelin', '>= 1.0').state", "Present"),
    (
        "row = portal.portal_templates.getRepositoryBusinessTemplateList(template_list=['erp5_wendelin'])[0]\n"
        "return row.title, row.version != '', row.installed_version == row.version, row.provision_list",
        ("erp5_wendelin", True, True, ()),
    ),
    ("portal.portal_templates.IsOneProviderInstalled('erp5_core')", True),
    ("'erp5_core' in portal.portal_templates.getInstalledBusinessTemplateTitleList()", True),
    # -- data streams
    ("stream.getData(), stream.getSize(), stream.getContentType()", (b"hello", 5, None)),
    ("stream.appendData(b' you'); return b''.join([bytes(c) for c in stream.iterate(0, 9)])", b"hello you"),
    ("b''.join([bytes(c) for c in stream.readChunkList(1, 3)])", b"el"),
    ("stream.readMsgpackChunkList(0, 0)", ([], 0)),
    ("str(stream.extractDateTime(1714608000))", "2024-05-02T00:00:00"),
    ("stream.extractDateTime(5).dtype.str", "<M8[s]"),
    ("stream.getRecursiveSuccessorValueList(), stream.getRecursivePredecessorValueList()", ([], [])),
    ("stream.setData(b'x'); return stream.getData()", b"x"),
    ("stream.DataStream_transformTail(0, 5)", None),
    ("stream.setFile(b'other'); return stream.getData()", b"other"),
    ("stream.DataStream_appendFile(b' more').getData()", b"hello more"),
    ("[d.getId() for d in data_set.DataSet_getDataStreamList()], data_set.DataSet_getDataStreamCount()", (["s1"], 1)),
    ("[d.getId() for d in data_set.DataSet_getDataStreamList(limit=1)]", ["s1"]),
    ("data_set.DataSet_getDataStreamList(limit=(1, 5))", []),
    ("[d.getId() for d in data_set.DataSet_getDataStreamList(limit=[])]", ["s1"]),
    # -- bucket streams
    ("buckets.insertBucket(1, 'grüß'); return bytes(buckets.getBucketByKey(1))", "grüß".encode()),
    (
        "buckets.insertBucket(1, b'a'); buckets.insertBucket(2, b'b'); return buckets.getBucketCount(), "
        "buckets.getMaxKey(), buckets.getMinKey(), buckets.getMaxIndex(), buckets.getMinIndex(), buckets.getKeyList(), "
        "buckets.getIndexList(), buckets.hasBucketKey(1), buckets.hasBucketIndex(7), buckets.getKeyByIndex(1)",
        (2, 2, 1, 1, 0, [1, 2], [0, 1], True, False, 2),
    ),
    (
        "buckets.insertBucket(1, b'a'); return bytes(buckets.getBucketByIndex(0)), buckets.getMd5sum(1)",
        (b"a", "0cc175b9c0f1b6a831c399e269772661"),
    ),
    ("buckets.insertBucket(1, b'a'); buckets.delBucketByKey(1); return buckets.getBucketCount()", 0),
    (
        "buckets.insertBucket(1, b'a'); return [(k, bytes(v)) for k, v in buckets.getBucketKeyItemSequenceByKey()]",
        [(1, b"a")],
    ),
    # -- data arrays
    ("array.getArrayShape(), array.getArrayDtype(), array.getSize()", ((3,), numpy.dtype("f8"), 24)),
    ("array.getArray()[:].tolist(), array.getArraySlice(0, 2).tolist()", ([0.0] * 3, [0.0] * 2)),
    ("array.getArray()[0] = 4.0\nreturn array.getArray()[0]", 4.0),
    ("array.getArray().append([1.0])\nreturn array.getArrayShape()", (4,)),
    (
        "array.getArray()[2] = 4.0\nreturn array.DataArray_getArrayColumnList(), array.DataArray_getArrayRowList(),"
        " array.DataArray_getArrayRowList(1, 1), array.DataArray_getArrayRowList(3),"
        " array.DataArray_getArrayRowList(0, 9, 1)",
        (
            [("value", "value")],
            [{"value": 4.0}, {"value": 0.0}, {"value": 0.0}],
            [{"value": 0.0}],
            [],
            [{"value": 4.0}],
        ),
    ),
    ("array.setArray(None); return array.DataArray_getArrayColumnList(), array.DataArray_getArrayRowList()", ([], [])),
    # -- policies
    ("policy.IngestionPolicy_parseSimpleFluentdTag('a.b')['reference']", "a"),
    ("policy.IngestionPolicy_parseSimpleIngestionTag('s.p')['resource_reference']", "p"),
    ("portal.portal_ingestion_policies.unpack(b'\\x01\\x02')", [1, 2]),
    ("[x for x in portal.portal_ingestion_policies.unpack_lazy(b'\\x01\\x02')]", [1, 2]),
    ("[x for x in portal.portal_ingestion_policies.unpackLazy(b'\\x01\\x02')]", [1, 2]),
]


#: Names whose answers have tests of their own: a script finds them.
FOUND = {
    "portal.portal_templates": """
        getInstalledBusinessTemplate getInstalledBusinessTemplateList getInstalledBusinessTemplateTitleList
        getInstalledBusinessTemplateRevision getRepositoryList getRepositoryBusinessTemplateList getDependencyList
        getProviderList sortBusinessTemplateList resolveBusinessTemplateListDependency
        installBusinessTemplateListFromRepository compareVersions compareVersionStrings""",
    "portal.portal_templates.getInstalledBusinessTemplate('erp5_core')": "getInstallationState uninstall",
    "portal.portal_catalog": "searchResults searchFolder reindexObject",
    "portal.portal_workflow": "getStatusOf listActions getChainFor",
    "portal.portal_preferences": "setPreference getActiveUserPreference isPreferredHtmlStyleAccessTab",
    "portal.portal_activities": "getMessageList countMessageWithTag flush",
    "portal": """
        getDefaultModuleValue portal_categories portal_types portal_property_sheets portal_actions portal_alarms
        portal_skins acl_users ERP5Site_createDataIngestion""",
    "stream": """
        setCategoryList getFormattedSize getTranslatedTitle getTranslatedValidationStateTitle DataStream_transform
        DataStream_readChunkListAndTransform DataStream_copyCSVToDataArray Base_numpyToWendelinData
        Base_wendelinDataToNumpy Base_wendelinTextToNumpy getSourceItemList getSourceLogicalPath
        getPublicationSection""",
    "line": """
        getUseList getUseSet setUseList setUseSet getDefaultUse setDefaultUse getUseValue getUseValueList getUseValueSet
        getUseTitle getUseTitleList getUseReference getUseId getUseUid getUseUidList getUseProperty getUseLogicalPath
        getUseItemList setUseValue setUseValueList setUseValueSet setUseUid getUseRelated getUseRelatedList
        getUseRelatedValue getUseRelatedValueList getUseRelatedId getUseRelatedTitle hasTitle getDefaultResourceValue
        getSpecialiseValueList setDefaultAggregateValue getAggregateRelatedList""",
    "supply": """
        validate invalidate delete default setReference hasReference getExpirationDate manage_setLocalRoles getSource
        getSourceList getSourceValue getSourceTitle getSourceReference getSourceId getSourceUid getSourceProperty
        setSource getSourceRelated""",
    "product": "getDefaultUseValue setAggregatedPortalTypeList getAggregatedPortalTypeList setAggregatedPortalTypeSet",
    "module": "manage_cutObjects getIdGenerator",
    "portal.portal_skins": "customise custom",
    "array": "setArray getArrayIndex getArrayDtypeNames setArrayDtypeNames getStartDate getStopDate",
    "policy": "unpack getScriptId getDataOperationScriptId IngestionPolicy_getIngestionOperationAndParameterDict",
    "portal.portal_ingestion_policies": "IngestionPolicyTool_addIngestionPolicy",
    "buckets": """
        initBucketTree initIndexTree getBucketKeySequenceByKey getBucketKeySequenceByIndex
        getBucketIndexKeySequenceByIndex getBucketIndexSequenceByIndex getBucketValueSequenceByKey
        getBucketValueSequenceByIndex getBucketItemSequence getBucketIndexItemSequenceByIndex
        getBucketIndexKeyItemSequenceByIndex getItemList getIndexKeyTupleList delBucketByIndex
        rebuildIndexTreeByKeyOrder""",
}


@pytest.mark.parametrize("where", FOUND)
def test_a_script_finds_all_names(names, where):
    found = FOUND[where].split()
    assert [name for name in found if not run(names, f"return hasattr({where}, {name!r})")] == []


@pytest.mark.parametrize(("body", "expected"), TABLE)
def test_a_script_finds_the_name(names, body, expected):
    found = run(names, body if "return" in body else f"return {body}")
    assert found == expected


def test_what_is_missing_is_a_key_error_too(names):
    with pytest.raises(KeyError) as raised:
        run(names, "return module['zz']")
    assert isinstance(raised.value, NotFound)
    assert str(raised.value) == "/erp5/data_stream_module has no 'zz'"
    assert run(names, "try:\n  module['zz']\nexcept KeyError:\n  return 'missing'") == "missing"


#: Names of the original that docs/extend/scripting.md says scripts do not have.
ABSENT = {
    "portal.portal_templates": """
        getBuiltBusinessTemplateList updateRepositoryBusinessTemplateList importFile export upgradeSite diffObject
        download importBase64EncodedText save publish update sortDownloadedBusinessTemplateList getBusinessTemplateUrl
        updateBusinessTemplateFromUrl runUnitTestList diffObjectAsHTML""",
    "portal.portal_templates.getInstalledBusinessTemplate('erp5_core')": """
        preinstall install reinstall build clean export importFile checkDependencies getMissingDependencyList
        isCatalogUpdatable isKeepObject getItemsList getPortalTypesProperties guessPortalTypes diffObject
        getBuildingState""",
    "portal.portal_activities": "tic distribute newActiveProcess",
    "portal.portal_types": "resetDynamicDocumentsOnceAtTransactionBoundary",
    "portal": "changeSkin",
    "module": "recurse",
    "stream": "Base_edit index_html REQUEST unrestrictedTraverse",
}


@pytest.mark.parametrize("where", ABSENT)
def test_what_scripts_do_not_have_is_told_in_the_docs(names, where):
    text = SCRIPTING.read_text(encoding="utf-8")
    for name in ABSENT[where].split():
        assert not run(names, f"return hasattr({where}, {name!r})"), name
        assert f"`{name}`" in text, name


@pytest.mark.parametrize("wrong", ["list_start=-1", "list_lines=-1", "limit=-1"])
def test_rows_are_counted_from_zero(names, wrong):
    with pytest.raises(BadRequest, match="0 or more"):
        run(names, f"return array.DataArray_getArrayRowList({wrong})")


def test_rows_of_an_array_that_is_no_table(names):
    with pytest.raises(BadRequest, match="one or two dimensions"):
        run(names, "array.initArray((2, 2, 2), 'float64'); return array.DataArray_getArrayRowList()")
    with pytest.raises(BadRequest, match="no Data Array"):
        run(names, "return stream.DataArray_getArrayRowList()")


def test_rows_and_columns_are_bounded(names):
    body = "array.initArray((1500, 120), 'int8'); rows = array.DataArray_getArrayRowList(0, 5000, 5000)\n"
    assert run(names, body + "return len(rows), len(rows[0]), len(array.DataArray_getArrayColumnList())") == (
        1000,
        100,
        100,
    )


def test_rows_are_for_those_who_may_access_the_array(names):
    with as_user(ANONYMOUS), pytest.raises(Unauthorized):
        row_list(names["array"])


def test_base_check_consistency_says_what_is_wrong(names):
    layer = names["portal"].portal_skins.layer("custom")
    layer.put_file(
        "DataStream_checkConsistency.py",
        b"# wendelin: parameters='fixit=False'\nreturn ['fixed'] if fixit else ['bad']",
    )
    with pytest.raises(ValidationFailed, match="bad"):
        run(names, "return stream.Base_checkConsistency()")
    assert run(names, "return stream.checkConsistency(fixit=True)") == ["fixed"]


@pytest.mark.parametrize("page", ["//evil.example", "view?x=1", "../x", "a/b", "view#x"])
def test_base_redirect_stays_on_the_document(names, page):
    names["page"] = page
    with pytest.raises(BadRequest):
        run(names, "return stream.Base_redirect(page)")


def test_base_redirect_leads_to_a_page_of_the_document(names):
    body = "return stream.Base_redirect('view', keep_items={'portal_status_message': 'a b'})"
    answer = run(names, body)
    assert (answer.status_int, answer.location) == (303, "/erp5/data_stream_module/s1/view?portal_status_message=a+b")


def test_numbers_of_an_aborted_transaction_are_given_again(site, commit, connection):
    site.portal_ids.generateNewId("g")
    commit()
    assert site.portal_ids.generateNewId("g") == 1
    connection.transaction_manager.abort()
    connection.transaction_manager.begin()
    assert site.portal_ids.generateNewId("g") == 1


@pytest.mark.parametrize(
    "wrong", ["portal.portal_ids.generateNewId(5)", "portal.portal_ids.generateNewIdList('a', 10**9)"]
)
def test_ids_have_bounds(names, wrong):
    with pytest.raises(BadRequest):
        run(names, f"return {wrong}")
