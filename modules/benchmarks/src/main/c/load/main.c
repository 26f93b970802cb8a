// The load generator: one thread that sends messages to an echo server and compares every byte that comes back.
//
// Closed loop: each connection has one message under way and sends the next one when the echo is complete. The program
// is made to be cheaper than any server: no copy and no computation for sending, one memcmp for checking.
//
// Prints one line of JSON. Exit code 0: every byte came back; 1: a wrong byte, a lost connection, or silence; 2: usage.

#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct options options = {.connections = 1, .depth = 8, .size = 64, .warmup = 1, .seconds = 2};
struct sockaddr_storage target_address;
socklen_t target_length;
const uint8_t *pattern;

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

uint64_t now_nanos(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// ---- addresses

static void parse_target(const char *target) {
    const char *rest = strchr(target, ':');
    if (rest && !strncmp(target, "unix:", 5)) {
        struct sockaddr_un *address = (struct sockaddr_un *)&target_address;
        address->sun_family = AF_UNIX;
        strncpy(address->sun_path, rest + 1, sizeof address->sun_path - 1);
        target_length = sizeof *address;
        return;
    }
    char host[64] = "";
    int port = 0;
    struct sockaddr_in *address = (struct sockaddr_in *)&target_address;
    if (!rest || sscanf(rest + 1, "%63[0-9.]:%d", host, &port) != 2 || !inet_aton(host, &address->sin_addr)) {
        fprintf(stderr, "load: the target must be tcp:ADDRESS:PORT, udp:ADDRESS:PORT or unix:PATH\n");
        exit(2);
    }
    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)port);
    target_length = sizeof *address;
}

int connect_target(bool nonblocking) {
    static uint32_t opened;
    int family = target_address.ss_family;
    int type = options.target[0] == 'u' && options.target[1] == 'd' ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(family, type | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
    if (fd < 0) {
        fail("socket: %s", strerror(errno));
    }
    if (family == AF_INET) {
        int on = 1;
        // The port is chosen by connect, where the pair of addresses is known, and not by bind.
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        uint32_t host = opened++ / 64 % 240 + 1; // 64 connections to each source in turn: 127.0.0.1 to 127.0.0.240
        struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + host)};
        if (bind(fd, (struct sockaddr *)&source, sizeof source)) {
            fail("bind: %s", strerror(errno));
        }
        if (type == SOCK_STREAM) {
            // Cheaper than others that a system may prefer: it sets no timers to pace what it sends.
            setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
    }
    if (connect(fd, (struct sockaddr *)&target_address, target_length) && errno != EINPROGRESS) {
        fail("connect: %s", strerror(errno));
    }
    return fd;
}

// ---- the payload

void make_pattern(void) {
    size_t length = PATTERN_PERIOD + (options.beside > options.size ? options.beside : options.size);
    uint8_t *bytes = malloc(length);
    uint64_t state = 88172645463325252u; // xorshift64 by G. Marsaglia
    for (size_t i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes[i] = (uint8_t)(state >> 32);
    }
    pattern = bytes;
}

// ---- the clock and what it counts

// Latencies in logarithmic classes with 128 steps each: what is told is at most 0.8 % off, like in an HdrHistogram.
enum { STEPS = 128 };
static uint64_t histogram[64 * STEPS];
static uint64_t window_start, window_end, messages, longest, lost, beside;
static uint64_t own_cpu, server_cpu;
static bool measuring, over;

static size_t histogram_index(uint64_t nanos) {
    if (nanos < STEPS) {
        return nanos;
    }
    int shift = 63 - __builtin_clzll(nanos) - 7;
    return (size_t)(shift + 1) * STEPS + (nanos >> shift) - STEPS;
}

static uint64_t histogram_value(size_t index) {
    if (index < STEPS) {
        return index;
    }
    size_t shift = index / STEPS - 1;
    return ((index % STEPS + STEPS) << shift) + (1ull << shift >> 1);
}

static uint64_t percentile(double share) {
    uint64_t wanted = (uint64_t)((double)messages * share);
    for (size_t i = 0; i < sizeof histogram / sizeof *histogram; i++) {
        if (wanted < histogram[i]) {
            return histogram_value(i);
        }
        wanted -= histogram[i];
    }
    return longest;
}

