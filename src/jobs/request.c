/* request.c - see request.h. Packets are SOCK_SEQPACKET: one is received whole or not at all. */
#include "jobs/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/file.h"

#define FDS_MAX 3

union control_space {
    char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
    struct cmsghdr align;
};

static int send_packet(int socket, struct iovec *iov, size_t iov_n, const int *fds, size_t fds_n)
{
    union control_space control;
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = iov_n};

    if (fds_n) {
        memset(&control, 0, sizeof(control));
        m.msg_control = control.bytes;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * fds_n);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fds_n);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fds_n);
    }
    for (;;) {
        if (sendmsg(socket, &m, MSG_NOSIGNAL) >= 0) return 0;
        if (errno != EINTR) return -1;
    }
}

/* Bytes received, 0 = end, -1 = errno. All of ${fds} are set, -1 for those that did not come. */
static ssize_t receive_packet(int socket, struct iovec *iov, size_t iov_n, int fds[FDS_MAX])
{
    union control_space control;
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = iov_n, .msg_control = control.bytes};
    ssize_t n;

    for (int i = 0; i < FDS_MAX; i++) fds[i] = -1;
    do {
        m.msg_controllen = sizeof(control);
        n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    return n;
}

static int make_memory_file(const struct buf *texts, struct error *e)
{
    CLEANUP(closep) int fd = memfd_create("bobtail-request", MFD_CLOEXEC);
    int taken;

    if (fd < 0) return fail_errno(e, errno, "make memory file");
    if (file_write_all(fd, texts->p, texts->n, e) < 0) return -1;
    taken = fd;
    fd = -1;
    return taken;
}

int request_send(int socket, struct request_head *head, const struct buf *texts, int reply,
                 int input, struct error *e)
{
    CLEANUP(closep) int apart = -1;
    struct iovec iov[2] = {{head, sizeof(*head)}, {texts->p, texts->n}};
    int fds[FDS_MAX] = {reply};
    size_t fds_n = 1;

    if (texts->overflow || texts->n > REQUEST_TEXTS_MAX)
        return fail(e, ERR_TOO_LARGE, "arguments and environment are longer than %zu bytes",
                    REQUEST_TEXTS_MAX);
    head->magic = REQUEST_MAGIC;
    head->texts_n = (uint32_t)texts->n;
    head->has_input = input >= 0;
    head->texts_apart = texts->n > REQUEST_INLINE_MAX;
    if (head->has_input) fds[fds_n++] = input;
    if (head->texts_apart) {
        if ((apart = make_memory_file(texts, e)) < 0) return -1;
        fds[fds_n++] = apart;
    }
    if (send_packet(socket, iov, head->texts_apart ? 1 : 2, fds, fds_n) == 0) return 0;
    if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
        return fail(e, ERR_UNREACHABLE, "the launcher has gone");
    return fail_errno(e, errno, "send a request to the launcher");
}

static int read_texts_apart(int fd, char **ret, size_t n, struct error *e)
{
    CLEANUP(freep) char *p = xmalloc(n + 1);

    for (size_t have = 0; have < n;) {
        ssize_t got = pread(fd, p + have, n - have, (off_t)have);
        if (got <= 0) return fail(e, ERR_CORRUPT, "request: texts are cut off");
        have += (size_t)got;
    }
    *ret = TAKE(p);
    return 0;
}

/* Takes the next text of ${at}, which ends before ${end}. */
static const char *next_text(const char **at, const char *end)
{
    const char *s = *at, *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

    if (nul == NULL) return NULL;
    *at = nul + 1;
    return s;
}

static int take_list(const char **at, const char *end, size_t n, char ***ret)
{
    char **list = xcalloc(n + 1, sizeof(*list));

    for (size_t i = 0; i < n; i++)
        if ((list[i] = (char *)next_text(at, end)) == NULL) {
            free(list);
            return -1;
        }
    *ret = list;
    return 0;
}

