# What runs on the VM: the shell of the login, and a second one under sudo for the probes that need root. Both define
# these functions. Only POSIX sh, and only builtins where one will do: on a VM the forks are the cost. docs/engine.md
# says what is promised and how; `plugins/gather/script.py` writes the rest and draws the frames.
#
# Open files: 3 the announcements, read and written; 4 what is sent to root's shell; 5 stdin; 6 stdout.

LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
export LC_ALL PATH
umask 077

# now: `up`, the seconds since the start as /proc/uptime has them, and `now`, the same in hundredths.
now() {
  up=$ticks.00
  { read -r up _ </proc/uptime; } 2>/dev/null
  now=$((${up%.*} * 100 + 1${up#*.} - 100))
}

# start INDEX: run the probe c$INDEX in the background. Its announcement is "e INDEX STATUS BEGIN END", or "x INDEX TOOL".
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

# The shell around a probe. What the probe prints waits in two FIFOs, which hold 64 KB and then make it wait: so memory
# and disk have a bound, and the VM's programs inherit no limit. This shell keeps them until both have been opened to be
# sent. Then nobody of ours has them open any more, and what the probe left behind is stopped when it writes. It
# never has them as 1 or 2: what has, is stopped (`holders`).
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

# look PID: its `state`, `parent`, `session`, `threads` and birth (`born`). Its name may hold anything, line feeds, too.
look() {
  line=
  while read -r part || [ "$part" ]; do line="$line $part"; done <"/proc/$1/stat" || return
  set -- ${line##*) }
  state=$1 parent=$2 session=$4 threads=${18} born=${20}
} 2>/dev/null

# children PID: `kids`, the children of all its threads; a kernel without CONFIG_PROC_CHILDREN has each asked.
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

# descends PID PARENT CHILDREN: whether a process still is a child of PARENT, and younger than the run. CHILDREN, if any,
# are those of a PARENT that was stopped: where they are few, to list them again costs less than to read /proc/PID/stat.
descends() {
  [ "${#3}" -lt 2 ] || [ "${#3}" -gt 200 ] || [ ! -e "/proc/$2/task/$2/children" ] || {
    children "$2"
    case "$kids " in *" $1 "*) return 0 ;; esac
  }
  look "$1" && [ "$parent" = "$2" ] && [ "$born" -ge "$first" ]
}

# stop PID PARENT [CHILDREN]: end a process and its descendants: only while it descends from PARENT, first of all so that
# it starts nothing new, and the parent last, so that no child is lost.
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

# late INDEX: stop a probe; the shell around it announces how it ended.
late() {
  eval "k=\$k$1"
  look "$k" && [ "$parent" = "$$" ] || return 0
  children "$k"
  for kid in $kids; do stop "$kid" "$k"; done
}

# holders INDEX: stop what still has the output of an ended probe open.
holders() {
  for fd in /proc/[0-9]*/fd/[12]; do
    [ "$fd" -ef "$room/$1.o" ] || [ "$fd" -ef "$room/$1.e" ] || continue
    k=${fd#/proc/}
    k=${k%%/*}
    look "$k" && stop "$k" "$parent"
  done
}

# sweep: stop what is left of this session: what ended probes left behind in it, and what was started for the run. In
# root's shell, only what is root's. It looks again while it stops anything: that may have started more.
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

# ours: whether the id k was given away during the run. Ids ascend, and then begin anew.
ours() {
  if [ "$oldest" -lt "$newest" ]; then
    [ "$k" -ge "$oldest" ] && [ "$k" -lt "$newest" ]
  else
    [ "$k" -ge "$oldest" ] || [ "$k" -lt "$newest" ]
  fi
}

# all: stop everything that this shell started and what is left in its session.
all() {
  children "$$"
  for kid in $kids; do stop "$kid" "$$"; done
  sweep
}

# watch: announce the end of stdin, "g", or "n" when it was at its end from the start: then nobody keeps it open for us.
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
