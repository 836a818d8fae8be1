"""PLATFORM: the cluster, its versions, and the resource providers, as the control plane describes them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

from plugins import AzureVmView, Fix, Profile, check, fail, recommended, required, unknown, warn
from plugins.azure.answer_keys import TARGET_PROVIDERS
from suites import ARTICLE
from suites.rules.arm_resources import (
    Resource,
    cluster_of,
    command,
    detail,
    missing_because,
    named,
    prop,
    readable,
    registered,
    silent,
    state,
    upper,
    vm_of,
)

RUNTIME = "https://learn.microsoft.com/azure/operator-nexus/howto-check-runtime-version"
UPGRADE = "https://learn.microsoft.com/azure/operator-nexus/howto-cluster-runtime-upgrade"


def _numbers(text: str) -> tuple[int, ...]:
    """``4.7.0`` for comparisons: 4.10.0 is newer than 4.9.0."""
    return tuple(map(int, text.split(".")))


def _runtime(text: object) -> tuple[int, ...] | None:
    """A runtime version, major.minor.patch; None for anything else, such as ``2507.1``: that is a management bundle."""
    return _numbers(text) if isinstance(text, str) and re.fullmatch(r"\d{1,3}\.\d+\.\d+", text) else None


def _upgrade(cluster: Resource, floor: str = "") -> tuple[str, Fix]:
    """The remedy to get a runtime of `floor` or later, with the command if Azure offers one to the cluster."""
    versions = [upgrade.get("targetClusterVersion") for upgrade in prop(cluster, "availableUpgradeVersions") or []]
    offered = sorted((version for version in versions if _runtime(version)), key=_numbers)
    listed = f"it is offered {', '.join(offered) or 'none at present'}"
    if not offered or (floor and _numbers(offered[-1]) < _numbers(floor)):
        return (
            f"The cluster needs a newer runtime; {listed}. Management bundles bring new runtimes (PLATFORM-002): ask "
            "Microsoft support when yours is due."
        ), ()
    id = str(cluster.get("id"))
    update = command("az networkcloud cluster update-version", id, "--target-cluster-version", offered[-1])
    return f"Upgrade the cluster's runtime ({listed}): {update}", update


@check(
    "PLATFORM-001",
    required,
    caused_by=["PLATFORM-002"],  # a bundle is what makes a runtime available
    problem="cluster's runtime is too old",
    action="Upgrade the runtime of {thing}",
    remedy="Ask the operator of the cluster to upgrade its runtime (az networkcloud cluster update-version).",
    docs=RUNTIME,
    component="cluster",
)
def test_the_runtime_is_new_enough(azure: AzureVmView, profile: Profile) -> str:
    """The cluster's runtime version supports managed identities.

    Success: clusterVersion is at or above the profile's floor, and what newer documents require.
    Failure: it is below the floor. Warning: newer documents require more.
    Unknown: it could not be read, or is not a runtime version. A value such as 2507.1 is a management bundle, which
    cannot be compared with a runtime version.
    """
    cluster, floor = cluster_of(azure), profile.floors.runtime
    now = state(cluster, "clusterVersion")
    name = named(str(cluster.get("id")))
    if not now:
        silent(f"cluster {name}", "clusterVersion")
    version = _runtime(now)
    if version is None:
        bundle = " It looks like a management bundle." if re.fullmatch(r"\d{4}\.\d+", now) else ""
        unknown(
            f"Cluster {name} states clusterVersion {now!r}, which is not a runtime version; expected {floor} or later."
            f"{bundle}",
            remedy="Look up the runtime version: "
            f"{command('az networkcloud cluster show', str(cluster.get('id')), '--query', 'clusterVersion')}",
        )
    if version < _numbers(floor):
        remedy, fix = _upgrade(cluster, floor)
        fail(f"Cluster {name} runs {now}; expected {floor} or later.", remedy=remedy, fix=fix)
    if version < _numbers(newer := profile.floors.runtime_recommended):
        remedy, fix = _upgrade(cluster, newer)
        warn(
            f"Cluster {name} runs {now}: enough (expected {floor} or later), but {newer} or later is recommended: "
            f"{profile.floors.recommended_because}.",
            remedy=remedy,
            fix=fix,
        )
    return f"Cluster {name} runs {now} (expected {floor} or later)."


@check(
    "PLATFORM-002",
    required,
    problem="management bundle is too old",
    action="Ask Microsoft support for a newer management bundle",
    remedy="Microsoft rolls management bundles out, region by region: ask Microsoft support when yours is due.",
    docs=ARTICLE,
    component="instance",
)
def test_the_management_bundle_is_new_enough(azure: AzureVmView, profile: Profile) -> str:
    """The management bundle supports managed identities.

    Success: the operator declares a bundle at or above the profile's floor, and what newer documents require.
    Failure: the operator declares an older one. Warning: newer documents require more; or no bundle is declared, but
    the platform offers what came with a bundle of that age.
    Unknown: no bundle is declared, and what the platform offers does not show it. No Azure API names the bundle.
    """
    floor = profile.floors.management_bundle
    if declared := profile.declared_bundle:
        if _numbers(declared) < _numbers(floor):
            fail(
                f"The operator declares management bundle {declared} (declared.management_bundle of profile "
                f"{profile.name}); expected {floor} or later."
            )
        if _numbers(declared) < _numbers(newer := profile.floors.management_bundle_recommended):
            warn(
                f"The operator declares management bundle {declared} (declared.management_bundle of profile "
                f"{profile.name}): enough (expected {floor} or later), but {newer} or later is recommended: "
                f"{profile.floors.recommended_because}."
            )
        return (
            f"The operator declares management bundle {declared} (declared.management_bundle of profile "
            f"{profile.name}; expected {floor} or later)."
        )
    newest = max(_known_runtimes(azure), key=_numbers, default="")
    api = _newest_stable(_api_versions(readable(lambda: azure.nexus_provider) or {}))
    wanted, wanted_api = profile.floors.runtime, profile.floors.api_version_recommended
    declare = (
        "Ask the operator of the instance for the management bundle, and declare it in a profile of your own "
        f'(--profile=FILE): base = "{profile.name}", and in its table [declared]: management_bundle = "{floor}".'
    )
    newest_versions = (
        f"newest runtime offered: {newest or 'not known'}, newest stable API version: {api or 'not known'}"
    )
    if newest and _numbers(newest) >= _numbers(wanted) and api >= wanted_api:
        warn(
            f"No Azure API names the management bundle, and none is declared. It is inferred to be {floor} or later "
            f"({newest_versions}; {floor} came with runtime {wanted} and API {wanted_api}).",
            remedy=declare,
        )
    unknown(
        f"No Azure API names the management bundle, none is declared, and nothing shows that it is {floor} or later "
        f"({newest_versions}; expected runtime {wanted} and API {wanted_api}).",
        remedy=declare,
        shared_cause=missing_because(lambda: azure.cluster) if not newest else "",
    )


def _known_runtimes(azure: AzureVmView) -> list[str]:
    """Every runtime that cluster and cluster manager name: a bundle is what makes a runtime available."""
    cluster, manager = readable(lambda: azure.cluster), readable(lambda: azure.cluster_manager)
    offered = (prop(cluster or {}, "availableUpgradeVersions") or []) + (prop(manager or {}, "clusterVersions") or [])
    versions = [prop(cluster or {}, "clusterVersion"), *(version.get("targetClusterVersion") for version in offered)]
    return [candidate for candidate in versions if _runtime(candidate)]


def _api_versions(provider: Resource) -> list[str]:
    """The API versions of virtual machines: ``2025-09-01``, ``2025-07-01-preview``."""
    types = provider.get("resourceTypes") or []
    versions: Iterator[Any] = (
        version
        for resource_type in types
        if str(resource_type.get("resourceType")).lower() == "virtualmachines"
        for version in resource_type.get("apiVersions") or []
    )
    return [
        value for value in versions if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", value)
    ]


def _newest_stable(versions: list[str]) -> str:
    return max((version for version in versions if not version.endswith("-preview")), default="")


def _age(version: str) -> tuple[str, bool]:
    """API versions are as old as their dates; of one date, the preview came before the stable one."""
    return version[:10], not version.endswith("-preview")


@check(
    "PLATFORM-003",
    required,
    caused_by=["PLATFORM-002"],
    problem="resource provider lacks an API version with identities",
    action="Ask Microsoft support for an API version with identities",
    remedy="A management bundle brings new API versions: ask Microsoft support when yours is due.",
    docs=ARTICLE,
    component="instance",
)
def test_the_api_version_is_offered(azure: AzureVmView, profile: Profile) -> str:
    """The resource provider offers an API version with identities.

    Success: the newest API version of virtual machines is at or above the profile's floor, and a stable one is at or
    above what it recommends.
    Failure: none is at or above the floor. Warning: only previews are as new as recommended.
    Unknown: the provider could not be read, or lists no virtual machines.
    """
    floor, wanted = profile.floors.api_version, profile.floors.api_version_recommended
    versions = _api_versions(azure.nexus_provider)
    if not versions:
        silent("the resource provider Microsoft.NetworkCloud", "the API versions of virtualMachines")
    newest = max(versions, key=_age)
    stable = _newest_stable(versions)
    if _age(newest) < _age(floor):
        fail(
            f"Microsoft.NetworkCloud offers virtual machines up to API version {newest}; expected {floor} or later: "
            "managed identities are not known below it."
        )
    if stable < wanted:
        warn(
            f"Microsoft.NetworkCloud offers virtual machines up to API version {newest}, and stable up to "
            f"{stable or 'none'}; {floor} is enough, {wanted} or later is recommended.",
            remedy=f"Use {newest} until the stable version is offered, and read its release notes before upgrading.",
        )
    return f"Microsoft.NetworkCloud offers virtual machines up to API version {stable} (expected {wanted} or later)."


#: The states of a cluster that works with limits.
PASSING = ("updating", "updatepaused", "degraded")

#: The state for which Azure has no data: not evidence of a fault.
NOT_KNOWN = ("undefined", "unknown")

#: The second counts where Azure states it.
CONNECTIONS = ("clusterConnectionStatus", "clusterManagerConnectionStatus")


@check(
    "PLATFORM-004",
    required,
    problem="cluster is not running or not connected",
    action="Restore {thing}",
    remedy="Restore the cluster first: portal, the cluster's Overview and Resource health; then a support request.",
    docs=ARTICLE,
    component="cluster",
)
def test_the_cluster_runs(azure: AzureVmView) -> str:
    """The cluster is running and connected to Azure.

    Success: detailedStatus Running, clusterConnectionStatus Connected, and clusterManagerConnectionStatus Connected
    where it is stated.
    Failure: another status, or a connection is lost. Warning: Updating, UpdatePaused or Degraded, with Azure's own
    message.
    Unknown: status or connection could not be read, or is Undefined.
    """
    vm, cluster = vm_of(azure), azure.cluster
    if cluster is None:
        fail(
            f"Azure has no cluster {named(str(prop(vm, 'clusterId')))}, although the VM names it as its cluster.",
            remedy="Restore the cluster, or correct resource_id in the inventory: it may be that of an earlier VM.",
            action="Restore the missing {thing}, or correct the resource_id of {vms}",
        )
    name = f"cluster {named(str(cluster.get('id')))}"
    values = {field: state(cluster, field) for field in ("detailedStatus", *CONNECTIONS)}
    status, connection = values["detailedStatus"], values["clusterConnectionStatus"]
    message = detail(cluster)
    for field in CONNECTIONS:
        if values[field].lower() not in ("", "connected", *NOT_KNOWN):
            fail(
                f"{upper(name)} has {field} {values[field]}; expected Connected. Its detailedStatus is "
                f"{status or 'not stated'}{message}.",
                remedy="Restore the connection between cluster and cluster manager (network fabric, ExpressRoute, "
                "proxy); VMs continue to run, but Azure can neither see nor change them.",
            )
    if status.lower() not in ("", "running", *PASSING, *NOT_KNOWN):
        fail(f"{upper(name)} has detailedStatus {status}; expected Running{message}.")
    for field, value in values.items():
        if value.lower() in NOT_KNOWN:
            expected = "Connected" if field in CONNECTIONS else "Running"
            unknown(
                f"Azure does not know how {name} is: {field} {value}; expected {expected}{message}.",
                remedy="Check the cluster's Overview in the portal, and run again later.",
            )
    if missing := [field for field in ("detailedStatus", "clusterConnectionStatus") if not values[field]]:
        silent(name, *missing)
    if status.lower() in PASSING:
        warn(
            f"{upper(name)} is connected and has detailedStatus {status}; expected Running{message}.",
            remedy="Enroll when the cluster is Running again; checks that fail until then may have this cause.",
        )
    return f"{upper(name)} is {status} and {connection}."


@check(
    "PLATFORM-005",
    required,
    parametrize={"namespace": lambda vm, profile: TARGET_PROVIDERS},
    problem="resource provider is not registered",
    action="Register {items} in {thing}",
    remedy="Register the resource provider in the subscription that the Arc resource goes to (az provider register).",
    docs="https://learn.microsoft.com/azure/azure-arc/servers/prerequisites",
    component="subscription",
)
def test_the_provider_is_registered(namespace: str, azure: AzureVmView) -> str:
    """The resource provider is registered where the Arc resource goes.

    Success: registrationState Registered in the target subscription.
    Failure: another state. Warning: Registering.
    Unknown: it could not be read.
    """
    stops = f"azcmagent connect would stop with \"The subscription isn't registered to use namespace '{namespace}'\"."
    return registered(azure, namespace, otherwise=stops)


@check(
    "PLATFORM-006",
    recommended,
    problem="runtime is out of support",
    action="Upgrade the runtime of {thing}",
    remedy="Upgrade the cluster's runtime: support ends with the release after the next (az networkcloud cluster "
    "update-version).",
    docs=UPGRADE,
    component="cluster",
)
def test_the_runtime_is_supported(azure: AzureVmView) -> str:
    """The runtime's support end date is in the future.

    Success: supportExpiryDate is today or later.
    Failure: it is in the past: a warning. An earlier run that is judged again is also compared with today.
    Unknown: the cluster states none, or a value that is not a date.
    """
    cluster = cluster_of(azure)
    name = named(str(cluster.get("id")))
    text = state(cluster, "supportExpiryDate")
    if not text:
        silent(f"cluster {name}", "supportExpiryDate")
    # "2026-10-31"; a time of day after it is accepted
    try:
        end = datetime.date.fromisoformat(text[:10])
    except ValueError:
        unknown(
            f"Cluster {name} states supportExpiryDate {text!r}; expected a date such as 2026-10-31.",
            remedy="Look the runtime up in the table of supported versions of Operator Nexus.",
        )
    version = state(cluster, "clusterVersion") or "of an unknown version"
    if end < today():
        remedy, fix = _upgrade(cluster)
        fail(
            f"Support for runtime {version} of cluster {name} ended on {end}; expected a date in the future.",
            remedy=remedy,
            fix=fix,
        )
    return f"Runtime {version} of cluster {name} is supported until {end}."


def today() -> datetime.date:
    """The day, in UTC."""
    return datetime.datetime.now(datetime.UTC).date()
