"""Kinds of probe that could harm the Linux engine or other probes: name, text, and expected answer.

kinds.py has those for both systems, and defines an answer. Every kind runs beside witnesses.
"""

from __future__ import annotations

from typing import Any

from tests.gather.kinds import ANY, LATE, SOME_ERROR

#: Ways in which a probe ends.
ENDS: dict[str, tuple[str, Any]] = {
    "exit 7": ("exit 7", ("done", 7, "")),
    "exit 0": ("echo a; exit 0; echo b", ("done", 0, "a\n")),
    "false": ("false", ("done", 1, "")),
    "return": ("return 3", ("done", {3, 2, 0, 1}, "")),
    "exec true": ("exec true", ("done", 0, "")),
    "exec false": ("exec false", ("done", 1, "")),
    "exec sh": ("exec sh -c 'echo a; exit 5'", ("done", 5, "a\n")),
    "exec nothing": ("exec /no/such", ("done", {126, 127, 2}, "")),
    "exec many": ("exec sh -c 'exec sh -c \"exec sh -c exit\\ 9\"'", ("done", 9, "")),
    "no such command": ("no-such-program", ("done", 127, "")),
    "not executable": ("/etc", ("done", 126, "")),
    "set -e": ("set -e; false; echo no", ("done", 1, "")),
    "set -u": ("set -u; echo $nope; echo no", ("done", SOME_ERROR, "")),
    "set -f": ("set -f; echo /*", ("done", 0, "/*\n")),
    "set -x": ("set -x; echo a", ("done", 0, "a\n")),
    "set -v": ("set -v; echo a", ("done", 0, "a\n")),
    "set -C": ("set -C; echo a >/tmp/.c$$; echo b >/tmp/.c$$; r=$?; rm /tmp/.c$$; exit $r", ("done", SOME_ERROR, "")),
    "set -a": ("set -a; a=1; env | grep ^a=", ("done", 0, "a=1\n")),
    "set --": ("set -- x y; echo $1 $#", ("done", 0, "x 2\n")),
    "no arguments": ("echo $#", ("done", 0, "0\n")),
    "ends in a comment": ("echo a # b", ("done", 0, "a\n")),
    "ends in a backslash": ("echo a \\", ("done", 0, ANY)),
    "a here-document": ("cat <<X\na'\nX", ("done", 0, "a'\n")),
    "an open here-document": ("cat <<X\na", ("done", {0, 1, 2}, ANY)),
    "a program alone": ("cat /proc/sys/kernel/ostype", ("done", 0, "Linux\n")),
    "a program alone fails": ("cat /no/such", ("done", 1, "")),
    "a proxy and a program": ("export no_proxy=a\ncat /proc/sys/kernel/ostype", ("done", 0, "Linux\n")),
    "a program alone without end": ("cat /dev/zero", ("done", 141, "\0" * 16_384)),
    "pipeline": ("echo a | cat", ("done", 0, "a\n")),
    "pipeline fails": ("echo a | false", ("done", 1, "")),
    "yes|:": ("yes | :", ("done", 0, "")),
    "break": ("break; echo a", ("done", {0, 1}, ANY)),
    "continue": ("continue 3; echo a", ("done", {0, 1}, ANY)),
    "shift": ("shift 5; echo a", ("done", ANY, ANY)),
    "wait": ("wait; echo a", ("done", 0, "a\n")),
    "wait for a child": ("sleep 0.1 & wait $!; echo $?", ("done", 0, "0\n")),
    "wait for a stranger": ("wait 1; echo $?", ("done", 0, "127\n")),
    "stdin": ("cat; read a; echo $?", ("done", 0, "1\n")),
    "division by zero": ("echo $((1/0)); echo no", ("done", SOME_ERROR, ANY)),
    "bad substitution": ("echo ${a?gone}; echo no", ("done", SOME_ERROR, "")),
    "readonly": ("readonly a=1; a=2; echo no", ("done", SOME_ERROR, "")),
    "recursion": ("f() { f; }; ulimit -s 256; f", ("done", SOME_ERROR, "")),
}
for signal, number in {
    "KILL": 9,
    "TERM": 15,
    "HUP": 1,
    "SEGV": 11,
    "ABRT": 6,
    "USR1": 10,
    "PIPE": 13,
    "ALRM": 14,
}.items():
    ENDS[f"killed by {signal}"] = (f"echo a; sh -c 'kill -{signal} $PPID'; sleep 0.1", ("done", 128 + number, "a\n"))
    ENDS[f"exec'd and killed by {signal}"] = (f"exec sh -c 'kill -{signal} $$; sleep 0.1'", ("done", 128 + number, ""))
