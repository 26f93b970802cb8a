// The same over TLS 1.3 with OpenSSL: one thread, level-triggered epoll.
//
// OpenSSL reads ahead, so that one system call brings many records. Each connection keeps what the peer did not take
// at once, and reads no more until it is gone.
//
// usage: epoll_tls CERTIFICATE KEY [PATH]

#include "listen.h"
#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/epoll.h>

enum { BUFFER = 64 * 1024 };

struct connection {
    int fd;
    SSL *ssl;
    bool secured;
    uint32_t watched;
    char *rest;
    size_t from, to;
};

static int poll_fd;
static SSL_CTX *tls;
static char buffer[BUFFER];

static void watch(struct connection *connection, uint32_t events) {
    if (connection->watched != events) {
        struct epoll_event event = {.events = events, .data.ptr = connection};
        int operation = connection->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
        if (epoll_ctl(poll_fd, operation, connection->fd, &event)) {
            die("epoll_ctl");
        }
        connection->watched = events;
    }
}

static void end(struct connection *connection) {
    SSL_free(connection->ssl);
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
        connection->ssl = SSL_new(tls);
        SSL_set_fd(connection->ssl, fd);
        SSL_set_accept_state(connection->ssl);
        watch(connection, EPOLLIN);
    }
}

// What OpenSSL waits for; false when the connection is over, and gone.
static bool wait_or_end(struct connection *connection, int result) {
    switch (SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ: watch(connection, EPOLLIN); return true;
    case SSL_ERROR_WANT_WRITE: watch(connection, EPOLLOUT); return true;
    case SSL_ERROR_ZERO_RETURN: SSL_shutdown(connection->ssl); break;
    default: break;
    }
    end(connection);
    return false;
}

// Writes all that it can; keeps the rest. Returns false when it cannot go on for now.
static bool write_all(struct connection *connection, const char *bytes, size_t length) {
    while (length > 0) {
        int written = SSL_write(connection->ssl, bytes, (int)length);
        if (written <= 0) {
            if (!connection->rest) {
                connection->rest = malloc(length);
                memcpy(connection->rest, bytes, length);
                connection->from = 0;
                connection->to = length;
            }
            wait_or_end(connection, written);
            return false;
        }
        bytes += written;
        length -= (size_t)written;
        if (connection->rest) {
            connection->from += (size_t)written;
        }
    }
    return true;
}

static void progress(struct connection *connection) {
    if (!connection->secured) {
        int result = SSL_do_handshake(connection->ssl);
        if (result != 1) {
            wait_or_end(connection, result);
            return;
        }
        connection->secured = true;
    }
    if (connection->rest) {
        if (!write_all(connection, connection->rest + connection->from, connection->to - connection->from)) {
            return;
        }
        free(connection->rest);
        connection->rest = NULL;
    }
    // Until OpenSSL wants to read from the socket, as epoll does not see what it has read ahead.
    for (;;) {
        int length = SSL_read(connection->ssl, buffer, BUFFER);
        if (length <= 0) {
            wait_or_end(connection, length);
            return;
        }
        if (!write_all(connection, buffer, (size_t)length)) {
            return;
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fputs("usage: epoll_tls CERTIFICATE KEY [PATH]\n", stderr);
        return 2;
    }
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    if (SSL_CTX_use_certificate_chain_file(tls, argv[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, argv[2], SSL_FILETYPE_PEM) != 1) {
        fputs("epoll_tls: the certificate or the key cannot be read\n", stderr);
        return 1;
    }
    SSL_CTX_set_num_tickets(tls, 0); // Vecho gives none either, and nobody here resumes a session.
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_default_read_buffer_len(tls, BUFFER);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on(SOCK_STREAM, argc > 3 ? argv[3] : NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
    struct epoll_event events[1024];
    for (;;) {
        int ready = epoll_wait(poll_fd, events, 1024, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr) {
                progress(events[i].data.ptr);
            } else {
                accept_all(listener);
            }
        }
    }
}
