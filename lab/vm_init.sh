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

# The disk. Everything the VM writes ends here, so that it can be full. Few commands: each is paid for once per VM.
mount -t tmpfs -o "mode=755,size=${disk_mb}m" disk "$vm/disk"
cd "$vm/disk"
cp -a "$base/disk" root # with bin -> usr/bin and all that
cp -a "$vm/files/." root
mkdir -p upper/usr upper/etc work/usr work/etc local/bin local/sbin local/lib
mount --bind root root # pivot_root wants a mount point
cd root
mount -t overlay usr -o "lowerdir=$vm/layer/usr:$base/usr:/usr,upperdir=../upper/usr,workdir=../work/usr$LAB_OVERLAY" usr
mount -t overlay etc -o "lowerdir=$vm/layer/etc:$base/etc,upperdir=../upper/etc,workdir=../work/etc$LAB_OVERLAY" etc
mount --bind ../local usr/local # whatever this machine has installed there is not the VM's
if [ "$LAB_AZ" ]; then
  mkdir opt/az
  mount --bind "$LAB_AZ" opt/az
  mount -o remount,bind,ro opt/az
fi

# Kernel file systems: its own processes and terminals, no disks of this machine, and no way to change this kernel.
mount -t proc -o nosuid,nodev,noexec proc proc
echo 1 >proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 >proc/sys/net/ipv6/conf/default/disable_ipv6
echo "0 65534" >proc/sys/net/ipv4/ping_group_range
# hostname(1) refuses the names that a fault may want, and only real root may write the file.
hostname "$name" 2>/dev/null || { printf '%s' "$name" >proc/sys/kernel/hostname; } 2>/dev/null || hostname lab
mount --bind proc/sys proc/sys
mount -o remount,bind,ro,nosuid,nodev,noexec proc/sys
mount --rbind "$base/dev" dev
mount -o remount,bind,ro dev
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,size=16m shm dev/shm
mount -t tmpfs -o mode=755,size=16m run run
mkdir -p run/sshd run/lock run/systemd/system # the last: what sd_booted(3) looks at

ip -batch "$vm/network"

pivot_root . mnt
cd /
umount -l /mnt
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 chroot . /bin/sh -c "$boot"
