// Streams: TCP and Unix domain sockets, with TLS 1.3, WebSocket frames or HTTP/1.1 on top.

#define _GNU_SOURCE
#include "load.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    SILENCE_MILLIS = 10000, // longer than any pause of a server that works
    READ_BYTES = 256 * 1024,
    WS_KEY = 0x5ca1ab1e,
};

enum state { CONNECTING, SECURING, UPGRADING, READY, ECHOING, ENDING };

struct connection {
    int fd;
    uint32_t index;
    enum state state;
    SSL *ssl;
    uint64_t message, started;
    size_t offset;   // of the message, in the pattern
    size_t sent;     // bytes of the message, with its frame header
    size_t received; // bytes of the echo, without
    uint8_t head[16]; // of the frame that comes in
    size_t head_length;
    uint64_t frame_left;
    struct answer answer; // of HTTP
};

static int poll_fd;
static struct connection *connections;
static int unready;   // kept connections that are not yet open
static int under_way; // connections that wait for an echo
static SSL_CTX *tls;
static const uint8_t *payload; // the pattern, or as a WebSocket client sends it
static uint8_t header[128]; // what each message begins with: of its frame, or of its request
static size_t header_length;
static uint8_t read_buffer[READ_BYTES];

// ---- set-up

// Two functions that take the place of OpenSSL's own, because a client's part of a handshake costs more than a server's,
// and would make the generator the limit of what it measures. It does not check who signed,
int EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *signature, size_t signature_length,
                     const unsigned char *bytes, size_t length) {
    (void)ctx, (void)signature, (void)signature_length, (void)bytes, (void)length;
    return 1;
}

// and it parses the certificate, which is always the same, once.
X509 *d2i_X509(X509 **certificate, const unsigned char **bytes, long length) {
    static X509 *(*parse)(X509 **, const unsigned char **, long);
    static X509 *last;
    static unsigned char last_bytes[4096];
    static long last_length;
    if (!parse) {
        *(void **)&parse = dlsym(RTLD_NEXT, "d2i_X509");
    }
    if (!last || length != last_length || memcmp(last_bytes, *bytes, (size_t)length)) {
        const unsigned char *start = *bytes;
        X509 *parsed = parse(certificate, bytes, length);
        if (parsed && length <= (long)sizeof last_bytes) {
            X509_free(last);
            X509_up_ref(parsed);
            last = parsed;
            last_length = length;
            memcpy(last_bytes, start, (size_t)length);
        }
        return parsed;
    }
    *bytes += length;
    X509_up_ref(last);
    if (certificate) {
        X509_free(*certificate);
        *certificate = last;
    }
    return last;
}

static int accept_any(X509_STORE_CTX *context, void *nothing) {
    (void)context, (void)nothing;
    return 1;
}

static void prepare_tls(void) {
    tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    // The same for every server, so that no server wins by its choice.
    if (!SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256") || !SSL_CTX_set1_groups_list(tls, "X25519")) {
        fail("this OpenSSL lacks TLS_AES_128_GCM_SHA256 or X25519");
    }
    SSL_CTX_set_cert_verify_callback(tls, accept_any, NULL);
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_default_read_buffer_len(tls, 128 * 1024);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static void prepare_websocket(void) {
    uint32_t key = WS_KEY;
    const uint8_t *mask = (const uint8_t *)&key;
    size_t length = PATTERN_PERIOD + options.size;
    uint8_t *masked = malloc(length);
    for (size_t i = 0; i < length; i++) {
        masked[i] = pattern[i] ^ mask[i % 4]; // messages start at a multiple of four
    }
    payload = masked;
    uint8_t *head = header;
    *head++ = 0x82; // the only frame of a binary message
    if (options.size < 126) {
        *head++ = 0x80 | (uint8_t)options.size;
    } else {
        int bytes = options.size < 65536 ? 2 : 8;
        *head++ = 0x80 | (bytes == 2 ? 126 : 127);
        while (bytes-- > 0) {
            *head++ = (uint8_t)(options.size >> 8 * bytes);
        }
    }
    memcpy(head, mask, 4);
    header_length = (size_t)(head + 4 - header);
}

static void prepare_http(void) {
    header_length = (size_t)snprintf((char *)header, sizeof header,
                                     "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", options.size);
}

static void open_connection(struct connection *connection) {
    uint32_t index = connection->index;
    uint64_t message = connection->message;
    *connection = (struct connection){.index = index, .message = message, .state = CONNECTING};
    connection->started = now_nanos();
    connection->fd = connect_target(options.fresh);
    if (tls) {
        connection->ssl = SSL_new(tls);
        SSL_set_fd(connection->ssl, connection->fd);
        SSL_set_connect_state(connection->ssl);
    }
    // Edge-triggered and for both directions, so that no further system call ever changes it.
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, .data.ptr = connection};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, connection->fd, &event)) {
        fail("epoll_ctl: %s", strerror(errno));
    }
}

// ---- sending

static size_t message_length(void) { return header_length + options.size; }

