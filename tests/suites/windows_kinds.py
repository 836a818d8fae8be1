"""What Windows' own programs print, by kind: the line, and what it has to be read as. From documents; see docs/windows.md.

Windows' sentences are in the system's language, so each line has another one, or none: the name or the number counts.
"""

from __future__ import annotations

#: Schannel's statuses about a certificate, as winerror.h and wincrypt.h number them, and the kind of each.
CERTIFICATES: dict[str, tuple[str, str]] = {
    "SEC_E_UNTRUSTED_ROOT": ("80090325", "untrusted"),
    "SEC_E_CERT_UNKNOWN": ("80090327", "untrusted"),
    "SEC_E_CERT_WRONG_USAGE": ("80090349", "untrusted"),
    "SEC_E_ISSUING_CA_UNTRUSTED": ("80090352", "untrusted"),
    "TRUST_E_CERT_SIGNATURE": ("80096004", "untrusted"),
    "TRUST_E_EXPLICIT_DISTRUST": ("800B0111", "untrusted"),
    "CERT_E_CRITICAL": ("800B0105", "untrusted"),
    "CERT_E_PURPOSE": ("800B0106", "untrusted"),
    "CERT_E_UNTRUSTEDROOT": ("800B0109", "untrusted"),
    "CERT_E_CHAINING": ("800B010A", "untrusted"),
    "CERT_E_UNTRUSTEDTESTROOT": ("800B010D", "untrusted"),
    "CERT_E_WRONG_USAGE": ("800B0110", "untrusted"),
    "CERT_E_UNTRUSTEDCA": ("800B0112", "untrusted"),
    "CERT_E_INVALID_POLICY": ("800B0113", "untrusted"),
    "SEC_E_CERT_EXPIRED": ("80090328", "validity"),
    "CERT_E_EXPIRED": ("800B0101", "validity"),
    "CERT_E_VALIDITYPERIODNESTING": ("800B0102", "validity"),
    "SEC_E_WRONG_PRINCIPAL": ("80090322", "name"),
    "CERT_E_CN_NO_MATCH": ("800B010F", "name"),
    "CERT_E_INVALID_NAME": ("800B0114", "name"),
    "CRYPT_E_NO_REVOCATION_DLL": ("80092011", "revocation"),
    "CRYPT_E_NO_REVOCATION_CHECK": ("80092012", "revocation"),
    "CRYPT_E_REVOCATION_OFFLINE": ("80092013", "revocation"),
    "CERT_E_REVOCATION_FAILURE": ("800B010E", "revocation"),
    "CRYPT_E_REVOKED": ("80092010", "revoked"),
    "CERT_E_REVOKED": ("800B010C", "revoked"),
}

#: Bits of a chain's status, which curl prints by name alone.
CHAINS = {
    "CERT_TRUST_IS_UNTRUSTED_ROOT": "untrusted",
    "CERT_TRUST_IS_PARTIAL_CHAIN": "untrusted",
    "CERT_TRUST_IS_NOT_SIGNATURE_VALID": "untrusted",
    "CERT_TRUST_IS_NOT_TIME_VALID": "validity",
    "CERT_TRUST_REVOCATION_STATUS_UNKNOWN": "revocation",
    "CERT_TRUST_IS_OFFLINE_REVOCATION": "revocation",
    "CERT_TRUST_IS_REVOKED": "revoked",
}

#: The name that --explain has for each kind.
EXPLAINED = {
    "untrusted": "Schannel: certificate not trusted",
    "validity": "Schannel: certificate outside its time of validity",
    "name": "Schannel: certificate for another name",
    "revocation": "Schannel: revocation not checked",
    "revoked": "Schannel: certificate revoked",
}

_TIME, _REFUSED, _CUT = "Windows: no answer in time", "Windows: connection refused", "Windows: connection cut"
_ROUTE, _RESOLVED, _FORBIDDEN = "Windows: no route", "Windows: name not resolved", "Windows: the socket is not allowed"
_VERSION, _BROKEN = "Schannel: no TLS version or cipher in common", "Schannel: handshake broken"
_START, _END, _LOGON = "Service did not answer its start", "Service ended at its start", "Service may not log on"
_NEEDED, _ABSENT = "A dependency of the service did not start", "Service does not exist"
_MSI, _PACKAGE = "Msiexec failed", "The installer's package or log cannot be opened"

