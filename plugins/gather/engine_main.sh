# The shell of the login: it starts the probes and root's shell, keeps the time, and sends the answers.

# clock: a tick every second. When the main shell was killed, this one removes what is left of the run; when a probe
# stopped it (kill -STOP $$), it is continued.
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

# root: start root's shell; its script comes on stdin, whose end is the end of this shell or of the need for it.
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

# drop INDEX: this probe has its frame, or gets none.
drop() {
  case $pending in *" $1 "*) ;; *) return 1 ;; esac
  pending="${pending%% $1 *} ${pending#* $1 }"
}

# frame INDEX STATE STATUS BEGIN END [OUTPUT]: queue the frame of one probe, once; OUTPUT: not empty when it may have any.
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

# flush: send what is ready, but for what is being sent: that may take as long as the client likes. To send takes two
# processes, so it is done for forty answers, once a second, and when all are there. The frames come last: without them
# nothing counts of output that could not be read as a whole.
flush() {
  [ "$sender" ] || [ -z "$frames" ] && return 0
  sending=$ready sent=$frames ready= frames= waiting=0 stuck= batch=$((batch + 1))
  (
    trap '' PIPE # a client that is gone is an error, which is announced
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

# noroot STATUS TEXT: root's shell did not start. STATUS is 124, as timeout's, when sudo was stopped.
noroot() {
  for i in $rooted; do
    text=$2
    frame "$i" r "$1" "$up" "$up"
  done
}

# tick: a second has passed.
tick() {
  ticks=$((ticks + 1))
  now
  for i in $pending; do
    eval "end=\$e$i begin=\$b$i y=\$y$i"
    if [ "$now" -lt "$end" ]; then
      continue
    elif [ "$y" ] && [ "$now" -ge "$y" ]; then
      echo "l $i - $begin $up" >&3 # after what is announced already: this shell itself may be late
    elif [ -z "$y" ]; then
      eval "y$i=\$((now + 300))"
      case $away in
      *" $i "*)
        [ "$go" ] && {
          echo "k $i" >&4
          continue
        }
        # sudo that has not answered by now will not; and a probe that never started has not timed out.
        stop "$sudo" "$$"
        eval "noroot 124 \"sudo -n did not answer within \$l$i s\""
        ;;
      *) late "$i" ;;
      esac
    fi
  done
  flush
  [ -z "$sender" ] || { look "$sender" && [ "$parent" = "$$" ] && [ "$state" != Z ]; } || echo "s $batch 1 - -" >&3
  # What is sent twice as long may wait for what a probe left behind.
  [ "$sender" ] && [ "$stuck" ] && children "$sender" && cats=$kids && for file in $sending; do
    case $file in
    *.o)
      i=${file%.o}
      if reads "$i"; then
        holders "$i"
        [ -z "$go" ] || echo "h $i" >&4
      fi
      # The shell around it is gone: nobody else would ever open them to write.
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

# remove: the folder of this run, by its whole name. `-r` is needed where a probe's program (az) made a folder in it, and
# where rm has no -d.
remove() {
  [ -O "$place/FOLDER" ] || return 0
  rm -fd "$place/FOLDER"/* "$place/FOLDER" || rm -rf "$place/FOLDER"
} 2>/dev/null

# refuse WORD...: nothing is run, and why.
refuse() {
  printf '\n%s %s\n\n%s end\n' "$N" "$*" "$N"
  exit 0
}

# enough LIMIT NUMBER: whether a limit of the login is as high.
enough() {
  case $1 in *[!0-9]*) ;; *) [ "$1" -ge "$2" ] ;; esac
}

# leave: end the run: root's shell, then all that this shell started, then what is left in the session, then the folder.
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
      # Part of it was not there, so no frame of it was sent; or nobody listens, and this ends the run.
      [ "$status" = 0 ] || printf '\n%s b\n' "$N" >&6 || exit 1
      [ "$waiting" -lt 40 ] || flush
      ;;
    g) exit 1 ;;
    n) beat=1 ;;
    o) go=1 ;;
    r)
      # Without root's shell, what has not been announced by now never will be.
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
        frame "$index" t - "$begin" "$end" # it cannot be stopped, or nobody is left to say that it was
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
