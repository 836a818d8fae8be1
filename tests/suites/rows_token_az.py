"""TOKEN-004: az login on the VM; every outcome, word for word."""

from __future__ import annotations

from plugins.model import ProbeResult, Status
from tests.suites.token_evidence import USER_VM
from tests.support.suite_rows import Row, captured, seen

ROWS: dict[str, list[Row]] = {}


def az(
    login: str = "", exit: int | None = 0, token: str = "2026-11-22 22:45:58.000000", got: int | None = 0
) -> ProbeResult:
    """The output of az for each step; an exit of None is a step that did not end."""
    text = "@login\n" + (f"@exit {exit}\n{login}\n" if exit is not None else "")
    if exit == 0:
        text += "@token\n" + (f"@exit {got}\n{token}\n" if got is not None else "")
    ended = exit is not None and (exit != 0 or got is not None)
    return seen(text, state="done" if ended else "timed out")


ROWS["TOKEN-004"] = [
    Row(
        "a traceback of az that ends in an advice",
        {
            "az_login": az(
                "The command failed with an unexpected error. Here is the traceback:\n\nTraceback (most recent call last):\n"
                '  File "msrestazure/azure_active_directory.py", line 704, in _retrieve_token_from_imds_with_retry\n'
                "requests.exceptions.HTTPError\n\nTo open an issue, please run: 'az feedback'",
                1,
            )
        },
        Status.FAIL,
        "az login --identity ended with 1 (requests.exceptions.HTTPError). az got no token from IMDS.",
        "See TOKEN-001: that check requests a token without az, and quotes the answer.",
    ),
    Row(
        "a proxy passed the request of az on",
        {"az_login": az("ERROR: Header contains 'X-Forwarded-For' are not supported.", 1)},
        Status.FAIL,
        "az login --identity ended with 1 (Header contains 'X-Forwarded-For' are not supported). The request to IMDS went through a proxy, which IMDS refuses.",
        "Put the metadata address into NO_PROXY and no_proxy (PROXY-002, IMDS-003).",
    ),
    Row(
        "several identities, and az named none",
        {
            "az_login": az(
                "ERROR: {'error': 'invalid_scope', 'error_description': 'Multiple user assigned identities exist, please specify the clientId'}",
                1,
            )
        },
        Status.FAIL,
        "az login --identity ended with 1 ({'error': 'invalid_scope', 'error_description': 'Multiple user assigned identities exist, please specify the clientId'}). The VM has several identities, and az named none.",
        "State the identity to use in the inventory (identity: its ARM id, or system): see IDENTITY-002 and TOKEN-001.",
    ),
    Row(
        "both work",
        {"az_login": az()},
        Status.PASS,
        "az login --identity and az account get-access-token worked, in 0.0 s.",
    ),
    Row(
        "as a user-assigned identity",
        {"az_login": az()},
        Status.PASS,
        "az login --identity --resource-id arc-id and az account get-access-token worked, in 0.0 s.",
        vm=USER_VM,
    ),
    Row(
        "no az",
        {"az_login": seen(stderr="az", state="no tool")},
        Status.NOT_APPLICABLE,
        "The Azure CLI is not installed on this VM: TOKEN-001 asks IMDS without it.",
    ),
    Row(
        "the agent is there",
        {"az_login": seen("@himds\nAgent Status                            : Disconnected\n")},
        Status.BLOCKED,
        "Not judged: /opt/azcmagent/bin/himds is installed, so az asks the agent (localhost:40342) for tokens and not IMDS, and gets none with the VM's managed identity; see AGENT-002. TOKEN-001 asks IMDS itself.",
        "Use the result of TOKEN-001. On a VM that is to log in with az, install the agent last (AGENT-002).",
    ),
    Row(
        "the agent is there and does not state more",
        {"az_login": seen("@himds\n")},
        Status.BLOCKED,
        "Not judged: /opt/azcmagent/bin/himds is installed, so az asks the agent (localhost:40342) for tokens and not IMDS, and gets none with the VM's managed identity; see AGENT-002. TOKEN-001 asks IMDS itself.",
        "Use the result of TOKEN-001. On a VM that is to log in with az, install the agent last (AGENT-002).",
    ),
    Row(
        "enrolled",
        {"az_login": seen("@himds\nAgent Status                            : Connected\n")},
        Status.NOT_APPLICABLE,
        "The VM is enrolled already. /opt/azcmagent/bin/himds is installed, so az asks the agent (localhost:40342) for tokens and not IMDS, and gets none with the VM's managed identity.",
    ),
    Row(
        "no role anywhere",
        {"az_login": captured("az/no-roles")},
        Status.FAIL,
        "az login --identity ended with 1 (No access was configured for the managed identity, hence no subscriptions were found. If this is expected, use '--allow-no-subscriptions' to have tenant level access). It has a token, but the identity sees no subscription: it has no role anywhere yet.",
        "Assign the roles (ROLES-001, ROLES-002), then log in again.",
    ),
    Row(
        "the proxy answered",
        {"az_login": captured("az/proxy-answered")},
        Status.FAIL,
        "az login --identity ended with 1 (Expecting value: line 1 column 1 (char 0)). Something else than IMDS answered: the request went to the proxy, as it does without NO_PROXY.",
        "Put the metadata address into NO_PROXY and no_proxy (PROXY-002, IMDS-003).",
    ),
    Row(
        "a certificate it does not trust",
        {"az_login": captured("az/untrusted")},
        Status.FAIL,
        "az login --identity ended with 1 ([SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:992)). az does not trust the certificate of Resource Manager: it has its own CA bundle.",
        "See NET-003. If a proxy inspects TLS, exempt Azure from it; else set REQUESTS_CA_BUNDLE to the VM's bundle.",
    ),
    Row(
        "the proxy refuses",
        {"az_login": captured("az/tunnel-403")},
        Status.FAIL,
        "az login --identity ended with 1 (('Unable to connect to proxy', OSError('Tunnel connection failed: 403 Forbidden'))). The proxy refused its connection to Resource Manager.",
        "See NET-001 for the proxy's answer, and CSN-002: the cloud services network must allow Resource Manager.",
    ),
    Row(
        "nothing listens at the metadata service's address",
        {"az_login": captured("az/imds-refused")},
        Status.FAIL,
        "az login --identity ended with 1 (HTTPConnectionPool(host='169.254.169.254', port=80): Max retries exceeded (Caused by NewConnectionError(\"HTTPConnection(host='169.254.169.254', port=80): Failed to establish a new connection: [Errno 111] Connection refused\"))). It did not reach IMDS.",
        "See IMDS-002 and TOKEN-001: that check requests a token without az.",
    ),
    Row(
        "a traceback that was cut",
        {"az_login": seen("@login\n@exit 1\nERROR: The command failed with an unexpected error.\n  File")},
        Status.FAIL,
        "az login --identity ended with 1 (The command failed with an unexpected error).",
        "Run az login --identity on the VM by hand, with --debug, and see which request fails: the one to 169.254.169.254 (IMDS-003, TOKEN-001) or the one to Resource Manager (NET-001).",
    ),
    Row(
        "no way",
        {"az_login": captured("az/no-proxy-set")},
        Status.FAIL,
        "az login --identity ended with 1 (HTTPSConnection(host='management.azure.com', port=443): Failed to establish a new connection: [Errno 101] Network is unreachable). It did not reach IMDS or Resource Manager with the proxy settings of the environment.",
        "See PROXY-001, PROXY-002, IMDS-003 and NET-001.",
    ),
    Row(
        "options it does not know",
        {"az_login": az("ERROR: unrecognized arguments: --username /subscriptions/s", 2)},
        Status.FAIL,
        "az login --identity --resource-id arc-id ended with 2 (unrecognized arguments: --username /subscriptions/s). This az knows none of the options for a user-assigned identity.",
        "Bring az up to date (CLI-001).",
        vm=USER_VM,
    ),
    Row(
        "no identity",
        {"az_login": captured("az/no-identity")},
        Status.FAIL,
        "az login --identity ended with 1 (Identity not found). az got no token from IMDS.",
        "See TOKEN-001: that check requests a token without az, and quotes the answer.",
    ),
    Row(
        "no token from IMDS",
        {"az_login": az("ERROR: Failed to connect to MSI. Please make sure MSI is configured correctly.", 1)},
        Status.FAIL,
        "az login --identity ended with 1 (Failed to connect to MSI. Please make sure MSI is configured correctly). az got no token from IMDS.",
        "See TOKEN-001: that check requests a token without az, and quotes the answer.",
    ),
    Row(
        "no access token",
        {"az_login": az(token="ERROR: something new", got=1)},
        Status.FAIL,
        "az account get-access-token ended with 1 (something new).",
    ),
    Row(
        "hangs at the login",
        {"az_login": az(exit=None)},
        Status.UNKNOWN,
        "az login --identity did not finish within the probe's time limit. az itself has no limit: it waits for IMDS, or for the proxy.",
        "See TOKEN-001, IMDS-003, PROXY-002 and NET-001. If they pass, az is just slow here: run it by hand.",
    ),
    Row(
        "hangs at the token",
        {"az_login": az(got=None)},
        Status.UNKNOWN,
        "az account get-access-token did not finish within the probe's time limit. az itself has no limit: it waits for IMDS, or for the proxy.",
        "See TOKEN-001, IMDS-003, PROXY-002 and NET-001. If they pass, az is just slow here: run it by hand.",
    ),
    Row(
        "garbage",
        {"az_login": seen("hello")},
        Status.UNKNOWN,
        "The answer of the probe az_login could not be read: expected '@login' and what az printed, found 'hello'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]
