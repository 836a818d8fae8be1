"""The stand-ins on a VM and their output, and the real SDKs with the lab's Azure."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab import guest, software
from lab.plan import AgentPlan, CloudInitPlan, VmPlan
from tests.lab.conftest import Groups, Up

PROGRAMS = Path(software.__file__).with_name("programs")


# --- without the lab


def text(plan: VmPlan, path: str) -> str:
    content = software.files(plan)[path].content
    assert isinstance(content, str)
    return content


def test_programs_are_plain_sh() -> None:
    """A VM's sh may be dash or busybox."""
    for program in sorted(PROGRAMS.iterdir()):
        assert program.read_text(encoding="utf-8").startswith("#!/bin/sh\n# A stand-in for "), program.name
        for shell in (["dash"], ["busybox", "sh"], ["bash", "--posix"]):
            if shutil.which(shell[0]):
                subprocess.run([*shell, "-n", str(program)], check=True)


def test_cloud_init_says_done_and_has_said_what_it_did() -> None:
    plan = VmPlan(1)
    status = json.loads(text(plan, "/var/lib/lab/cloud-init/status.json"))
    assert (status["status"], status["extended_status"], status["errors"]) == ("done", "done", [])
    assert {"init", "init-local", "modules-config", "modules-final"} <= status.keys()
    assert json.loads(text(plan, "/var/lib/cloud/data/result.json"))["v1"]["errors"] == []
    output = text(plan, "/var/log/cloud-init-output.log").splitlines()
    assert re.match(r"Cloud-init v\. 25\.1\.4 running 'init-local' at \w{3}, \d\d \w{3} \d{4} ", output[0])
    assert output[-1].endswith("Datasource DataSourceNoCloud [seed=/dev/sr0].  Up 34.62 seconds")


def test_cloud_init_that_still_runs_has_no_result() -> None:
    plan = VmPlan(1, cloud_init=CloudInitPlan(status="running", stage="modules-final"))
    assert "/var/lib/cloud/data/result.json" not in software.files(plan)
    stages = json.loads(text(plan, "/var/lib/cloud/data/status.json"))["v1"]
    assert stages["modules-config"]["finished"]
    assert stages["modules-final"]["finished"] is None


def test_an_earlier_boot_stands_before_the_last_one() -> None:
    output = text(VmPlan(1, cloud_init=CloudInitPlan(earlier_boot=["E: broken"])), "/var/log/cloud-init-output.log")
    assert output.index("E: broken") < output.rindex("running 'init-local'")


def test_a_vm_has_an_agent_only_when_planned() -> None:
    assert not [path for path in software.files(VmPlan(1)) if "azcmagent" in path]
    assert software.links(VmPlan(1)) == {}
    plan = VmPlan(1, agent=AgentPlan(status="Connected", environment={"HTTPS_PROXY": "http://p:1"}))
    assert software.links(plan) == {"/usr/bin/azcmagent": "/opt/azcmagent/bin/azcmagent"}
    assert "Environment=HTTPS_PROXY=http://p:1\n" in text(plan, "/var/lib/lab/units/himdsd")
    assert "ActiveState=active\n" in text(plan, "/var/lib/lab/units/extd")
    assert "/providers/Microsoft.HybridCompute/machines/vm1\n" in text(plan, "/var/opt/azcmagent/lab/resource")


def test_a_program_that_is_not_there_is_hidden(tmp_path: Path) -> None:
    """The VM must not see this machine's cloud-init."""
    plan = VmPlan(1, cloud_init=None)
    assert software.files(plan)["/usr/bin/cloud-init"].content is None
    assert "boot_status_code" not in guest._boot_script(plan)


# --- in a VM

IN_VM = """\
systemctl is-active ssh himdsd; echo $?
systemctl show himdsd -p ActiveState -p Environment
systemctl show --value -p LoadState gcad nothing
systemctl show-environment | head -n 1
journalctl -u himdsd
cloud-init status; echo $?
cloud-init status --format json | grep -c '"status": "done"'
test -d /run/systemd/system && echo booted
"""


@pytest.mark.lab
def test_systemd_and_cloud_init_answer(group: Groups) -> None:
    vms = group("services")
    done = vms.lab.sh(f"ssh -F $LAB_SSH_CONFIG {vms.names[0]} sh -s <<'X'\n{IN_VM}X")
    assert done.stdout.splitlines() == [
        *("active", "active", "0"),
        *("Environment=HTTPS_PROXY=http://10.0.0.99:3128", "ActiveState=active"),
        *("loaded", "", "not-found"),
        "LANG=C.UTF-8",
        "-- No entries --",
        *("status: done", "0", "1"),
        "booted",
    ], done.stderr


