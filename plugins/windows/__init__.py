"""Windows guests: the same probes, frames and checks, through PowerShell over OpenSSH.

``powershell.exe -EncodedCommand`` gets a bootstrap of a few lines (`plugins.windows.command`), which reads the script
from stdin (`plugins.windows.batch`) and runs it: data/engine.ps1 with the VM's probes. `plugins.windows.text` is what
suites use to write the Windows command of a probe.
"""

from plugins.windows.text import ps, tool

__all__ = ["ps", "tool"]
