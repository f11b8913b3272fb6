/* request_log.h - one line per answered request, for operators: who asked what, when, with which
 * end. No query, no body, no header but the user agent: a secret can stand in none of the rest.
 *
 * Lines are written by a thread of their own ("req-log"), so that a slow disk holds nobody up; when
 * it cannot keep up lines are dropped and the server's log says how many. Any thread. */
#ifndef HTTP_REQUEST_LOG_H
#define HTTP_REQUEST_LOG_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct request_line {
    int64_t at_ms; /* when it began, UTC */
    int64_t duration_ms;
    int64_t bytes; /* of the answer's body */
    int status;
    bool secure;   /* https */
    bool complete; /* false: the connection broke */
    const char *address, *user, *method, *path, *version, *agent, *id; /* NULL = unknown */
};

enum request_log_format { REQUEST_LOG_COMBINED, REQUEST_LOG_JSON };
struct request_log;
/** Opens ${path} to append to it (made 0600), "stdout" is standard output, and starts the thread.
 */
int request_log_open(const char *path, enum request_log_format format, struct request_log **ret,
                     struct error *e) MUST_USE;
/** Queues a line. */
void request_log_add(struct request_log *l, const struct request_line *line);
/** Opens the file anew: after it was renamed. The old one stays open when that fails. */
int request_log_reopen(struct request_log *l, struct error *e) MUST_USE;
/** Writes what is queued, ends the thread. NULL is fine. */
void request_log_close(struct request_log *l);

/** Appends the line with its end: for request_log_add and its test. */
void request_log_print(struct buf *out, enum request_log_format format,
                       const struct request_line *line);
#endif
