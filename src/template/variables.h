/* variables.h - the variables of one action, and the #{expressions} that refer to them.
 *
 * A dictionary name -> text in the order of first insertion; names are compared without case.
 * Values are templates: they are stored as written and evaluated each time they are read, so a
 * value may refer to variables that are set later. The language is that of Octopus Deploy's
 * variable substitution ("Octostache"); what it does in the corners is pinned by
 * tests/data/octostache.jsonl.
 *
 * Threads: any number may read while nobody sets. */
#ifndef TEMPLATE_VARIABLES_H
#define TEMPLATE_VARIABLES_H
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

struct variable {
    const char *name;  /* spelled as it was set last */
    const char *value; /* unevaluated; NULL: bound, without value (reads as "") */
    bool sensitive;
};
struct variables;

/** An empty dictionary; freed with variables_free. */
struct variables *variables_new(void);
void variables_free(struct variables *v); /* NULL is fine */
/** For CLEANUP(variables_freep). */
void variables_freep(struct variables **v);

/** Sets ${name} to ${value} (may be NULL); both are copied. A name that is there already, in any
 * case, keeps its place in the order. Replaced values stay allocated until variables_free: pointers
 * handed out earlier remain valid. */
void variables_set(struct variables *v, const char *name, const char *value, bool sensitive);
/** The variable of that name, NULL when absent. Valid until variables_free (its members until the
 * next set). */
const struct variable *variables_find(const struct variables *v, const char *name);
/** The unevaluated value; NULL when absent or null. */
const char *variables_get_raw(const struct variables *v, const char *name);
size_t variables_count(const struct variables *v);
/** Steps through all in insertion order: start with *${at} = 0; NULL at the end. */
const struct variable *variables_each(const struct variables *v, size_t *at);

/** Evaluates the variable ${name}: *${ret_text} becomes its text in ${a}, NULL when the variable is
 * absent. Tokens that cannot be resolved stay in the text. ERR_INVALID when it refers to itself or
 * a filter cannot work. */
int variables_get(const struct variables *v, const char *name, struct arena *a,
                  const char **ret_text, struct error *e) MUST_USE;
/** The evaluated value as a .NET bool (true/false, any case, white space around), otherwise
 * ${otherwise}. */
bool variables_flag(const struct variables *v, const char *name, bool otherwise);

enum template_mode {
    TEMPLATE_STRICT, /* a text that does not parse is returned unchanged */
    TEMPLATE_LENIENT /* a token that does not parse is copied and the rest is still evaluated:
                        files, script bodies */
};
struct template_result {
    const char *text; /* in the arena; NULL only for the outermost `| null` filter */
    const char *
        *missing; /* distinct tokens that could not be resolved, as they appear in the text */
    size_t missing_n;
    const char *parse_error; /* NULL, or what is wrong with the template (the text is then as its
                                mode says) */
};
/** Evaluates ${text}. ERR_INVALID for what Octostache raises as an exception: a variable that
 * refers to itself (the message has the chain "A -> B -> A"), input that a filter cannot read. */
int template_evaluate(const struct variables *v, const char *text, struct arena *a,
                      struct template_result *ret, struct error *e) MUST_USE;
int template_evaluate_mode(const struct variables *v, const char *text, enum template_mode mode,
                           struct arena *a, struct template_result *ret, struct error *e) MUST_USE;
/** Run conditions: true when ${expr} evaluates without any diagnostic to a truthy text. */
bool template_truthy(const struct variables *v, const char *expr);
/** False for "", "0", "no" and "false" (any case, white space around); NULL is false. */
bool template_text_is_true(const char *text);
#endif
