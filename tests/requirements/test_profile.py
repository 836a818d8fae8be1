"""Requirement profiles: what the project brings, what one of one's own may say, and what is refused, by file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.model import Target, Vm
from plugins.requirements.profile import ProfileError, load_profile


def vm(location: str | None = None, cloud: str = "AzureCloud") -> Vm:
    return Vm("vm-a", target=Target(location=location, cloud=cloud))


@pytest.mark.parametrize(
    ("name", "runtime", "bundle", "api"),
    [("2510", "4.7.0", "2510.1", "2025-07-01-preview"), ("2602", "4.9.0", "2602.1", "2025-09-01")],
)
def test_the_profiles_of_the_project(name: str, runtime: str, bundle: str, api: str) -> None:
    profile = load_profile(name)
    assert str(profile) == name
    assert (profile.floors.runtime, profile.floors.management_bundle, profile.floors.api_version) == (
        runtime,
        bundle,
        api,
    )
    assert profile.floors.azure_cli == "2.75.0"
    assert (profile.proxy_host, profile.proxy_port, profile.imds) == ("169.254.0.11", 3128, "169.254.169.254")
    assert profile.clock_limit == 120


def test_2510_is_the_default() -> None:
    assert load_profile() == load_profile("2510")


def test_the_region_is_filled_in() -> None:
    hosts = [str(each) for each in load_profile().endpoints(vm("East US"), "always")]
    assert "eastus.login.microsoft.com" in hosts
    assert "eastus-gas.guestconfiguration.azure.com" in hosts


def test_without_a_location_regional_endpoints_are_left_out() -> None:
    endpoints = load_profile().endpoints(vm())
    assert endpoints
    assert not [each for each in endpoints if "region" in each.host or "-gas." in each.host]


@pytest.mark.parametrize(
    ("cloud", "arm"),
    [
        ("AzureCloud", "management.azure.com"),
        ("AzureUSGovernment", "management.usgovcloudapi.net"),
        ("AzureChinaCloud", "management.chinacloudapi.cn"),
    ],
)
def test_every_cloud_has_its_resource_manager(cloud: str, arm: str) -> None:
    profile = load_profile()
    assert profile.resource_manager(vm(cloud=cloud)).host == arm
    assert all(each.purpose and each.source and each.date for each in profile.endpoints(vm("x", cloud)))


def test_an_unknown_cloud_names_the_vm() -> None:
    with pytest.raises(ProfileError, match=r"VM vm-a: target.cloud 'AzureClod' .* Did you mean 'AzureCloud'\?"):
        load_profile().endpoints(vm(cloud="AzureClod"))


def test_the_articles_hosts_are_all_there() -> None:
    hosts = {str(each) for each in load_profile().endpoints(vm("eastus"))}
    assert {
        "management.azure.com",
        "login.microsoftonline.com",
        "pas.windows.net",
        "san-af-eastus-prod.azurewebsites.net",
    } <= hosts


def test_the_management_bundle_is_declared_or_not(tmp_path: Path) -> None:
    assert load_profile().declared_bundle is None
    declared = own(tmp_path, 'base = "2602"\n[declared]\nmanagement_bundle = "2602.1"')
    assert load_profile(declared).declared_bundle == "2602.1"


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text)
    return path


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        """
        name = "corp"
        base = "2602"
        asked = ["install", "sql"]
        [no_proxy]
        recommended = ["localhost"]
        [tls.trusted_issuers]
        "Corp Proxy" = "our inspection, accepted by security on 2026-03-01"
        [clouds.AzureCloud.endpoints."mirror.corp.example"]
        need = "install"
        purpose = "our package mirror"
        port = 8443
        """,
    )
    profile = load_profile(path)
    assert (profile.name, profile.floors.runtime, profile.asked) == ("corp", "4.9.0", ("install", "sql"))
    assert profile.no_proxy_recommended == ("localhost",)
    assert profile.no_proxy_required == ("169.254.169.254",)
    assert {"Corp Proxy", "Microsoft Corporation"} <= set(profile.trusted_issuers)
    mirror = profile.endpoints(vm(), "install")[-1]
    assert (str(mirror), mirror.url) == ("mirror.corp.example", "https://mirror.corp.example:8443/")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'base = "2510"\n[proxy]\nurl = "169.254.0.11:3128"',
            r"own\.toml: proxy\.url: expected http://ADDRESS:PORT, found",
        ),
        ('base = "2510"\n[proxy]\nurl = "http://a:1/;rm"', r"own\.toml: proxy\.url: expected"),
        ('base = "2510"\n[clok]\nlimit = 1', r"own\.toml: clok: unknown key .* Did you mean 'clock'\?"),
        ('base = "2510"\n[clock]\nlimt = 1', r"own\.toml: clock\.limt: unknown key \(known: limit\)"),
        (
            'base = "2510"\n[clock]\nlimit = "2 min"',
            r"own\.toml: clock\.limit: expected a whole number from 1 to 86400",
        ),
        ('base = "2510"\n[clock]\nlimit = true', r"own\.toml: clock\.limit: expected a whole number"),
        (
            'base = "2510"\n[timeouts]\nimds = 60',
            r"own\.toml: timeouts\.imds: expected a whole number from 1 to 5, found 60",
        ),
        ('base = "2510"\nclock = 120', r"own\.toml: clock: expected a table, found a value"),
        ('base = "2510"\n[imds]\naddress = "metadata"', r"own\.toml: imds\.address: expected an IPv4 address"),
        ('base = "2510"\n[imds.address]\na = 1', r"own\.toml: imds\.address: expected text, found a table"),
        ('base = "2510"\n[floors]\nruntime = 4.7', r"own\.toml: floors\.runtime: expected a version in quotes"),
        (
            'base = "2510"\n[floors]\nruntime = "2510.1"',
            r'own\.toml: floors\.runtime: expected a version in quotes, for example "4\.7\.0", found \'2510\.1\'',
        ),
        ('base = "2510"\n[floors]\napi_version = "2025-9-1"', r"own\.toml: floors\.api_version: expected a version"),
        ('base = "2510"\n[floors]\nazure_cli = "new"', r"own\.toml: floors\.azure_cli: expected a version"),
        (
            'base = "2510"\n[declared]\nmanagement_bundle = "4.7.0"',
            r'own\.toml: declared\.management_bundle: expected a version in quotes, for example "2510\.1"',
        ),
        (
            'base = "2510"\n[declared]\nbundle = "2510.1"',
            r"own\.toml: declared\.bundle: unknown key \(known: management_bundle\)",
        ),
        (
            'base = "2510"\nasked = "install"',
            r"own\.toml: asked: expected a list of words out of install, sql, obsolete",
        ),
        ('base = "2510"\nasked = ["always"]', r"own\.toml: asked: expected a list of words"),
        ('base = "2510"\ndate = "today"', r"own\.toml: date: expected a date"),
        (
            'base = "2510"\n[clouds.AzureCloud.endpoints."a.example"]\nneed = "now"\npurpose = "x"',
            r'own\.toml: clouds\.AzureCloud\.endpoints\."a\.example"\.need: expected always or connect .*, found \'now\'',
        ),
        (
            'base = "2510"\n[clouds.AzureCloud.endpoints."a.example"]\nneed = "install"',
            r'own\.toml: clouds\.AzureCloud\.endpoints\."a\.example"\.purpose is missing',
        ),
        (
            'base = "2510"\n[clouds.AzureCloud.endpoints."a b;c"]\nneed = "install"\npurpose = "x"',
            r"own\.toml: .*expected a host name",
        ),
        (
            'base = "2510"\n[clouds.Own]\nsource = "x"\ndate = 2026-01-01\n[clouds.Own.endpoints]',
            r'own\.toml: clouds\.Own\.endpoints: no endpoint has need = "connect"',
        ),
        ('base = "2409"', r"own\.toml: base: there is no profile '2409'"),
        ("base = 2510", r"own\.toml: base: expected the name of a profile"),
        ('name = "x"', r"own\.toml: proxy: expected a table"),
        ("name = ", r"own\.toml: cannot be read"),
    ],
)
def test_mistakes_are_named_by_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        load_profile(own(tmp_path, text))


def test_an_unknown_name() -> None:
    with pytest.raises(
        ProfileError, match=r"--profile=2511: neither a profile .* \(2510, 2602\) nor a file\. Did you mean"
    ):
        load_profile("2511")
