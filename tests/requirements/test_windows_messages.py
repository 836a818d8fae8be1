"""--explain for lines of Windows, by the number or the name of a status, in any language."""

from __future__ import annotations

import pytest

from plugins.requirements import windows_codes
from plugins.requirements.known_messages import Message, _status_codes, explanations, messages

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
    # From public issues, and in other languages.
    "OSError: [WinError 10055] An operation on a socket could not be performed because the system lacked sufficient buffer space or because a queue was full": "Windows: no room for another socket",
    "error: [Errno 10055] 由于系统缓冲区空间不足或队列已满,不能执行套接字上的操作。": "Windows: no room for another socket",
    "error trying to connect: tcp bind local error: 由于系统缓冲区空间不足或队列已满,不能执行套接字上的操作。 (os error 10055)": "Windows: no room for another socket",
    "OSError: [WinError 10048] Normalerweise darf jede Socketadresse (Protokoll, Netzwerkadresse oder Anschluss) nur jeweils einmal verwendet werden": "Windows: the address is in use",
    "[Errno 10048] error while attempting to bind on address ('127.0.0.1', 49151): only one usage of each socket address is normally permitted": "Windows: the address is in use",
    "FileNotFoundError: [WinError 2] The system cannot find the file specified: 'azcmagent.exe'": "Windows: not found",
    "FileNotFoundError: [WinError 2] Das System kann die angegebene Datei nicht finden": "Windows: not found",
    "FileNotFoundError: [WinError 3] Le chemin d'accès spécifié est introuvable: 'C:\\\\x'": "Windows: not found",
    "CreateProcess failed: 指定されたファイルが見つかりません。 (os error 2)": "Windows: not found",
    "PermissionError: [WinError 5] Zugriff verweigert": "Windows: access denied",
    "System error 5 has occurred.": "Windows: access denied",
    "システム エラー 5 が発生しました。": "Windows: access denied",
    "OSError: [WinError 87] The parameter is incorrect": "Windows: wrong parameter",
    "[SC] CreateService FAILED 87:": "Windows: wrong parameter",
    "System.Net.Sockets.SocketException (10013): An attempt was made to access a socket in a way forbidden by its access permissions.": "Windows: the socket is not allowed",
    "listen tcp :8080: bind: Der Zugriff auf einen Socket war aufgrund der Zugriffsrechte des Sockets unzulässig. WSAEACCES": "Windows: the socket is not allowed",
    "System.Net.Sockets.SocketException (10060): 接続済みの呼び出し先が一定の時間を過ぎても正しく応答しなかったため": "Windows: no answer in time",
    "java.net.SocketException: WSA error code 10061": "Windows: connection refused",
    "Winsock error 10061": "Windows: connection refused",
    'Der Dienst "Azure Hybrid Instance Metadata Service" auf "Lokaler Computer" konnte nicht gestartet werden. Fehler 1053: Der Dienst antwortete nicht rechtzeitig auf die Start- oder Steuerungsanforderung.': "Service did not answer its start",
    "Erreur 1053 : Le service n'a pas répondu assez vite à la demande de lancement ou de contrôle.": "Service did not answer its start",
    "エラー 1053: そのサービスは指定時間内に開始要求または制御要求に応答しませんでした。": "Service did not answer its start",
    "[SC] StartService ÉCHEC(S) 1053 :": "Service did not answer its start",
    "sc.exe start himds: [SC] StartService FAILED 1056:": "Service runs already",
    "Fehler 1056: Eine Instanz des Dienstes wird bereits ausgeführt.": "Service runs already",
    "System error 1058 has occurred.": "Service disabled",
    "Erreur système 1058.": "Service disabled",
    "Ошибка 1058: Указанная служба не может быть запущена": "Service disabled",
    "Systemfehler 1060 aufgetreten.": "Service does not exist",
    "The specified service does not exist as an installed service. (0x80070424)": "Service does not exist",
    "The himds service terminated with the following service-specific error: %%1066": "Service ended at its start",
    "Ошибка 1067: Процесс был неожиданно завершен.": "Service ended at its start",
    "错误 1067: 进程意外终止。": "Service ended at its start",
    "錯誤 1068: 從屬服務或群組無法啟動。": "A dependency of the service did not start",
    "Error 1068: The dependency service or group failed to start.": "A dependency of the service did not start",
    "Service Control Manager: %%1069": "Service may not log on",
    "Error de sistema 1069.": "Service may not log on",
    "Erreur 1069 : Le service n'a pas démarré en raison d'un échec d'ouverture de session.": "Service may not log on",
    "[SC] CreateService FAILED 1072:": "Service marked for deletion",
    "Fehler 1079: Das für diesen Dienst angegebene Konto unterscheidet sich vom Konto, das für andere Dienste im gleichen Prozess angegeben ist.": "Service has another account than its process",
    "Error 1079: The account specified for this service is different from the account specified for other services running in the same process.": "Service has another account than its process",
    "msiexec exited with code 1601": "Windows Installer cannot be reached",
    "ERROR_INSTALL_SERVICE_FAILURE": "Windows Installer cannot be reached",
    "Installer failed with exit code: 1602": "Installation cancelled",
    "The process failed with 1602: User cancel installation.": "Installation cancelled",
    "ShellExecute installer failed: 1603": "Msiexec failed",
    "Installation success or error status: 1603.": "Msiexec failed",
    "Installer failed with exit code: 1618": "Another installation is running",
    "ERROR_INSTALL_ALREADY_RUNNING": "Another installation is running",
    "Installer failed with exit code: 1619": "The installer's package or log cannot be opened",
    "msiexec returned 1620": "The installer's package or log cannot be opened",
    "Fehler 1625: Diese Installation ist durch die Systemrichtlinie nicht zulässig.": "Installation forbidden by policy",
    "Error 1625. This installation is forbidden by system policy. Contact your system administrator.": "Installation forbidden by policy",
    "MainEngineThread is returning 1633": "Package for another platform",
    "ERROR_INSTALL_PLATFORM_UNSUPPORTED": "Package for another platform",
    "MainEngineThread is returning 1638": "Another version is installed",
    "ERROR_PRODUCT_VERSION 1638 Another version of this product is already installed.": "Another version is installed",
    "[Error number: 0x8024402C]": "Windows Update: the proxy or the server was not found",
    "WARNING: WU client failed Searching for update with error 0x8024402c": "Windows Update: the proxy or the server was not found",
    "Échec de la recherche de mises à jour : 0x80072EE2": "Windows: no answer in time",
    "更新プログラムのダウンロードに失敗しました (0x80072efd)": "Windows: connection refused",
    "Download failed: Error 12007": "Windows: name not resolved",
    "Send failed, hr = 80072EE7": "Windows: name not resolved",
    "HttpSendRequest failed with error 0x80072F8F": "WinHTTP: TLS failed",
    "Error 12175 calling WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, 'A security error occurred'": "WinHTTP: TLS failed",
    "Error 12057: It was not possible to connect to the revocation server": "Schannel: revocation not checked",
    "Der RPC-Server ist nicht verfügbar. (Ausnahme von HRESULT: 0x800706BA)": "Windows: a remote service is not available",
    "Get-WmiObject : The RPC server is unavailable. (Exception from HRESULT: 0x800706BA)": "Windows: a remote service is not available",
    "curl: (35) schannel: next InitializeSecurityContext failed: SEC_E_ILLEGAL_MESSAGE (0x80090326) - Dieser Fehler tritt auf": "Schannel: handshake broken",
    "schannel: failed to decrypt data, need more data: Unknown error (0x80090330)": "Schannel: handshake broken",
    "CertGetCertificateChain: CRYPT_E_REVOCATION_OFFLINE": "Schannel: revocation not checked",
    "Die Sperrfunktion konnte die Sperrung nicht überprüfen, da der Sperrserver offline war. 0x80092013 (-2146885613 CRYPT_E_REVOCATION_OFFLINE)": "Schannel: revocation not checked",
    "schannel: next InitializeSecurityContext failed: CRYPT_E_NO_REVOCATION_CHECK (0x80092012) - La fonction de révocation n'a pas pu vérifier la révocation": "Schannel: revocation not checked",
    "ERROR_WINHTTP_AUTODETECTION_FAILED": "WinHTTP: no proxy settings found",
    "winhttp: ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT (12167)": "WinHTTP: no proxy settings found",
    # A status without an entry.
    "System.ComponentModel.Win32Exception (0x80004005): Access is denied": "A status of Windows without an entry",
    "[SC] StartService FAILED 1083:": "A status of Windows without an entry",
    # No code of Windows.
    "1053 files were looked at": "",
    "write failed: Input/output error (os error 5)": "",
    "open: No such file or directory (os error 2)": "",
    "azcmagent ended with exit code 2": "",
    "listening on port 10061, pid 1067, 1603 bytes sent in 12002 ms": "",
    "commit 980070005b, 10060.5 requests per second": "",
    "error: expected 1 argument, got 5": "",
    "line 1053: connection closed": "",
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


