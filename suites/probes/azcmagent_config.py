"""`azcmagent config`: the agent's own proxy settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from plugins import ANY_ERROR, ProbeResult, probe
from suites.probes import azcmagent_windows
from suites.probes.azcmagent_output import AZCMAGENT, UNLESS_ABSENT, clean, last_line, not_answered
from suites.probes.no_answer import NoAnswer, Reason
from suites.probes.one_value import must_be_once, one_value_each
from suites.wording import plain


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """`azcmagent config`: the proxy settings. `missing`: why there is no answer."""

    url: str = ""  # "" = not set
    bypass: tuple[str, ...] = ()  # names of services: AAD, ARM, AMA, Arc, ArcData
    mode: str = ""  # config.mode: full, monitor; "" = it does not state
    missing: NoAnswer | None = None

    @classmethod
    def read(cls, result: ProbeResult) -> AgentConfig:
        """Read `config list`, and `config get` for what the list does not have.

        ::

            @list
            Local Configuration Settings
              connection.type (preview)                          : default
              proxy.url                                          : http://169.254.0.11:3128
              proxy.bypass                                       : []
              config.mode                                        : full
            @get proxy.url
            http://169.254.0.11:3128
            @get proxy.bypass
            proxy.bypass has not been set

        An unset property is an empty value in the list and a sentence in `get`. ``@exit 137`` follows a command that
        failed. Raises ValueError when one was killed, and when a property is in neither or has two values.
        """
        if missing := not_answered(result):
            return cls(missing=missing)
        text = clean(result.stdout)
        if killed := [code for code in re.findall(r"^@exit (\d{1,3})$", text, re.M) if int(code) >= 126]:
            raise ValueError(f"expected all that azcmagent config prints; it ended with exit status {killed[0]}")
        for mark in ("@list", "@get proxy.url", "@get proxy.bypass"):
            must_be_once(mark, text)
        head, *gets = re.split(r"^@get ", text, flags=re.M)
        listed = one_value_each(re.findall(r"^ *([a-z][A-Za-z.]+)(?: \(preview\))? *:(.*)$", head, re.M))
        got = {name: last_line(rest) for name, _, rest in (block.partition("\n") for block in gets)}
        # On Windows its errors stay on stderr.
        got |= {name: words for words, name in re.findall(r"^((\S+) has not been set)\r?$", result.stderr, re.M)}
        if not listed and all(answer == "nothing" for answer in got.values()):
            error = last_line(result.stderr)
            return cls(missing=NoAnswer(Reason.UNREADABLE, f"azcmagent config printed no setting (stderr: {error})"))
        url, bypass = (_setting(name, listed, got) for name in ("proxy.url", "proxy.bypass"))
        if url and not re.fullmatch(r"https?://[^\s/]+/?", url, re.I):
            raise ValueError(f"expected an address as proxy.url, found {plain(url)!r}")
        return cls(plain(url), tuple(re.findall(r"[A-Za-z]+", bypass)), plain(listed.get("config.mode", "").strip()))


def _setting(name: str, listed: Mapping[str, str], got: Mapping[str, str]) -> str:
    """The value of one property; "" = not set."""
    answer = got.get(name, "nothing")
    if name in listed:
        value = listed[name].strip().strip("\"'")
        if value.startswith("[") and not value.endswith("]"):
            raise ValueError(f"expected a list as {name}, found {value!r}")
        if _WORD.fullmatch(answer) and answer != "nothing" and _words(answer) != _words(value):
            raise ValueError(f"expected one value of {name}, found {value!r} and {answer!r}")
        return value
    if re.search(r"\bnot (?:been )?set\b", answer):
        return ""
    if answer == "nothing" or (" " in answer and not answer.startswith("[")):
        raise ValueError(f"expected the value of {name}, found {answer!r}")
    return answer.strip("\"'")


#: A value, not a sentence: one word, or a list in brackets.
_WORD = re.compile(r"\S+|\[.*\]")


def _words(value: str) -> set[str]:
    """``["AAD", "ARM"]``, ``AAD,ARM``, ``http://169.254.0.11:3128/``"""
    return {word.rstrip("/") for word in re.findall(r"[^\s\[\],\"']+", value)}


# The text before the last @ is a login: a password may contain @ and slashes.
_CUT = "sed 's#://.*@#://***@#'"

agent_config = probe(
    f"""\
{UNLESS_ABSENT}{{
  echo @list
  {AZCMAGENT} config list || printf '\\n@exit %s\\n' $?
  for p in proxy.url proxy.bypass; do
    echo "@get $p"
    {AZCMAGENT} config get $p || printf '\\n@exit %s\\n' $?
  done
}} 2>&1 | {_CUT} && echo @end""",
    windows=azcmagent_windows.CONFIG,
    timeout=20,
    root=True,
    accept_states=("no root", "timed out"),
    accept_exits=ANY_ERROR,
    read=AgentConfig.read,
)
