"""PLATFORM-001 to 003 and 006: the versions; every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import Status
from plugins.requirements.profile import Profile
from plugins.requirements.profile_file import load_profile
from tests.support.azure_rows import NOT_STATED, azure_row, common_azure_rows, props
from tests.support.fake_azure import FORBIDDEN, GONE
from tests.support.suite_rows import PROFILE, Row

ROWS: dict[str, list[Row]] = {}

DECLARE_BUNDLE = 'Ask the operator of the instance for the management bundle, and declare it in a profile of your own (--profile=FILE): base = "2510", and in its table [declared]: management_bundle = "2510.1".'
UPGRADE = "Upgrade the cluster's runtime (it is offered 4.9.0, 4.10.0): az networkcloud cluster update-version --name cluster-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --target-cluster-version 4.10.0"

NEWER = load_profile("2602")


def declared(bundle: str) -> Profile:
    return replace(PROFILE, declared_bundle=bundle)


ROWS["PLATFORM-001"] = [
    azure_row(
        "at the floor, below what newer documents ask for",
        Status.WARN,
        "Cluster cluster-1 runs 4.7.0: enough (expected 4.7.0 or later), but 4.9.0 or later is recommended: the newest Nexus article (2026-02-09) asks for bundle 2602.1 and runtime 4.9.0, and only the last three minor versions of the runtime are supported.",
        UPGRADE,
    ),
    azure_row(
        "as new as recommended",
        Status.PASS,
        "Cluster cluster-1 runs 4.9.0 (expected 4.7.0 or later).",
        cluster=props(clusterVersion="4.9.0"),
    ),
    azure_row(
        "below what newer documents ask for, and no such upgrade is offered",
        Status.WARN,
        "Cluster cluster-1 runs 4.8.9: enough (expected 4.7.0 or later), but 4.9.0 or later is recommended: the newest Nexus article (2026-02-09) asks for bundle 2602.1 and runtime 4.9.0, and only the last three minor versions of the runtime are supported.",
        "The cluster needs a newer runtime; it is offered 4.8.10. Management bundles bring new runtimes (PLATFORM-002): ask Microsoft support when yours is due.",
        cluster=props(clusterVersion="4.8.9", availableUpgradeVersions=[{"targetClusterVersion": "4.8.10"}]),
    ),
    azure_row(
        "the second part counts as a number",
        Status.PASS,
        "Cluster cluster-1 runs 4.10.0 (expected 4.9.0 or later).",
        profile=NEWER,
        cluster=props(clusterVersion="4.10.0"),
    ),
    azure_row(
        "below",
        Status.FAIL,
        "Cluster cluster-1 runs 4.6.2; expected 4.7.0 or later.",
        UPGRADE,
        cluster=props(clusterVersion="4.6.2"),
    ),
    azure_row(
        "below, and no upgrade is offered",
        Status.FAIL,
        "Cluster cluster-1 runs 3.14.1; expected 4.7.0 or later.",
        "The cluster needs a newer runtime; it is offered none at present. Management bundles bring new runtimes (PLATFORM-002): ask Microsoft support when yours is due.",
        cluster=props(clusterVersion="3.14.1", availableUpgradeVersions=[]),
    ),
    azure_row(
        "enough for 2510, not for 2602",
        Status.FAIL,
        "Cluster cluster-1 runs 4.7.0; expected 4.9.0 or later.",
        UPGRADE,
        profile=NEWER,
    ),
    azure_row(
        "what looks like a bundle is not compared",
        Status.UNKNOWN,
        "Cluster cluster-1 states clusterVersion '2507.1', which is not a runtime version; expected 4.7.0 or later. It looks like a management bundle.",
        "Look up the runtime version: az networkcloud cluster show --name cluster-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --query clusterVersion",
        cluster=props(clusterVersion="2507.1"),
    ),
    azure_row(
        "what looks like nothing",
        Status.UNKNOWN,
        "Cluster cluster-1 states clusterVersion 'latest', which is not a runtime version; expected 4.7.0 or later.",
        "Look up the runtime version: az networkcloud cluster show --name cluster-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --query clusterVersion",
        cluster=props(clusterVersion="latest"),
    ),
    azure_row(
        "not stated",
        Status.UNKNOWN,
        "Azure does not state clusterVersion of cluster cluster-1.",
        NOT_STATED,
        cluster=props(clusterVersion=GONE),
    ),
    *common_azure_rows("cluster", "cluster", "vm"),
    azure_row(
        "flat, as az prints it",
        Status.PASS,
        "Cluster cluster-1 runs 4.11.0 (expected 4.7.0 or later).",
        cluster={"properties": GONE, "clusterVersion": "4.11.0"},
    ),
]

ROWS["PLATFORM-002"] = [
    azure_row(
        "declared, below what newer documents ask for",
        Status.WARN,
        "The operator declares management bundle 2510.1 (declared.management_bundle of profile 2510): enough (expected 2510.1 or later), but 2602.1 or later is recommended: the newest Nexus article (2026-02-09) asks for bundle 2602.1 and runtime 4.9.0, and only the last three minor versions of the runtime are supported.",
        "Microsoft rolls management bundles out, region by region: ask Microsoft support when yours is due.",
        profile=declared("2510.1"),
    ),
    azure_row(
        "declared, newer: the month counts before the number",
        Status.PASS,
        "The operator declares management bundle 2602.1 (declared.management_bundle of profile 2510; expected 2510.1 or later).",
        profile=declared("2602.1"),
    ),
    azure_row(
        "declared, and Azure cannot be read",
        Status.PASS,
        "The operator declares management bundle 2603.2 (declared.management_bundle of profile 2510; expected 2510.1 or later).",
        profile=declared("2603.2"),
        vm=FORBIDDEN,
        cluster=FORBIDDEN,
    ),
    azure_row(
        "declared, older",
        Status.FAIL,
        "The operator declares management bundle 2509.4 (declared.management_bundle of profile 2510); expected 2510.1 or later.",
        "Microsoft rolls management bundles out, region by region: ask Microsoft support when yours is due.",
        profile=declared("2509.4"),
    ),
    azure_row(
        "inferred: never a pass",
        Status.WARN,
        "No Azure API names the management bundle, and none is declared. It is inferred to be 2510.1 or later (newest runtime offered: 4.10.0, newest stable API version: 2025-09-01; 2510.1 came with runtime 4.7.0 and API 2025-09-01).",
        DECLARE_BUNDLE,
    ),
    azure_row(
        "inferred from the cluster manager",
        Status.WARN,
        "No Azure API names the management bundle, and none is declared. It is inferred to be 2510.1 or later (newest runtime offered: 4.10.0, newest stable API version: 2025-09-01; 2510.1 came with runtime 4.7.0 and API 2025-09-01).",
        DECLARE_BUNDLE,
        cluster=props(clusterVersion="4.5.0", availableUpgradeVersions=[]),
    ),
    azure_row(
        "inferred without the cluster manager",
        Status.WARN,
        "No Azure API names the management bundle, and none is declared. It is inferred to be 2510.1 or later (newest runtime offered: 4.10.0, newest stable API version: 2025-09-01; 2510.1 came with runtime 4.7.0 and API 2025-09-01).",
        DECLARE_BUNDLE,
        manager=FORBIDDEN,
    ),
    azure_row(
        "the runtimes are too old",
        Status.UNKNOWN,
        "No Azure API names the management bundle, none is declared, and nothing shows that it is 2510.1 or later (newest runtime offered: 4.5.0, newest stable API version: 2025-09-01; expected runtime 4.7.0 and API 2025-09-01).",
        DECLARE_BUNDLE,
        cluster=props(clusterVersion="4.5.0", availableUpgradeVersions=[]),
        manager=props(clusterVersions=[]),
    ),
    azure_row(
        "a version that looks like a bundle proves nothing",
        Status.UNKNOWN,
        "No Azure API names the management bundle, none is declared, and nothing shows that it is 2510.1 or later (newest runtime offered: not known, newest stable API version: 2025-09-01; expected runtime 4.7.0 and API 2025-09-01).",
        DECLARE_BUNDLE,
        cluster=props(clusterVersion="2602.1", availableUpgradeVersions=[]),
        manager=FORBIDDEN,
    ),
    azure_row(
        "the API is too old",
        Status.UNKNOWN,
        "No Azure API names the management bundle, none is declared, and nothing shows that it is 2510.1 or later (newest runtime offered: 4.10.0, newest stable API version: 2025-02-01; expected runtime 4.7.0 and API 2025-09-01).",
        DECLARE_BUNDLE,
        nexus={
            "resourceTypes": [{"resourceType": "VirtualMachines", "apiVersions": ["2025-07-01-preview", "2025-02-01"]}]
        },
    ),
    azure_row(
        "nothing can be read",
        Status.UNKNOWN,
        "No Azure API names the management bundle, none is declared, and nothing shows that it is 2510.1 or later (newest runtime offered: not known, newest stable API version: not known; expected runtime 4.7.0 and API 2025-09-01).",
        DECLARE_BUNDLE,
        cluster=FORBIDDEN,
        nexus=FORBIDDEN,
    ),
]

ROWS["PLATFORM-003"] = [
    azure_row(
        "recommended",
        Status.PASS,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-09-01 (expected 2025-09-01 or later).",
    ),
    azure_row(
        "exactly the floor",
        Status.WARN,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-07-01-preview, and stable up to 2025-02-01; 2025-07-01-preview is enough, 2025-09-01 or later is recommended.",
        "Use 2025-07-01-preview until the stable version is offered, and read its release notes before upgrading.",
        nexus={
            "resourceTypes": [{"resourceType": "VirtualMachines", "apiVersions": ["2025-07-01-preview", "2025-02-01"]}]
        },
    ),
    azure_row(
        "the stable version of the preview's date is newer",
        Status.WARN,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-07-01, and stable up to 2025-07-01; 2025-07-01-preview is enough, 2025-09-01 or later is recommended.",
        "Use 2025-07-01 until the stable version is offered, and read its release notes before upgrading.",
        nexus={
            "resourceTypes": [{"resourceType": "VirtualMachines", "apiVersions": ["2025-07-01", "2025-07-01-preview"]}]
        },
    ),
    azure_row(
        "a later preview is no stable version",
        Status.WARN,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2026-01-01-preview, and stable up to 2025-02-01; 2025-09-01 is enough, 2025-09-01 or later is recommended.",
        "Use 2026-01-01-preview until the stable version is offered, and read its release notes before upgrading.",
        profile=NEWER,
        nexus={
            "resourceTypes": [{"resourceType": "VirtualMachines", "apiVersions": ["2026-01-01-preview", "2025-02-01"]}]
        },
    ),
    azure_row(
        "the preview of the floor's date is older",
        Status.FAIL,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-09-01-preview; expected 2025-09-01 or later: managed identities are not known below it.",
        "A management bundle brings new API versions: ask Microsoft support when yours is due.",
        profile=NEWER,
        nexus={"resourceTypes": [{"resourceType": "VirtualMachines", "apiVersions": ["2025-09-01-preview"]}]},
    ),
    azure_row(
        "too old",
        Status.FAIL,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-02-01; expected 2025-07-01-preview or later: managed identities are not known below it.",
        nexus={
            "resourceTypes": [{"resourceType": "VirtualMachines", "apiVersions": ["2025-02-01", "2024-10-01-preview"]}]
        },
    ),
    azure_row(
        "the versions of another type do not count",
        Status.UNKNOWN,
        "Azure does not state the API versions of virtualMachines of the resource provider Microsoft.NetworkCloud.",
        NOT_STATED,
        nexus={"resourceTypes": [{"resourceType": "clusters", "apiVersions": ["2025-09-01"]}]},
    ),
    *common_azure_rows("nexus"),
]

ROWS["PLATFORM-006"] = [
    azure_row("in the future", Status.PASS, "Runtime 4.7.0 of cluster cluster-1 is supported until 2027-02-28."),
    azure_row(
        "today is not too late",
        Status.PASS,
        "Runtime 4.7.0 of cluster cluster-1 is supported until 2026-11-21.",
        cluster=props(supportExpiryDate="2026-11-21"),
    ),
    azure_row(
        "over",
        Status.WARN,
        "Support for runtime 4.7.0 of cluster cluster-1 ended on 2026-10-31; expected a date in the future.",
        UPGRADE,
        cluster=props(supportExpiryDate="2026-10-31"),
    ),
    azure_row(
        "with a time of day",
        Status.WARN,
        "Support for runtime of an unknown version of cluster cluster-1 ended on 2026-10-31; expected a date in the future.",
        UPGRADE,
        cluster=props(supportExpiryDate="2026-10-31T00:00:00Z", clusterVersion=GONE),
    ),
    azure_row(
        "no date",
        Status.UNKNOWN,
        "Cluster cluster-1 states supportExpiryDate 'soon'; expected a date such as 2026-10-31.",
        "Look the runtime up in the table of supported versions of Operator Nexus.",
        cluster=props(supportExpiryDate="soon"),
    ),
    azure_row(
        "not stated",
        Status.UNKNOWN,
        "Azure does not state supportExpiryDate of cluster cluster-1.",
        NOT_STATED,
        cluster=props(supportExpiryDate=GONE),
    ),
    *common_azure_rows("cluster"),
]
