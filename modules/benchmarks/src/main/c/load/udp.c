// Datagrams: each socket has a few under way, sent and received many at a time. A datagram starts with its number,
// which tells its echo apart from all others, and goes on with the pattern.

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NUMBER = sizeof(uint64_t), LARGEST = 65536, LOST_AFTER_NANOS = 500 * 1000 * 1000 };

struct flight { // one datagram under way
    uint64_t number, started;
    bool waiting;
};

struct port {
    int fd;
    uint32_t index;
    struct flight *flights; // datagram n is at n % depth
};

static struct mmsghdr *out, *in;
static struct iovec *out_parts, *in_parts;
static uint8_t *in_bytes;

// Sends the datagrams whose flights were put into the list.
static void send_all(struct port *port, struct flight **list, int count) {
    uint64_t now = now_nanos();
    size_t payload = options.size - NUMBER;
    for (int i = 0; i < count; i++) {
        list[i]->started = now;
        list[i]->waiting = true;
        out_parts[2 * i] = (struct iovec){&list[i]->number, NUMBER};
        out_parts[2 * i + 1] =
            (struct iovec){(void *)(pattern + pattern_offset(port->index, list[i]->number)), payload};
        out[i].msg_hdr = (struct msghdr){.msg_iov = out_parts + 2 * i, .msg_iovlen = 2};
    }
    for (int sent = 0; sent < count;) {
        int more = sendmmsg(port->fd, out + sent, (unsigned)(count - sent), 0);
        if (more < 0) {
            fail("sendmmsg: %s", strerror(errno));
        }
        sent += more;
    }
}

static struct flight *landed(struct port *port, const uint8_t *bytes, size_t length) {
    uint64_t number;
    memcpy(&number, bytes, NUMBER);
    struct flight *flight = &port->flights[number % (uint64_t)options.depth];
    if (flight->number > number) {
        return NULL; // It was given up for lost before.
    }
    if (length != options.size || flight->number != number || !flight->waiting) {
        fail("a datagram of %zu bytes that was never sent, or came twice", length);
    }
    if (memcmp(bytes + NUMBER, pattern + pattern_offset(port->index, number), length - NUMBER)) {
        fail("a wrong byte in datagram %llu of socket %u", (unsigned long long)number, port->index);
    }
    return flight;
}

static void receive(struct port *port, struct flight **list) {
    int received = recvmmsg(port->fd, in, (unsigned)options.depth, MSG_DONTWAIT, NULL);
    if (received < 0) {
        if (errno == EAGAIN) {
            return;
        }
        fail("recvmmsg: %s", strerror(errno));
    }
    uint64_t now = now_nanos();
    int again = 0;
    for (int i = 0; i < received; i++) {
        struct flight *flight = landed(port, in_parts[i].iov_base, in[i].msg_len);
        if (flight) {
            flight->waiting = false;
            if (count(flight->started, now)) {
                flight->number += (uint64_t)options.depth;
                list[again++] = flight;
            }
        }
    }
    send_all(port, list, again);
}

// A datagram may be lost; that is counted, and the next one takes its place.
static void resend_lost(struct port *port, struct flight **list) {
    uint64_t now = now_nanos();
    int again = 0;
    for (int i = 0; i < options.depth; i++) {
        struct flight *flight = &port->flights[i];
        if (flight->waiting && now - flight->started > LOST_AFTER_NANOS) {
            flight->number += (uint64_t)options.depth;
            list[again++] = flight;
        }
    }
    count_lost(again);
    send_all(port, list, again);
}

void run_datagrams(void) {
    if (options.size < NUMBER) {
        fail("a datagram needs at least %d bytes", NUMBER);
    }
    size_t depth = (size_t)options.depth;
    out = calloc(depth, sizeof *out);
    in = calloc(depth, sizeof *in);
    out_parts = calloc(2 * depth, sizeof *out_parts);
    in_parts = calloc(depth, sizeof *in_parts);
    in_bytes = malloc(depth * LARGEST);
    struct flight **list = calloc(depth, sizeof *list);
    for (size_t i = 0; i < depth; i++) {
        in_parts[i] = (struct iovec){in_bytes + i * LARGEST, LARGEST};
        in[i].msg_hdr = (struct msghdr){.msg_iov = in_parts + i, .msg_iovlen = 1};
    }

    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct port *ports = calloc((size_t)options.connections, sizeof *ports);
    for (int i = 0; i < options.connections; i++) {
        struct port *port = &ports[i];
        *port = (struct port){connect_target(false), (uint32_t)i, calloc(depth, sizeof *port->flights)};
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = port};
        epoll_ctl(poll, EPOLL_CTL_ADD, port->fd, &event);
    }
    start_clock();
    for (int i = 0; i < options.connections; i++) {
        for (size_t n = 0; n < depth; n++) {
            ports[i].flights[n].number = n;
            list[n] = &ports[i].flights[n];
        }
        send_all(&ports[i], list, options.depth);
    }

    struct epoll_event events[256];
    uint64_t next_check = now_nanos();
    for (uint64_t now; !run_is_over(now = now_nanos());) {
        int ready = epoll_wait(poll, events, 256, 100);
        for (int i = 0; i < ready; i++) {
            receive(events[i].data.ptr, list);
        }
        if (now > next_check) {
            next_check = now + LOST_AFTER_NANOS / 5;
            for (int i = 0; i < options.connections; i++) {
                resend_lost(&ports[i], list);
            }
        }
    }
}
