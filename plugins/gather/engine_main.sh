# The shell of the login starts the probes and root's shell, checks the time limits, and sends the answers.

# clock: report "t" every second. If the main shell was killed, clean up after the run; if a probe stopped it
# (kill -STOP $$), continue it.
clock() {
  (
    while sleep 1; do
      kill -CONT "$$" 2>/dev/null || {
        sweep
        remove
        exit 0
      }
      echo "t - - - -" >&3
    done
  )
  echo "g - - - -" >&3
}

# root: start root's shell with its script on stdin. Its stdin ends when this shell ends or no longer needs it.
root() {
  exec 4<>"$room/r"
  printf '%s\n' "#$ROOT_MARK begin" "$engine" "$rooted_part" "$root_shell" "#$ROOT_MARK end" "" >&4 3>&- 6>&- &
  (
    exec 6>&-
    sudo -n sh -c "$bootstrap" sh "$room" "$leader" <"$room/r" 2>&1 >/dev/null 3>&- 4>&- | (
      exec 3>&- 4>&-
      ulimit -f 8
      trap '' XFSZ
      exec cat >"$room/sudo" 2>/dev/null
    )
    echo "r - - - -" >&3
  ) 4>&- &
  sudo=$!
}

# drop INDEX: take a probe off the list of pending probes; fail if it is not on the list.
drop() {
  case $pending in *" $1 "*) ;; *) return 1 ;; esac
  pending="${pending%% $1 *} ${pending#* $1 }"
}

# frame INDEX STATE STATUS BEGIN END [OUTPUT]: queue the frame of a pending probe; with OUTPUT, the probe may have
# printed something.
frame() {
  drop "$1" || return 0
  if [ "${6-}" ]; then
    ready="$ready $1.o m $1.e m" frames="$frames$nl$N f $1 $2 $3 $4 $5"
  else
    frames="$frames$nl$N o $1${text:+$nl$text$nl}$nl$N e $1 $2 $3 $4 $5"
  fi
  text= waiting=$((waiting + 1))
  [ "$waiting" -lt 40 ] || flush
}

# flush: send the queued answers, unless the sender is still busy: a slow client may keep it so for any time. Sending
# takes two processes, so it is done for forty answers, once a second, and when the last answer is queued. The frames
# follow the outputs: output that could not be read completely has no frame, so it does not count.
flush() {
  [ "$sender" ] || [ -z "$frames" ] && return 0
  sending=$ready sent=$frames ready= frames= waiting=0 stuck= batch=$((batch + 1))
  (
    trap '' PIPE # after a disconnect, printf and cat fail, and the report has their status
    cd "$room" && printf '\n%s b\n' "$N" >&6 && { [ -z "$sending" ] || cat $sending 3>&- >&6 6>&-; } &&
      printf '%s\n' "$sent" >&6
    echo "s $batch $? - -" >&3
  ) 4>&- &
  sender=$!
}

