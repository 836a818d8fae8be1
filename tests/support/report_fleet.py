"""A fleet of any size, for the page: with sites, clusters, networks and images, and faults in some of them.

``rollout(1000)`` is a fleet a week before its enrollment: one network lacks an endpoint, one image has a wrong
no_proxy, one site's identity lacks a role, and some VMs have their own faults. ``extras`` adds the optional keys of a
run: gate, waivers, changes, provenance.
"""

from __future__ import annotations

from typing import Any

from tests.support.report_builder import EGRESS_STORY, PROXY_STORY, Json, Story, run, unreachable, vm

SITES = ("berlin", "madrid", "oslo", "turin", "lyon")
ROLES = ("web", "db", "edge", "cache")
IMAGES = ("nexusacr.azurecr.io/ubuntu:22.04-2510", "nexusacr.azurecr.io/ubuntu:24.04", "nexusacr.azurecr.io/rhel:9.4")
SUBSCRIPTIONS = (
    "/subscriptions/11111111-2222-3333-4444-555555555555",
    "/subscriptions/99999999-8888-7777-6666-555555555555",
)

ROLE_STORY: Story = {
    "ROLES-002": ("fail", "The identity id-oslo holds no role with the action listAccessDetails at the resource group arc-rg; expected one."),
}  # fmt: skip
IMDS_STORY: Story = {
    "IMDS-002": ("fail", "GET http://169.254.169.254/healthz answered 503; expected 200. The sidecar runs but is not healthy."),
    "IMDS-003": ("fail", "With the VM's own environment GET /healthz answered 503; expected 200."),
    "TOKEN-001": ("blocked", "Not judged: IMDS-002 failed."),
    "TOKEN-004": ("fail", "az login --identity ended with exit 1: `MSI endpoint is not responding`."),
}  # fmt: skip
SUDO_STORY: Story = {
    "SSH-002": ("unknown", "sudo asks for a password: the probes that need root could not run."),
    "CLOUDINIT-002": ("unknown", "cloud-init-output.log could not be read: it needs root."),
}  # fmt: skip
CLOCK_STORY: Story = {"SSH-003": ("warn", "The clock is 204 s behind Azure's; expected at most 120 s.")}
WAIVED: Story = {"PLATFORM-002": ("waived", "Waived until 2026-12-31: the bundle upgrade is planned (CHG-1044).")}


def member(number: int) -> Json:
    """One VM of the rollout."""
    site = SITES[number % len(SITES)]
    image = IMAGES[2 if number % 23 == 7 else number % 2]
    story: Story = {}
    if site == "madrid" and number % 2:
        story |= EGRESS_STORY
    if image == IMAGES[2]:
        story |= PROXY_STORY
    if site == "oslo" and number % 3 == 0:
        story |= ROLE_STORY
    if number % 61 == 17:
        story |= IMDS_STORY
    if number % 97 == 40:
        story |= SUDO_STORY
    if number % 37 == 3:
        story |= CLOCK_STORY
    if site == "lyon":
        story |= WAIVED
    name = f"{site}-{ROLES[number % len(ROLES)]}-{number:03}"
    tags = {"site": site, "wave": "canary" if number % 20 == 0 else f"wave-{number % 3 + 1}"}
    if number % 113 == 60:
        address = f"10.{number // 250}.{number % 250}.14"
        built = unreachable(name, f"Nothing answered at {address}:22 within 5 s: expected an SSH server.")
        built["address"], built["tags"] = f"azureuser@{address}:22", tags
    else:
        built = vm(name, story, number, tags)
    built["components"] = components(name, site, number, image)
    built["facts"] = {
        "operating system": "Red Hat Enterprise Linux 9.4" if image == IMAGES[2] else f"Ubuntu {'24.04' if number % 2 else '22.04'}",
        "agent version": "1.52" if number % 89 == 5 else "1.61",
    }  # fmt: skip
    return built