static uint64_t own_cpu_nanos(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// utime and stime of the server, all threads, in the resolution of /proc: 10 ms.
static uint64_t server_cpu_nanos(void) {
    if (options.pid == 0) {
        return 0;
    }
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", options.pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) {
        fail("the server's process %d is gone", options.pid);
    }
    fclose(file);
    unsigned long long user, system;
    // The name, in parentheses, may contain anything; after it the numbers start with field 3.
    char *numbers = strrchr(line, ')');
    if (!numbers || sscanf(numbers, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu", &user, &system) != 2) {
        fail("%s is not understood", path);
    }
    return (user + system) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

void start_clock(void) {
    window_start = now_nanos() + (uint64_t)(options.warmup * 1e9);
    window_end = window_start + (uint64_t)(options.seconds * 1e9);
}

bool run_is_over(uint64_t now) {
    if (!measuring && now >= window_start) {
        measuring = true;
        own_cpu = own_cpu_nanos();
        server_cpu = server_cpu_nanos();
        // Not at the planned time: what happened in between is in neither the count nor the CPU time.
        uint64_t late = now - window_start;
        window_start += late;
        window_end += late;
    } else if (measuring && !over && now >= window_end) {
        over = true;
        own_cpu = own_cpu_nanos() - own_cpu;
        server_cpu = server_cpu_nanos() - server_cpu;
        window_end = now;
    }
    return over;
}

bool count(uint64_t started, uint64_t ended) {
    if (run_is_over(ended)) {
        return false;
    }
    if (measuring) {
        uint64_t nanos = ended - started;
        histogram[histogram_index(nanos)]++;
        messages++;
        if (nanos > longest) {
            longest = nanos;
        }
    }
    return true;
}

void count_lost(int datagrams) { lost += measuring && !over ? (uint64_t)datagrams : 0; }

void count_beside(void) { beside += measuring && !over; }

void print_result(void) {
    double seconds = (double)(window_end - window_start) / 1e9;
    double count = (double)messages;
    if (messages == 0) {
        fail("not one message came back within the %g seconds that count", seconds);
    }
    printf("{\"messages\": %llu, \"bytes\": %llu, \"seconds\": %.4f, \"perSecond\": %.2f, \"p50Micros\": %.2f, "
           "\"p99Micros\": %.2f, \"p999Micros\": %.2f, \"maxMicros\": %.2f, \"lost\": %llu, \"besideBytesPerSecond\": %.0f, \"generatorCpu\": %.3f, "
           "\"serverCpu\": %.3f, \"serverMicrosPerMessage\": %.4f}\n",
           (unsigned long long)messages, (unsigned long long)messages * options.size, seconds, count / seconds,
           (double)percentile(0.5) / 1e3, (double)percentile(0.99) / 1e3, (double)percentile(0.999) / 1e3,
           (double)longest / 1e3, (unsigned long long)lost, (double)beside * (double)options.beside / seconds, (double)own_cpu / 1e9 / seconds,
           (double)server_cpu / 1e9 / seconds, (double)server_cpu / 1e3 / count);
}

// ---- the command line

static void usage(FILE *out) {
    fputs("usage: load TARGET [options]      TARGET: tcp:ADDRESS:PORT, udp:ADDRESS:PORT or unix:PATH\n"
          "  -c COUNT    connections (1)            -s BYTES    of one message (64)\n"
          "  -w SECONDS  warm-up (1)                -d SECONDS  that count (2)\n"
          "  -q COUNT    UDP: datagrams under way on each socket (8)\n"
          "  -p PID      the server's process, to read its CPU time\n"
          "  --tls       TLS 1.3, TLS_AES_128_GCM_SHA256\n"
          "  --ws        WebSocket, binary messages\n"
          "  --http      HTTP/1.1, a POST for each message on connections that are kept\n"
          "  --http2 N   HTTP/2 without TLS, N requests at once on each connection\n"
          "  --epoll     not io_uring, which serves plain streams where the system has it\n"
          "  --fresh     a new connection for every message: connect, echo, half-close, wait for the end\n"
          "  --beside BYTES  one more connection with such messages, which do not count; io_uring only\n"
          "  --rate N    one connection, N messages a second at most\n"
          "  --idle N    open N connections, print \"open\", read a line, one echo on each, print \"echoed\", and\n"
          "              wait for the end of the input\n",
          out);
}

int main(int argc, char **argv) {
    static const struct option names[] = {{"tls", no_argument, 0, 'T'},   {"ws", no_argument, 0, 'W'},
                                          {"http", no_argument, 0, 'H'},  {"http2", required_argument, 0, '2'},
                                          {"fresh", no_argument, 0, 'F'}, {"idle", required_argument, 0, 'I'},
                                          {"epoll", no_argument, 0, 'E'}, {"rate", required_argument, 0, 'R'},
                                          {"beside", required_argument, 0, 'B'},
                                          {"help", no_argument, 0, 'h'},
                                          {0}};
    int option;
    while ((option = getopt_long(argc, argv, "c:s:w:d:q:p:h", names, NULL)) != -1) {
        switch (option) {
        case 'c': options.connections = atoi(optarg); break;
        case 's': options.size = (size_t)atoll(optarg); break;
        case 'w': options.warmup = atof(optarg); break;
        case 'd': options.seconds = atof(optarg); break;
        case 'q': options.depth = atoi(optarg); break;
        case 'p': options.pid = atoi(optarg); break;
        case 'T': options.tls = true; break;
        case 'W': options.websocket = true; break;
        case 'H': options.http = true; break;
        case '2': options.http2_streams = atoi(optarg); break;
        case 'F': options.fresh = true; break;
        case 'E': options.epoll = true; break;
        case 'R': options.rate = atoi(optarg); break;
        case 'B': options.beside = (size_t)atoll(optarg); break;
        case 'I': options.idle = atoi(optarg); break;
        case 'h': usage(stdout); return 0;
        default: usage(stderr); return 2;
        }
    }
    if (optind + 1 != argc || options.connections < 1 || (options.rate && options.connections > 1) || options.size < 1 || options.depth < 1) {
        usage(stderr);
        return 2;
    }
    options.target = argv[optind];
    parse_target(options.target);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    make_pattern();
    if (options.idle) {
        hold_idle();
    } else if (!strncmp(options.target, "udp:", 4)) {
        run_datagrams();
        print_result();
    } else if (options.http2_streams) {
        run_http2();
        print_result();
    } else if (options.rate) {
        run_paced();
        print_result();
    } else {
        bool plain = !options.tls && !options.websocket && !options.http && !options.fresh && !options.epoll;
        if (!plain || !run_streams_on_uring()) {
            if (options.beside) {
                fail("--beside is for plain streams on io_uring");
            }
            run_streams();
        }
        print_result();
    }
    return 0;
}
