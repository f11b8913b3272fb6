/* variables.c - the dictionary, see variables.h; the tree of its names, see binding.h.
 *
 * A variable is known twice: by its full name (variables_find, the order) and by the path that its
 * name spells in the tree, which is what #{expressions} walk. A name that is no path, or only
 * begins with one, is stored all the same: the tree then has what the path part says, as in the
 * original. All memory is the dictionary's arena; a replaced value stays in it, so texts that were
 * handed out remain valid. */
#include "template/variables.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "template/binding.h"

struct variables *variables_new(void)
{
    struct variables *v = xcalloc(1, sizeof(*v));
    v->by_name = map_new(true);
    return v;
}

void variables_free(struct variables *v)
{
    if (v == NULL) return;
    map_free(v->by_name, NULL);
    arena_wipe(&v->arena); /* some of them are secrets */
    free(v);
}

void variables_freep(struct variables **v)
{
    variables_free(*v);
    *v = NULL;
}

/* ---- the tree ---- */

static size_t bucket_of(const struct binding *parent, bool indexed, const char *name)
{
    uint64_t h = (uint64_t)(uintptr_t)parent * 0x9E3779B97F4A7C15u + indexed;

    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;
        if (c >= 'A' && c <= 'Z') c += 32;
        h = (h ^ c) * 0x100000001B3u;
    }
    return (h ^ h >> 32) % BINDING_BUCKETS;
}

static bool is_child(const struct binding *b, const struct binding *parent, bool indexed,
                     const char *name)
{
    return b->parent == parent && b->indexed == indexed && str_same(b->name, name);
}

struct binding *binding_child(const struct variables *v, const struct binding *parent, bool indexed,
                              const char *name)
{
    struct binding *b = v->buckets[bucket_of(parent, indexed, name)];

    for (; b; b = b->bucket_next)
        if (is_child(b, parent, indexed, name)) return b;
    return NULL;
}

struct binding *binding_add(struct arena *a, struct binding *parent, bool indexed, const char *name,
                            const char *text)
{
    struct binding *b = ARENA_NEW(a, struct binding, 1);

    *b = (struct binding){.name = name, .text = text, .indexed = indexed, .parent = parent};
    if (parent->last) parent->last->next = b;
    else parent->first = b;
    parent->last = b;
    return b;
}

const char *binding_text(const struct binding *b)
{
    if (b->text) return b->text;
    return b->indexed ? b->name : NULL;
}

static void bind(struct variables *v, const char *name, const char *text)
{
    const struct path_step *steps = syntax_name(name, &v->arena);
    struct binding *at = &v->root;

    if (steps == NULL) return;
    for (const struct path_step *s = steps; s; s = s->next)
        if (s->kind == STEP_SYMBOL) return;
    for (const struct path_step *s = steps; s; s = s->next) {
        struct binding *child = binding_child(v, at, s->kind == STEP_INDEX, s->text);
        if (child == NULL) {
            size_t bucket = bucket_of(at, s->kind == STEP_INDEX, s->text);
            child = binding_add(&v->arena, at, s->kind == STEP_INDEX, s->text, NULL);
            child->bucket_next = v->buckets[bucket];
            v->buckets[bucket] = child;
        }
        at = child;
    }
    at->text = text ? text : "";
}

/* ---- the dictionary ---- */

void variables_set(struct variables *v, const char *name, const char *value, bool sensitive)
{
    struct variable *known = map_get(v->by_name, name);

    if (known == NULL) {
        known = ARENA_NEW(&v->arena, struct variable, 1);
        map_put(v->by_name, name, known);
    }
    if (known->name == NULL || strcmp(known->name, name) != 0)
        known->name = arena_strdup(&v->arena, name);
    known->value = arena_strdup(&v->arena, value);
    known->sensitive = sensitive;
    bind(v, known->name, known->value);
}

const struct variable *variables_find(const struct variables *v, const char *name)
{
    return map_get(v->by_name, name);
}

const char *variables_get_raw(const struct variables *v, const char *name)
{
    const struct variable *found = variables_find(v, name);
    return found ? found->value : NULL;
}

size_t variables_count(const struct variables *v) { return map_count(v->by_name); }

const struct variable *variables_each(const struct variables *v, size_t *at)
{
    const char *name;
    void *found;
    return map_each(v->by_name, at, &name, &found) ? found : NULL;
}

/* ---- values ---- */

bool template_text_is_true(const char *text)
{
    if (text == NULL || text[0] == '\0' || strcmp(text, "0") == 0) return false;
    struct str s = str_trim(str_of(text));
    return !(s.n == 2 && strncasecmp(s.p, "no", 2) == 0) &&
           !(s.n == 5 && strncasecmp(s.p, "false", 5) == 0);
}

bool template_truthy(const struct variables *v, const char *expr)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct template_result r;

    if (template_evaluate(v, expr, &a, &r, NULL) < 0) return false;
    return r.missing_n == 0 && r.parse_error == NULL && template_text_is_true(r.text);
}

int variables_get(const struct variables *v, const char *name, struct arena *a,
                  const char **ret_text, struct error *e)
{
    const struct variable *found = variables_find(v, name);
    struct template_result r;

    if (found == NULL || found->value == NULL) {
        *ret_text = found ? "" : NULL;
        return 0;
    }
    if (template_evaluate(v, found->value, a, &r, e) < 0)
        return fail_wrap(e, "variable %s", found->name);
    *ret_text = r.text ? r.text : "";
    return 0;
}

bool variables_flag(const struct variables *v, const char *name, bool otherwise)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    const char *text;

    if (variables_get(v, name, &a, &text, NULL) < 0) return otherwise;
    return str_flag(text, otherwise);
}
