// The echo server in C on io_uring: multishot accept, multishot receive into a ring of provided buffers, one system call
// for everything that became ready.
//
// A connection sends one buffer at a time, in the order in which they came; the others wait in a list.
//
// usage: uring [PATH]

#include "listen.h"
#include <liburing.h>
#include <stdbool.h>

enum { ENTRIES = 4096, BUFFERS = 2048, BUFFER = 16 * 1024, GROUP = 0 };

enum operation { ACCEPT, RECEIVE, SEND };

struct connection {
    int fd;
    bool receiving, sending, over;
    int first, last; // buffers that wait to be sent; -1 for none
};

// For each buffer: how much is in it, and which one the same connection received next.
static struct {
    unsigned length;
    int next;
} filled[BUFFERS];

static struct io_uring ring;
static struct io_uring_buf_ring *free_buffers;
static char *memory;

static struct io_uring_sqe *submission(void) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (!sqe) {
        io_uring_submit(&ring);
        sqe = io_uring_get_sqe(&ring);
    }
    return sqe;
}

// Says what a submission is, for when it completes. Pointers are multiples of 16, which leaves room for the operation.
static void tag(struct io_uring_sqe *sqe, struct connection *connection, enum operation operation) {
    io_uring_sqe_set_data64(sqe, (uint64_t)(uintptr_t)connection | operation);
}

static void give_back(int buffer) {
    io_uring_buf_ring_add(free_buffers, memory + (size_t)buffer * BUFFER, BUFFER, (unsigned short)buffer,
                          io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(free_buffers, 1);
}

static void receive(struct connection *connection) {
    struct io_uring_sqe *sqe = submission();
    io_uring_prep_recv_multishot(sqe, connection->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = GROUP;
    tag(sqe, connection, RECEIVE);
    connection->receiving = true;
}

static void send_first(struct connection *connection) {
    int buffer = connection->first;
    struct io_uring_sqe *sqe = submission();
    // MSG_WAITALL: the kernel goes on until all of it is sent.
    io_uring_prep_send(sqe, connection->fd, memory + (size_t)buffer * BUFFER, filled[buffer].length,
                       MSG_WAITALL | MSG_NOSIGNAL);
    tag(sqe, connection, SEND);
    connection->sending = true;
}

static void end_if_idle(struct connection *connection) {
    if (connection->over && !connection->receiving && !connection->sending) {
        close(connection->fd);
        free(connection);
    }
}

static void received(struct connection *connection, struct io_uring_cqe *cqe) {
    connection->receiving = cqe->flags & IORING_CQE_F_MORE;
    if (cqe->res > 0) {
        int buffer = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
        filled[buffer].length = (unsigned)cqe->res;
        filled[buffer].next = -1;
        if (connection->first < 0) {
            connection->first = buffer;
        } else {
            filled[connection->last].next = buffer;
        }
        connection->last = buffer;
        if (!connection->sending) {
            send_first(connection);
        }
    } else if (cqe->res != -ENOBUFS) {
        connection->over = true;
    }
    if (!connection->receiving && !connection->over) {
        receive(connection); // Out of buffers for a moment.
    }
    end_if_idle(connection);
}

static void sent(struct connection *connection, int result) {
    int buffer = connection->first;
    connection->sending = false;
    connection->first = filled[buffer].next;
    give_back(buffer);
    if (result < 0) {
        connection->over = true;
        while (connection->first >= 0) {
            buffer = connection->first;
            connection->first = filled[buffer].next;
            give_back(buffer);
        }
        shutdown(connection->fd, SHUT_RDWR); // ends the receive
    } else if (connection->first >= 0) {
        send_first(connection);
    }
    end_if_idle(connection);
}

static void accepted(int listener, struct io_uring_cqe *cqe) {
    if (cqe->res >= 0) {
        no_delay(cqe->res);
        struct connection *connection = calloc(1, sizeof *connection);
        connection->fd = cqe->res;
        connection->first = -1;
        receive(connection);
    }
    if (!(cqe->flags & IORING_CQE_F_MORE)) {
        struct io_uring_sqe *sqe = submission();
        io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
        tag(sqe, NULL, ACCEPT);
    }
}

int main(int argc, char **argv) {
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                                  IORING_SETUP_CQSIZE,
                                         .cq_entries = 4 * ENTRIES};
    int error = io_uring_queue_init_params(ENTRIES, &ring, &parameters);
    struct io_uring_buf_reg registration = {.ring_entries = BUFFERS, .bgid = GROUP};
    if (error || posix_memalign((void **)&free_buffers, 4096, BUFFERS * sizeof(struct io_uring_buf)) ||
        posix_memalign((void **)&memory, 4096, (size_t)BUFFERS * BUFFER)) {
        errno = -error;
        die("io_uring_queue_init");
    }
    io_uring_buf_ring_init(free_buffers);
    registration.ring_addr = (uint64_t)(uintptr_t)free_buffers;
    if ((error = io_uring_register_buf_ring(&ring, &registration, 0))) {
        errno = -error;
        die("io_uring_register_buf_ring");
    }
    for (int i = 0; i < BUFFERS; i++) {
        give_back(i);
    }
    int listener = listen_on(SOCK_STREAM, argc > 1 ? argv[1] : NULL);
    accepted(listener, &(struct io_uring_cqe){.res = -1});
    for (;;) {
        io_uring_submit_and_wait(&ring, 1);
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;
        io_uring_for_each_cqe(&ring, head, cqe) {
            uint64_t data = io_uring_cqe_get_data64(cqe);
            struct connection *connection = (struct connection *)(uintptr_t)(data & ~(uint64_t)15);
            switch ((enum operation)(data & 15)) {
            case ACCEPT: accepted(listener, cqe); break;
            case RECEIVE: received(connection, cqe); break;
            case SEND: sent(connection, cqe->res); break;
            }
            seen++;
        }
        io_uring_cq_advance(&ring, seen);
    }
}
