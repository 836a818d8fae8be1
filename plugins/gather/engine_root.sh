# Root's shell starts the probes that need root, and stops those that the main shell names.
ticks=0 main= self=
exec 3<>"$1/p" 4>"$1/q" 5<&0 </dev/null 2>/dev/null
room=$1 leader=$2
look "$$"
[ "$session" = "$leader" ] || leader=
[ "$session" = "$$" ] || [ "$session" = "$PPID" ] && leader=$session
trap 'exit 1' HUP INT TERM PIPE
trap 'trap "" HUP INT TERM PIPE; all' EXIT
watch 4>&- &
exec 5<&-
oldest=$! first=$born
look "$oldest" && first=$born
echo "o - - - -" >&4
for index in $rooted; do start "$index"; done
while read -r word index status begin end <&3; do
  case $word in
  g) exit 0 ;;
  e | x) echo "$word $index $status $begin $end" >&4 ;;
  esac
  case " $rooted " in *" $index "*) ;; *) continue ;; esac
  case $word in
  k) late "$index" ;;
  h) holders "$index" ;;
  esac
done
