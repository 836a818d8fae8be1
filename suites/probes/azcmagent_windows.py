"""The agent on a Windows VM: the PowerShell of its probes. The readers are those for Linux.

azcmagent itself prints the same texts on both. The other output has the form of the Linux probes, with their marks and
names of services; `NAMES` has Windows' own.
"""

from __future__ import annotations

from plugins import END, ps
from plugins.checks.agent_log_paths import WINDOWS_AGENT, WINDOWS_INSTALLATION, log_ends
from plugins.core.secret_names import LOGIN
from plugins.requirements.agent_errors import SUCCESSES
from suites.probes import log_rank

FOLDER = r"%ProgramFiles%\AzureConnectedMachineAgent"

#: Service on Linux -> on Windows.
NAMES = {"himdsd": "himds", "gcad": "GCArcService", "extd": "ExtensionService", "arcproxyd": "arcproxy"}

# ProgramW6432 is the folder of 64-bit programs, also in a 32-bit shell.
_EXE = '$exe = "$env:ProgramW6432\\AzureConnectedMachineAgent\\azcmagent.exe"\n'
_IS = "$ExecutionContext.InvokeCommand.GetCommand($exe, 'Application')"
_ABSENT = f"{_EXE}if (-not {_IS}) {{ '@absent'; '{END}'; return }}\n"

SHOW = f"{_ABSENT}Invoke-Tool $exe 'show -j'\n''\n'@text'\nInvoke-Tool $exe 'show'\n'{END}'"

# The text before the last @ is a login: a password may contain @ and slashes.
_CUT = "-replace '://.*@', '://***@'"

CONFIG = f"""\
{_ABSENT}'@list'
(Invoke-Tool $exe 'config list') {_CUT}
foreach ($name in 'proxy.url', 'proxy.bypass') {{
    "@get $name"
    (Invoke-Tool $exe "config get $name") {_CUT}
}}
'{END}'"""

#: A service that cannot be started, and one that is deleted when its last handle is closed: Start (4) and DeleteFlag in
#: its registry key. StartType of ServiceController needs .NET Framework 4.6.1.
DISABLED, MARKED = "disabled", "marked for deletion"
_SERVICE = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\"
_READ = "[Microsoft.Win32.Registry]::GetValue($key, {}, $null)"

#: .NET's list: Get-Service would first load a module in this runspace.
SERVICES = f"""\
[void][Reflection.Assembly]::LoadWithPartialName('System.ServiceProcess')
$states = @{{}}
foreach ($service in [ServiceProcess.ServiceController]::GetServices()) {{
    $states[$service.ServiceName] = [string]$service.Status
}}
foreach ($pair in {", ".join(f"@({ps(linux)}, {ps(here)})" for linux, here in NAMES.items())}) {{
    $state = [string]$states[$pair[1]]
    'Id=' + $pair[0]
    'LoadState=' + $(if ($state) {{ 'loaded' }} else {{ 'not-found' }})
    $words = ($state -creplace '(?<=.)(?=[A-Z])', ' ').ToLowerInvariant()
    'ActiveState=' + $(if ($state -eq 'Running') {{ 'active' }} else {{ $words }})
    $key = {ps(_SERVICE)} + $pair[1]
    if ({_READ.format("'DeleteFlag'")}) {{ 'SubState={MARKED}' }}
    elseif ({_READ.format("'Start'")} -eq 4) {{ 'SubState={DISABLED}' }}
    ''
}}
'{END}'"""


_PRODUCTS, _PRODUCT = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall", "Azure Connected Machine Agent"


def present(azcmagent: str, himds: str) -> str:
    """The presence of the two programs, by the given marks, and the version that azcmagent prints.

    And what stands for the agent without being it: what half a removal has left, and the feature Azure Arc Setup of
    Windows Server 2022 and later. A product that is installed is in the list of Uninstall, by the name that
    https://learn.microsoft.com/azure/azure-arc/servers/manage-agent uses to remove the agent.
    """
    return f"""\
{_EXE}if ({_IS}) {{
    {ps(f"@has {azcmagent}")}
    $version = Invoke-Tool $exe 'version'
}}
if ({_IS.replace("$exe", "$exe.Replace('azcmagent.exe', 'himds.exe')")}) {{ {ps(f"@has {himds}")}; '@left himds' }}
$key = {ps(f"{_SERVICE}himds")}
if ({_READ.format("'Type'")}) {{ '@left service' }}
if ({_READ.format("'DeleteFlag'")}) {{ '@left marked' }}
$products = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey({ps(_PRODUCTS)})
foreach ($product in $products.GetSubKeyNames()) {{
    if ($products.OpenSubKey($product).GetValue('DisplayName') -eq {ps(_PRODUCT)}) {{ '@left product' }}
}}
$path = "$env:SystemRoot\\AzureArcSetup\\Systray\\AzureArcSysTray.exe"
if ([IO.FileInfo]::new($path).Exists) {{ '@setup' }}
if ($version) {{ '@version'; $version }}"""


