"""The logs of the Connected Machine agent, and how the end of a log is read on Windows.

Source: https://learn.microsoft.com/azure/azure-arc/servers/troubleshoot-agent-onboard and
https://learn.microsoft.com/azure/azure-arc/servers/troubleshoot-vm-extensions.
"""

from __future__ import annotations

from collections.abc import Sequence

from plugins.checks.quoting import ps

WINDOWS_AGENT = (
    r"%ProgramData%\AzureConnectedMachineAgent\Log\himds.log",
    r"%ProgramData%\AzureConnectedMachineAgent\Log\azcmagent.log",
    r"%ProgramData%\GuestConfig\arc_policy_logs\gc_agent.log",
    r"%ProgramData%\GuestConfig\ext_mgr_logs\gc_ext.log",
)

#: The second one by the older article.
WINDOWS_INSTALLATION = (
    r"%SystemRoot%\AzureConnectedMachineAgent\temp\installationlog.txt",
    r"%TEMP%\installationlog.txt",
)


def log_ends(paths: Sequence[str], size: int, then: str, *, missing: str = "") -> str:
    """PowerShell that reads the last `size` bytes of each log into ``$text`` and runs `then`; ``$path`` is its path.

    A log that another process is writing is opened as well; one that cannot be read is named by ``@unread PATH``.
    Windows' installer writes UTF-16. `missing` runs for a log that does not exist.
    """
    return f"""\
foreach ($name in {", ".join(map(ps, paths))}) {{
    $path = [Environment]::ExpandEnvironmentVariables($name)
    if (-not [IO.FileInfo]::new($path).Exists) {{ {missing}{"; " if missing else ""}continue }}
    $file = $null
    try {{
        $shared = [IO.FileShare]'ReadWrite, Delete'
        $file = [IO.FileStream]::new($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, $shared)
        $size = [int][Math]::Min($file.Length, {size})
        $size -= $size % 2
        $mark = [byte[]]::new(2)
        [void]$file.Read($mark, 0, 2)
        [void]$file.Seek(-$size, [IO.SeekOrigin]::End)
        $bytes = [byte[]]::new($size)
        $length = 0
        do {{
            $count = $file.Read($bytes, $length, $size - $length)
            $length += $count
        }} while ($count -gt 0 -and $length -lt $size)
    }} catch {{
        "@unread $path"
        continue
    }} finally {{
        if ($file) {{ $file.Dispose() }}
    }}
    $encoding = [Text.Encoding]::UTF8
    if ($mark[0] -eq 255 -and $mark[1] -eq 254) {{ $encoding = [Text.Encoding]::Unicode }}
    $text = $encoding.GetString($bytes, 0, $length)
    {then}
}}"""
