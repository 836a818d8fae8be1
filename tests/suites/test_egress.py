"""Egress lists: the endpoints that an entry allows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.model import Status, Target
from suites.rules.egress_list import covering, read_egress_list
from tests.suites.rows_egress import WANTED, adding
from tests.support.catalogue import FUNCTIONS
from tests.support.fake_azure import INVENTORY, azure, egress
from tests.support.suite_rows import PROFILE, Row


def listed(name: str, port: object = None) -> list[dict[str, object]]:
    return [{"category": "x", "endpoints": [{"domainName": name, "port": port}]}]


@pytest.mark.parametrize(
    ("entry", "port", "covered", "not_covered"),
    [
        ("contoso.com", 443, ["contoso.com", "CONTOSO.com."], ["a.contoso.com", "xcontoso.com", "contoso.com.evil"]),
        (".contoso.com", 443, ["a.contoso.com", "b.a.contoso.com", "contoso.com"], ["acontoso.com", "com"]),
        ("*.contoso.com", None, ["a.contoso.com"], ["acontoso.com"]),
        ("https://.Contoso.com:443/", None, ["a.contoso.com"], ["contoso.org"]),
        ("contoso.com:8443", None, [], ["contoso.com"]),
        ("contoso.com", "443", ["contoso.com"], []),
        ("contoso.com", 80, [], ["contoso.com"]),
        ("", 443, [], ["contoso.com", ""]),
        (".", 443, [], ["contoso.com"]),
        ("https://[fd00::1", 443, [], ["contoso.com"]),
    ],
)
def test_what_an_entry_covers(entry: str, port: object, covered: list[str], not_covered: list[str]) -> None:
    entries = read_egress_list(listed(entry, port))
    assert entries is not None
    assert all(covering(entries, host, 443) for host in covered)
    assert not any(covering(entries, host, 443) for host in not_covered)


@pytest.mark.parametrize(("entry", "all_of_it"), [(".a.b", True), ("*.a.b", True), (".b", True), ("a.b", False)])
def test_a_wildcard_needs_a_domain(entry: str, all_of_it: bool) -> None:
    (actual,) = read_egress_list(listed(entry, 443)) or []
    assert actual.covers_all("*.a.b", 443) is all_of_it


def test_absent_is_not_empty() -> None:
    assert read_egress_list(None) is None
    assert read_egress_list([]) == []
    assert read_egress_list([{"category": "x"}, {"category": "y", "endpoints": None}]) == []


def test_the_widest_entry_is_named() -> None:
    entries = read_egress_list([*listed("a.b.c", 443), *listed(".b.c", 443), *listed(".a.b.c", 443)])
    assert str(covering(entries or [], "a.b.c", 443)) == ".b.c port 443"


@given(st.text(), st.one_of(st.none(), st.integers(), st.text()))
def test_no_entry_is_too_strange(name: str, port: object) -> None:
    entries = read_egress_list(listed(name, port))
    assert entries is not None
    assert len(entries) == bool(name.strip())


def test_the_command_is_the_same_for_every_endpoint_and_every_vm_of_the_network() -> None:
    """The option replaces the list, so two commands that each add one endpoint would undo each other."""
    own = {"category": "azure-arc", "endpoints": [{"domainName": ".his.arc.azure.com", "port": 443}]}
    network = {
        "additionalEgressEndpoints": [own, *egress("a.example")],
        "enabledEgressEndpoints": [own, *egress("a.example", "management.azure.com", "westus.login.microsoft.com")],
    }
    rows = set()
    for location in ("eastus", "West Europe"):
        vm = replace(INVENTORY, name=f"vm-{location}", target=Target(location=location))
        for endpoint in PROFILE.endpoints(vm, ("always", "connect")):
            row = Row(
                "",
                {},
                Status.FAIL,
                "",
                parameters={"azure": azure(csn={"properties": network}), "endpoint": endpoint},
                vm=vm,
            )
            rows |= set(map(str, row.outcome(FUNCTIONS["CSN-002"]).fix))
    lacking = [name for name in WANTED if name not in ("management.azure.com", ".his.arc.azure.com")]
    assert rows == {adding(".his.arc.azure.com", *lacking, before=egress("a.example"))}
