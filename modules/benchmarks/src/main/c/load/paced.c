// Plain streams: one connection, a message at a time, so many a second. What a server costs that has little to do.

#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void wait_until(uint64_t nanos) {
    struct timespec time = {.tv_sec = (time_t)(nanos / 1000000000u), .tv_nsec = (long)(nanos % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
    }
}

static void transfer(int fd, uint8_t *bytes, ssize_t (*with)(int, void *, size_t)) {
    for (size_t done = 0; done < options.size;) {
        ssize_t length = with(fd, bytes + done, options.size - done);
        if (length <= 0) {
            fail("the connection broke: %s", length == 0 ? "closed" : strerror(errno));
        }
        done += (size_t)length;
    }
}

static ssize_t send_some(int fd, void *bytes, size_t length) { return write(fd, bytes, length); }

void run_paced(void) {
    int fd = connect_target(false);
    uint8_t *received = malloc(options.size);
    uint64_t gap = 1000000000u / (uint64_t)options.rate;
    start_clock();
    uint64_t next = now_nanos();
    for (uint64_t message = 0;; message++) {
        wait_until(next);
        uint64_t started = now_nanos();
        const uint8_t *sent = pattern + pattern_offset(0, message);
        transfer(fd, (uint8_t *)sent, send_some);
        transfer(fd, received, read);
        if (memcmp(sent, received, options.size)) {
            fail("message %llu came back with other bytes", (unsigned long long)message);
        }
        uint64_t ended = now_nanos();
        if (!count(started, ended)) {
            break;
        }
        // After a late one the next ones keep their distance.
        next = next + gap > ended ? next + gap : ended;
    }
    close(fd);
}