def check(location: str, cloud: str) -> str:
    """`azcmagent check` for a location; without one, for that of the connected machine."""
    where = f" --cloud {cloud}" if cloud else ""
    return f"""\
{_ABSENT}$place = {ps(location)}
foreach ($how in 'show -j', 'show') {{
    if ($place) {{ break }}
    if ((Invoke-Tool $exe $how) -match '(?m)(?:"location" *: *"|^Location *: *)([A-Za-z0-9 ]+)') {{
        $place = $Matches[1].Replace(' ', '').ToLowerInvariant()
    }}
}}
if (-not $place) {{ '@nowhere'; return }}
"@check $place"
Invoke-Tool $exe "check --location $place{where}\""""


# As on Linux (azcmagent_logs): each code and each shape keeps its own last 20 lines, failures before complaints.
_PICK = r"""'@log ' + [IO.Path]::GetFileName($path)
    $stamp = ''
    $number = 0
    $rings = [Collections.Generic.Dictionary[string, object]]::new()
    foreach ($line in $text.Split([char]10)) {
        $number++
        $line = $line.TrimEnd([char]13, [char]0)
        $line = $line.Substring($line.LastIndexOf([char]13) + 1)
        $time = $timed.Match($line)
        if ($time.Success) { $stamp = $time.Groups[1].Value }
        if ($line -match '^[A-Za-z0-9+/=_-]{31,}$') { continue }
        $low = $line.ToLowerInvariant()
        $rank = 0
        if ($connected.IsMatch($low)) {
            $rings.Clear()
            $rank = -1
        } else {
            foreach ($pair in $ranks) { if ($pair[1].IsMatch($low)) { $rank = $pair[0]; break } }
        }
        if ($rank -eq 0) { continue }
        $keys = [Collections.Generic.HashSet[string]]::new()
        if ($rank -lt 0) { [void]$keys.Add('1') }
        else { foreach ($hit in $code.Matches($low)) { [void]$keys.Add('2' + $hit.Value) } }
        if ($keys.Count -eq 0) {
            $shape = $low.Substring(0, [Math]::Min($low.Length, 400)) -replace 'https?://[^ "\\]+', ''
            $shape = $shape -replace '[0-9a-f]*[0-9][0-9a-f]*', '0'
            [void]$keys.Add([string](2 + $rank) + $shape.Substring(0, [Math]::Min($shape.Length, 200)))
        }
        if ($line.Length -gt WIDTH) {
            $hit = $first.Match($low, WIDTH - 250)
            $at = if ($hit.Success) { $hit.Index - 50 } else { $line.Length - 250 }
            $end = $line.Substring($at, [Math]::Min($line.Length - $at, 300))
            $line = $line.Substring(0, WIDTH - 310) + ' ... ' + $end
        }
        $line = $line -replace 'eyJ[A-Za-z0-9_.-]+', '<token>' -replace 'LOGIN', '://***@'
        $line = $line -replace '--[a-z-]*(secret|token)[ =][^ ]+', '<secret>' -replace '\t', ' '
        foreach ($key in $keys) {
            if (-not $rings.ContainsKey($key)) { $rings[$key] = [Collections.Generic.List[object]]::new() }
            $rings[$key].Add(@($number, "$stamp`t$line"))
            if ($rings[$key].Count -gt 20) { $rings[$key].RemoveAt(0) }
        }
    }
    $room = ROOM
    $picked = [Collections.Generic.SortedDictionary[int, string]]::new()
    for ($turn = 1; $turn -le 20; $turn++) {
        foreach ($wanted in '1', '2', '3', '4', '5') {
            foreach ($key in $rings.Keys) {
                $ring = $rings[$key]
                if (-not $key.StartsWith($wanted) -or $turn -gt $ring.Count) { continue }
                $row = $ring[$ring.Count - $turn]
                if ($picked.ContainsKey($row[0]) -or $row[1].Length -gt $room) { continue }
                $room -= $row[1].Length + 1
                $picked[$row[0]] = $row[1]
            }
        }
    }
    $picked.Values"""


def logs(width: int, room: int, end: int) -> str:
    """The recent relevant lines of the logs of the agent and its installation, as on Linux."""
    pick = _PICK.replace("LOGIN", LOGIN).replace("WIDTH", str(width)).replace("ROOM", str(room))
    return f"""\
'@now ' + [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
{log_rank.POWERSHELL}
$first = $ranks[2][1]
$code = [regex]::new('a(?:zcm|adsts)[ -]?[0-9]{{4,}}')
$connected = [regex]::new({ps("|".join(SUCCESSES).lower())})
$stamped = '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}[^"\\s]{{0,16}}'
$timed = [regex]::new('^.{{0,11}}?(' + $stamped + ')')
{log_ends((*WINDOWS_AGENT, *WINDOWS_INSTALLATION), end, pick)}"""
