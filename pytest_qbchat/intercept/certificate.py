"""The certificate of the servers for https."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Certificate:
    """A certificate for the loopback interface, and the authority that vouches for it. Needs `trustme`.

    Attributes:
        context: For a server.
        ca_file: The path of the certificate of the authority.
    """

    def __init__(self, folder: Path) -> None:
        """Make a certificate.

        Args:
            folder: Where to write that of the authority.

        Raises:
            ImportError: trustme is not installed.
        """
        import trustme  # noqa: PLC0415 - an extra

        authority = trustme.CA()
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(self.context)
        path = folder / "ca.pem"
        authority.cert_pem.write_to_path(path)
        self.ca_file = str(path)
