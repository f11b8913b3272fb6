/* listen.c - the listening socket, opened here and not by the library so that a refusal can be
 * explained.
 *
 * "host:port", "[v6]:port"; the v6 wildcard serves both families. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/exchange.h"

#define BACKLOG 1024

/* Cuts "host:port" into ${host} and ${ret_port}. */
static int cut_address(const char *address, char *host, size_t size, int64_t *ret_port,
                       struct error *e)
{
    const char *colon = strrchr(address, ':');
    struct str h = {address, colon ? (size_t)(colon - address) : 0};

    if (colon == NULL || !str_i64(colon + 1, 0, 65535, ret_port))
        return fail(e, ERR_INVALID,
                    "listen address \"%s\": want host:port, like 127.0.0.1:8080 or [::]:8080",
                    address);
    if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']') h.p++, h.n -= 2;
    else if (memchr(h.p, ':', h.n))
        return fail(e, ERR_INVALID,
                    "listen address \"%s\": an IPv6 address goes in brackets, like [::1]:8080",
                    address);
    if (h.n == 0 || h.n >= size)
        return fail(e, ERR_INVALID, "listen address \"%s\": no host", address);
    memcpy(host, h.p, h.n);
    host[h.n] = '\0';
    return 0;
}

static int bind_and_listen(int fd, const struct addrinfo *ai, const char *address, struct error *e)
{
    int on = 1, off = 0;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (ai->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) return 0;
    if (errno == EADDRINUSE)
        return fail(e, ERR_BUSY, "listen on %s: another program uses this address", address);
    if (errno == EACCES)
        return fail(e, ERR_DENIED, "listen on %s: ports below 1024 need CAP_NET_BIND_SERVICE",
                    address);
    if (errno == EADDRNOTAVAIL)
        return fail(e, ERR_INVALID, "listen on %s: this machine has no such address", address);
    return fail_errno(e, errno, "listen on %s", address);
}

static int bound_port(int fd)
{
    struct sockaddr_storage ss;
    socklen_t n = sizeof(ss);

    ASSERT(getsockname(fd, (struct sockaddr *)&ss, &n) == 0);
    return ntohs(ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&ss)->sin6_port
                                          : ((struct sockaddr_in *)&ss)->sin_port);
}

int listen_open(const char *address, int *ret_port, struct error *e)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
                    *ai;
    CLEANUP(closep) int fd = -1;
    char host[256], port[8];
    int64_t number;

    if (cut_address(address, host, sizeof(host), &number, e) < 0) return -1;
    snprintf(port, sizeof(port), "%d", (int)number);
    int rc = getaddrinfo(host, port, &hints, &ai);
    if (rc) return fail(e, ERR_INVALID, "listen address \"%s\": %s", address, gai_strerror(rc));
    fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    rc = fd < 0 ? fail_errno(e, errno, "socket for %s", address)
                : bind_and_listen(fd, ai, address, e);
    freeaddrinfo(ai);
    if (rc < 0) return -1;
    *ret_port = bound_port(fd);
    rc = fd;
    fd = -1;
    return rc;
}
