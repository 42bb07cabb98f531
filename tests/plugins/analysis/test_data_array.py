"""Data Arrays: their methods, lines, transactions and copies."""

from __future__ import annotations

import numpy as np
import pytest

from wendelin.core.bigdata import BigArray, RAMArray
from wendelin.core.errors import BadRequest
from wendelin.core.security import as_user


def test_array_is_kept_and_found_again(database, document, site, commit):
    document.initArray((3, 2), "float64")[:] = np.arange(6).reshape(3, 2)
    commit()
    with database.connect() as other:
        found = other.root()["erp5"].data_array_module["1"]
        assert np.array_equal(found.getArray()[:], np.arange(6.0).reshape(3, 2))
        assert found.getArrayShape() == (3, 2) and found.getArrayDtype() == np.dtype("float64")
        assert found.getSize() == 48


def test_init_array_commits_nothing(document, connection, commit):
    commit()
    document.initArray((2,), "i4")[:] = 1
    connection.transaction_manager.abort()
    connection.transaction_manager.begin()
    assert document.getArray() is None and document.getArray("none") == "none"


def test_writing_elements_does_not_write_the_document(document, commit):
    document.initArray((10,), "i4")
    commit()
    serial = document._p_serial
    document.getArray()[3] = 7
    commit()
    assert document._p_serial == serial and document.getArray()[3] == 7


def test_slices_and_indexes(document):
    document.setArray(np.arange(12).reshape(4, 3))
    assert document.getArraySlice(1, 3).tolist() == [[3, 4, 5], [6, 7, 8]]
    assert document.getArrayIndex((2, 1)) == 7
    assert isinstance(document.getArray(), BigArray)


def test_without_an_array(document):
    assert document.getArrayShape() is None and document.getArrayDtype() is None and document.getSize() == 0
    with pytest.raises(BadRequest, match="initArray"):
        document.getArraySlice(0, 1)


@pytest.mark.parametrize(("shape", "dtype"), [((2,), "object"), ((-1,), "f8"), ((2,), "nonsense"), ("x", "f8")])
def test_arrays_that_cannot_be(document, shape, dtype):
    with pytest.raises(BadRequest, match="no array of shape"):
        document.initArray(shape, dtype)
    assert document.getArray() is None


def test_names_of_fields(document, commit):
    document.initArray((2,), [("a", "i4"), ("b", "f8")])
    commit()
    document.setArrayDtypeNames(["x", "y"])
    commit()
    assert document.getArrayDtypeNames() == ("x", "y")
    document.getArray()[0] = (1, 2.5)
    assert document.getArray()[:]["y"][0] == 2.5
    for names in (["x"], ["x", "x"]):
        with pytest.raises(BadRequest):
            document.setArrayDtypeNames(names)


def test_temporary_documents_hold_plain_memory(site):
    temporary = site.data_array_module.newContent(portal_type="Data Array", temp_object=True)
    array = temporary.initArray((3,), "f8")
    assert isinstance(array, RAMArray)
    array[:] = 2
    assert temporary.getArraySlice(0, 2).tolist() == [2, 2] and len(site.data_array_module) == 0


def test_a_clone_has_elements_of_its_own(document, commit):
    document.setArray(np.arange(1000))
    commit()
    copy = document.Base_createCloneDocument()
    commit()
    copy.getArray()[0] = 99
    commit()
    assert document.getArray()[0] == 0 and copy.getArray()[0] == 99 and copy.getArray()[999] == 999


def test_lines_show_parts(document):
    document.setArray(np.arange(12).reshape(4, 3))
    line = document.newContent(portal_type="Data Array Line", index_expression="1:3, 0")
    assert line.getArray().tolist() == [3, 6] and line.getArrayShape() == (2,)
    line.getArray()[0] = 50
    assert document.getArray()[1, 0] == 50
    line.edit(index_expression="0, 0:2", dtype="u8")
    assert line.getArray().dtype == np.dtype("u8")
    with pytest.raises(BadRequest):
        line.initArray((1,), "f8")


def test_lines_show_fields(document):
    document.initArray((2,), [("a", "i4"), ("b", "f8")])[:] = [(1, 2), (3, 4)]
    line = document.newContent(portal_type="Data Array Line", index_expression="'b'")
    assert line.getArray().tolist() == [2, 4]


@pytest.mark.parametrize("expression", ["__import__('os')", "a", "1.5", "True", "0] + _[0", "(", "[1, 2]"])
def test_an_index_is_never_evaluated(document, expression):
    document.setArray(np.arange(3))
    line = document.newContent(portal_type="Data Array Line", index_expression=expression)
    with pytest.raises(BadRequest):
        line.getArray()


def test_readers_get_an_array_they_cannot_write(site, document, commit):
    document.setArray(np.arange(3))
    site.acl_users.add_user("reader", "a long password", [])
    document.manage_setLocalRoles("reader", ["Auditor"])
    document.validate()
    commit()
    with as_user(site.acl_users.get_user("reader")):
        assert document.getArray()[:].tolist() == [0, 1, 2]
        with pytest.raises((TypeError, ValueError)):
            document.getArray()[:][0] = 9
        with pytest.raises(TypeError):
            document.getArray()[0] = 9
    assert document.getArray()[0] == 0


def test_interchange(site):
    array = np.array([(1, 2.5)], [("a", "<i4"), ("b", "<f8")])
    data = site.Base_numpyToWendelinData(array)
    assert data.startswith(b"\x92WEN\x00\x01")
    assert site.Base_wendelinDataToNumpy(data).tolist() == array.tolist()
    from base64 import b64encode

    assert site.Base_wendelinTextToNumpy(b64encode(data).decode()).dtype == array.dtype
    for broken in (b"", b"x" * 30, data[:-1], data[:20] + b"!" + data[21:]):
        with pytest.raises(BadRequest):
            site.Base_wendelinDataToNumpy(broken)
    with pytest.raises(BadRequest):
        site.Base_numpyToWendelinData(np.array([object()]))
    with pytest.raises(BadRequest):
        site.Base_wendelinTextToNumpy("not base64!")


def test_a_list_shows_shape_and_dtype(document):
    assert document.getShapeText() == "" and document.getDtypeText() == ""
    document.initArray((1000, 3), "f8")
    assert document.getShapeText() == "1,000 x 3" and document.getDtypeText() == "float64"
    document.initArray((5,), [("a", "i4"), ("b", "f8")])
    assert document.getDtypeText() == "a: int32, b: float64"


def test_a_line_that_fits_no_more_says_so(document):
    """A retention job makes the array shorter; the line stays, and its list, its page and the reindex with it."""
    document.initArray((10, 3), "f8")
    line = document.newContent(portal_type="Data Array Line", id="row", index_expression="7")
    document.getArray().resize((2, 3))
    with pytest.raises(BadRequest, match=r"\[7\] is no part of the array of shape \(2, 3\)"):
        line.getArray()
    line.edit(title="row 7 (gone)")
    catalog = document.getPortalObject().portal_catalog
    assert [brain.id for brain in catalog(title="row 7%", catalog_problem="%no part of%")] == ["row"]
    assert catalog.reindex() > 2
    line.edit(index_expression="1")
    assert list(catalog(catalog_problem="%")) == []