#: A line -> the names that --explain has for it.
LINES: dict[str, set[str]] = {
    # Go, on Windows: its sentences have no number.
    "dial tcp 20.1.2.3:443: connectex: No connection could be made because the target machine actively refused it.": {"Connection refused"},
    "dial tcp 20.1.2.3:443: connectex: A connection attempt failed because the connected party did not properly respond after a period of time": {"No answer to a direct connection"},
    "dial tcp 20.1.2.3:443: connectex: A socket operation was attempted to an unreachable network.": {"Network unreachable"},
    "dial tcp 20.1.2.3:443: connectex: A socket operation was attempted to an unreachable host.": {"Network unreachable"},
    "dial tcp 20.1.2.3:443: connectex: Es konnte keine Verbindung hergestellt werden.": {"Windows: no connection"},
    "dial tcp 20.1.2.3:443: connectex: 接続できませんでした。": {"Windows: no connection"},
    "proxyconnect tcp: dial tcp 169.254.0.11:3128: connectex: No connection could be made because the target machine actively refused it.": {"The proxy itself not reached"},
    "dial tcp: lookup gbl.his.arc.azure.com: getaddrinfow: No such host is known.": {"Name not resolved"},
    "dial tcp: lookup gbl.his.arc.azure.com: getaddrinfow: Der angegebene Host ist unbekannt.": {_RESOLVED},
    "write tcp 10.0.0.4:50122->20.1.2.3:443: wsasend: An established connection was aborted by the software in your host machine.": {"Connection ended by something on the way"},
    "read tcp 10.0.0.4:50122->20.1.2.3:443: wsarecv: A connection attempt failed because the connected party did not properly respond": {"Windows: no connection"},
    # Winsock, by name and by number.
    "OpenSSL SSL_connect: WSAECONNREFUSED": {_REFUSED},
    "WSAETIMEDOUT": {_TIME},
    "WSAECONNRESET": {_CUT},
    "WSAECONNABORTED": {_CUT},
    "WSAENETUNREACH": {_ROUTE},
    "WSAEHOSTUNREACH": {_ROUTE},
    "WSAENETDOWN": {_ROUTE},
    "WSAEADDRNOTAVAIL": {_ROUTE},
    "WSAHOST_NOT_FOUND": {_RESOLVED},
    "WSATRY_AGAIN": {_RESOLVED},
    "WSANO_RECOVERY": {_RESOLVED},
    "WSANO_DATA": {_RESOLVED},
    "WSAEACCES": {_FORBIDDEN},
    "[WinError 10013] x": {_FORBIDDEN},
    "[WinError 10049] x": {_ROUTE},
    "[WinError 10050] x": {_ROUTE},
    "[WinError 10051] x": {_ROUTE},
    "[WinError 10053] x": {_CUT},
    "[WinError 10054] x": {_CUT},
    "[WinError 10060] x": {_TIME},
    "[WinError 10061] x": {_REFUSED},
    "[WinError 10065] x": {_ROUTE},
    "[WinError 11001] x": {_RESOLVED},
    "[WinError 11002] x": {_RESOLVED},
    "[WinError 1225] Der Remotecomputer hat die Netzwerkverbindung abgelehnt": {_REFUSED},
    "[WinError 121] x": {_TIME},
    "[WinError 64] x": {_CUT},
    "[WinError 5] Zugriff verweigert": {"Windows: access denied"},
    "erreur 10060": {_TIME},
    "socket error 10054": {_CUT},
    # WinHTTP and WinINet.
    "WinHTTP error 12002": {_TIME},
    "WinHTTP error 12007": {_RESOLVED},
    "WinHTTP error 12029": {_REFUSED},
    "WinHTTP error 12030": {_CUT},
    "WinHTTP error 12175": {"WinHTTP: TLS failed"},
    "ERROR_WINHTTP_TIMEOUT": {_TIME},
    "ERROR_WINHTTP_NAME_NOT_RESOLVED": {_RESOLVED},
    "ERROR_WINHTTP_CANNOT_CONNECT": {_REFUSED},
    "ERROR_WINHTTP_CONNECTION_ERROR": {_CUT},
    "ERROR_INTERNET_TIMEOUT": {_TIME},
    "HRESULT: 0x80072EE2": {_TIME},
    "HRESULT: 0x80072EE7": {_RESOLVED},
    "HRESULT: 0x80072EFD": {_REFUSED},
    "HRESULT: 0x80072EFE": {_CUT},
    "HRESULT: 0x80072F8F": {"WinHTTP: TLS failed"},
    "HRESULT: 0x8007274C": {_TIME},
    "HRESULT: 0x8007274D": {_REFUSED},
    "(-2147012894)": {_TIME},
    "(-2147012867)": {_REFUSED},
    # Schannel, but for certificates.
    "SEC_E_UNSUPPORTED_FUNCTION (0x80090302) - x": {_VERSION},
    "Unknown error (0x80090331) - x": {_VERSION},
    "SEC_E_INVALID_TOKEN (0x80090308) - x": {"Schannel: the answer is not TLS"},
    "SEC_E_ILLEGAL_MESSAGE (0x80090326) - x": {_BROKEN},
    "SEC_E_INTERNAL_ERROR (0x80090304) - x": {_BROKEN},
    "SEC_E_NO_CREDENTIALS (0x8009030E) - x": {_BROKEN},
    "Unknown error (0x80090318) - x": {_BROKEN},
    "SEC_E_MESSAGE_ALTERED (0x8009030F) - x": {_BROKEN},
    "SEC_E_DECRYPT_FAILURE (0x80090330) - x": {_BROKEN},
    # The installer.
    "MSI (s) (A0:44): MainEngineThread is returning 1603": {_MSI},
    "msiexec exited with code 1603": {_MSI},
    "Installation success or error status: 1603.": {_MSI},
    "Fehler 1603: Schwerwiegender Fehler": {_MSI},
    "HRESULT: 0x80070643": {_MSI},
    "ERROR_INSTALL_FAILURE": {_MSI},
    "Error 1618: Another installation is already in progress.": {"Another installation is running"},
    "HRESULT: 0x80070652": {"Another installation is running"},
    "Error 1619: x": {_PACKAGE},
    "Error 1620: x": {_PACKAGE},
    "Error 1622: x": {_PACKAGE},
    "Product: Azure Connected Machine Agent -- Installation failed.": {"A custom action of the installer failed"},
    "Error 1920. Service 'Azure Hybrid Instance Metadata Service' (himds) failed to start.": {"A service did not start"},
    # Services.
    "[SC] StartService FAILED 1053:": {_START},
    "The himds service failed to start due to the following error: %%1053": {_START},
    "A timeout was reached (30000 milliseconds) while waiting for the himds service to connect.": {_START},
    "HRESULT: 0x8007041D": {_START},
    "Error 1067: x": {_END},
    "Error 1064: x": {_END},
    "Error 1066: x": {_END},
    "The himds service terminated unexpectedly. It has done this 1 time(s).": {_END},
    "HRESULT: 0x8007042B": {_END},
    "Fehler 1069: x": {_LOGON},
    "Error 1385: x": {_LOGON},
    "Error 1057: x": {_LOGON},
    "HRESULT: 0x8007042D": {_LOGON},
    "System error 1058 has occurred.": {"Service disabled"},
    "HRESULT: 0x80070422": {"Service disabled"},
    "Error 1068: The dependency service or group failed to start.": {_NEEDED},
    "Error 1075: x": {_NEEDED},
    "HRESULT: 0x8007042C": {_NEEDED},
    "[SC] OpenService FAILED 1060:": {_ABSENT},
    "HRESULT: 0x80070424": {_ABSENT},
    "Error 1072: x": {"Service marked for deletion"},
    "[SC] StartService FAILED 5:": {"Windows: access denied"},
    "HRESULT: 0x80070005": {"Windows: access denied"},
    "Start-Service : Failed to start service 'Azure Hybrid Instance Metadata Service (himds)'.": {"A service did not start"},
    # A number alone is no error.
    "1053 files were looked at": set(),
    "port 10060 of 10.0.0.1": set(),
    "read 1603 bytes": set(),
    "12029": set(),
}  # fmt: skip