static ssize_t tls_result(struct connection *connection, int result, const char *what) {
    if (result > 0) {
        return result;
    }
    int error = SSL_get_error(connection->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    if (error == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    unsigned long reason = ERR_get_error();
    fail("connection %u: TLS %s: %s", connection->index, what,
         reason ? ERR_reason_error_string(reason) : "the connection was cut");
}

static ssize_t send_some(struct connection *connection) {
    size_t sent = connection->sent;
    if (header_length > 0) {
        struct iovec parts[2] = {{header + sent, header_length - sent},
                                 {(uint8_t *)payload + connection->offset, options.size}};
        if (sent < header_length) {
            struct msghdr both = {.msg_iov = parts, .msg_iovlen = 2};
            return sendmsg(connection->fd, &both, MSG_NOSIGNAL);
        }
        size_t done = sent - header_length;
        return send(connection->fd, payload + connection->offset + done, options.size - done, MSG_NOSIGNAL);
    }
    size_t left = options.size - sent;
    if (tls) {
        int most = left < 1 << 30 ? (int)left : 1 << 30;
        return tls_result(connection, SSL_write(connection->ssl, pattern + connection->offset + sent, most), "write");
    }
    return send(connection->fd, pattern + connection->offset + sent, left, MSG_NOSIGNAL);
}

static void send_rest(struct connection *connection) {
    while (connection->state == ECHOING && connection->sent < message_length()) {
        ssize_t sent = send_some(connection);
        if (sent <= 0) {
            if (errno == EAGAIN) {
                return;
            }
            fail("connection %u: send: %s", connection->index, strerror(errno));
        }
        connection->sent += (size_t)sent;
    }
}

static void begin_message(struct connection *connection) {
    connection->state = ECHOING;
    connection->offset = pattern_offset(connection->index, connection->message);
    connection->sent = 0;
    connection->received = 0;
    send_rest(connection);
}

// Kept connections begin together: the handshakes of a thousand take longer than a warm-up, and are not what counts.
static void ready(struct connection *connection) {
    if (options.fresh) {
        begin_message(connection);
        return;
    }
    connection->state = READY;
    if (--unready > 0) {
        return;
    }
    start_clock();
    for (int i = 0; i < options.connections; i++) {
        connections[i].started = now_nanos();
        begin_message(&connections[i]);
    }
}

// ---- receiving

static void end_output(struct connection *connection) {
    connection->state = ENDING;
    if (connection->ssl) {
        SSL_shutdown(connection->ssl); // close_notify
    } else {
        shutdown(connection->fd, SHUT_WR);
    }
}

static void message_complete(struct connection *connection) {
    connection->message++;
    if (options.fresh) {
        end_output(connection);
        return;
    }
    uint64_t now = now_nanos();
    if (count(connection->started, now)) {
        connection->started = now;
        begin_message(connection);
    } else {
        under_way--;
    }
}

static void compare(struct connection *connection, const uint8_t *bytes, size_t length) {
    size_t received = connection->received;
    if (connection->state != ECHOING || length > options.size - received) {
        fail("connection %u: more bytes came back than were sent", connection->index);
    }
    if (memcmp(bytes, pattern + connection->offset + received, length)) {
        fail("connection %u: a wrong byte in message %llu, at most %zu bytes after offset %zu", connection->index,
             (unsigned long long)connection->message, length, received);
    }
    connection->received += length;
}

static void check(struct connection *connection, const uint8_t *bytes, size_t length) {
    compare(connection, bytes, length);
    if (connection->received == options.size) {
        message_complete(connection);
    }
}

static void check_body(void *connection, const uint8_t *bytes, size_t length) { compare(connection, bytes, length); }

static void check_answers(struct connection *connection, const uint8_t *bytes, size_t length) {
    size_t taken;
    for (; length > 0; bytes += taken, length -= taken) {
        if (take_answer(&connection->answer, bytes, length, &taken, check_body, connection)) {
            if (connection->received != options.size) {
                fail("connection %u: %zu of %zu bytes came back", connection->index, connection->received, options.size);
            }
            message_complete(connection);
        }
    }
}

// Takes a frame header apart, once all of it is there. A server's frames are not masked.
static void take_head(struct connection *connection) {
    uint8_t *head = connection->head;
    int extra = head[1] == 126 ? 2 : head[1] == 127 ? 8 : 0;
    if (connection->head_length < 2 || connection->head_length < 2u + (unsigned)extra) {
        return;
    }
    if ((head[0] & 0x0f) > 2 || head[0] & 0x70 || head[1] & 0x80) {
        fail("connection %u: not a frame of a binary message: %02x %02x", connection->index, head[0], head[1]);
    }
    connection->frame_left = extra ? 0 : head[1];
    for (int i = 0; i < extra; i++) {
        connection->frame_left = connection->frame_left << 8 | head[2 + i];
    }
    connection->head_length = 0;
}

static void check_frames(struct connection *connection, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        if (connection->frame_left == 0) {
            connection->head[connection->head_length++] = *bytes++;
            length--;
            take_head(connection);
        } else {
            size_t part = connection->frame_left < length ? connection->frame_left : length;
            connection->frame_left -= part;
            check(connection, bytes, part);
            bytes += part;
            length -= part;
        }
    }
}

static void check_upgrade(struct connection *connection, uint8_t *bytes, size_t length) {
    // The answer is so short that it comes in one piece, and nothing follows it before the first message.
    bytes[length < READ_BYTES ? length : READ_BYTES - 1] = 0;
    if (strncmp((char *)bytes, "HTTP/1.1 101", 12) || !strstr((char *)bytes, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) {
        fail("connection %u: no WebSocket: %.60s", connection->index, bytes);
    }
    ready(connection);
}

static void ended(struct connection *connection) {
    if (connection->state != ENDING) {
        fail("connection %u: the server closed it", connection->index);
    }
    SSL_free(connection->ssl);
    close(connection->fd);
    if (count(connection->started, now_nanos())) {
        open_connection(connection);
    } else {
        under_way--;
    }
}

static void receive_all(struct connection *connection) {
    for (;;) {
        ssize_t length = connection->ssl
                             ? tls_result(connection, SSL_read(connection->ssl, read_buffer, READ_BYTES), "read")
                             : recv(connection->fd, read_buffer, READ_BYTES, MSG_DONTWAIT);
        if (length < 0) {
            if (errno == EAGAIN) {
                return;
            }
            fail("connection %u: receive: %s", connection->index, strerror(errno));
        }
        if (length == 0) {
            ended(connection);
            return;
        }
        if (connection->state == UPGRADING) {
            check_upgrade(connection, read_buffer, (size_t)length);
        } else if (options.websocket) {
            check_frames(connection, read_buffer, (size_t)length);
        } else if (options.http) {
            check_answers(connection, read_buffer, (size_t)length);
        } else {
            check(connection, read_buffer, (size_t)length);
        }
        if (connection->ssl ? connection->received == 0 && !SSL_has_pending(connection->ssl) : length < READ_BYTES) {
            return; // That was all; what comes later wakes us up again.
        }
    }
}

// ---- the states of a connection

static void connected(struct connection *connection) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error) {
        fail("connection %u: %s", connection->index, strerror(error));
    }
    if (options.websocket) {
        static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        connection->state = UPGRADING;
        if (send(connection->fd, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1) {
            fail("connection %u: the request was not sent", connection->index);
        }
    } else if (tls) {
        connection->state = SECURING;
    } else {
        ready(connection);
    }
}

static void progress(struct connection *connection, uint32_t events) {
    if (connection->state == CONNECTING) {
        if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
            return;
        }
        connected(connection);
    }
    if (connection->state == SECURING) {
        if (tls_result(connection, SSL_do_handshake(connection->ssl), "handshake") < 0) {
            return;
        }
        ready(connection);
    }
    if (connection->state == ECHOING && events & EPOLLOUT) {
        send_rest(connection);
    }
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) {
        receive_all(connection);
    }
}