for name, text in {
    "'": "echo 'a",
    '"': 'echo "a',
    "`": "echo `a",
    "$(": "echo $(a",
    "${": "echo ${a",
    "$((": "echo $((1",
    "(": "(echo a",
    "{": "{ echo a",
    ")": "echo a)",
    "}": "echo a; }",
    "fi": "fi",
    "case": "case a in a) echo a",
    "esac": "esac",
    "for": "for a in b; do echo a",
    "done": "done",
    "while": "while true; do echo a; exit",
    ";;": "echo a;;",
    "&&": "&& echo a",
    "|": "| cat",
    "||": "echo a ||",
    "f(": "f( { :; }",
    "<": "cat <",
    "'\"": "echo a; '\"",
    "}; touch": "}; touch /tmp/pwned; {",
    ") & touch": ") & touch /tmp/pwned; (",
    "' touch": "'; touch /tmp/pwned; '",
}.items():
    expected = {"}; touch", ") & touch"}
    ENDS[f"syntax: {name}"] = (text, ("done", {127} if name == "' touch" else SOME_ERROR, ""))

#: Changes to the shell that evaluates the probe.
WORLD: dict[str, tuple[str, Any]] = {
    name: (text, ("done", 0, ANY))
    for name, text in {
        "variables": "room=/ N=x i=9 index=9 status=0 pending= ready=x text=x first=0 leader=1 place=/ engine=: sending=x",
        "unset": "unset room N i index status pending ready first leader place engine begin up now ticks",
        "readonly": "readonly room N i index status pending begin up now ticks word",
        "functions": "echo() { exit 9; }; read() { exit 9; }; frame() { :; }; stop() { :; }; now() { :; }; :",
        "no functions": "unset -f start around look children stop late holders sweep all watch frame flush tick leave",
        "alias": "alias echo=exit read=exit eval=exit; :",
        "IFS": "IFS=0123456789",
        "PATH": "PATH=/nowhere; :",
        "cd /": "cd /",
        "removed cwd": "mkdir /tmp/.d$$ && cd /tmp/.d$$ && rmdir /tmp/.d$$",
        "umask 777": "umask 777",
        "umask 0": "umask 0",
        "LC_ALL": "export LC_ALL=xx_YY.UTF-8",
        "ulimit -f": "ulimit -f 0",
        "ulimit -n": "ulimit -n 3; :",
        "ulimit -v": "ulimit -v 10000; :",
        "trap ''": "trap '' TERM HUP INT PIPE CHLD USR1",
        "trap EXIT": "trap : EXIT",
        "no trap": "trap - EXIT TERM HUP INT PIPE",
        "close 3 and up": "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-",
        "close stdout": "exec >&-",
        "close stderr": "exec 2>&-",
        "close all": "exec <&- >&- 2>&-",
        "open 3": "exec 3>/dev/null 4</dev/null; echo x >&3",
        "stdout elsewhere": "exec >/dev/null; echo a",
        "set options": "set -efux; :",
        "export": "export room N i status PATH IFS; env >/dev/null",
        "OPTIND": "OPTIND=5; getopts a b || :",
        "nice": "exec nice -n 19 true",
        "limits are the login's": "[ $(ulimit -f) = unlimited ]",
        "a big file": "head -c 300000 /dev/zero >/tmp/.big$$ && rm /tmp/.big$$",
    }.items()
}
WORLD["trap exits"] = ("trap 'exit 9' EXIT; exit 0", ("done", 9, ""))
WORLD["trap prints"] = ("trap 'echo b' EXIT; echo a", ("done", 0, "a\nb\n"))
WORLD["trap TERM and exit"] = ("trap 'echo b; exit 3' TERM; sh -c 'kill $PPID'; sleep 0.1", ("done", 3, "b\n"))
WORLD["no descriptor above 2"] = ('for f in 3 4 5 6 7 8 9; do sh -c ": >&$f" && echo $f; done; :', ("done", 0, ""))
WORLD["write to 3"] = ("echo 'e 1 0 0 0' >&3", ("done", SOME_ERROR, ""))
WORLD["write to 6"] = ("echo x >&6", ("done", SOME_ERROR, ""))
WORLD["the shell's memory"] = ('echo "$N" | grep -c nothing', ("done", 1, "0\n"))

