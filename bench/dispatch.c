/* dispatch.c - runs a runbook N times, K at once, and prints how long each took from the POST to
 * its `finished` event.
 *
 *     dispatch PORT API_KEY PROJECT RUNBOOK ENVIRONMENT N K
 *
 * One keep-alive connection for requests; the event stream is opened before the first POST. After
 * each event one GET of the task must show that it ended as Success. Prints one line of JSON:
 * latencies in ms, runs per second. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "stopwatch.h"

#define MAX_RUNS 200000
static const char *key;
static double sent_at[MAX_RUNS], took[MAX_RUNS];
static char *ids[MAX_RUNS];
static int posted, finished;

static void die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

static int dial(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) die("cannot connect to port %d", port);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static void put(int fd, const char *text, size_t n)
{
    while (n) {
        ssize_t k = write(fd, text, n);
        if (k <= 0) die("write failed");
        text += k, n -= (size_t)k;
    }
}

/* Sends a request and reads the whole answer (Content-Length) into a static buffer; returns the
 * body. */
static const char *ask(int fd, const char *method, const char *path, const char *body)
{
    static char in[1 << 20];
    char out[4096];
    size_t have = 0;
    int n = snprintf(
        out, sizeof(out),
        "%s %s HTTP/1.1\r\nHost: x\r\nX-Octopus-ApiKey: %s\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n%s",
        method, path, key, strlen(body), body);
    put(fd, out, (size_t)n);
    for (;;) {
        ssize_t k = read(fd, in + have, sizeof(in) - 1 - have);
        if (k <= 0) die("%s %s: connection closed", method, path);
        have += (size_t)k;
        in[have] = '\0';
        char *end = strstr(in, "\r\n\r\n"), *length = strcasestr(in, "content-length:");
        if (end == NULL || length == NULL) continue;
        if (have >= (size_t)(end + 4 - in) + strtoul(length + 15, NULL, 10)) {
            if (strncmp(in + 9, "20", 2) != 0) die("%s %s: %s", method, path, in);
            return end + 4;
        }
    }
}

static void check(int fd, const char *id)
{
    char path[128];
    snprintf(path, sizeof(path), "/api/tasks/%s", id);
    if (strstr(ask(fd, "GET", path, ""), "\"State\":\"Success\"") == NULL)
        die("%s is no success", id);
}

static void post(int fd, const char *body)
{
    sent_at[posted] = now_ms();
    const char *at =
        strstr(ask(fd, "POST", "/api/Spaces-1/runbook-runs/create/v1", body), "ServerTasks-");
    if (at == NULL) die("no task in the answer");
    ids[posted++] = strndup(at, strcspn(at, "\""));
}

/* Takes whole events off the stream's text; returns how many runs ended. */
static char text[1 << 20];
static size_t text_n;
static int early_n;
static char early[4096][40]; /* finished before their POST was answered */

static int ended(const char *id, double at)
{
    for (int i = posted - 1; i >= 0 && i > posted - 4096; i--) {
        if (strcmp(ids[i], id) != 0) continue;
        took[i] = at - sent_at[i];
        finished++;
        return 1;
    }
    return 0;
}

static void take_events(int fd, double at)
{
    ssize_t k = read(fd, text + text_n, sizeof(text) - 1 - text_n);
    if (k <= 0) die("event stream closed");
    text_n += (size_t)k;
    text[text_n] = '\0';
    char *from = text, *end;
    while ((end = strstr(from, "\n\n")) != NULL) {
        *end = '\0';
        char *id = strstr(from, "\"Id\":\"");
        if (strstr(from, "event: finished") && id) {
            id += 6;
            id[strcspn(id, "\"")] = '\0';
            if (!ended(id, at)) snprintf(early[early_n++ % 4096], 40, "%s", id);
        }
        from = end + 2;
    }
    text_n -= (size_t)(from - text);
    memmove(text, from, text_n + 1);
}

static void match_early(double at)
{
    int kept = 0;
    for (int i = 0; i < early_n; i++)
        if (!ended(early[i], at)) memmove(early[kept++], early[i], 40);
    early_n = kept;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    char body[1024], open[512];

    if (argc != 8) die("usage: dispatch PORT API_KEY PROJECT RUNBOOK ENVIRONMENT N K");
    int port = (int)strtol(argv[1], NULL, 10), n = (int)strtol(argv[6], NULL, 10),
        k = (int)strtol(argv[7], NULL, 10);
    key = argv[2];
    snprintf(body, sizeof(body),
             "{\"projectName\":\"%s\",\"runbookName\":\"%s\",\"environmentNames\":[\"%s\"]}",
             argv[3], argv[4], argv[5]);
    int requests = dial(port), events = dial(port);
    int m = snprintf(
        open, sizeof(open),
        "GET /api/Spaces-1/tasks/events/stream HTTP/1.1\r\nHost: x\r\nX-Octopus-ApiKey: %s\r\n\r\n",
        key);
    put(events, open, (size_t)m);
    char head[4096];
    size_t head_n = 0;
    while (memmem(head, head_n, "\r\n\r\n", 4) == NULL) {
        if (read(events, head + head_n++, 1) != 1) die("no event stream");
    }
    double begin = now_ms();
    while (finished < n) {
        struct pollfd p = {.fd = events, .events = POLLIN};
        while (posted < n && posted - finished < k && poll(&p, 1, 0) == 0) {
            post(requests, body);
            match_early(now_ms());
        }
        if (finished < n && poll(&p, 1, 30000) != 1)
            die("no event for 30 s; %d of %d finished", finished, n);
        if (p.revents) take_events(events, now_ms());
        if (k == 1 && finished == posted) check(requests, ids[posted - 1]);
    }
    double end = now_ms();
    check(requests, ids[n - 1]);
    qsort(took, (size_t)n, sizeof(took[0]), by_value);
    printf("{\"runs\":%d,\"in_flight\":%d,\"p50_ms\":%.2f,\"p90_ms\":%.2f,\"p99_ms\":%.2f,\"min_"
           "ms\":%.2f,\"per_second\":%.1f}\n",
           n, k, took[n / 2], took[n * 9 / 10], took[n * 99 / 100], took[0],
           n / ((end - begin) / 1e3));
    return 0;
}
