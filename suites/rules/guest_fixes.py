"""Commands for the guest that several checks recommend; each can be run twice."""

from __future__ import annotations

from collections.abc import Sequence

from plugins import OnVm, Profile, on_vm, script, sh

#: The file from which every SSH session gets its environment, through PAM.
ENVIRONMENT = "/etc/environment"


def no_proxy(profile: Profile) -> str:
    """The article's NO_PROXY."""
    return ",".join((*profile.no_proxy_recommended, *profile.no_proxy_required))


#: Each variable's lines are removed and one is appended; all other lines stay. NO_PROXY keeps its entries
#: beyond the article's, in the form that every reader accepts: commas, no blanks, no quotes. The first backup of
#: the file is not overwritten, and on a full disk nothing is lost. No single quotes: after quoting for ssh and sudo
#: each would be unreadable.
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

    `keep`: the entries beyond the article's that NO_PROXY may keep; None = all.

    One command for all of them, so that it is the same whichever variable is found wrong.
    """
    values = {"FILE": ENVIRONMENT, "PROXY": profile.proxy_url, "ARTICLE": no_proxy(profile)}
    if keep is None:
        return on_vm(sh("sudo sh -c {}", script(_REPAIR.replace("@KEPT@", _KEPT), **values)))
    return on_vm(sh("sudo sh -c {}", script(_REPAIR, **values, KEPT=keep)))


def services(*names: str) -> OnVm:
    """Start services, now and at every boot; a running one is restarted."""
    return on_vm(sh("sudo systemctl enable {} && sudo systemctl restart {}", names, names))
