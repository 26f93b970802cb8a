// The echo server that all others are compared with: plain C, one thread, level-triggered epoll.
//
// All connections read into the same 64 KiB, which stay in the processor's cache. Only what the peer does not take at
// once is copied, into a buffer of the connection's own; until it is gone, nothing more is read from that peer.
//
// usage: epoll [PATH]      a Unix domain socket, or TCP on any free port

#include "listen.h"
#include <sys/epoll.h>

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

int main(int argc, char **argv) {
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on(SOCK_STREAM, argc > 1 ? argv[1] : NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
    struct epoll_event events[1024];
    for (;;) {
        int ready = epoll_wait(poll_fd, events, 1024, -1);
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
