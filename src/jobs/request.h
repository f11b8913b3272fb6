/* request.h - what the server says to the launcher: one packet per request, answered on a socket of
 * its own.
 *
 * The launcher is started with the server's end's peer as descriptor 3. Descriptors that travel
 * with a packet, in this order: the reply socket; the input, when there is one; the texts, when
 * they are too long for the packet. Whoever works on a request holds the reply socket, so that its
 * end of file says that nobody does any more. */
#ifndef JOBS_REQUEST_H
#define JOBS_REQUEST_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "jobs/job.h"
#include "jobs/spare.h"

#define REQUEST_FD 3
#define REQUEST_INLINE_MAX ((size_t)64 * 1024) /* bytes of texts within the packet */
#define REQUEST_TEXTS_MAX ((size_t)16 * 1024 * 1024)
#define REQUEST_MAGIC 0x6a6f6231u

enum request_op {
    REQUEST_START = 1, /* start a job */
    REQUEST_BURY,      /* a supervisor is lost: kill what is left, write the result */
    REQUEST_ARTIFACT,  /* open a file as the account */
    REQUEST_EMPTY,     /* empty a work folder as the account */
};

struct request_head {
    uint32_t magic;
    int32_t op;
    char ticket[JOB_TICKET_MAX + 1];
    char spare[SPARE_NAME_SIZE]; /* folder to use again; "" = none */
    uint8_t durable, has_input, texts_apart;
    int32_t isolation, grace_ms, abandon_ms;
    uint32_t argc, envc;
    uint32_t texts_n; /* bytes: mutex, holder, path, argv..., env..., each with its NUL */
    int64_t mutex_timeout_ms, output_max;
    int64_t start_until; /* see job_spec */
};

struct request { /* as received */
    struct request_head head;
    int reply, input; /* -1 = none */
    const char *mutex, *holder, *path;
    char **argv, **env; /* NULL-terminated */
};

struct reply {
    int32_t code; /* 0 or 1 (see job_start), -1 = error */
    int32_t kind; /* enum error_kind */
    char text[512];
};

/** Sends ${head} with ${texts} to ${socket}; ${reply} and ${input} (-1 = none) travel along. */
int request_send(int socket, struct request_head *head, const struct buf *texts, int reply,
                 int input, struct error *e) MUST_USE;
/** Receives one: 1, 0 = the server has gone, -1 = a packet that is no request (its descriptors are
 * closed). The texts stay valid until the next call. */
int request_receive(int socket, struct request *ret, struct error *e) MUST_USE;
/** Answers on ${socket}; ${fd} (-1 = none) travels along. */
void reply_send(int socket, int code, const struct error *e, int fd);
/** Waits for the answer: 1, 0 = whoever worked on it has gone. *${ret_fd} is -1 when none came;
 * NULL = none wanted. */
int reply_receive(int socket, struct reply *ret, int *ret_fd, struct error *e) MUST_USE;
#endif
