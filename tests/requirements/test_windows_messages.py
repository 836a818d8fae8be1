"""--explain on Windows' lines: by the number or the name of a status, in every language."""

from __future__ import annotations

import pytest

from plugins.requirements.known_messages import explanations

LINES = {
    "curl: (35) schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325) - Die Zertifikatkette wurde ausgestellt": "Schannel: certificate not trusted",
    "schannel: next InitializeSecurityContext failed: Unknown error (0x800b0109) - チェーン": "Schannel: certificate not trusted",
    "curl: (60) schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - Der Zielprinzipalname ist falsch.": "Schannel: certificate for another name",
    "curl: (35) schannel: next InitializeSecurityContext failed: CRYPT_E_REVOCATION_OFFLINE (0x80092013)": "Schannel: revocation not checked",
    "ConnectionRefusedError: [WinError 10061] Es konnte keine Verbindung hergestellt werden": "Windows: connection refused",
    "TimeoutError: [WinError 10060] Une tentative de connexion a échoué": "Windows: no answer in time",
    "WinHTTP error 12029": "Windows: connection refused",
    "Exception from HRESULT: 0x80072EE7": "Windows: name not resolved",
    "[SC] StartService FAILED 1053:": "Service did not answer its start",
    "Fehler 1069: Der Dienst konnte wegen einer fehlerhaften Anmeldung nicht gestartet werden.": "Service may not log on",
    "The service himds terminated with the following error: %%1067": "Service ended at its start",
    "Start-Service : Service 'himds' cannot be started: error 1058": "Service disabled",
    "MSI (s) (A0:44): MainEngineThread is returning 1603": "Msiexec failed",
    "read tcp 192.0.2.10:60887->198.51.100.96:443: wsarecv: An existing connection was forcibly closed by the remote host.": "Connection cut",
    "1053 files were looked at": "",
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_windows(line: str) -> None:
    names = [explanation.name for explanation in explanations(line)]
    if not LINES[line]:
        assert not names
    elif LINES[line] != "Connection cut":
        assert names == [LINES[line]]
    else:
        assert len(names) == 1 and not names[0].startswith("Windows")
