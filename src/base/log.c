/* log.c - see log.h. Each line is one write, so that lines of several threads do not mix. */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/time.h"

static enum log_level most_detailed = LOG_INFO;
static enum log_format line_format = LOG_PLAIN;

void log_setup(enum log_level most, enum log_format format)
{
    most_detailed = most;
    line_format = format;
}

/* ---- what is kept ---- */

#define KEPT_TEXT 2000 /* bytes of a line */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_entry kept[LOG_KEPT]; /* guarded by lock; texts are owned */
static int64_t lines_so_far;            /* lines so far; likewise */

static void keep(enum log_level level, const char *area, int64_t at_ms, const char *text)
{
    char *copy = xstrndup(text, KEPT_TEXT);

    pthread_mutex_lock(&lock);
    struct log_entry *e = &kept[lines_so_far % LOG_KEPT];
    free((char *)e->text);
    *e = (struct log_entry){.number = ++lines_so_far, .at_ms = at_ms, .level = level, .text = copy};
    snprintf(e->area, sizeof(e->area), "%s", area);
    pthread_mutex_unlock(&lock);
}

void log_each(void (*fn)(void *ctx, const struct log_entry *entry), void *ctx)
{
    pthread_mutex_lock(&lock);
    for (int64_t n = lines_so_far > LOG_KEPT ? lines_so_far - LOG_KEPT : 0; n < lines_so_far; n++)
        fn(ctx, &kept[n % LOG_KEPT]);
    pthread_mutex_unlock(&lock);
}

/* ---- writing ---- */

static void add_line(struct buf *b, enum log_level level, const char *area, int64_t at_ms,
                     const char *text)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    static const char priority[] = "3467";
    char at[TIME_TEXT_SIZE];

    time_iso(at_ms, at);
    if (line_format == LOG_JSON) {
        buf_addf(b, "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%s\",\"message\":", at,
                 names[level], area);
        jv_quote(b, text, strlen(text));
        buf_adds(b, "}\n");
    } else if (line_format == LOG_JOURNALD) {
        buf_addf(b, "<%c>%s: %s\n", priority[level], area, text);
    } else {
        buf_addf(b, "%s %-5s %s: %s\n", at, names[level], area, text);
    }
}

void log_write(enum log_level level, const char *area, const char *fmt, ...)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(8 * KiB);
    CLEANUP(buf_done) struct buf line = BUF_INIT(32 * KiB);
    va_list ap;

    if (level > most_detailed) return;
    va_start(ap, fmt);
    buf_vaddf(&text, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < text.n; i++) /* no line is forged, no terminal steered */
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7F) text.p[i] = ' ';
    int64_t now = clock_now(&system_clock);
    add_line(&line, level, area, now, buf_str(&text));
    keep(level, area, now, buf_str(&text));
    ssize_t written = write(STDERR_FILENO, line.p, line.n);
    (void)written; /* a log that cannot be written has nowhere to say so */
}
