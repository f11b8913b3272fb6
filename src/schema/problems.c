/* problems.c - see problems.h.
 *
 * The list is bounded (PROBLEMS_MAX), because a hostile document can have a mistake per byte; what
 * is beyond is counted only. */
#include "schema/problems.h"

#include <stdarg.h>
#include <stdio.h>

void problems_add(struct problems *p, const char *pointer, const char *fmt, ...)
{
    char text[600];
    va_list ap;

    if (p->total++ >= PROBLEMS_MAX) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    *ARENA_ADD(p->arena, p) = (struct problem){.pointer = arena_strdup(p->arena, pointer),
                                               .message = arena_strdup(p->arena, text)};
}

int problems_fail(const struct problems *p, struct error *e)
{
    if (p->total == 0) return 0;
    const struct problem *first = &p->items[0];
    return fail_at(e, first->pointer, "%s%s%s", first->pointer, first->pointer[0] ? ": " : "",
                   first->message);
}

json_t *problems_json(const struct problems *p)
{
    json_t *list = json_array();

    for (size_t i = 0; i < p->n; i++) {
        const struct problem *x = &p->items[i];
        jv_push(list, json_sprintf("%s%s%s", x->pointer, x->pointer[0] ? ": " : "", x->message));
    }
    if (p->total > p->n) jv_push(list, json_sprintf("and %d more", (int)(p->total - p->n)));
    return list;
}
