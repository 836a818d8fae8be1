"""CSN-002: the egress list; every outcome, word for word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from plugins.model import Status
from plugins.requirements.profile import Endpoint
from tests.support.azure_rows import azure_row, common_azure_rows, props
from tests.support.fake_azure import GONE, INVENTORY, egress
from tests.support.suite_rows import PROFILE, Row

ROWS: dict[str, list[Row]] = {}

ENDPOINTS = {endpoint.host: endpoint for endpoint in PROFILE.endpoints(INVENTORY)}
ARM, PAS = ENDPOINTS["management.azure.com"], ENDPOINTS["pas.windows.net"]
HIS, NOTIFICATION = ENDPOINTS["gbl.his.arc.azure.com"], ENDPOINTS["guestnotificationservice.azure.com"]
REGIONAL_LOGIN = ENDPOINTS["eastus.login.microsoft.com"]
MIRROR = Endpoint("mirror.corp.example", "always", "our mirror", port=8443)

#: The article's endpoints in the network's list, with subdomains if Microsoft's list has a wildcard.
WANTED = (
    "management.azure.com",
    "login.microsoftonline.com",
    ".login.microsoft.com",
    "pas.windows.net",
    ".his.arc.azure.com",
    ".guestconfiguration.azure.com",
    ".guestnotificationservice.azure.com",
    ".servicebus.windows.net",
)


def egress_row(name: str, endpoint: Endpoint, status: Status, message: str, remedy: str = "", **network: Any) -> Row:
    """A row of one endpoint; `network` has changed properties of the cloud services network."""
    return azure_row(name, status, message, remedy, also={"endpoint": endpoint}, csn=props(**network))


def adding(*names: str, before: Sequence[Mapping[str, Any]] = ()) -> str:
    """The command that adds the names to the existing endpoints."""
    added = {"category": "azure-arc", "endpoints": [{"domainName": name, "port": 443} for name in names]}
    value = json.dumps([*before, added], separators=(",", ":"))
    return (
        "az networkcloud cloudservicesnetwork update --name csn-1 --resource-group rg-nexus --subscription "
        f"11111111-2222-3333-4444-555555555555 --additional-egress-endpoints '{value}'"
    )


ROWS["CSN-002"] = [
    egress_row(
        "by its name",
        ARM,
        Status.PASS,
        "management.azure.com is covered by management.azure.com port 443 in enabledEgressEndpoints of the cloud services network csn-1.",
    ),
    egress_row(
        "with a scheme inside the domain name",
        ARM,
        Status.PASS,
        "management.azure.com is covered by https://management.azure.com port 443 in enabledEgressEndpoints of the cloud services network csn-1.",
        enabledEgressEndpoints=egress("https://management.azure.com"),
    ),
    egress_row(
        "with a scheme, a port and a path",
        ARM,
        Status.PASS,
        "management.azure.com is covered by HTTPS://Management.Azure.Com:443/x port 443 in enabledEgressEndpoints of the cloud services network csn-1.",
        enabledEgressEndpoints=egress("HTTPS://Management.Azure.Com:443/x", port=None),
    ),
    egress_row(
        "by a domain above it",
        ARM,
        Status.PASS,
        "management.azure.com is covered by .azure.com port 443 in enabledEgressEndpoints of the cloud services network csn-1.",
        enabledEgressEndpoints=egress(".azure.com"),
    ),
    egress_row(
        "by a wildcard",
        ARM,
        Status.PASS,
        "management.azure.com is covered by *.azure.com port 443 in enabledEgressEndpoints of the cloud services network csn-1.",
        enabledEgressEndpoints=egress("*.azure.com"),
    ),
    egress_row(
        "without a port",
        ARM,
        Status.PASS,
        "management.azure.com is covered by management.azure.com in enabledEgressEndpoints of the cloud services network csn-1 (no port is stated, taken as 443).",
        enabledEgressEndpoints=egress("management.azure.com", port=None),
    ),
    egress_row(
        "upper case, and a dot at its end",
        PAS,
        Status.PASS,
        "pas.windows.net is covered by PAS.windows.net. port 443 in enabledEgressEndpoints of the cloud services network csn-1.",
    ),
    egress_row(
        "by a leading dot: all below",
        HIS,
        Status.PASS,
        "gbl.his.arc.azure.com is covered by .his.arc.azure.com port 443 in enabledEgressEndpoints of the cloud services network csn-1.",
    ),
    egress_row(
        "by a leading dot: the domain itself",
        NOTIFICATION,
        Status.PASS,
        "guestnotificationservice.azure.com is covered by .guestnotificationservice.azure.com port 443 in enabledEgressEndpoints of the cloud services network csn-1 (a leading dot is taken to include the domain itself).",
    ),
    egress_row(
        "by a list of several categories",
        PAS,
        Status.PASS,
        "pas.windows.net is covered by pas.windows.net port 443 in enabledEgressEndpoints of the cloud services network csn-1.",
        enabledEgressEndpoints=[
            {"category": "empty"},
            *egress("a.example"),
            *egress("pas.windows.net"),
        ],
    ),
    egress_row(
        "a regional host stands for itself",
        REGIONAL_LOGIN,
        Status.PASS,
        "eastus.login.microsoft.com is covered by eastus.login.microsoft.com port 443 in enabledEgressEndpoints of the cloud services network csn-1.",
        enabledEgressEndpoints=egress("eastus.login.microsoft.com"),
    ),
    egress_row(
        "a host that stands for a wildcard",
        HIS,
        Status.WARN,
        "gbl.his.arc.azure.com is covered by gbl.his.arc.azure.com port 443 in enabledEgressEndpoints of the cloud services network csn-1, which is this host alone. The agent needs *.his.arc.azure.com; gbl.his.arc.azure.com only stands for it.",
        adding(*WANTED),
        enabledEgressEndpoints=egress("gbl.his.arc.azure.com"),
    ),
    egress_row(
        "on a port of its own",
        MIRROR,
        Status.PASS,
        "mirror.corp.example is covered by mirror.corp.example port 8443 in enabledEgressEndpoints of the cloud services network csn-1.",
        enabledEgressEndpoints=egress("mirror.corp.example", port=8443),
    ),
    egress_row(
        "the port is text",
        MIRROR,
        Status.PASS,
        "mirror.corp.example is covered by mirror.corp.example port 8443 in enabledEgressEndpoints of the cloud services network csn-1.",
        enabledEgressEndpoints=egress("mirror.corp.example", port="8443"),
    ),
    egress_row(
        "the list is absent, and what was asked for covers it",
        PAS,
        Status.PASS,
        "pas.windows.net is covered by https://pas.windows.net port 443 in additionalEgressEndpoints of the cloud services network csn-1 (enabledEgressEndpoints itself is absent from Azure's answer).",
        enabledEgressEndpoints=GONE,
        enableDefaultEgressEndpoints="False",
        additionalEgressEndpoints=egress("https://pas.windows.net"),
    ),
    egress_row(
        "missing",
        PAS,
        Status.FAIL,
        "pas.windows.net port 443 is not covered by enabledEgressEndpoints of the cloud services network csn-1 (it has 1 entry). Needed for: Microsoft Entra ID: authorization.",
        adding(*WANTED[1:]),
        enabledEgressEndpoints=egress("management.azure.com"),
    ),
    egress_row(
        "missing, and others were asked for",
        HIS,
        Status.FAIL,
        "gbl.his.arc.azure.com port 443 is not covered by enabledEgressEndpoints of the cloud services network csn-1 (it has 2 entries). Needed for: hybrid identity service of Azure Arc: certificate and metadata of the machine.",
        adding(*WANTED, before=egress("a.example", "b.example")),
        enabledEgressEndpoints=egress("a.example", "b.example"),
        additionalEgressEndpoints=egress("a.example", "b.example"),
    ),
    egress_row(
        "the list is empty",
        PAS,
        Status.FAIL,
        "pas.windows.net port 443 is not covered by enabledEgressEndpoints of the cloud services network csn-1 (it is empty). Needed for: Microsoft Entra ID: authorization.",
        adding(*WANTED),
        enabledEgressEndpoints=[],
    ),
    egress_row(
        "on another port",
        PAS,
        Status.FAIL,
        "pas.windows.net port 443 is not covered by enabledEgressEndpoints of the cloud services network csn-1 (it has 1 entry; pas.windows.net port 8443 is for another port). Needed for: Microsoft Entra ID: authorization.",
        adding(*WANTED),
        enabledEgressEndpoints=egress("pas.windows.net", port=8443),
    ),
    egress_row(
        "without a leading dot",
        HIS,
        Status.FAIL,
        "gbl.his.arc.azure.com port 443 is not covered by enabledEgressEndpoints of the cloud services network csn-1 (it has 1 entry; his.arc.azure.com without a leading dot is that one host). Needed for: hybrid identity service of Azure Arc: certificate and metadata of the machine.",
        adding(*WANTED),
        enabledEgressEndpoints=egress("his.arc.azure.com"),
    ),
    egress_row(
        "a name that only ends alike",
        PAS,
        Status.FAIL,
        "pas.windows.net port 443 is not covered by enabledEgressEndpoints of the cloud services network csn-1 (it has 3 entries). Needed for: Microsoft Entra ID: authorization.",
        adding(*WANTED),
        enabledEgressEndpoints=egress(".s.windows.net", "as.windows.net", "xpas.windows.net"),
    ),
    egress_row(
        "the list is absent: not empty",
        PAS,
        Status.UNKNOWN,
        "Azure does not state enabledEgressEndpoints of the cloud services network csn-1, and its own entries do not cover pas.windows.net.",
        f"NET-001 shows whether pas.windows.net passes. To be sure: {adding(*WANTED)}",
        enabledEgressEndpoints=GONE,
        enableDefaultEgressEndpoints="False",
    ),
    *(
        egress_row(
            f"{name}, and the defaults are enabled",
            PAS,
            Status.NOT_APPLICABLE,
            'Azure does not state enabledEgressEndpoints of the cloud services network csn-1, and its own entries do not cover pas.windows.net. enableDefaultEgressEndpoints is "True", and what that lets through is not published: NET-001 tests from the VM whether pas.windows.net is reached.',
            **network,
        )
        for name, network in {
            "the list is null": {"enabledEgressEndpoints": None},
            "the list is absent": {"enabledEgressEndpoints": GONE},
            "both lists are null": {"enabledEgressEndpoints": None, "additionalEgressEndpoints": None},
            "both lists are absent": {"enabledEgressEndpoints": GONE, "additionalEgressEndpoints": GONE},
            "the list is null, JSON's true": {"enabledEgressEndpoints": None, "enableDefaultEgressEndpoints": True},
            "the list is null, true": {"enabledEgressEndpoints": None, "enableDefaultEgressEndpoints": "true"},
        }.items()
    ),
    egress_row(
        "the list is null, the defaults are enabled, and what was asked for covers it",
        PAS,
        Status.PASS,
        "pas.windows.net is covered by .windows.net port 443 in additionalEgressEndpoints of the cloud services network csn-1 (enabledEgressEndpoints itself is absent from Azure's answer).",
        enabledEgressEndpoints=None,
        additionalEgressEndpoints=egress(".windows.net"),
    ),
    egress_row(
        "the list is null, and so is the flag",
        PAS,
        Status.UNKNOWN,
        "Azure does not state enabledEgressEndpoints of the cloud services network csn-1, and its own entries do not cover pas.windows.net.",
        f"NET-001 shows whether pas.windows.net passes. To be sure: {adding(*WANTED)}",
        enabledEgressEndpoints=None,
        enableDefaultEgressEndpoints=None,
    ),
    *common_azure_rows("csn", "csn", "vm", also={"endpoint": PAS}),
]
