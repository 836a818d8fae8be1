"""The rank of a line, as a VM computes it: selects the lines of a log to send, by the stems of the grammar."""

from __future__ import annotations

from plugins import ps
from plugins.requirements.log_grammar import stems


def awk_stems(name: str) -> str:
    """The stems of a rank as one regular expression of awk, without its slashes."""
    return "|".join(stems(name)).replace("/", "\\/")


#: A function of awk: 1 for a failure, 2 for a complaint, 3 for a line that may revoke one, 0 for others.
#: `t` is a line in lower case.
AWK = f"""\
function rank(t) {{
  if (t ~ /{awk_stems("never")}/) return 0
  if (t ~ /{awk_stems("back")}/) return 3
  if (t ~ /{awk_stems("first")}/) return 1
  if (t ~ /{awk_stems("then")}/) return 2
  return t ~ /{awk_stems("last")}/ ? 3 : 0
}}"""


def _pair(rank: int, name: str) -> str:
    return f"@({rank}, [regex]::new({ps('|'.join(stems(name)))}))"


#: PowerShell that sets ``$ranks``: pairs of a rank and its pattern; the first that matches ``$low`` decides.
POWERSHELL = (
    f"$ranks = {_pair(0, 'never')}, {_pair(3, 'back')}, {_pair(1, 'first')}, {_pair(2, 'then')}, {_pair(3, 'last')}"
)
