/* problems.h - everything that is wrong with a document, each with the place and a sentence.
 *
 * A person who sends a document wants to read all that is wrong with it at once; so validation adds
 * here and goes on. Only schema/ and the checks of model/ add. Texts live in the arena given. One
 * thread. */
#ifndef SCHEMA_PROBLEMS_H
#define SCHEMA_PROBLEMS_H
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

/** More are counted but not kept. */
#define PROBLEMS_MAX 50

struct problem {
    const char *pointer; /* JSON pointer of the member, e.g. /Steps/0/Name; "" = the document */
    const char *message; /* "\"maybe\" is not true or false" */
};
struct problems {
    struct arena *arena;
    struct problem *items;
    size_t n;     /* kept */
    size_t total; /* found */
    size_t cap;
};
#define PROBLEMS_INIT(a) \
    {                    \
        .arena = (a)     \
    }

/** Adds one about ${pointer}; the message starts with the value where there is one. */
void problems_add(struct problems *p, const char *pointer, const char *fmt, ...) PRINTF(3, 4);
/** 0 when there are none; otherwise ERR_INVALID with the first one: its pointer as `where`, and
 * "pointer: message" as text. */
int problems_fail(const struct problems *p, struct error *e) MUST_USE;
/** An array of "pointer: message", for the Errors of an answer. New reference. */
json_t *problems_json(const struct problems *p);
#endif
