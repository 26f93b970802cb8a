// What the parts of the load generator share. See main.c for what the program does.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct options {
    const char *target; // tcp:HOST:PORT, unix:PATH or udp:HOST:PORT
    bool tls;           // TLS 1.3 on top of tcp or unix
    bool websocket;     // RFC 6455 on top of tcp
    bool http;          // HTTP/1.1 on top of tcp: a POST for each message, on connections that are kept
    int http2_streams;  // HTTP/2 without TLS on top of tcp: so many requests at once on each connection; 0 for none
    bool epoll;         // not io_uring, even where that would do
    bool fresh;         // a new connection for every message
    int idle;           // open that many connections, and nothing else
    int connections;
    int depth;          // UDP only: datagrams under way on each socket
    size_t size;        // bytes of one message
    size_t beside;      // bytes of the messages of one more connection, which do not count; 0 for none
    double warmup;      // seconds that do not count
    double seconds;     // seconds that do
    int rate;           // messages a second on the one connection; 0 for as many as come back
    int pid;            // the server's process, whose CPU time is read; 0 for none
};

extern struct options options;
extern struct sockaddr_storage target_address;
extern socklen_t target_length;

// Prints what went wrong and ends the program with exit code 1: an echo that is not one ends the run at once.
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

// A connected or, when it would block, a connecting socket. Sources are spread over 127.0.0.0/8, because only 28,000
// connections fit between one pair of addresses.
int connect_target(bool nonblocking);

uint64_t now_nanos(void);

// The payload: random bytes, the same in every run. A message is a piece of it, at an offset that differs for each
// connection and each message, so that neither a stale nor somebody else's echo can pass for the right one.
enum { PATTERN_PERIOD = 1 << 16 };
extern const uint8_t *pattern;
void make_pattern(void);

static inline size_t pattern_offset(uint32_t connection, uint64_t message) {
    // A multiple of four, so that a WebSocket mask can be applied beforehand.
    return (connection * 40503u + (uint32_t)message * 2053u) % PATTERN_PERIOD & ~(size_t)3;
}

// The clock of the run: warm-up, then the window that counts, then the end.
// Each message that came back whole is told by count(); returns false when no further message shall be sent.
void start_clock(void);
bool count(uint64_t started, uint64_t ended);
bool run_is_over(uint64_t now);
void count_lost(int datagrams);
void count_beside(void); // A message of the connection beside has come back whole.
void print_result(void);

void run_streams(void);
bool run_streams_on_uring(void); // false where the system has no io_uring
void run_http2(void);
void run_datagrams(void);
void run_paced(void);
void hold_idle(void);

// What takes HTTP/1.1 answers apart, one after the other on each connection.
struct answer {
    enum { STATUS, HEADER, CHUNK_SIZE, CHUNK_END, TRAILER, BODY } part;
    char line[256]; // as far as it has come; what is longer is cut
    size_t line_length;
    bool chunked;
    uint64_t left; // of the body, or of the chunk
};

// Takes some bytes; gives those of the body to a function, and says whether the answer has ended, with how many of the bytes.
bool take_answer(struct answer *answer, const uint8_t *bytes, size_t length, size_t *taken,
                 void (*body)(void *context, const uint8_t *bytes, size_t length), void *context);
