"""A Windows VM in the lab: the suite visits PowerShell for Windows under Wine, which has the network of one of the lab's
VMs, with the agent's services, a stand-in for azcmagent.exe (tests/support/windows_agent.c) and curl for Windows.

Only `make test-windows` runs this. Wine's Schannel accepts every certificate.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from lab import addresses
from plugins.gather.windows_command import encoded
from suites.probes.azcmagent_windows import NAMES
from tests.support.powershell import PROGRAMS, PWSH, SLEEP, for_windows, needs_pwsh
from tests.support.shared_lab import SharedLab, shared_lab
from tests.support.windows_recording import agent_texts

pytestmark = needs_pwsh

#: A service of Wine runs without a console; arcproxy is due with an Arc gateway only.
SERVICES = [name for name in NAMES.values() if name != "arcproxy"]

_MACHINE = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
_SETUP = r"""
$agent = "$env:ProgramW6432\AzureConnectedMachineAgent"
[void][IO.Directory]::CreateDirectory($agent)
foreach ($file in [IO.Directory]::GetFiles('Z:TEXTS')) { [IO.File]::Copy($file, "$agent\$([IO.Path]::GetFileName($file))") }
foreach ($path in "$agent\azcmagent.exe", "$agent\himds.exe", 'C:\service.exe') { [IO.File]::Copy('Z:PROGRAMS/agent.exe', $path) }
foreach ($name in 'SERVICES'.Split(' ')) {
    & sc.exe create $name 'binPath=' 'C:\service.exe'
    & sc.exe start $name
}
foreach ($name in 'HTTP_PROXY', 'HTTPS_PROXY') { [Microsoft.Win32.Registry]::SetValue('ENVIRONMENT', $name, 'PROXY') }
[Microsoft.Win32.Registry]::SetValue('ENVIRONMENT', 'NO_PROXY', 'localhost,127.0.0.1,169.254.169.254')
[Microsoft.Win32.Registry]::SetValue('HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full', 'Release', 461814)
$logs = "$env:ProgramData\AzureConnectedMachineAgent\Log"
[void][IO.Directory]::CreateDirectory($logs)
foreach ($name in 'himds', 'azcmagent') { [IO.File]::WriteAllText("$logs\$name.log", 'time="2026-11-21T21:45:58Z" level=info msg="Started"') }
"""

_SSHD = """\
ssh-keygen -q -t ed25519 -N '' -f {folder}/host
ssh-keygen -y -f $(dirname $LAB_SSH_CONFIG)/id_ed25519 >{folder}/authorized
echo "[{address}]:2222,[vm2]:2222 $(cut -d' ' -f1,2 {folder}/host.pub)" >>$(dirname $LAB_SSH_CONFIG)/known_hosts
mkdir -p /run/sshd
nsenter --net=/run/netns/vm2 /usr/sbin/sshd -p 2222 -E {folder}/log -o HostKey={folder}/host -o UsePAM=no -o StrictModes=no \\
    -o PermitRootLogin=yes -o AuthorizedKeysFile={folder}/authorized -o PidFile={folder}/pid \\
    -o 'SetEnv=PATH={folder}/programs:/usr/bin:/bin WINEPREFIX={folder}/prefix'
"""


def _setup(lab: SharedLab, folder: Path) -> None:
    """The agent in a new registry and drive C:, and sshd for powershell.exe in the network of vm2."""
    if prefix := os.environ.get("WINEPREFIX"):
        shutil.copytree(prefix, folder / "prefix", symlinks=True)
    (folder / "texts").mkdir()
    for arguments, text in agent_texts().items():
        (folder / "texts" / f"{arguments}.txt").write_text(text)
    (folder / "programs").mkdir()
    (folder / "programs" / "powershell.exe").symlink_to(PWSH)
    script = _SETUP.replace("ENVIRONMENT", _MACHINE).replace("PROGRAMS", PROGRAMS).replace("TEXTS", f"{folder}/texts")
    script = script.replace("SERVICES", " ".join(SERVICES)).replace("'PROXY'", f"'{addresses.PROXY_URL}'")
    start = f"WINEPREFIX={folder}/prefix nsenter --net=/run/netns/vm2 {PWSH} -NoProfile -NonInteractive -EncodedCommand"
    # Wine's services end with its last program.
    lab.sh(
        f"WINEPREFIX={folder}/prefix setsid nsenter --net=/run/netns/vm2 {PROGRAMS}/wine {SLEEP} 1000 >/dev/null 2>&1 &"
    )
    done = lab.sh(f"{start} {encoded(script)}", timeout=500)
    assert done.returncode == 0, done
    done = lab.sh(_SSHD.format(folder=folder, address=addresses.mgmt(2)))
    assert done.returncode == 0, done


#: What a healthy VM with an agent that was never connected gets. DNS-001 is not among them: Wine asks this machine's
#: resolver, not the lab's.
EXPECTED = {
    **dict.fromkeys(["SSH-001", "SSH-002", "SSH-003", "VM-004", "VM-005", "VM-006"], "pass"),
    **dict.fromkeys(["PROXY-003", "PROXY-004", "PROXY-005", "PROXY-006"], "pass"),
    **dict.fromkeys(["IMDS-001", "IMDS-002", "IMDS-003", "IMDS-004", "NET-001", "NET-002", "NET-003"], "pass"),
    **dict.fromkeys(["TOKEN-001", "TOKEN-002", "TOKEN-003"], "pass"),
    **dict.fromkeys(["AGENT-001", "AGENT-003", "AGENT-004", "AGENT-005", "AGENT-006"], "pass"),
    **dict.fromkeys(["CLI-001", "CLOUDINIT-001", "TOKEN-004", "AGENT-007"], "not applicable"),
    "AGENT-002": "warn",
}


def test_a_fleet_with_a_windows_vm(tmp_path: Path) -> None:
    if not for_windows():
        pytest.skip("needs Windows' registry and services: run `make test-windows`")
    with shared_lab(2, []) as lab:
        _setup(lab, tmp_path)
        inventory = lab.fleet(["vm1", "vm2"]).replace(
            "    host: vm2\n", "    host: vm2\n    port: 2222\n    os: windows\n"
        )
        (tmp_path / "fleet.yaml").write_text(inventory)
        options = [
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.support.patient",
            f"--profile={lab.environment['LAB_PROFILE']}",
        ]
        done = lab.pytest(*options, f"--inventory={tmp_path}/fleet.yaml", f"--reports={tmp_path}", timeout=500)
        lab.sh(f"WINEPREFIX={tmp_path}/prefix {PROGRAMS}/wine wineboot --kill; kill $(cat {tmp_path}/pid)")
    assert done.returncode in (0, 1), done
    (results,) = tmp_path.glob("2*/results.json")
    linux, windows = json.loads(results.read_text())["vms"]
    verdicts: dict[str, dict[str, str]] = {}
    for result in windows["results"]:
        verdicts.setdefault(result["id"], {})[result["status"]] = result["message"]
    assert {name: verdicts[name] for name, status in EXPECTED.items() if verdicts[name].keys() != {status}} == {}
    assert not [result for result in linux["results"] if result["status"] == "fail"]
