# What runs on the VM, before the probes' own functions p1, p2, ... It starts every probe in a subshell of its own, side
# by side, and sends each answer back as soon as it is there. Only POSIX sh, and only builtins where one will do: on a
# VM the forks are the cost. `plugins/gather/script.py` puts the rest around it and says what the frames look like.
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
umask 077

# start INDEX BLOCKS TOOL...: run pINDEX in the background, its output to files of at most BLOCKS * 512 bytes.
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
    # A background command inherits an ignored SIGINT; a file over its limit must be an error, not a core dump.
    trap '' XFSZ
    trap 'echo "e $i $?" >&3' EXIT
    ulimit -c 0
    ulimit -f "$blocks"
    "p$i" >"$room/$i.o" 2>"$room/$i.e" </dev/null
  ) &
  eval "k$i=$!"
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