WITH_CODES = [message for message in messages() if message.values.keys() & {"codes", "schannel"}]


@pytest.mark.parametrize("message", WITH_CODES, ids=lambda message: message.name)
def test_a_code_is_explained_however_it_is_written(message: Message) -> None:
    codes = _status_codes(message.values.get("schannel", "")) | message.values.get("codes", {})
    name = message.name[:1].upper() + message.name[1:]
    forms = list(codes)
    for number in filter(None, codes.values()):
        result = number if number > 0xFFFF else 0x80070000 + number
        forms += [f"(HRESULT: 0x{result:08X})", f"{result:x}", f"{result - (1 << 32)}", f"エラー: {result}"]
        if number <= 0xFFFF:
            forms += [
                f"[WinError {number}] パス",
                f"[SC] ControlService FEHLER {number}:",
                f"Systemfehler {number} aufgetreten.",
            ]
        if 1000 <= number <= 0xFFFF:
            forms += [
                f"Erreur {number} : x",
                f"({number}): x",
                f"Fehlerstatus der Installation: {number}.",
                f"0x{number:08x}",
            ]
    wrong = {
        form: names for form in forms if (names := [explanation.name for explanation in explanations(form)]) != [name]
    }
    assert codes and not wrong


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, ("E",)),
        (windows_codes._MANY - 1, ("E", "[SC]", *windows_codes._SYSTEM_NEEDLES)),
        (windows_codes._MANY, ("E", str(windows_codes._MANY), f"{windows_codes._MANY:X}")),
        (0xFFFF, ("E", "65535", "FFFF")),
        (0x10000, ("E",)),
    ],
)
def test_the_needles_of_a_number_of_windows(number: int, expected: tuple[str, ...]) -> None:
    result = number if number > 0xFFFF else 0x80070000 + number
    every = (f"{result:X}", str(result - (1 << 32))[1:], str(result)) if number else ()
    assert windows_codes.needles({"E": number}) == expected + every
