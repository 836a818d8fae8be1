"""The files that the lab writes for COMMAND, for the services and for the VMs."""

from __future__ import annotations

import os
import ssl
import stat
from pathlib import Path

import paramiko
import pytest
from cryptography import x509
from ruamel.yaml import YAML

from lab import addresses, fabric, guest, handout, network, spec
from lab.cloud_model import Place
from lab.messages import Answer, Request
from lab.metadata import metadata_answer
from lab.pki import Authority, SshKey
from lab.plan import Imds, RunPlan, VmPlan
from lab.tokens import Issuer


def plans(*faults: str) -> list[VmPlan]:
    """One VM for each fault: vm1 with the first one, and so on; "" = healthy."""
    planted = {f"vm{i}": [fault] for i, fault in enumerate(faults, 1) if fault}
    return spec.Spec(len(faults), planted, []).plans()


def test_ssh_config_says_all_that_ssh_must_know() -> None:
    config = paramiko.SSHConfig.from_text(
        handout.ssh_config(plans("", "login-as-operator-with-sudo"), Path("/run/lab"))
    )
    assert config.lookup("vm1") == {
        "hostname": "10.200.0.2",
        "user": "root",
        "identityfile": ["/run/lab/id_ed25519"],
        "identitiesonly": "yes",
        "identityagent": "none",
        "userknownhostsfile": "/run/lab/known_hosts",
        "globalknownhostsfile": "/dev/null",
        "stricthostkeychecking": "yes",
    }
    assert config.lookup("vm2")["user"] == "operator"


def test_inventory_states_what_azure_knows_of_a_vm() -> None:
    loaded = YAML(typ="safe").load(handout.inventory(plans("", "identity-user-assigned"), Path("/run/lab")))
    group = "/subscriptions/50000000-0000-4000-8000-000000000001/resourceGroups/nexus-vms-rg/providers"
    target = {
        "subscription": "50000000-0000-4000-8000-000000000001",
        "resource_group": "arc-servers-rg",
        "location": "eastus",
    }
    assert loaded["ssh_config"] == "/run/lab/ssh_config"
    assert loaded["vms"][0] == {
        "name": "vm1",
        "host": "vm1",
        "resource_id": f"{group}/Microsoft.NetworkCloud/virtualMachines/vm1",
        "identity": "system",
        "target": target,
    }
    assert loaded["vms"][1]["identity"] == f"{group}/Microsoft.ManagedIdentity/userAssignedIdentities/vm2-id"


