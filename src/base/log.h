/* log.h - the server log, for operators: lines on stderr, journald priorities, or one JSON object
 * per line.
 *
 * Three logs never mix: this one, the task log (users) and the audit (a table). Log at the boundary
 * only: thread main, request end, session end, task end. Any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H
#include <stdbool.h>

#include "base/lang.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_PLAIN, LOG_JOURNALD, LOG_JSON };

/** Once, before other threads start. */
void log_setup(enum log_level most, enum log_format format);
void log_write(enum log_level level, const char *area, const char *fmt, ...) PRINTF(3, 4);

/* The newest lines, for who cannot see stderr. */
#define LOG_KEPT 1000
struct log_entry {
    int64_t number, at_ms; /* number: from 1, of this process */
    enum log_level level;
    char area[16];
    const char *text;
};
/** Calls ${fn} with each line that is kept, oldest first; it must not log. */
void log_each(void (*fn)(void *ctx, const struct log_entry *entry), void *ctx);

#define log_error(area, ...) log_write(LOG_ERROR, area, __VA_ARGS__) /* someone must act */
#define log_warn(area, ...) log_write(LOG_WARN, area, __VA_ARGS__)   /* it recovered */
#define log_info(area, ...) log_write(LOG_INFO, area, __VA_ARGS__)   /* state change */
#define log_debug(area, ...) log_write(LOG_DEBUG, area, __VA_ARGS__)
#endif