static int take_texts(struct request *q, const char *texts, struct error *e)
{
    const char *at = texts, *end = texts + q->head.texts_n;

    if (q->head.argc > q->head.texts_n || q->head.envc > q->head.texts_n)
        return fail(e, ERR_CORRUPT, "request: counts");
    q->mutex = next_text(&at, end);
    q->holder = next_text(&at, end);
    q->path = next_text(&at, end);
    if (q->mutex == NULL || q->holder == NULL || q->path == NULL)
        return fail(e, ERR_CORRUPT, "request: texts");
    if (take_list(&at, end, q->head.argc, &q->argv) < 0)
        return fail(e, ERR_CORRUPT, "request: arguments");
    if (take_list(&at, end, q->head.envc, &q->env) < 0) {
        free(q->argv);
        return fail(e, ERR_CORRUPT, "request: environment");
    }
    return 0;
}

static void release_texts(char **apart, struct request *last)
{
    free(*apart);
    *apart = NULL;
    free(last->argv);
    free(last->env);
    last->argv = last->env = NULL;
}

static int take_request(struct request *q, ssize_t n, int fds[FDS_MAX], char *inline_texts,
                        char **apart, struct error *e)
{
    const struct request_head *h = &q->head;
    size_t wanted = sizeof(*h) + (h->texts_apart ? 0 : h->texts_n);

    if (n < (ssize_t)sizeof(*h) || h->magic != REQUEST_MAGIC || (size_t)n != wanted ||
        h->texts_n > REQUEST_TEXTS_MAX || h->ticket[JOB_TICKET_MAX] != '\0' ||
        h->spare[SPARE_NAME_SIZE - 1] != '\0' || strchr(h->spare, '/'))
        return fail(e, ERR_CORRUPT, "request of %zd bytes", n);
    q->reply = fds[0];
    q->input = h->has_input ? fds[1] : -1;
    if (h->texts_apart && read_texts_apart(fds[h->has_input ? 2 : 1], apart, h->texts_n, e) < 0)
        return -1;
    return take_texts(q, *apart ? *apart : inline_texts, e);
}

int request_receive(int socket, struct request *ret, struct error *e)
{
    static char inline_texts[REQUEST_INLINE_MAX];
    static char *apart;
    static struct request last;
    struct request q = {.reply = -1, .input = -1};
    struct iovec iov[2] = {{&q.head, sizeof(q.head)}, {inline_texts, sizeof(inline_texts)}};
    int fds[FDS_MAX];

    release_texts(&apart, &last);
    ssize_t n = receive_packet(socket, iov, 2, fds);
    if (n == 0 || (n < 0 && (errno == ECONNRESET || errno == EPIPE))) return 0;
    if (n < 0) return fail_errno(e, errno, "receive request");
    if (take_request(&q, n, fds, inline_texts, &apart, e) < 0) {
        for (int i = 0; i < FDS_MAX; i++) closep(&fds[i]);
        return -1;
    }
    if (q.head.texts_apart) close(fds[q.head.has_input ? 2 : 1]);
    last = *ret = q;
    return 1;
}

void reply_send(int socket, int code, const struct error *e, int fd)
{
    struct reply r = {.code = code, .kind = e ? (int)e->kind : 0};
    struct iovec iov = {&r, sizeof(r)};

    if (code < 0 && e) snprintf(r.text, sizeof(r.text), "%s", e->text);
    /* An asker that has gone does not want to know any more. */
    (void)send_packet(socket, &iov, 1, &fd, fd >= 0);
}

int reply_receive(int socket, struct reply *ret, int *ret_fd, struct error *e)
{
    struct iovec iov = {ret, sizeof(*ret)};
    int fds[FDS_MAX];
    ssize_t n = receive_packet(socket, &iov, 1, fds);

    if (n < 0 && errno != ECONNRESET) return fail_errno(e, errno, "receive the launcher's answer");
    if (n != (ssize_t)sizeof(*ret)) return 0;
    ret->text[sizeof(ret->text) - 1] = '\0';
    if (ret_fd) *ret_fd = fds[0];
    else closep(&fds[0]);
    return 1;
}
