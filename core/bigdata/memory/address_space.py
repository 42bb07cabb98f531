"""Memory pages, through ctypes: reserving address space, mapping files into it, advice to the kernel.

The one module that knows of addresses. Nothing here can be called with an address that is not inside a
:class:`Reservation`, and a reservation is unmapped only when nobody refers to it any more.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import sys
import weakref

from wendelin.core.bigdata.extents.page_size import PAGE
from wendelin.core.errors import BigDataError, TooLargeToMap

_PRIVATE, _FIXED, _ANONYMOUS, _NORESERVE = 0x02, 0x10, 0x20, 0x4000
RANDOM, SEQUENTIAL, NORMAL, DONT_NEED, NO_HUGE_PAGE, POPULATE_READ = 1, 2, 0, 4, 15, 22
#: Names of advice, for callers of `advise`.
PATTERNS = {"random": RANDOM, "sequential": SEQUENTIAL, "normal": NORMAL}
READ, READ_WRITE = mmap.PROT_READ, mmap.PROT_READ | mmap.PROT_WRITE
SUPPORTED = sys.platform == "linux" and mmap.PAGESIZE == PAGE
SMALL_READ = 256 << 10  # bytes, up to which a part of a file is read without reading ahead
_LARGE_READ = 4 << 20

if SUPPORTED:
    _libc = ctypes.CDLL(None, use_errno=True)
    _libc.mmap.restype = ctypes.c_void_p
    _libc.mmap.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_long,
    ]
    _libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    _libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_NO_ACCESS = 0
_FAILED = ctypes.c_void_p(-1).value


def advice_for(size: int, now: int) -> int:
    """The advice that suits a part of ``size`` bytes: a small one must not read ahead, a large one should.

    Between the two it stays what it is ``now``.
    """
    if size <= SMALL_READ:
        return RANDOM
    return SEQUENTIAL if size >= _LARGE_READ else now


def _map(address: int | None, size: int, protection: int, flags: int, descriptor: int = -1, offset: int = 0) -> int:
    found = _libc.mmap(address, size, protection, flags, descriptor, offset)
    if found is None or found == _FAILED:
        number = ctypes.get_errno()
        if number in (errno.ENOMEM, errno.EOVERFLOW):
            raise TooLargeToMap(
                f"there is no address space for {size:,} bytes: read and assign parts, such as A[a:b] = values"
            )
        raise BigDataError(f"the kernel refused to map {size} bytes: {os.strerror(number)}")
    return int(found)


class Reservation:
    """A range of address space, without memory, into which extents are mapped.

    ``protection`` is READ_WRITE for a connection's own view (copy on write) and READ for a snapshot.
    """

    def __init__(self, pages: int, protection: int) -> None:
        self.pages, self.protection = pages, protection
        self.address = _map(None, pages * PAGE, _NO_ACCESS, _PRIVATE | _ANONYMOUS | _NORESERVE)
        weakref.finalize(self, _libc.munmap, self.address, pages * PAGE).atexit = False

    def map_file(self, page: int, count: int, descriptor: int, at: int) -> None:
        """Map ``count`` pages of a file, from its page ``at`` on, at ``page``."""
        address, size = self._place(page, count)
        _map(address, size, self.protection, _PRIVATE | _FIXED | _NORESERVE, descriptor, at * PAGE)

    def map_zeros(self, page: int, count: int) -> None:
        """A hole: reads as zeros; a write to it dirties one page, not a huge one."""
        address, size = self._place(page, count)
        _map(address, size, self.protection, _PRIVATE | _FIXED | _ANONYMOUS | _NORESERVE)
        _libc.madvise(address, size, NO_HUGE_PAGE)

    def discard(self, page: int, count: int) -> None:
        """Drop private copies: the pages show their file, or zeros, again."""
        self.advise(page, count, DONT_NEED)

    def advise(self, page: int, count: int, advice: int) -> bool:
        """Tell the kernel how pages will be used; False when it refuses (advice is never needed for being right)."""
        address, size = self._place(page, count)
        return bool(_libc.madvise(address, size, advice) == 0)

    def writable(self, page: int, count: int) -> memoryview:
        """The pages' bytes, to be filled by us even where arrays may only read."""
        if self.protection != READ_WRITE:
            address, size = self._place(page, count)
            _map(address, size, READ_WRITE, _PRIVATE | _FIXED | _ANONYMOUS | _NORESERVE)
        return self.memory(page, count)

    def memory(self, page: int, count: int) -> memoryview:
        """The pages' bytes; keeps the reservation alive."""
        address, size = self._place(page, count)
        return window(self, address, size)

    def populate(self, page: int, count: int) -> None:
        """Read pages in now, without Python's lock; an error of the disk is raised here, not a signal later."""
        address, size = self._place(page, count)
        if (
            _libc.madvise(address, size, POPULATE_READ) and ctypes.get_errno() != errno.EINVAL
        ):  # EINVAL: before Linux 5.14
            raise BigDataError(f"{count} pages of a big file cannot be read: {os.strerror(ctypes.get_errno())}")

    def _place(self, page: int, count: int) -> tuple[int, int]:
        if page < 0 or count < 0 or page + count > self.pages:
            raise BigDataError(f"pages {page} to {page + count} are outside a reservation of {self.pages}")
        return self.address + page * PAGE, count * PAGE


def window(owner: object, address: int, size: int) -> memoryview:
    """``size`` writable bytes at ``address`` that keep ``owner`` alive."""
    buffer = (ctypes.c_char * size).from_address(address)
    buffer.owner = owner  # type: ignore[attr-defined]
    return memoryview(buffer).cast("B")
