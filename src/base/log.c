/* log.c - see log.h. Each line is one write, so that lines of several threads do not mix. */
#include "base/log.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

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

static void add_line(struct buf *b, enum log_level level, const char *area, const char *text)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    static const char priority[] = "3467";
    char at[TIME_TEXT_SIZE];

    time_iso(clock_now(&system_clock), at);
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
    add_line(&line, level, area, buf_str(&text));
    ssize_t written = write(STDERR_FILENO, line.p, line.n);
    (void)written; /* a log that cannot be written has nowhere to say so */
}
