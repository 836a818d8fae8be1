"""Commands for the guest that several checks recommend; each can be run twice."""

from __future__ import annotations

from collections.abc import Sequence

from plugins import OnVm, Profile, on_vm, script, sh

#: The file that every session over SSH gets its environment from, by way of PAM.
ENVIRONMENT = "/etc/environment"


def no_proxy(profile: Profile) -> str:
    """The article's NO_PROXY."""
    return ",".join((*profile.no_proxy_recommended, *profile.no_proxy_required))


#: Each variable's lines are taken out and one is put at the end; all other lines stay. NO_PROXY keeps what it has
#: beyond the article's entries, in the form that every reader takes: commas, no blanks, no quotes. The first copy of
#: the file stays as it was found, and on a full disk nothing is lost. No single quotes: on the way through ssh and sudo
#: each would become unreadable.
_REPAIR = (
    "set -f; f=@FILE@; touch $f; [ -e $f.before-arc ] || cp -p $f $f.before-arc; "
    "for v in HTTPS_PROXY https_proxy HTTP_PROXY http_proxy NO_PROXY no_proxy; do new=@PROXY@; "
    'case $v in [Nn][Oo]*) own=; for e in @KEPT@; do case "$e,$own"@ARTICLE@, in [*],* | .,* | *,"$e",*) ;; '
    "*) own=$own$e, ;; esac; done; new=${own}@ARTICLE@ ;; esac; "
    'cp -p $f $f.new; { grep -v "^ *\\(export  *\\)*$v=" $f; printf "%s\\n" "$v=$new"; } >$f.new && mv $f.new $f; done'
)

#: The entries that the last assignment has.
_KEPT = '$(sed -n "s/^ *\\(export  *\\)*$v=//p" $f | tail -n 1 | tr "\\",;\\047\\t\\r" "      ")'


def environment(profile: Profile, *, keep: Sequence[str] | None = None) -> OnVm:
    """Set the six proxy variables in /etc/environment.

    `keep`: all that NO_PROXY may keep of what it has beyond the article's entries; None = everything.

    One command for all of them, so that it is the same whichever variable is found wrong.
    """
    values = {"FILE": ENVIRONMENT, "PROXY": profile.proxy_url, "ARTICLE": no_proxy(profile)}
    if keep is None:
        return on_vm(sh("sudo sh -c {}", script(_REPAIR.replace("@KEPT@", _KEPT), **values)))
    return on_vm(sh("sudo sh -c {}", script(_REPAIR, **values, KEPT=keep)))


def services(*names: str) -> OnVm:
    """Start services, now and at every boot; one that runs already is started anew."""
    return on_vm(sh("sudo systemctl enable {} && sudo systemctl restart {}", names, names))
