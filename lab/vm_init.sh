#!/bin/sh
# From fresh mount, net, pid, uts and ipc namespaces to a booted VM: vm_init.sh BASE VM HOSTNAME DISK_MB
#
#   BASE   what all VMs share          BASE/{etc,usr,disk,dev}
#   VM     this VM's own part          VM/{layer/etc,layer/usr,files,network,boot}; VM/disk is where its disk is mounted
#
# One layout for root and for an ordinary user: in a user namespace the kernel refuses an overlay of / itself.
set -eu
base=$1 vm=$2 name=$3 disk_mb=$4
boot=$(cat "$vm/boot")
exec 3>"$vm/ready" # the lab waits until the boot script writes to it

# While this machine's /proc is here: its /proc/sys shows what the namespaces of this shell have of their own.
sys=/proc/sys
echo 1 >$sys/net/ipv6/conf/all/disable_ipv6
echo 1 >$sys/net/ipv6/conf/default/disable_ipv6
echo "0 65534" >$sys/net/ipv4/ping_group_range
# Only real root may write the file, and hostname(1) refuses the names that a fault may want.
{ printf '%s' "$name" >$sys/kernel/hostname; } 2>/dev/null || hostname "$name" 2>/dev/null || hostname lab

# The disk. Everything the VM writes ends here, so that it can be full. Few commands: each is paid for once per VM.
mount -t tmpfs -o "mode=755,size=${disk_mb}m" disk "$vm/disk"
cd "$vm/disk"
mkdir -p root upper/usr upper/etc work/usr work/etc local/bin local/sbin local/lib
cp -a "$base/disk/." "$vm/files/." root # with bin -> usr/bin and all that
az=
if [ "$LAB_AZ" ]; then
  mkdir root/opt/az
  az="$LAB_AZ $vm/disk/root/opt/az none bind,ro"
fi

# All mounts, in one process. pivot_root wants a mount point; whatever this machine has in /usr/local is not the VM's.
# Of the kernel's file systems: its own processes and terminals, no disks of this machine, and no way to change this
# kernel.
root=$vm/disk/root
echo "$root $root none bind
usr $root/usr overlay lowerdir=$vm/layer/usr:$base/usr:/usr,upperdir=upper/usr,workdir=work/usr$LAB_OVERLAY
etc $root/etc overlay lowerdir=$vm/layer/etc:$base/etc,upperdir=upper/etc,workdir=work/etc$LAB_OVERLAY
$vm/disk/local $root/usr/local none bind
$az
proc $root/proc proc nosuid,nodev,noexec
$root/proc/sys $root/proc/sys none bind,ro,nosuid,nodev,noexec
$base/dev $root/dev none rbind,ro
devpts $root/dev/pts devpts newinstance,ptmxmode=0666,mode=620,gid=5
shm $root/dev/shm tmpfs mode=1777,size=16m
run $root/run tmpfs mode=755,size=16m" >"$vm/mounts"
mount --all --fstab "$vm/mounts"
cd root
mkdir -p run/sshd run/lock run/cloud-init run/systemd/system # the last: what sd_booted(3) looks at

ip -batch "$vm/network"

pivot_root . mnt
cd /
umount -l /mnt
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 chroot . /bin/sh -c "$boot"
