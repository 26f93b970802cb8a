// What the C servers share: a listening socket, and the line that tells the harness where it listens.
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

__attribute__((noreturn)) static inline void die(const char *what) {
    perror(what);
    exit(1);
}

// Listens on the Unix domain socket of that path, or without one on any free port of 127.0.0.1; prints "ready PORT".
static inline int listen_on(int type, const char *path) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (path) {
        strncpy(local.sun_path, path, sizeof local.sun_path - 1);
    }
    int fd = socket(path ? AF_UNIX : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, path ? (struct sockaddr *)&local : (struct sockaddr *)&inet,
                       path ? sizeof local : sizeof inet)) {
        die("bind");
    }
    if (type == SOCK_STREAM && listen(fd, 4096)) {
        die("listen");
    }
    socklen_t length = sizeof inet;
    if (!path && getsockname(fd, (struct sockaddr *)&inet, &length)) {
        die("getsockname");
    }
    printf("ready %d\n", path ? 0 : ntohs(inet.sin_port));
    fflush(stdout);
    return fd;
}

static inline void no_delay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // fails on a Unix domain socket, which never delays
}
