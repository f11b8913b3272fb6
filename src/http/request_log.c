/* request_log.c - see request_log.h. */
#include "http/request_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "base/utf8.h"
#include "os/file.h"
#include "os/thread.h"

#define QUEUE_MAX (1 * MiB)

struct request_log {
    char *path; /* NULL: standard output */
    enum request_log_format format;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what is below */
    pthread_cond_t news;
    struct buf queue;
    int64_t dropped;
    int fd;
    int writing_fd; /* what the thread writes to just now, -1: nothing */
    bool stop;
};

/* ---- the text of a line ---- */

/* Within quotes: what ends them, control characters, and bytes that are no text become escapes. */
static void add_quoted(struct buf *out, const char *text)
{
    bool is_text = utf8_check(str_of(text ? text : ""));

    buf_addc(out, '"');
    for (const char *p = text ? text : "-"; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < ' ' || c == '"' || c == '\\' || c == 127 || (c > 127 && !is_text))
            buf_addf(out, "\\x%02x", c);
        else buf_addc(out, *p);
    }
    buf_addc(out, '"');
}

static void print_combined(struct buf *out, const struct request_line *line)
{
    CLEANUP(buf_done) struct buf request = BUF_INIT(BUF_UNBOUNDED);
    char time[TIME_TEXT_SIZE];

    buf_addf(&request, "%s %s %s", line->method ? line->method : "?", line->path ? line->path : "?",
             line->version ? line->version : "?");
    buf_addf(out, "%s - ", line->address ? line->address : "-");
    if (line->user) add_quoted(out, line->user);
    else buf_addc(out, '-');
    buf_addf(out, " [%s] ", time_iso(line->at_ms, time));
    add_quoted(out, buf_str(&request));
    buf_addf(out, " %d %lld \"-\" ", line->status, (long long)line->bytes);
    add_quoted(out, line->agent);
    buf_addf(out, " %lld %s%s\n", (long long)line->duration_ms, line->id ? line->id : "-",
             line->complete ? "" : " cut");
}

/* Foreign bytes as JSON may have them. */
static void set_text(json_t *o, const char *name, const char *text)
{
    CLEANUP(buf_done) struct buf repaired = BUF_INIT(BUF_UNBOUNDED);

    if (text && !utf8_check(str_of(text))) {
        utf8_repair(&repaired, str_of(text));
        text = buf_str(&repaired);
    }
    jv_set_str(o, name, text);
}

static void print_json(struct buf *out, const struct request_line *line)
{
    json_auto_t *o = json_object();

    jv_set_time(o, "Time", line->at_ms);
    set_text(o, "RequestId", line->id);
    set_text(o, "Address", line->address);
    set_text(o, "User", line->user);
    set_text(o, "Method", line->method);
    set_text(o, "Path", line->path);
    set_text(o, "Protocol", line->version);
    jv_set_bool(o, "Secure", line->secure);
    jv_set_i64(o, "Status", line->status);
    jv_set_i64(o, "Bytes", line->bytes);
    jv_set_i64(o, "DurationMs", line->duration_ms);
    set_text(o, "UserAgent", line->agent);
    jv_set_bool(o, "Complete", line->complete);
    jv_print(out, o);
    buf_addc(out, '\n');
}

void request_log_print(struct buf *out, enum request_log_format format,
                       const struct request_line *line)
{
    if (format == REQUEST_LOG_JSON) print_json(out, line);
    else print_combined(out, line);
}

/* ---- the queue and its thread ---- */

void request_log_add(struct request_log *l, const struct request_line *line)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);

    request_log_print(&text, l->format, line);
    pthread_mutex_lock(&l->lock);
    if (l->queue.n + text.n > QUEUE_MAX) l->dropped++;
    else buf_add(&l->queue, text.p, text.n);
    pthread_cond_signal(&l->news);
    pthread_mutex_unlock(&l->lock);
}

static void complain(const struct request_log *l, int64_t dropped, const struct error *e)
{
    const char *path = l->path ? l->path : "stdout";

    if (dropped)
        log_warn("http", "request log %s: %lld lines were dropped, it is too slow", path,
                 (long long)dropped);
    if (e->kind) log_warn("http", "request log %s: lines are lost: %s", path, e->text);
}

/* Lock held; gives it back while it writes. */
static void write_out(struct request_log *l)
{
    struct buf out = l->queue;
    int64_t dropped = l->dropped;
    struct error e = {0};
    int fd = l->writing_fd = l->fd;

    l->queue = (struct buf)BUF_INIT(BUF_UNBOUNDED);
    l->dropped = 0;
    pthread_mutex_unlock(&l->lock);
    if (file_write_all(fd, buf_str(&out), out.n, &e) < 0 || dropped) complain(l, dropped, &e);
    buf_done(&out);
    pthread_mutex_lock(&l->lock);
    if (fd != l->fd) close(fd); /* opened anew meanwhile */
    l->writing_fd = -1;
}

static void *run(void *ctx)
{
    struct request_log *l = ctx;

    pthread_mutex_lock(&l->lock);
    while (!l->stop || l->queue.n) {
        if (l->queue.n) write_out(l);
        else pthread_cond_wait(&l->news, &l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* ---- opening ---- */

static int open_file(const char *path, int *ret, struct error *e)
{
    *ret = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
                : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return *ret < 0 ? fail_errno(e, errno, "open the request log %s", path ? path : "stdout") : 0;
}

static void request_log_free(struct request_log *l)
{
    closep(&l->fd);
    pthread_cond_destroy(&l->news);
    pthread_mutex_destroy(&l->lock);
    buf_done(&l->queue);
    free(l->path);
    free(l);
}

int request_log_open(const char *path, enum request_log_format format, struct request_log **ret,
                     struct error *e)
{
    struct request_log *l = xcalloc(1, sizeof(*l));

    l->path = strcmp(path, "stdout") == 0 ? NULL : xstrdup(path);
    l->format = format;
    l->fd = l->writing_fd = -1;
    l->queue = (struct buf)BUF_INIT(BUF_UNBOUNDED);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->news, NULL);
    if (open_file(l->path, &l->fd, e) < 0 || thread_start(&l->thread, "req-log", run, l, e) < 0) {
        request_log_free(l);
        return -1;
    }
    *ret = l;
    return 0;
}

int request_log_reopen(struct request_log *l, struct error *e)
{
    int fd;

    if (open_file(l->path, &fd, e) < 0) return -1;
    pthread_mutex_lock(&l->lock);
    if (l->fd != l->writing_fd) close(l->fd); /* otherwise the thread closes it */
    l->fd = fd;
    pthread_mutex_unlock(&l->lock);
    return 0;
}

void request_log_close(struct request_log *l)
{
    if (l == NULL) return;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->news);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    request_log_free(l);
}
