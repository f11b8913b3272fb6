/* route_tree.c - see route_tree.h. A node has literal children (few, compared one by one ignoring
 * ASCII case), at most one parameter child, and the rows that end there. The search backs up: a
 * literal that leads nowhere for this method does not hide a parameter beside it ("/projects/all"
 * has no PUT, "/projects/{id}" has). */
#include <stdlib.h>

#include "api/route_tree.h"
#include "base/vec.h"

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};

struct route_tree {
    char *literal; /* NULL in the root and in parameter nodes */
    VEC(struct route_tree *) children;
    struct route_tree *param;
    const struct route *routes[ARRAY_LEN(methods)];
};

unsigned route_method_bit(const char *method)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (strcmp(method, methods[i]) == 0) return 1u << i;
    return 0;
}

const char *route_methods_text(unsigned bits, struct arena *a)
{
    const char *text = "";

    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (bits & 1u << i)
            text = arena_fmt(a, "%s%s, %s", text, methods[i], i == 0 ? "HEAD, " : "");
    return arena_fmt(a, "%sOPTIONS", text);
}

struct route_tree *route_tree_new(void) { return xcalloc(1, sizeof(struct route_tree)); }

void route_tree_free(struct route_tree *t)
{
    if (t == NULL) return;
    for (size_t i = 0; i < t->children.n; i++) route_tree_free(t->children.items[i]);
    VEC_DONE(&t->children);
    route_tree_free(t->param);
    free(t->literal);
    free(t);
}

static struct route_tree *literal_child(const struct route_tree *t, const char *segment)
{
    for (size_t i = 0; i < t->children.n; i++)
        if (str_same(t->children.items[i]->literal, segment)) return t->children.items[i];
    return NULL;
}

/* The child for a segment of a template, made when missing. */
static struct route_tree *grow(struct route_tree *t, struct str segment)
{
    CLEANUP(freep) char *text = xstrndup(segment.p, segment.n);
    struct route_tree *child = text[0] == '{' ? t->param : literal_child(t, text);

    if (child) return child;
    child = route_tree_new();
    if (text[0] == '{') {
        t->param = child;
    } else {
        child->literal = TAKE(text);
        VEC_PUSH(&t->children, child);
    }
    return child;
}

int route_tree_add(struct route_tree *t, const struct route *route, const char *template,
                   struct error *e)
{
    struct str rest = str_of(template[0] == '/' ? template + 1 : template), segment;
    unsigned bit = route_method_bit(route->method);
    size_t params = 0;

    while (str_cut(&rest, '/', &segment)) {
        bool open = memchr(segment.p, '{', segment.n) != NULL,
             whole = segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';
        if (segment.n == 0 || open != whole)
            return fail(e, ERR_INVALID, "route %s %s: bad template", route->method, route->path);
        params += whole;
        t = grow(t, segment);
    }
    if (params + 1 > CALL_PARAMS_MAX)
        return fail(e, ERR_INVALID, "route %s %s: too many parameters", route->method, route->path);
    if (bit == 0)
        return fail(e, ERR_INVALID, "route %s %s: unknown method", route->method, route->path);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (bit != 1u << i) continue;
        if (t->routes[i])
            return fail(e, ERR_INVALID, "route %s %s is ambiguous: it matches what %s matches",
                        route->method, route->path, t->routes[i]->path);
        t->routes[i] = route;
    }
    return 0;
}

static bool find_here(const struct route_tree *t, unsigned method, struct route_match *m)
{
    bool found = false;

    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (t->routes[i] == NULL) continue;
        m->allowed |= 1u << i;
        if (method != 1u << i) continue;
        m->route = t->routes[i];
        found = true;
    }
    return found;
}

bool route_tree_find(const struct route_tree *t, const char *const *segments, size_t n,
                     unsigned method, struct route_match *m)
{
    if (n == 0) return find_here(t, method, m);
    const struct route_tree *child = literal_child(t, segments[0]);
    if (child && route_tree_find(child, segments + 1, n - 1, method, m)) return true;
    if (t->param == NULL || segments[0][0] == '\0') return false;
    if (m->n_values == CALL_PARAMS_MAX) return false;
    m->values[m->n_values++] = segments[0];
    if (route_tree_find(t->param, segments + 1, n - 1, method, m)) return true;
    m->n_values--;
    return false;
}

bool route_tree_starts_with(const struct route_tree *t, const char *segment)
{
    return literal_child(t, segment) != NULL;
}
