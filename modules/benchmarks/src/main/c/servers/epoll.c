// The echo server that all others are compared with: plain C, one thread, level-triggered epoll.
//
// All connections read into the same 64 KiB, which stay in the processor's cache. Only what the peer does not take at
// once is copied, into a buffer of the connection's own; until it is gone, nothing more is read from that peer.
//
// usage: epoll [-p MICROS] [PATH]      a Unix domain socket, or TCP on any free port
//   -p    looks for the next event for so long before it sleeps, as Vecho does, and lets others run meanwhile

#include "listen.h"
#include <sched.h>
#include <sys/epoll.h>
#include <time.h>

enum { BUFFER = 64 * 1024 };

struct connection {
    int fd;
    char *rest; // what waits for the peer; NULL when there is nothing
    size_t from, to;
};

static int poll_fd;
static char buffer[BUFFER];

static void watch(struct connection *connection, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(poll_fd, operation, connection->fd, &event)) {
        die("epoll_ctl");
    }
}

static void end(struct connection *connection) {
    close(connection->fd);
    free(connection->rest);
    free(connection);
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        no_delay(fd);
        struct connection *connection = calloc(1, sizeof *connection);
        connection->fd = fd;
        watch(connection, EPOLL_CTL_ADD, EPOLLIN);
    }
}

// The peer takes more: gives it what waits, and reads from it again when nothing is left.
static void write_rest(struct connection *connection) {
    ssize_t written = write(connection->fd, connection->rest + connection->from, connection->to - connection->from);
    if (written < 0) {
        if (errno != EAGAIN) {
            end(connection);
        }
        return;
    }
    connection->from += (size_t)written;
    if (connection->from == connection->to) {
        free(connection->rest);
        connection->rest = NULL;
        watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    }
}

static void echo(struct connection *connection) {
    ssize_t length = read(connection->fd, buffer, BUFFER);
    if (length <= 0) {
        if (length == 0 || errno != EAGAIN) {
            end(connection);
        }
        return;
    }
    ssize_t written = write(connection->fd, buffer, (size_t)length);
    if (written == length) {
        return;
    }
    if (written < 0) {
        if (errno != EAGAIN) {
            end(connection);
            return;
        }
        written = 0;
    }
    connection->from = 0;
    connection->to = (size_t)(length - written);
    connection->rest = malloc(connection->to);
    memcpy(connection->rest, buffer + written, connection->to);
    watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static long long now_nanos(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int await(struct epoll_event *events, int most, long long poll_nanos) {
    if (poll_nanos > 0) {
        long long start = now_nanos();
        do {
            int ready = epoll_wait(poll_fd, events, most, 0);
            if (ready != 0) {
                return ready;
            }
            sched_yield();
        } while (now_nanos() - start < poll_nanos);
    }
    return epoll_wait(poll_fd, events, most, -1);
}

int main(int argc, char **argv) {
    long long poll_nanos = 0;
    if (argc > 2 && !strcmp(argv[1], "-p")) {
        poll_nanos = atoll(argv[2]) * 1000;
        argc -= 2;
        argv += 2;
    }
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on(SOCK_STREAM, argc > 1 ? argv[1] : NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
    struct epoll_event events[1024];
    for (;;) {
        int ready = await(events, 1024, poll_nanos);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection) {
                accept_all(listener);
            } else if (connection->rest) {
                write_rest(connection);
            } else {
                echo(connection);
            }
        }
    }
}
