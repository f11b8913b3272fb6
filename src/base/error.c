/* error.c - see error.h. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

void assert_failed(const char *cond, const char *file, int line, const char *func)
{
    fprintf(stderr, "<2>assertion failed: %s at %s:%d in %s\n", cond, file, line, func);
    abort();
}

/* Foreign text may have been cut by a format, and the whole is cut to fit: a character that is not
 * whole becomes "?", at the end it goes. Answers and the database take nothing but UTF-8. */
static void settle(char *text, size_t size)
{
    struct str rest = str_of(text);
    bool full = rest.n + 1 == size;
    char *at = text;
    uint32_t c;

    for (; utf8_next(&rest, &c); at = (char *)rest.p) {
        if (c != 0xFFFD || rest.p - at > 1) continue;
        *at = full && rest.n < 3 ? '\0' : '?';
        if (*at == '\0') return;
    }
}

static void fill(struct error *e, enum error_kind kind, int sys, const char *fmt, va_list ap)
{
    char text[sizeof(e->text)];

    vsnprintf(text, sizeof(text), fmt, ap);
    settle(text, sizeof(text));
    e->kind = kind;
    e->sys = sys;
    e->where[0] = '\0';
    memcpy(e->text, text, sizeof(text));
}

int fail(struct error *e, enum error_kind kind, const char *fmt, ...)
{
    va_list ap;

    if (e == NULL) return -1;
    va_start(ap, fmt);
    fill(e, kind, 0, fmt, ap);
    va_end(ap);
    return -1;
}

static enum error_kind kind_of_errno(int sys)
{
    switch (sys) {
    case ENOSPC:
    case EDQUOT: return ERR_NO_SPACE;
    case ENOENT: return ERR_NOT_FOUND;
    case EACCES:
    case EPERM: return ERR_DENIED;
    case ETIMEDOUT: return ERR_TIMEOUT;
    default: return ERR_INTERNAL;
    }
}

int fail_errno(struct error *e, int sys, const char *fmt, ...)
{
    va_list ap;
    char reason[128];
    size_t used;

    if (e == NULL) return -1;
    va_start(ap, fmt);
    fill(e, kind_of_errno(sys), sys, fmt, ap);
    va_end(ap);
    used = strlen(e->text);
    snprintf(e->text + used, sizeof(e->text) - used, ": %s",
             strerror_r(sys, reason, sizeof(reason)));
    return -1;
}

int fail_at(struct error *e, const char *where, const char *fmt, ...)
{
    va_list ap;

    if (e == NULL) return -1;
    va_start(ap, fmt);
    fill(e, ERR_INVALID, 0, fmt, ap);
    va_end(ap);
    snprintf(e->where, sizeof(e->where), "%s", where);
    settle(e->where, sizeof(e->where));
    return -1;
}

int fail_wrap(struct error *e, const char *fmt, ...)
{
    va_list ap;
    char context[256], text[sizeof(e->text)];

    if (e == NULL) return -1;
    va_start(ap, fmt);
    vsnprintf(context, sizeof(context), fmt, ap);
    va_end(ap);
    memcpy(text, e->text, sizeof(text));
    snprintf(e->text, sizeof(e->text), "%s: %.*s", context, (int)(sizeof(text) - 260), text);
    settle(e->text, sizeof(e->text));
    return -1;
}

const char *error_kind_name(enum error_kind kind)
{
    static const char *const names[] = {
        [ERR_NONE] = "none",           [ERR_INVALID] = "invalid",
        [ERR_NOT_FOUND] = "not-found", [ERR_CONFLICT] = "conflict",
        [ERR_DENIED] = "denied",       [ERR_UNAUTHENTICATED] = "unauthenticated",
        [ERR_TOO_LARGE] = "too-large", [ERR_TIMEOUT] = "timeout",
        [ERR_CANCELLED] = "cancelled", [ERR_FENCED] = "fenced",
        [ERR_BUSY] = "busy",           [ERR_UNREACHABLE] = "unreachable",
        [ERR_NO_SPACE] = "no-space",   [ERR_CORRUPT] = "corrupt",
        [ERR_INTERNAL] = "internal",
    };
    return names[kind];
}
