"""A fixture: Azurite, Microsoft's emulator of Azure Storage, on a local port (`make test-store` installs it)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parent / "azurite"
PROGRAM = HOME / "node_modules/.bin/azurite-blob"

#: Azurite's default key, which is in its documentation and not secret.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A connection string; the container ``evidence`` exists."""
    if not PROGRAM.exists() or not (node := shutil.which("node")):
        pytest.skip("Azurite is not installed: make test-store installs and uses it (it needs Node.js)")
    command = [node, str(PROGRAM), "--location", str(tmp_path_factory.mktemp("azurite")), "--blobHost", "127.0.0.1"]
    command += ["--blobPort", "0", "--skipApiVersionCheck", "--disableTelemetry"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first = next((m for line in process.stdout if (m := re.search(r"listens on (http://\S+)", line))), None)
        assert first, "Azurite did not start"
        connection = (
            f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={KEY};"
            f"BlobEndpoint={first[1]}/devstoreaccount1;"
        )
        from azure.storage.blob import BlobServiceClient

        with BlobServiceClient.from_connection_string(connection) as client:
            client.create_container("evidence")
        yield connection
    finally:
        process.terminate()
        process.wait(20)
