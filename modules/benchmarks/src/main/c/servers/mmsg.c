// The UDP echo server in C: one thread that receives up to 64 datagrams with one system call, and sends them back with
// another.
//
// usage: mmsg

#include "listen.h"
#include <poll.h>

enum { BATCH = 64, LARGEST = 65536 };

static char bytes[BATCH][LARGEST];
static struct sockaddr_in sources[BATCH];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

int main(void) {
    int fd = listen_on(SOCK_DGRAM, NULL);
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){bytes[i], LARGEST};
            messages[i].msg_hdr = (struct msghdr){
                .msg_name = &sources[i], .msg_namelen = sizeof sources[i], .msg_iov = &parts[i], .msg_iovlen = 1};
        }
        int received = recvmmsg(fd, messages, BATCH, 0, NULL);
        if (received <= 0) {
            poll(&readable, 1, -1);
            continue;
        }
        for (int i = 0; i < received; i++) {
            parts[i].iov_len = messages[i].msg_len;
        }
        for (int sent = 0; sent < received;) {
            int more = sendmmsg(fd, messages + sent, (unsigned)(received - sent), 0);
            sent += more > 0 ? more : 1; // One that cannot be sent is lost, as UDP may.
        }
    }
}