ENROLL = """\
token() {
  curl -s -H Metadata:true 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01'\\
'&resource=https%3A%2F%2Fmanagement.azure.com%2F' | sed 's/.*"access_token": "\\([^"]*\\)".*/\\1/'
}
umask 077
cat >/root/connect.json <<JSON
{"access-token": "$(token)", "resource-group": "arc-servers-rg", "location": "eastus",
 "subscription-id": "50000000-0000-4000-8000-000000000001", "tenant-id": "a0000000-0000-4000-8000-000000000001"}
JSON
azcmagent check --location eastus | tail -n 7
azcmagent connect --config /root/connect.json | tail -n 2 | cut -c1-40
azcmagent connect --config /root/connect.json; echo $?
azcmagent show | grep -E '^(Resource Name |Agent Status|  GC)'
azcmagent show -j | grep -o '"status":"Connected"'
azcmagent disconnect --config /root/connect.json; echo $?
azcmagent show 'Agent Status'
azcmagent config get proxy.bypass
azcmagent version
"""


@pytest.mark.lab
def test_a_vm_enrolls_and_goes_again(group: Groups) -> None:
    vms = group("agent")
    before = len(vms.lab.azure_log())
    done = vms.lab.sh(f"ssh -F $LAB_SSH_CONFIG {vms.names[0]} sh -s <<'X'\n{ENROLL}X")
    lines = done.stdout.splitlines()
    row = re.compile(r"Agent connection +\|https://[\w.-]+ *\|true +\|true +\|false +\|TLS 1\.\d +\|set")
    assert [line for line in lines[:7] if not row.fullmatch(line)] == [], done.stderr
    assert lines[7:] == [
        "INFO    Connected machine to Azure",
        "INFO    Machine overview page: https://p",
        "FATAL   AZCM0067: The machine is already connected to Azure",
        "67",
        f"Resource Name                           : {vms.names[0]}",
        "Agent Status                            : Connected",
        "  GC Service (gcad)                     : active",
        '"status":"Connected"',
        "INFO    Disconnecting machine from Azure...",
        "INFO    Disconnected machine from Azure",
        "0",
        "Agent Status                            : Disconnected",
        "proxy.bypass has not been set",
        "azcmagent version 1.67.03510.1024",
    ]
    assert [request["method"] for request in vms.lab.azure_log()[before:] if request["write"]] == ["PUT", "DELETE"]


@pytest.mark.lab
def test_a_vm_without_the_role_does_not_enroll(group: Groups) -> None:
    vms = group("agent")
    done = vms.lab.sh(f"ssh -F $LAB_SSH_CONFIG {vms.names[1]} sh -s <<'X'\n{ENROLL}X")
    assert re.search(r"AZCM0042: .*perform action 'Microsoft.HybridCompute/machines/read'", done.stdout), done.stderr


@pytest.mark.lab
def test_az_takes_the_ways_of_the_real_one(group: Groups) -> None:
    vms = group("az")
    script = (
        f"for vm in {' '.join(vms.names)}; do ssh -F $LAB_SSH_CONFIG $vm '"
        "az login --identity && az account get-access-token --query expiresOn -o tsv' 2>&1 | tail -n 1; done"
    )
    done = vms.lab.sh(script)
    works, through_the_proxy, asks_the_agent = done.stdout.splitlines()
    assert re.match(r"\d{4}-\d\d-\d\d ", works)
    assert "JSONDecodeError" in through_the_proxy
    assert "localhost:40342" in asks_the_agent


# --- the real SDKs


@pytest.mark.lab
def test_the_real_sdks_read_the_labs_azure_over_tls(up: Up) -> None:
    done = up(
        5, f"{sys.executable} -m tests.support.ask_azure", "vm2=arm-throttles-a-little", "vm3=arm-forbids-provider"
    )
    assert done.stdout.splitlines() == [
        "vm1 vm2 vm3 vm4 vm5",
        "4.9.0 lab-manager CloudServicesNetworkEnableDefaultEgressEndpoints.TRUE",
        "Azure Connected Machine Resource Manager",
        "HybridCompute Machine ListAccessDetails Action In-Built Role",
        "0 denied, 0 enrolled",
        "ResourceNotFound",
        "AuthorizationFailed",
    ], done.stderr