def components(name: str, site: str, number: int, image: str) -> dict[str, str]:
    """The components that a VM shares with others."""
    subscription = SUBSCRIPTIONS[site in ("turin", "lyon")]
    nexus = f"{subscription}/resourceGroups/nexus-{site}/providers/Microsoft.NetworkCloud"
    half = number // len(SITES) % 2 + 1
    return {
        "vm": f"{nexus}/virtualMachines/{name}",
        "cluster": f"{nexus}/clusters/{site}-{half}",
        "csn": f"{nexus}/cloudServicesNetworks/csn-{site}-{'a' if number % 2 else 'b'}",
        "image": image,
        "identity": f"{subscription}/resourceGroups/arc-rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{site}",
        "resource group": f"{subscription}/resourceGroups/arc-rg",
        "subscription": subscription,
    }


def rollout(size: int, *, extras: bool = False) -> Json:
    """The results of the whole rollout."""
    results = run([member(number) for number in range(size)])
    return with_extras(results) if extras else results


def entry(vm: Json, id: str, was: str, now: str) -> Json:
    """One entry of `changes`."""
    result = next(result for result in vm["results"] if result["id"] == id)
    return {"vm": vm["name"], "id": id, "parameter": result["parameter"], "was": was, "now": now,
            "message": result["message"]}  # fmt: skip


def with_extras(results: Json) -> Json:
    """The same with every optional key."""
    vms: list[Json] = results["vms"]
    failing = [vm for vm in vms if any(r["id"] == "PROXY-002" and r["status"] == "fail" for r in vm["results"])]
    extras: dict[str, Any] = {
        "gate": {
            "policy": "canary=all,unknown=2%",
            "passed": False,
            "exit": 1,
            "sentence": "GATE NOT PASSED (canary=all,unknown=2%): canary 2 of 3 ready, all needed; 1 of 40 unknown (2.5 %).",
            "rules": [
                {"rule": "canary=all", "passed": False, "sentence": "canary 2 of 3 ready, all needed"},
                {"rule": "unknown=2%", "passed": True, "sentence": "1 of 40 VMs unknown"},
            ],
        },
        "waivers": [
            {"id": "PLATFORM-002", "vms": "lyon-*", "parameter": "", "reason": "The bundle upgrade is planned.",
             "owner": "platform team", "tracker": "https://tracker.example/CHG-1044", "expires": "2026-12-31",
             "used": len(vms) // 5, "unused": False, "expiring_soon": True},
            {"id": "DNS-001", "vms": "site:turin", "parameter": "login.microsoftonline.com", "reason": "A split horizon.",
             "owner": "edge team", "tracker": "EDGE-7", "expires": "2027-06-30", "used": 0, "unused": True,
             "expiring_soon": False},
        ],
        "changes": {
            "against": "20261114T221500Z-9c1d",
            "sentence": f"Since 20261114T221500Z-9c1d: {len(failing)} new, 1 fixed, 1 persisting; 1 VM added.",
            "new": [entry(vm, "PROXY-002", "pass", "fail") for vm in failing],
            "fixed": [entry(vms[0], "IMDS-002", "fail", "pass")],
            "persisting": [entry(vms[1], "CSN-002", "fail", "fail")],
            "regressions": [entry(vm, "PROXY-002", "pass", "fail") for vm in failing],
            "vms_added": [vms[-1]["name"]],
            "vms_removed": ["retired-web-001"],
        },
        "provenance": {
            "hashes": {name: "sha256:" + letter * 64 for name, letter in
                       {"profile": "a", "inventory": "b", "plugins/requirements/data/azcm.toml": "c", "suites": "d", "plugins": "e"}.items()},
            "commands": [
                {"command": "curl --noproxy '*' --max-time 3 -sS -H Metadata:true http://169.254.169.254/healthz", "key": "healthz", "vms": len(vms)},
                {"command": "cat /etc/os-release\nuname -m", "key": "guest", "vms": max(len(vms) - 1, 1)},
            ],
            "requests": [
                {"request": "GET https://management.azure.com/subscriptions/1?api-version=2022-09-01", "status": 200, "times": 30},
                {"request": "GET https://management.azure.com/subscriptions/2?api-version=2022-09-01", "status": None, "times": 1},
            ],
        },
    }  # fmt: skip
    return {**results, **extras}
