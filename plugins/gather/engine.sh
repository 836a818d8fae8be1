# What runs on the VM, before the probes' own functions p1, p2, ... It starts every probe in a subshell of its own, side
# by side, and sends each answer back as soon as it is there. Only POSIX sh, and only builtins where one will do: on a
# VM the forks are the cost. `plugins/gather/script.py` puts the rest around it and says what the frames look like.
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
umask 077

# start INDEX BLOCKS TOOL...: run pINDEX in the background, of its output at most BLOCKS * 512 bytes in files.
start() {
  i=$1 blocks=$2
  shift 2
  { read -r "b$i" _ </proc/uptime; } 2>/dev/null
  for tool; do
    command -v "$tool" >/dev/null 2>&1 || {
      echo "$tool" >"$room/$i.e"
      echo "x $i -" >&3
      return
    }
  done
  (
    ulimit -c 0
    # The limit is on what is kept, never on what the VM's own programs may write to their files: those would inherit it.
    # The status goes through a file, since a pipeline has that of its last command.
    {
      (
        trap 'echo "$?" >"$room/$i.s"' EXIT
        "p$i"
      ) 2>&1 >&4 3>&- 4>&- </dev/null | keep "$room/$i.e"
    } 4>&1 | keep "$room/$i.o" || blocks=
    status=
    { read -r status <"$room/$i.s"; } 2>/dev/null
    # 137: killed, so that there is no status. 141: it was stopped, because it printed too much or the place is full.
    [ "$blocks" ] || status=141
    echo "e $i ${status:-137}" >&3
  ) &
  eval "k$i=$!"
}

# keep FILE: keep the first BLOCKS * 512 bytes of stdin. What writes more, or on a full disk, is stopped by SIGPIPE.
keep() {
  trap '' XFSZ
  ulimit -f "$blocks"
  exec cat >"$1" 2>/dev/null 3>&-
}

# fell PID: stop a process and all its descendants, the parent first so that it starts nothing new.
fell() {
  kids=
  { read -r kids <"/proc/$1/task/$1/children"; } 2>/dev/null
  kill -9 "$1" 2>/dev/null
  for kid in $kids; do fell "$kid"; done
}

# tick SECONDS...: say "t SECONDS" when that many seconds have passed, for each of the ascending limits.
tick() {
  (
    trap 'kill "$!" 2>/dev/null; exit' TERM
    past=0
    for limit; do
      sleep "$((limit - past))" &
      wait "$!"
      echo "t $limit" >&3
      past=$limit
    done
  ) >/dev/null 2>&1 </dev/null &
  ticker=$!
}