# reads INDEX: whether the sender is reading the output of this probe.
reads() {
  for cat in $cats; do
    for fd in "/proc/$cat/fd"/*; do
      [ "$fd" -ef "$room/$1.o" ] || [ "$fd" -ef "$room/$1.e" ] && return
    done
  done
  return 1
}

# noroot STATUS TEXT: queue the frames of root's probes when root's shell did not start. STATUS is 124, like that of
# timeout(1), if sudo was stopped.
noroot() {
  for i in $rooted; do
    text=$2
    frame "$i" r "$1" "$up" "$up"
  done
}

# tick: once a second, stop late probes, send queued answers, and check the sender.
tick() {
  ticks=$((ticks + 1))
  now
  for i in $pending; do
    eval "end=\$e$i begin=\$b$i y=\$y$i"
    if [ "$now" -lt "$end" ]; then
      continue
    elif [ "$y" ] && [ "$now" -ge "$y" ]; then
      echo "l $i - $begin $up" >&3 # behind the reports that this shell has not read yet: it may be late itself
    elif [ -z "$y" ]; then
      eval "y$i=\$((now + 300))"
      case $away in
      *" $i "*)
        [ "$go" ] && {
          echo "k $i" >&4
          continue
        }
        # Do not wait for sudo any longer. The probe did not start, so it has not timed out.
        stop "$sudo" "$$"
        eval "noroot 124 \"sudo -n did not answer within \$l$i s\""
        ;;
      *) late "$i" ;;
      esac
    fi
  done
  flush
  [ -z "$sender" ] || { look "$sender" && [ "$parent" = "$$" ] && [ "$state" != Z ]; } || echo "s $batch 1 - -" >&3
  # A sender that was busy at the previous tick, too, may wait for a process that a probe left behind.
  [ "$sender" ] && [ "$stuck" ] && children "$sender" && cats=$kids && for file in $sending; do
    case $file in
    *.o)
      i=${file%.o}
      if reads "$i"; then
        holders "$i"
        [ -z "$go" ] || echo "h $i" >&4
      fi
      # Without the shell around the probe, no process opens these FIFOs for writing, and the sender would wait forever.
      eval "k=\$k$i"
      [ -z "$k" ] || { look "$k" && [ "$parent" = "$$" ] && [ "$state" != Z ]; } || : <>"$room/$i.o" <>"$room/$i.e"
      ;;
    esac
  done
  stuck=$sender
  [ -z "$beat" ] || [ "$sender" ] || {
    frames="$nl$N beat"
    flush
  }
}

# remove: remove the folder of this run, by its full name. `-r` is needed if a program of a probe (az) made a folder in
# it, or if rm has no -d.
remove() {
  [ -O "$place/FOLDER" ] || return 0
  rm -fd "$place/FOLDER"/* "$place/FOLDER" || rm -rf "$place/FOLDER"
} 2>/dev/null

# refuse WORD...: report why no probe can run, and exit.
refuse() {
  printf '\n%s %s\n\n%s end\n' "$N" "$*" "$N"
  exit 0
}

# enough LIMIT NUMBER: whether a limit of the login is at least NUMBER; "unlimited" is.
enough() {
  case $1 in *[!0-9]*) ;; *) [ "$1" -ge "$2" ] ;; esac
}

# leave: end the run: root's shell, the children of this shell, the remaining processes of the session, the folder.
leave() {
  trap '' HUP INT TERM PIPE
  trap - EXIT
  exec 4>&-
  n=0
  [ "$go" ] && while [ "$n" -lt 2 ] && read -r word _ <&3; do
    case $word in
    r) break ;;
    t) n=$((n + 1)) ;;
    esac
  done
  all
  remove
}

main() {
  ticks=0 pending=" $plain $rooted " indexes=" $plain $rooted " away=" $rooted " go= sudo= sender= ready= waiting=0 beat=
  main=1 text= stuck= self= batch=0 frames=
  nl='
'
  exec 3<>"$room/q" 5<&0 6>&1 </dev/null >/dev/null
  for i in $plain $rooted; do unset "k$i" "y$i"; done
  trap 'exit 1' HUP INT TERM PIPE
  trap leave EXIT
  watch 4>&- 6>&- &
  oldest=$!
  look "$oldest" || look "$$"
  first=$born leader=
  [ "$session" = "$$" ] && leader=$$
  exec 5<&-
  clock 4>&- 6>&- &
  eval "$rooted_part"
  [ -z "$rooted" ] || if [ "$user" = 0 ]; then
    plain="$rooted $plain" away=" "
  else
    now
    for i in $rooted; do eval "b$i=\$up e$i=\$((now + l$i * 100))"; done
    root
  fi
  for index in $plain; do start "$index"; done
  while read -r word index status begin end <&3; do
    case $word in
    t) tick ;;
    s)
      [ "$sender" ] && [ "$index" = "$batch" ] || continue
      sender=
      # An output could not be read, so no frame of this batch was sent; or the client has disconnected, which ends the
      # run.
      [ "$status" = 0 ] || printf '\n%s b\n' "$N" >&6 || exit 1
      [ "$waiting" -lt 40 ] || flush
      ;;
    g) exit 1 ;;
    n) beat=1 ;;
    o) go=1 ;;
    r)
      # Root's shell has ended: its probes send no more reports.
      if [ "$go" ]; then
        for i in $rooted; do drop "$i"; done
      else
        noroot - "$({ cat "$room/sudo"; } 2>/dev/null)"
      fi
      go= sudo=
      ;;
    e | x | l)
      case $indexes in *" $index "*) ;; *) continue ;; esac
      eval "y=\$y$index"
      if [ "$word" = x ]; then
        text=$status
        frame "$index" x - "$begin" "$end"
      elif [ "$word" = l ]; then
        frame "$index" t - "$begin" "$end" # it cannot be stopped, or the shell around it was killed
      elif [ "$y" ]; then
        frame "$index" t - "$begin" "$end" output
      else
        frame "$index" e "$status" "$begin" "$end" output
      fi
      ;;
    esac
    case $pending in *[0-9]*) continue ;; esac
    [ "$sender" ] || flush
    [ "$sender" ] || break
  done
  case $pending in *[0-9]*) exit 1 ;; esac
  leave
  printf '\n%s end\n' "$N" >&6
  exit 0
}