#: Output of the probe.
OUTPUT: dict[str, tuple[str, Any]] = {
    "nothing": (":", ("done", 0, "")),
    "no line feed": ("printf a", ("done", 0, "a")),
    "a line feed": ("echo", ("done", 0, "\n")),
    "CR LF": ("printf 'a\\r\\n'", ("done", 0, "a\r\n")),
    "NUL": ("printf 'a\\000b'", ("done", 0, "a\0b")),
    "not UTF-8": ("printf '\\377'", ("done", 0, "\\xff")),
    "looks like a frame": ("printf '\\nNEXUS o 1\\n\\nNEXUS e 1 e 0 1.00 1.00\\n\\nNEXUS end\\n'", ("done", 0, ANY)),
    "60,000 bytes": ("head -c 60000 /dev/zero | tr '\\0' a", ("done", 0, "a" * 16_384)),
    "65,536 bytes": ("head -c 65536 /dev/zero | tr '\\0' a", ("done", 0, "a" * 16_384)),
    "65,537 bytes": ("head -c 65537 /dev/zero | tr '\\0' a", ("done", 141, "a" * 16_384)),
    "without end": ("yes", ("done", 141, "y\n" * 8192)),
    "zeros without end": ("exec cat /dev/zero", ("done", 141, "\0" * 16_384)),
    "without end on stderr": ("yes >&2", ("done", 141, "")),
    "both": ("echo a; echo b >&2; echo c; echo d >&2", ("done", 0, "a\nc\n")),
    "60,000 bytes on both": ("head -c 60000 /dev/zero >&2; echo a", ("done", 0, "a\n")),
    "a byte at a time": ("for a in 1 2 3; do printf .; sleep 0.05; done", ("done", 0, "...")),
}

#: Processes that it leaves behind or waits for.
CHILDREN: dict[str, tuple[str, Any]] = {
    "background": ("sleep 77 & echo hi", ("done", 0, "hi\n")),
    "background, silent": ("sleep 77 >/dev/null 2>&1 & echo hi", ("done", 0, "hi\n")),
    "double fork": ("(sleep 77 &); echo hi", ("done", 0, "hi\n")),
    "nohup": ("nohup sleep 77 >/dev/null 2>&1 & echo hi", ("done", 0, "hi\n")),
    "deaf": ("(trap '' TERM HUP INT PIPE; sleep 77; sleep 77) & echo hi", ("done", 0, "hi\n")),
    # Busy as long as the others run, with a low priority.
    "busy": ("nice -n 19 sh -c 'while :; do :; done' >/dev/null 2>&1 & echo hi", ("done", 0, "hi\n")),
    "a pipeline": ("sleep 77 | sleep 77 & echo hi", ("done", 0, "hi\n")),
    "with children": ("sh -c 'sleep 77; :' & echo hi", ("done", 0, "hi\n")),
    "left by exec": ("sleep 77 & exec echo hi", ("done", 0, "hi\n")),
    "left when killed": ("sleep 77 & echo hi; sh -c 'kill -9 $PPID'; sleep 0.1", ("done", 137, "hi\n")),
    "speaks late": ("(sleep 77; echo late; echo late >&2) & echo hi", ("done", 0, "hi\n")),
    "late subshells": ("(( sleep 77 ) ; : ) ; :", LATE),
    "late by exec": ("exec sleep 77", LATE),
    "late double fork": ("(sleep 77 &); sleep 77", LATE),
    "late waits": ("sleep 77 & wait", LATE),
    "late and stopped": ("sh -c 'kill -STOP $PPID'; sleep 77", LATE),
    "late trap": ("trap 'sleep 77; sleep 77' EXIT TERM; sleep 77", LATE),
    "forks on": ("while :; do (sleep 78 &); sleep 0.05; done", LATE),
    "forks on, deaf": ("while :; do (trap '' TERM; sleep 78; :) & sleep 0.05; done", LATE),
    "children of a thread": (
        "exec python3 -c 'import threading,subprocess as s;"
        't=threading.Thread(target=lambda:s.run(["sleep","77"]));t.start();t.join()\'',
        LATE,
    ),
    "a hostile name": (
        "exec python3 -c 'import ctypes,time;ctypes.CDLL(None).prctl(15,b\") S 1\\n1 1 (\",0,0,0);time.sleep(77)'",
        LATE,
    ),
    "orphan with a hostile name": (
        "python3 -c 'import ctypes,time;ctypes.CDLL(None).prctl(15,b\"a) S 1\\n1 1 (\",0,0,0);time.sleep(77)' & echo hi",
        ("done", 0, "hi\n"),
    ),
    "the shell around it is killed": (
        "read -r a b c m d </proc/self/stat; kill -9 $m; sleep 0.2; echo x",
        ("timed out", None, ANY),
    ),
    "the shell around it is stopped": (
        "read -r a b c m d </proc/self/stat; kill -STOP $m; echo x",
        ("timed out", None, ANY),
    ),
    "the main shell is stopped": ("kill -STOP $$; echo x", ("done", 0, "x\n")),
    "own session, holds the output": ("setsid sleep 76 & sleep 0.1; echo hi", ("done", 0, "hi\n")),
}
#: It leaves the session on purpose, so it may stay (documented).
CHILDREN["own session"] = ("setsid sleep 79 >/dev/null 2>&1 & sleep 0.1; echo hi", ("done", 0, "hi\n"))

