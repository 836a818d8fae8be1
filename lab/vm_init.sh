#!/bin/sh
# vm_init.sh BASE VM HOSTNAME DISK_MB: boot a VM in new mount, net, pid, uts and ipc namespaces.
#
#   BASE   the files of all VMs        BASE/{etc,usr,disk,dev}
#   VM     the files of this VM        VM/{layer/etc,layer/usr,files,network,boot}; its disk is mounted on VM/disk
#
# Root and an ordinary user use the same layout: in a user namespace the kernel refuses an overlay of / itself.
set -eu
base=$1 vm=$2 name=$3 disk_mb=$4
boot=$(cat "$vm/boot")
exec 3>"$vm/ready" # the lab waits until the boot script writes to it

# Before /proc is replaced: this machine's /proc/sys contains the settings of this shell's namespaces.
sys=/proc/sys
echo 1 >$sys/net/ipv6/conf/all/disable_ipv6
echo 1 >$sys/net/ipv6/conf/default/disable_ipv6
echo "0 65534" >$sys/net/ipv4/ping_group_range
# hostname(1) refuses the names of some faults, and only real root may write the file.
{ printf '%s' "$name" >$sys/kernel/hostname; } 2>/dev/null || hostname "$name" 2>/dev/null || hostname lab

# The disk. All of the VM's files are on it, so that it can be full. Few commands, because every VM runs them.
mount -t tmpfs -o "mode=755,size=${disk_mb}m" disk "$vm/disk"
cd "$vm/disk"
mkdir -p root upper/usr upper/etc work/usr work/etc local/bin local/sbin local/lib
cp -a "$base/disk/." "$vm/files/." root # with links such as bin -> usr/bin
az=
if [ "$LAB_AZ" ]; then
  mkdir root/opt/az
  az="$LAB_AZ $vm/disk/root/opt/az none bind,ro"
fi

# All mounts, in one process. pivot_root needs a mount point; an empty /usr/local hides this machine's.
# The VM gets its own processes and terminals, but no disk of this machine, and cannot change the kernel's settings.
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
mkdir -p run/sshd run/lock run/cloud-init run/systemd/system # the last for sd_booted(3)

ip -batch "$vm/network"

pivot_root . mnt
cd /
umount -l /mnt
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 chroot . /bin/sh -c "$boot"
