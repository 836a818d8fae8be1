# Functions of both shells on the VM: the shell of the login, and root's shell, which sudo starts for the probes that
# need root. POSIX sh only, and a builtin instead of a program where possible: most of the cost on a VM is forks.
# docs/engine.md lists the promises; `plugins/gather/script.py` adds the probes and documents the frames.
#
# Open files of the main shell: 3 reports, read and written; 4 commands to root's shell; 5 stdin; 6 stdout. In root's
# shell 4 is the reports to the main shell.

LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
export LC_ALL PATH
umask 077

# now: set `up` to the uptime in seconds, as /proc/uptime prints it, and `now` to the same in hundredths.
now() {
  up=$ticks.00
  { read -r up _ </proc/uptime; } 2>/dev/null
  now=$((${up%.*} * 100 + 1${up#*.} - 100))
}

# start INDEX: run the probe c$INDEX in the background. It reports "e INDEX STATUS BEGIN END", or, when a tool is not
# installed, "x INDEX TOOL BEGIN END".
start() {
  i=$1
  eval "tools=\$n$i command=\$c$i"
  now
  begin=$up
  eval "b$i=\$up e$i=\$((now + l$i * 100))"
  for tool in $tools; do
    command -v "$tool" >/dev/null 2>&1 || {
      echo "x $i $tool $up $up" >&3
      return
    }
  done
  around &
  eval "k$i=\$!"
}

# around: the shell around a probe. The probe's output waits in two FIFOs. A FIFO holds 64 KB, then the writer waits:
# this limits memory without disk, and the VM's programs inherit no limit. This shell keeps both FIFOs open until the
# sender has opened them. After that, a process that the probe left behind gets SIGPIPE when it writes. This shell never
# has a FIFO as file 1 or 2, because `holders` stops the processes that do.
around() {
  [ -p "$room/$i.o" ] && [ -p "$room/$i.e" ] || exit 1
  exec 4>&- 6<>"$room/$i.o" 7<>"$room/$i.e" 8>"$room/$i.o" 9>"$room/$i.e"
  ulimit -c 0
  (
    set --
    eval "$command"
  ) >&8 2>&9 3>&- 6>&- 7>&- 8>&- 9>&-
  status=$?
  now
  exec 6>&- 7>&-
  echo "e $i $status $begin $up" >&3
  exec 3>&-
  : 5>/proc/self/fd/8
  exec 8>&-
  : 5>/proc/self/fd/9
}

# look PID: set `state`, `parent`, `session`, `threads` and `born` (its start time) from a line such as
#     4711 (sh) S 4702 4711 4711 0 -1 ...
# The name in parentheses can contain anything, also parentheses and line feeds.
look() {
  line=
  while read -r part || [ "$part" ]; do line="$line $part"; done <"/proc/$1/stat" || return
  set -- ${line##*) }
  state=$1 parent=$2 session=$4 threads=${18} born=${20}
} 2>/dev/null

# children PID: set `kids` to the children of all its threads. A kernel without CONFIG_PROC_CHILDREN does not list them:
# then read the parent of every process.
children() {
  kids= part=
  [ -e "/proc/$1/task/$1/children" ] || {
    for file in /proc/[0-9]*; do
      look "${file#/proc/}" && [ "$parent" = "$1" ] && kids="$kids ${file#/proc/}"
    done
    return 0
  }
  for task in "/proc/$1/task"/*/children; do
    { read -r part <"$task"; } 2>/dev/null
    kids="$kids $part" part=
  done
}

# descends PID PARENT CHILDREN: whether PID is still a child of PARENT and younger than the run. CHILDREN is empty, or
# the children of a PARENT that has SIGSTOP: listing a few of them again costs less than reading /proc/PID/stat.
descends() {
  [ "${#3}" -lt 2 ] || [ "${#3}" -gt 200 ] || [ ! -e "/proc/$2/task/$2/children" ] || {
    children "$2"
    case "$kids " in *" $1 "*) return 0 ;; esac
  }
  look "$1" && [ "$parent" = "$2" ] && [ "$born" -ge "$first" ]
}

# stop PID PARENT [CHILDREN]: kill a process and its descendants, if it is still a child of PARENT. SIGSTOP comes first,
# so that it starts no more processes, and SIGKILL after its children are dead, so that none is missed.
stop() {
  set -- "$1" "$2" "${3-}"
  [ "$1" != "$self" ] && descends "$@" && kill -STOP "$1" || return 0
  descends "$@" || {
    kill -CONT "$1"
    return 0
  }
  children "$1"
  set -- "$1" "$kids"
  for kid in $2; do stop "$kid" "$1" "$2"; done
  kill -KILL "$1"
} 2>/dev/null

# late INDEX: stop a probe; the shell around it reports the end.
late() {
  eval "k=\$k$1"
  look "$k" && [ "$parent" = "$$" ] || return 0
  children "$k"
  for kid in $kids; do stop "$kid" "$k"; done
}

# holders INDEX: stop the processes that still have the output of an ended probe open.
holders() {
  for fd in /proc/[0-9]*/fd/[12]; do
    [ "$fd" -ef "$room/$1.o" ] || [ "$fd" -ef "$room/$1.e" ] || continue
    k=${fd#/proc/}
    k=${k%%/*}
    look "$k" && stop "$k" "$parent"
  done
}

# sweep: stop the remaining processes of this session that the run started, and in root's shell only root's. Search
# again after each search that stopped one, because that one may have started others; three times at most.
sweep() {
  look self
  self=${line%% (*}
  self=${self# }
  [ "$leader" ] && [ "$session" = "$leader" ] || return 0
  for pass in 1 2 3; do
    : &
    newest=$! any=
    for file in /proc/[0-9]*; do
      k=${file#/proc/}
      ours && [ "$k" != "$self" ] && [ "$k" != "$$" ] && [ -O "$file" ] || continue
      look "$k" && [ "$session" = "$leader" ] && [ "$state$threads" != Z1 ] || continue
      any=1
      stop "$k" "$parent"
    done
    [ "$any" ] || break
  done
}

# ours: whether the process id k was assigned during the run. Ids ascend and then restart at the lowest.
ours() {
  if [ "$oldest" -lt "$newest" ]; then
    [ "$k" -ge "$oldest" ] && [ "$k" -lt "$newest" ]
  else
    [ "$k" -ge "$oldest" ] || [ "$k" -lt "$newest" ]
  fi
}

# all: stop the children of this shell, and the remaining processes of its session.
all() {
  children "$$"
  for kid in $kids; do stop "$kid" "$$"; done
  sweep
}

# watch: report "g" when stdin ends, which means that the client has disconnected; but "n" when the main shell's stdin
# ended at once: then the client does not keep it open, and its end has no meaning. Pass on each command that root's
# shell reads.
watch() {
  (
    now
    from=$now
    while read -r word index _; do
      echo "$word $index - - -" >&3
    done <&5
    now
    [ "$((now - from))" -lt 20 ] && [ "$main" ] && exit 3
    exit 0
  )
  if [ "$?" = 3 ]; then echo "n - - - -" >&3; else echo "g - - - -" >&3; fi
}
