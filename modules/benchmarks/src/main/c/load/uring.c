// Plain streams over kept connections once more, on io_uring: where a message is small, the system calls of epoll are
// what makes the generator as expensive as the server. Here one call sends and receives for all connections; multishot
// receives need no new request, and a send that succeeds tells nothing.

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 4096, SILENCE_SECONDS = 10, GROUP = 0, SEND_FAILED = 1 };

struct connection {
    size_t size; // of its messages
    uint64_t message, started;
    size_t offset, received;
    uint32_t index;
};

static struct io_uring ring;
static struct io_uring_buf_ring *free_buffers;
static char *memory;
static unsigned buffer_bytes, buffers; // together they fit the processor's cache, beside the pattern, which grows with a message
static int under_way;

static struct io_uring_sqe *submission(void) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (!sqe) {
        io_uring_submit(&ring);
        sqe = io_uring_get_sqe(&ring);
    }
    return sqe;
}

static void give_back(unsigned buffer) {
    io_uring_buf_ring_add(free_buffers, memory + (size_t)buffer * buffer_bytes, buffer_bytes, (unsigned short)buffer,
                          io_uring_buf_ring_mask(buffers), 0);
    io_uring_buf_ring_advance(free_buffers, 1);
}

static void receive(struct connection *connection) {
    struct io_uring_sqe *sqe = submission();
    io_uring_prep_recv_multishot(sqe, (int)connection->index, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT | IOSQE_FIXED_FILE;
    sqe->buf_group = GROUP;
    io_uring_sqe_set_data(sqe, connection);
}

static void begin_message(struct connection *connection) {
    connection->offset = pattern_offset(connection->index, connection->message);
    connection->received = 0;
    struct io_uring_sqe *sqe = submission();
    io_uring_prep_send(sqe, (int)connection->index, pattern + connection->offset, connection->size,
                       MSG_WAITALL | MSG_NOSIGNAL);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, SEND_FAILED);
}

static void check(struct connection *connection, const char *bytes, size_t length) {
    if (length > connection->size - connection->received) {
        fail("connection %u: more bytes came back than were sent", connection->index);
    }
    if (memcmp(bytes, pattern + connection->offset + connection->received, length)) {
        fail("connection %u: a wrong byte in message %llu, at most %zu bytes after offset %zu", connection->index,
             (unsigned long long)connection->message, length, connection->received);
    }
    connection->received += length;
    if (connection->received == connection->size) {
        uint64_t now = now_nanos();
        connection->message++;
        if (connection->index == (uint32_t)options.connections) {
            count_beside();
            begin_message(connection);
        } else if (count(connection->started, now)) {
            connection->started = now;
            begin_message(connection);
        } else {
            under_way--;
        }
    }
}

static void completed(struct io_uring_cqe *cqe) {
    if (cqe->user_data == SEND_FAILED) {
        fail("send: %s", strerror(-cqe->res));
    }
    struct connection *connection = io_uring_cqe_get_data(cqe);
    if (cqe->res > 0) {
        unsigned buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
        check(connection, memory + (size_t)buffer * buffer_bytes, (size_t)cqe->res);
        give_back(buffer);
    } else if (cqe->res != -ENOBUFS) {
        fail("connection %u: %s", connection->index, cqe->res ? strerror(-cqe->res) : "the server closed it");
    }
    if (!(cqe->flags & IORING_CQE_F_MORE)) {
        receive(connection);
    }
}

static bool prepare_ring(void) {
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                                  IORING_SETUP_CQSIZE,
                                         .cq_entries = 4 * ENTRIES};
    if (io_uring_queue_init_params(ENTRIES, &ring, &parameters)) {
        return false;
    }
    if (options.beside) {
        buffer_bytes = 16 * 1024, buffers = 128;
    } else if (options.size <= 2048) {
        buffer_bytes = 2048, buffers = 1024;
    } else if (options.size <= 64 * 1024) {
        buffer_bytes = 32 * 1024, buffers = 32;
    } else {
        buffer_bytes = 128 * 1024, buffers = 4;
    }
    if (posix_memalign((void **)&free_buffers, 4096, buffers * sizeof(struct io_uring_buf)) ||
        posix_memalign((void **)&memory, 4096, (size_t)buffers * buffer_bytes)) {
        fail("out of memory");
    }
    io_uring_buf_ring_init(free_buffers);
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)free_buffers, .ring_entries = buffers, .bgid = GROUP};
    if (io_uring_register_buf_ring(&ring, &registration, 0)) {
        io_uring_queue_exit(&ring);
        return false;
    }
    for (unsigned i = 0; i < buffers; i++) {
        give_back(i);
    }
    return true;
}

bool run_streams_on_uring(void) {
    if (!prepare_ring()) {
        return false;
    }
    int all = options.connections + (options.beside ? 1 : 0); // the one beside is the last
    struct connection *connections = calloc((size_t)all, sizeof *connections);
    int *fds = calloc((size_t)all, sizeof *fds);
    for (int i = 0; i < all; i++) {
        connections[i].index = (uint32_t)i;
        connections[i].size = i < options.connections ? options.size : options.beside;
        fds[i] = connect_target(false);
    }
    if (io_uring_register_files(&ring, fds, (unsigned)all)) {
        fail("io_uring_register_files");
    }
    io_uring_register_ring_fd(&ring);
    start_clock();
    under_way = options.connections;
    for (int i = 0; i < all; i++) {
        connections[i].started = now_nanos();
        receive(&connections[i]);
        begin_message(&connections[i]);
    }
    while (under_way > 0) {
        struct io_uring_cqe *cqe;
        struct __kernel_timespec patience = {.tv_sec = SILENCE_SECONDS};
        int result = io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &patience, NULL);
        if (result == -ETIME) {
            fail("silence for %d s: %d connections wait for their echo", SILENCE_SECONDS, under_way);
        }
        unsigned head, seen = 0;
        io_uring_for_each_cqe(&ring, head, cqe) {
            completed(cqe);
            seen++;
        }
        io_uring_cq_advance(&ring, seen);
    }
    return true;
}
