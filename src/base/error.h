/* error.h - the one error object: owned by the caller, on its stack, never allocated.
 *
 * A fallible function returns 0 or -1 (or a count >= 0), takes `struct error *e` last and leaves it
 * untouched on success. `return fail(e, ERR_NOT_FOUND, "release %s", id);` is the only way to make
 * one. Messages are lower case, without full stop; they name the thing, the value and what is
 * allowed. Any thread. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H
#include "base/lang.h"

enum error_kind {
    ERR_NONE,
    ERR_INVALID,         /* input that can be corrected: HTTP 400 */
    ERR_NOT_FOUND,       /* 404 */
    ERR_CONFLICT,        /* stale version, name taken while racing: 409 */
    ERR_DENIED,          /* 403 */
    ERR_UNAUTHENTICATED, /* 401 */
    ERR_TOO_LARGE,       /* 413 */
    ERR_TIMEOUT,
    ERR_CANCELLED,
    ERR_FENCED,      /* another node owns the task now: drop it without further effect */
    ERR_BUSY,        /* database locked, retry later */
    ERR_UNREACHABLE, /* a peer, the database or a worker is away */
    ERR_NO_SPACE,    /* disk full */
    ERR_CORRUPT,
    ERR_INTERNAL,
};

struct error {
    enum error_kind kind;
    int sys;         /* errno value or 0 */
    char text[512];  /* UTF-8 */
    char where[128]; /* JSON pointer or member name of bad input, or "" */
};

/** Fills ${e} with kind and message and returns -1. ${e} may be NULL: the failure is then only the
 * -1. */
int fail(struct error *e, enum error_kind kind, const char *fmt, ...) PRINTF(3, 4);
/** Same for a failed system call; appends the text of ${sys} (an errno value); the kind follows
 * from it (ENOSPC and EDQUOT: ERR_NO_SPACE, ENOENT: ERR_NOT_FOUND, otherwise ERR_INTERNAL). */
int fail_errno(struct error *e, int sys, const char *fmt, ...) PRINTF(3, 4);
/** Same for bad input, naming the member: ${where} is a JSON pointer or member name. */
int fail_at(struct error *e, const char *where, const char *fmt, ...) PRINTF(3, 4);
/** Puts "context: " in front of the message in ${e}; returns -1. */
int fail_wrap(struct error *e, const char *fmt, ...) PRINTF(2, 3);
/** The kind's name, for logs. */
const char *error_kind_name(enum error_kind kind);
#endif
