/* queue_many.c - queues a runbook N times over one keep-alive connection and waits for nothing.
 *
 *     queue_many PORT API_KEY PROJECT RUNBOOK ENVIRONMENT N */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

int main(int argc, char **argv)
{
    char request[4096], body[1024], in[65536];
    struct sockaddr_in to = {.sin_family = AF_INET};
    int one = 1;

    if (argc != 7) die("usage: queue_many PORT API_KEY PROJECT RUNBOOK ENVIRONMENT N");
    to.sin_port = htons((uint16_t)strtol(argv[1], NULL, 10));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) die("cannot connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    snprintf(body, sizeof(body),
             "{\"projectName\":\"%s\",\"runbookName\":\"%s\",\"environmentNames\":[\"%s\"]}",
             argv[3], argv[4], argv[5]);
    int n = snprintf(
        request, sizeof(request),
        "POST /api/Spaces-1/runbook-runs/create/v1 HTTP/1.1\r\nHost: x\r\nX-Octopus-ApiKey: %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        argv[2], strlen(body), body);
    for (long i = strtol(argv[6], NULL, 10); i > 0; i--) {
        size_t have = 0;
        if (write(fd, request, (size_t)n) != n) die("write failed");
        do {
            ssize_t k = read(fd, in + have, sizeof(in) - 1 - have);
            if (k <= 0) die("connection closed");
            have += (size_t)k;
            in[have] = '\0';
        } while (strstr(in, "]}") == NULL && strstr(in, "ErrorMessage") == NULL);
        if (strstr(in, "ServerTaskId") == NULL) die(in);
    }
    return 0;
}