def test_the_environment_leads_into_the_labs_azure_and_to_no_other_proxy(tmp_path: Path) -> None:
    ambient = {"HOME": "/h", "HTTPS_PROXY": "http://far:1", "no_proxy": "x"}
    environment = handout.environment(ambient, RunPlan(), tmp_path, Path("/log"))
    assert {name for name in environment if "proxy" in name.lower()} == set()
    assert environment["HOME"] == "/h"
    assert environment["REQUESTS_CA_BUNDLE"] == environment["SSL_CERT_FILE"] == f"{tmp_path}/authorities.pem"
    assert {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"} <= environment.keys()
    assert environment["PATH"] == f"{tmp_path}/bin:/usr/bin:/bin"


def test_the_profile_is_the_labs_unless_a_fault_says_otherwise(tmp_path: Path) -> None:
    healthy, undeclared = (handout.environment({}, RunPlan(profile=text), tmp_path, Path("/log")) for text in ("", "x"))
    assert healthy["LAB_PROFILE"] == str(handout.PROFILE)
    assert undeclared["LAB_PROFILE"] == f"{tmp_path}/profile.toml"


def test_known_hosts_are_right_wrong_or_absent(tmp_path: Path) -> None:
    keys = {f"vm{i}": SshKey.generate().public for i in (1, 2, 3)}
    stranger = SshKey.generate().public
    text = handout.known_hosts(plans("", "host-key-changed", "host-key-unknown"), keys, stranger)
    assert text == f"vm1,10.200.0.2 {keys['vm1']}\nvm2,10.200.0.3 {stranger}\n"


def test_ssh_keys_are_read_by_paramiko(tmp_path: Path) -> None:
    key = SshKey.generate()
    (tmp_path / "key").write_text(key.private, encoding="ascii")
    read = paramiko.Ed25519Key.from_private_key_file(str(tmp_path / "key"))
    assert f"{read.get_name()} {read.get_base64()}" == key.public


def test_certificates_are_valid_for_their_names_and_for_wrong_clocks(tmp_path: Path) -> None:
    authority = Authority.create("Example", "Root", "Issuing")
    pem = tmp_path / "server.pem"
    pem.write_text(authority.issue(["a.example", "*.a.example"]), encoding="ascii")
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(pem)
    server, issuing = x509.load_pem_x509_certificates(pem.read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example", "*.a.example"]
    server.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(authority.root)
    assert (server.not_valid_after_utc - server.not_valid_before_utc).days >= 700


def test_squid_allows_the_egress_list_over_https_only() -> None:
    config = fabric.squid_config(plans(""), Path("/s"), "proxy").splitlines()
    assert "http_port 169.254.0.11:3128" in config
    assert "acl egress dstdomain .his.arc.azure.com" in config
    assert "acl egress dstdomain management.azure.com" in config
    assert [line for line in config if line.startswith("http_access")] == [
        "http_access deny !CONNECT",
        "http_access deny !https",
        "http_access allow egress",
        "http_access deny all",
    ]


def test_squid_treats_only_the_planted_vm_differently() -> None:
    config = fabric.squid_config(plans("", "egress-lacks-his", "proxy-wants-login", "origin-down"), Path("/s"), "proxy")
    rules = [line for line in config.splitlines() if "vm" in line]
    assert rules == [
        "acl vm2 src 169.254.16.3",
        "acl vm2_lacks dstdomain .his.arc.azure.com",
        "http_access deny vm2 vm2_lacks",
        "acl vm3 src 169.254.16.4",
        "http_access deny vm3 !known",
        "acl vm4 src 169.254.16.5",
        "tcp_outgoing_address 198.18.0.5 vm4",
    ]


def test_vms_cannot_reach_each_other() -> None:
    lines = network.fabric(plans("", "")).splitlines()
    for port in ("m1", "m2", "c1", "c2"):
        assert f"link set {port} type bridge_slave isolated on" in lines


def test_a_long_wire_runs_between_the_controller_and_the_bridge() -> None:
    short, long = network.fabric(plans("")), network.fabric(plans(""), long_wire=True)
    assert "link add controller type veth peer name mgmt0" in short
    assert "wire" not in short
    assert "link add wire0 type veth peer name mgmt0" in long
    assert "link add controller type veth peer name wire1" in long


def test_a_healthy_fabric_has_no_packet_rules() -> None:
    assert network.fabric_rules(plans("", "no-curl")) == ""
    assert "ip saddr 169.254.16.2 ip daddr 169.254.169.254 drop" in network.fabric_rules(plans("imds-dropped"))


def asked(path: str, header: str, behaviour: Imds) -> Answer:
    plan = VmPlan(1, imds=behaviour)
    return metadata_answer(Request("GET", path, {}, {"metadata": header}), plan, Place.of(plan), Issuer())


@pytest.mark.parametrize(
    ("path", "header", "behaviour", "status"),
    [
        ("/healthz", "True", "healthy", 200),
        ("/healthz", "", "healthy", 400),
        ("/healthz", "true", "503", 503),
        ("/metadata/instance/compute", "true", "healthy", 404),
        ("/metadata/instance/compute", "true", "azure-vm", 200),
        ("/metadata/identity/oauth2/token", "true", "healthy", 400),
        ("/", "true", "healthy", 404),
    ],
)
def test_the_metadata_service_answers(path: str, header: str, behaviour: Imds, status: int) -> None:
    assert asked(path, header, behaviour).status == status


def test_a_slow_metadata_service_is_too_slow_for_the_article() -> None:
    assert asked("/healthz", "true", "slow").delay > 3


def test_addresses_are_unique() -> None:
    numbers = range(1, addresses.MAX_VMS + 1)
    for of in (addresses.mgmt, addresses.csn, addresses.egress, addresses.mgmt_mac, addresses.csn_mac):
        assert len({of(number) for number in numbers}) == addresses.MAX_VMS


def test_nothing_that_only_root_may_read_gets_into_a_vm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "security"
    source.mkdir()
    (source / "limits.conf").write_text("public", encoding="ascii")
    (source / "opasswd").write_text("secret", encoding="ascii")
    (source / "limits.conf").chmod(0o644)
    (source / "opasswd").chmod(0o600)
    (source / "hidden").mkdir(mode=0o700)
    guest._copy_public(source, tmp_path / "copy")
    assert sorted(os.listdir(tmp_path / "copy")) == ["limits.conf"]


def test_the_files_of_a_vm(tmp_path: Path) -> None:
    plan = VmPlan(7)
    plan.put("/usr/bin/curl", "#!/bin/sh\n", 0o755)
    plan.put("/root/.bashrc", "echo hello\n")
    plan.environment["no_proxy"] = "*"
    guest.write_vm(tmp_path / "vm7", plan, host_key="HOST KEY", trusted="PEM", strangers_key="ssh-ed25519 AAAA")
    layer, files = tmp_path / "vm7/layer", tmp_path / "vm7/files"
    assert (layer / "etc/environment").read_text().splitlines() == [
        "HTTPS_PROXY=http://169.254.0.11:3128",
        "https_proxy=http://169.254.0.11:3128",
        "HTTP_PROXY=http://169.254.0.11:3128",
        "http_proxy=http://169.254.0.11:3128",
        "NO_PROXY=localhost,127.0.0.1,::1,169.254.169.254",
        "no_proxy=*",
    ]
    assert stat.S_IMODE((layer / "etc/ssh/ssh_host_ed25519_key").stat().st_mode) == 0o600
    assert stat.S_IMODE((layer / "usr/bin/curl").stat().st_mode) == 0o755
    assert (layer / "etc/ssl/certs/ca-certificates.crt").read_text() == "PEM"
    assert (files / "root/.bashrc").read_text() == "echo hello\n"
    assert (tmp_path / "vm7/boot").read_text().splitlines()[-1].startswith("exec /usr/sbin/sshd -D")
