"""Signing beside the event loop: the private operation lets go of the interpreter's lock, so that threads sign on
other cores while the loop carries mails. Pure."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

_POOL = ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1), thread_name_prefix="dkim")


class Signs(Protocol):
    """A `signing.Signer`, or `signing.Both`."""

    def sign(self, message: bytes) -> bytes: ...


async def sign_beside(signer: Signs, message: bytes) -> bytes:
    """`signer.sign(message)` in a thread. Raises UnableToSign."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, signer.sign, message)
