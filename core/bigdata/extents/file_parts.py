"""Bytes that are in a file already: handed to a big file as what they are, so that the kernel takes them over.

Where both files are on a file system that shares blocks (XFS, Btrfs) nothing is copied at all, as long as source and
target are in phase with the blocks; elsewhere the kernel copies, and no byte passes through this process.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

_BLOCK = 1 << 20
_LARGEST = 1 << 30
_CANNOT = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF}  # EBADF: a target opened to append


@dataclass(frozen=True)
class FilePart:
    """``size`` bytes from ``offset`` on of an open file, which has to stay as it is until they are taken."""

    descriptor: int
    offset: int
    size: int

    def __len__(self) -> int:
        return self.size


def copy_part(target: int, part: FilePart) -> int:
    """Write a part at the position of descriptor ``target``; gives its size. Raises `EOFError` for a file that ends."""
    done = 0
    while done < part.size:
        count = _copy(part.descriptor, target, part.size - done, part.offset + done)
        if not count:
            raise EOFError(f"a file ends {part.size - done} bytes too early")
        done += count
    return done


def _copy(source: int, target: int, size: int, offset: int) -> int:
    try:
        return os.copy_file_range(source, target, min(size, _LARGEST), offset)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    except AttributeError:  # not Linux
        pass
    return os.write(target, os.pread(source, min(size, _BLOCK), offset))
