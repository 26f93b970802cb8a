// HTTP/2 without TLS, by libnghttp2: so many requests at once on each connection, a POST for each message.

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    SILENCE_MILLIS = 10000, // longer than any pause of a server that works
    READ_BYTES = 256 * 1024,
    OUT_BYTES = 256 * 1024,
    WINDOW = 16 << 20, // not what limits
};

struct connection {
    int fd;
    uint32_t index;
    nghttp2_session *session;
    uint64_t messages; // begun
    size_t out_from, out_to;
    uint8_t *out;
};

struct request {
    struct connection *connection;
    uint64_t message, started;
    size_t offset, sent, received;
    bool good; // the answer's status is 200
};

static int poll_fd;
static int under_way;
static uint8_t read_buffer[READ_BYTES];

static ssize_t give_body(nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t most, uint32_t *flags,
                         nghttp2_data_source *source, void *context) {
    (void)session, (void)stream, (void)context;
    struct request *request = source->ptr;
    size_t left = options.size - request->sent;
    size_t length = left < most ? left : most;
    memcpy(buffer, pattern + request->offset + request->sent, length);
    request->sent += length;
    if (request->sent == options.size) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)length;
}

static void begin(struct connection *connection, struct request *request, uint64_t now) {
#define FIELD(name, value) {(uint8_t *)name, (uint8_t *)value, sizeof name - 1, sizeof value - 1, NGHTTP2_NV_FLAG_NONE}
    static nghttp2_nv fields[] = {FIELD(":method", "POST"), FIELD(":scheme", "http"), FIELD(":authority", "localhost"),
                                  FIELD(":path", "/")};
    uint64_t message = connection->messages++;
    *request = (struct request){.connection = connection, .message = message, .started = now,
                                .offset = pattern_offset(connection->index, message)};
    nghttp2_data_provider body = {.source.ptr = request, .read_callback = give_body};
    int stream = nghttp2_submit_request(connection->session, NULL, fields, 4, &body, request);
    if (stream < 0) {
        fail("connection %u: no request: %s", connection->index, nghttp2_strerror(stream));
    }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
                     const uint8_t *value, size_t value_length, uint8_t flags, void *context) {
    (void)flags, (void)context;
    struct request *request = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (request && name_length == 7 && !memcmp(name, ":status", 7)) {
        request->good = value_length == 3 && !memcmp(value, "200", 3);
    }
    return 0;
}

static int on_body(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t length,
                   void *context) {
    (void)flags;
    struct connection *connection = context;
    struct request *request = nghttp2_session_get_stream_user_data(session, stream);
    if (!request || length > options.size - request->received ||
        memcmp(bytes, pattern + request->offset + request->received, length)) {
        fail("connection %u: wrong bytes, or too many, on stream %d", connection->index, stream);
    }
    request->received += length;
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *context) {
    struct connection *connection = context;
    struct request *request = nghttp2_session_get_stream_user_data(session, stream);
    if (error || !request->good || request->received != options.size) {
        fail("connection %u: stream %d ended with error %u, %zu of %zu bytes came back", connection->index, stream, error,
             request->received, options.size);
    }
    uint64_t now = now_nanos();
    if (count(request->started, now)) {
        begin(connection, request, now);
    } else {
        under_way--;
        free(request);
    }
    return 0;
}

static ssize_t keep(nghttp2_session *session, const uint8_t *bytes, size_t length, int flags, void *context) {
    (void)session, (void)flags;
    struct connection *connection = context;
    if (connection->out_to == OUT_BYTES) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    size_t room = OUT_BYTES - connection->out_to;
    size_t part = length < room ? length : room;
    memcpy(connection->out + connection->out_to, bytes, part);
    connection->out_to += part;
    return (ssize_t)part;
}

static void send_all(struct connection *connection) {
    for (;;) {
        int error = nghttp2_session_send(connection->session);
        if (error) {
            fail("connection %u: %s", connection->index, nghttp2_strerror(error));
        }
        if (connection->out_from == connection->out_to) {
            return;
        }
        ssize_t sent = send(connection->fd, connection->out + connection->out_from,
                            connection->out_to - connection->out_from, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN) {
                return;
            }
            fail("connection %u: send: %s", connection->index, strerror(errno));
        }
        connection->out_from += (size_t)sent;
        if (connection->out_from == connection->out_to) {
            connection->out_from = connection->out_to = 0;
        }
    }
}

static void receive_all(struct connection *connection) {
    for (;;) {
        ssize_t length = recv(connection->fd, read_buffer, READ_BYTES, MSG_DONTWAIT);
        if (length < 0 && errno == EAGAIN) {
            return;
        }
        if (length <= 0) {
            fail("connection %u: %s", connection->index, length == 0 ? "the server closed it" : strerror(errno));
        }
        ssize_t taken = nghttp2_session_mem_recv(connection->session, read_buffer, (size_t)length);
        if (taken != length) {
            fail("connection %u: %s", connection->index, nghttp2_strerror((int)taken));
        }
        if (length < READ_BYTES) {
            return;
        }
    }
}

static void open_connection(struct connection *connection, const nghttp2_session_callbacks *callbacks) {
    connection->fd = connect_target(false);
    connection->out = malloc(OUT_BYTES);
    nghttp2_session_client_new(&connection->session, callbacks, connection);
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
                                         {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 2);
    nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, WINDOW);
    int on = 1;
    ioctl(connection->fd, FIONBIO, &on);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, .data.ptr = connection};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, connection->fd, &event)) {
        fail("epoll_ctl: %s", strerror(errno));
    }
}

void run_http2(void) {
    nghttp2_session_callbacks *callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_send_callback(callbacks, keep);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_body);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct connection *connections = calloc((size_t)options.connections, sizeof *connections);
    for (int i = 0; i < options.connections; i++) {
        connections[i].index = (uint32_t)i;
        open_connection(&connections[i], callbacks);
    }
    start_clock();
    under_way = options.connections * options.http2_streams;
    for (int i = 0; i < options.connections; i++) {
        for (int stream = 0; stream < options.http2_streams; stream++) {
            begin(&connections[i], malloc(sizeof(struct request)), now_nanos());
        }
        send_all(&connections[i]);
    }
    struct epoll_event events[1024];
    while (under_way > 0) {
        int reported = epoll_wait(poll_fd, events, 1024, SILENCE_MILLIS);
        if (reported == 0) {
            fail("silence for %d s: %d requests wait", SILENCE_MILLIS / 1000, under_way);
        }
        for (int i = 0; i < reported; i++) {
            struct connection *connection = events[i].data.ptr;
            if (events[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) {
                receive_all(connection);
            }
            send_all(connection);
        }
    }
}
