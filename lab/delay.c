// delay IF_A IF_B MILLISECONDS: forward every frame between two interfaces after a delay.
//
// It replaces the kernel's netem, which many kernels lack:
//
//     mgmt0 ==veth== IF_A  [ delay ]  IF_B ==veth== a port of the bridge
//
// Until SIGUSR1 there is no delay, so that a lab starts quickly. It prints "ready" when both interfaces are open. It
// does not reorder, drop or change frames: with PACKET_VNET_HDR the kernel passes large segments and unfinished
// checksums through it as they are.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum {
    LONGEST = sizeof(struct virtio_net_hdr) + ETH_HLEN + 4 + 65535 + 1, // a segment that the kernel has not split yet
    BUFFER = 64 << 20,
    AT_A_TIME = 256, // most frames to read from one end before the other
};

struct frame {
    struct frame *next;
    long long due; // nanoseconds, CLOCK_MONOTONIC
    size_t length;
    unsigned char data[]; // a virtio_net_hdr, then the frame
};

// Frames received at one end, to be sent at the other.
struct end {
    const char *name;
    int socket;
    struct frame *first, *last;
};

static volatile sig_atomic_t delaying;

static void begin(int number) { delaying = number; }

static void die(const char *what, const char *name) {
    fprintf(stderr, "delay: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void set(const struct end *end, int level, int option, int value, int needed) {
    if (setsockopt(end->socket, level, option, &value, sizeof value) && needed)
        die("cannot set up", end->name);
}

static void open_end(struct end *end) {
    end->socket = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0); // protocol 0: receive nothing before bind
    if (end->socket < 0)
        die("cannot open a packet socket for", end->name);
    set(end, SOL_PACKET, PACKET_VNET_HDR, 1, 1);
    set(end, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, 1); // do not receive our own frames
    set(end, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER, 0);
    set(end, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER, 0);
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    address.sll_ifindex = (int)if_nametoindex(end->name);
    if (!address.sll_ifindex)
        die("there is no interface", end->name);
    // Receive frames for other addresses, too.
    struct packet_mreq all = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(end->socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all))
        die("cannot listen to all of", end->name);
    if (bind(end->socket, (struct sockaddr *)&address, sizeof address))
        die("cannot bind to", end->name);
}

static void take(struct end *from, long long nanoseconds) {
    static unsigned char data[LONGEST];
    for (int count = 0; count < AT_A_TIME; count++) {
        ssize_t length = recv(from->socket, data, sizeof data, 0);
        if (length < 0 && (errno == EAGAIN || errno == EINTR || errno == ENETDOWN))
            return;
        if (length < 0)
            die("cannot read from", from->name);
        struct frame *frame = malloc(sizeof *frame + (size_t)length);
        if (!frame)
            die("no memory for a frame of", from->name);
        frame->next = NULL;
        frame->due = now() + (delaying ? nanoseconds : 0);
        frame->length = (size_t)length;
        memcpy(frame->data, data, (size_t)length);
        if (from->last)
            from->last->next = frame;
        else
            from->first = frame;
        from->last = frame;
    }
}

// Send the frames that are due; return 0 if the far end's buffer is full.
static int pass(struct end *from, const struct end *to, long long time) {
    while (from->first && from->first->due <= time) {
        struct frame *frame = from->first;
        if (send(to->socket, frame->data, frame->length, 0) < 0) {
            if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
                return 0;
            if (errno != ENETDOWN && errno != ENXIO) // an interface that is down loses frames
                die("cannot write to", to->name);
        }
        from->first = frame->next;
        if (!from->first)
            from->last = NULL;
        free(frame);
    }
    return 1;
}

int main(int count, char **words) {
    char *rest = NULL;
    double milliseconds = count == 4 ? strtod(words[3], &rest) : -1;
    if (count != 4 || *rest || milliseconds < 0 || milliseconds > 10000) {
        fprintf(stderr, "usage: delay IF_A IF_B MILLISECONDS\n");
        return 2;
    }
    long long nanoseconds = (long long)(milliseconds * 1e6);
    struct end ends[2] = {{.name = words[1]}, {.name = words[2]}};
    struct sigaction action = {.sa_handler = begin};
    sigaction(SIGUSR1, &action, NULL);
    prctl(PR_SET_TIMERSLACK, 1000); // wake up when it is time, not up to 50 us later
    open_end(&ends[0]);
    open_end(&ends[1]);
    puts("ready");
    fflush(stdout);
    for (;;) {
        long long time = now(), next = -1;
        struct pollfd waiting[2];
        for (int i = 0; i < 2; i++) {
            int room = pass(&ends[i], &ends[1 - i], time);
            waiting[i] = (struct pollfd){.fd = ends[i].socket, .events = POLLIN};
            long long due = ends[i].first ? (room ? ends[i].first->due : time + 1000000) : -1;
            if (due >= 0 && (next < 0 || due < next))
                next = due;
        }
        long long pause = next - now();
        if (pause < 0)
            pause = 0; // a frame is due already, or none is queued
        struct timespec limit = {.tv_sec = pause / 1000000000LL, .tv_nsec = pause % 1000000000LL};
        if (ppoll(waiting, 2, next < 0 ? NULL : &limit, NULL) < 0) {
            if (errno == EINTR)
                continue;
            die("cannot wait for", "frames");
        }
        for (int i = 0; i < 2; i++)
            if (waiting[i].revents)
                take(&ends[i], nanoseconds);
    }
}