static void set_nonblocking(void) {
    // Kept connections were connected one after the other, so that no listen queue overflows.
    for (int i = 0; i < options.connections && !options.fresh; i++) {
        int on = 1;
        if (ioctl(connections[i].fd, FIONBIO, &on)) {
            fail("ioctl: %s", strerror(errno));
        }
    }
}

void run_streams(void) {
    payload = pattern;
    if (options.tls) {
        prepare_tls();
    }
    if (options.websocket) {
        prepare_websocket();
    }
    if (options.http) {
        prepare_http();
    }
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    connections = calloc((size_t)options.connections, sizeof *connections);
    for (int i = 0; i < options.connections; i++) {
        connections[i].index = (uint32_t)i;
        open_connection(&connections[i]);
    }
    set_nonblocking();
    under_way = options.connections;
    if (options.fresh) {
        start_clock();
    } else {
        unready = options.connections;
    }
    struct epoll_event events[1024];
    while (under_way > 0) {
        int reported = epoll_wait(poll_fd, events, 1024, SILENCE_MILLIS);
        if (reported == 0) {
            fail("silence for %d s: %d connections wait for their %s", SILENCE_MILLIS / 1000,
                 unready > 0 ? unready : under_way, unready > 0 ? "handshake" : "echo");
        }
        for (int i = 0; i < reported; i++) {
            progress(events[i].data.ptr, events[i].events);
        }
    }
}

// ---- idle connections, whose memory somebody else measures

static void exchange(int fd) {
    if (send(fd, pattern, options.size, MSG_NOSIGNAL) != (ssize_t)options.size ||
        recv(fd, read_buffer, options.size, MSG_WAITALL) != (ssize_t)options.size ||
        memcmp(read_buffer, pattern, options.size)) {
        fail("an idle connection gave no echo");
    }
}

void hold_idle(void) {
    int *fds = calloc((size_t)options.idle, sizeof *fds);
    for (int i = 0; i < options.idle; i++) {
        fds[i] = connect_target(false);
    }
    // The last one's echo comes after all others were accepted.
    exchange(fds[options.idle - 1]);
    puts("open");
    fflush(stdout);
    getchar();
    for (int i = 0; i < options.idle; i++) {
        exchange(fds[i]);
    }
    puts("echoed");
    fflush(stdout);
    while (getchar() != EOF) {
    }
}
