"""The certificate of the servers for https."""

from __future__ import annotations

import ssl
from pathlib import Path


class Certificate:
    """A certificate for the loopback interface. Needs `trustme`.

    Attributes:
        context: The context of a server.
        ca_file: The path of the CA certificate, for clients to trust.
    """

    def __init__(self, folder: Path) -> None:
        """Issue a certificate, and write the CA certificate into a folder.

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