#: Probes that end or spoil the whole run: no answer may be false, and no process may stay.
RUINOUS: dict[str, str] = {
    "kill $$": "kill $$; sleep 77",
    "kill -9 $$": "kill -9 $$; sleep 77",
    "kill -HUP $$": "kill -HUP $$; sleep 77",
    "kill -PIPE $$": "kill -PIPE $$; sleep 77",
    "kill 0": "kill 0; sleep 77",
    "the folder is emptied": 'rm -f "$room"/*; sleep 0.5',
    "the folder is gone": 'rm -rf "$room"; sleep 0.5',
    "an index that is a command": "echo 'e 1;touch${IFS}/tmp/pwned 0 1 1' >\"$room/q\"; sleep 0.2",
    "an index that is none": "echo 'e 999 0 1 1' >\"$room/q\"; echo 'e 01 0 1 1' >\"$room/q\"; echo 'x -1' >\"$room/q\"",
    "the clock is stopped": 'kill -9 $(grep -l "^sleep.1" /proc/[0-9]*/cmdline | cut -d/ -f3); sleep 77',
    "the sender is killed": 'sleep 0.3; kill -9 $(grep -al "^cat..*[.]o" /proc/[0-9]*/cmdline | cut -d/ -f3); sleep 1',
}

#: Settings of a login: environment, lines of sh before the script, and whether the witnesses answer as usual. If not, no
#: answer may be false, and the client must get an exit status, a frame, or a message on stderr.
LOGINS: dict[str, tuple[dict[str, str], str, bool]] = {
    "TMOUT": ({"TMOUT": "1"}, "", True),
    "SHELLOPTS errexit": ({"SHELLOPTS": "errexit"}, "", True),
    "SHELLOPTS nounset": ({"SHELLOPTS": "nounset"}, "", True),
    "SHELLOPTS noclobber": ({"SHELLOPTS": "noclobber"}, "", True),
    "SHELLOPTS noglob": ({"SHELLOPTS": "noglob"}, "", True),
    "SHELLOPTS allexport": ({"SHELLOPTS": "allexport"}, "", True),
    "SHELLOPTS xtrace": ({"SHELLOPTS": "xtrace:verbose"}, "", True),
    "SHELLOPTS many": (
        {"SHELLOPTS": "errexit:nounset:noclobber:noglob:xtrace", "PS4": "$(touch /tmp/pwned)"},
        "",
        True,
    ),
    "ENV and BASH_ENV": ({"ENV": "/tmp/rc", "BASH_ENV": "/tmp/rc"}, "echo 'echo noise; exit 3' >/tmp/rc", True),
    "names of ours": (
        dict.fromkeys(
            ["N", "room", "i", "status", "pending", "ready", "sender", "go", "first", "leader", "k1", "y1"], "x"
        ),
        "",
        True,
    ),
    "names of others": (
        dict.fromkeys(["c1", "l1", "n1", "b1", "e1", "engine", "plain", "rooted", "place"], "9"),
        "",
        True,
    ),
    "functions": (
        {f"BASH_FUNC_{name}%%": "() { exit 3; }" for name in ["echo", "read", "sed", "cat", "kill", "[", "grep", "rm"]},
        "",
        True,
    ),
    "more functions": (
        {
            f"BASH_FUNC_{name}%%": "() { :; }"
            for name in ["printf", "sleep", "mkdir", "mkfifo", "rmdir", "cd", "command"]
        },
        "",
        True,
    ),
    "IFS": ({"IFS": "0123456789"}, "", True),
    "CDPATH": ({"CDPATH": "/:/tmp"}, "", True),
    "POSIXLY_CORRECT": ({"POSIXLY_CORRECT": "1"}, "", True),
    "GREP_OPTIONS": ({"GREP_OPTIONS": "--color=always", "GREP_COLOR": "1"}, "", True),
    "LC_ALL": ({"LC_ALL": "xx_YY.UTF-8", "LANG": "de_DE"}, "", True),
    "no HOME": ({"HOME": ""}, "", True),
    "XDG_RUNTIME_DIR": ({"XDG_RUNTIME_DIR": "/"}, "", True),
    "XDG_RUNTIME_DIR with a space": ({"XDG_RUNTIME_DIR": "/no such dir"}, "", True),
    "PATH empty": ({"PATH": ""}, "", True),
    "PATH relative": ({"PATH": ".:/usr/bin"}, "", True),
    "noise": ({}, "echo welcome; echo warning >&2", True),
    "noise like a frame": ({}, "printf '\\nNEXUS0 hello\\n\\nNEXUS0 o 1\\n\\nNEXUS0 e 1 e 0 1.0 1.0\\n'", True),
    "much noise": ({}, "yes noise | head -c 300000", True),
    "slow": ({}, "sleep 1", True),
    "a child of its own": ({}, "sleep 75 >/dev/null 2>&1 & sleep 0.05", True),
    "umask 777": ({}, "umask 777", True),
    "umask 0": ({}, "umask 0", True),
    "cwd is gone": ({}, "mkdir /tmp/gone$$; cd /tmp/gone$$; rmdir /tmp/gone$$", True),
    "open descriptors": ({}, "exec 3</dev/null 4>/dev/null 7<>/dev/null 9</dev/null", True),
    "ignores TERM": ({}, "trap '' TERM", True),
    "ignores HUP and INT": ({}, "trap '' HUP INT QUIT", True),
    "ignores PIPE": ({}, "trap '' PIPE", True),
    "ignores CHLD": ({}, "trap '' CHLD", True),
    "ignores XFSZ and USR1": ({}, "trap '' XFSZ USR1 USR2 ALRM", True),
    "nice": ({}, "renice 19 $$ >/dev/null", True),
    "few descriptors": ({}, "ulimit -n 16", True),
    "far too few descriptors": ({}, "ulimit -n 7", False),
    "small files": ({}, "ulimit -f 1", True),
    "no files": ({}, "ulimit -f 0", False),
    "no core": ({}, "ulimit -c 0", True),
    "little memory": ({}, "ulimit -v 60000", True),
    "reads a line": ({}, "read -r a", False),
    "reads all": ({}, "cat >/dev/null", False),
    "exits": ({}, "exit 3", False),
    "execs": ({}, "exec echo not available", False),
    "full /dev/shm": ({}, "head -c 9000000 /dev/zero >/dev/shm/full 2>/dev/null", True),
    "full everywhere": (
        {},
        "for a in /dev/shm /run /tmp /var/tmp /home; do head -c 9000000 /dev/zero >$a/full; done 2>/dev/null",
        False,
    ),
}
#: The same for a login that is not root.
USERS: dict[str, tuple[dict[str, str], str, bool]] = {
    "a user": ({}, "", True),
    "few processes": ({}, "ulimit -u 6", False),
    "nearly enough processes": ({}, "ulimit -u 14", False),
    "enough processes": ({}, "ulimit -u 200", True),
}
#: The script reports why it runs nothing.
REFUSED = {"no files", "full everywhere", "far too few descriptors", "few processes", "nearly enough processes"}
