/* evaluate.c - what a template comes to, see variables.h.
 *
 * A lookup walks the tree of names from the innermost #{each} outwards to the dictionary; where the
 * tree has no further node but a text, the text is read as JSON. What is found is a template again
 * and is evaluated in the same scope. Enclosing lookups form a stack of frames: meeting the same
 * path at the same position of a template a second time is a variable that refers to itself, and an
 * error - except while a value is read as JSON, where it only means that this part cannot be
 * resolved.
 *
 * Bounds: FRAMES_MAX levels, NESTING_MAX blocks and options within each other, WORK_MAX lookups and
 * OUTPUT_MAX bytes, so that no set of variables can hold a thread, its stack or its memory. One
 * evaluation is one thread's; dictionaries are only read. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "template/binding.h"
#include "template/filter.h"
#include "template/json_path.h"
#include "template/number.h"

#define FRAMES_MAX 100
#define NESTING_MAX 200 /* tokens within tokens, over all frames */
#define WORK_MAX 1000000
#define OUTPUT_MAX (256 * MiB)

struct frame {
    const char *path;
    size_t at;
    const struct frame *outer;
};

struct scope { /* one round of an #{each} */
    const char *name;
    const struct binding *item;
    struct binding *about; /* Octopus.Template.Each.* */
    const struct scope *outer;
};

struct evaluation {
    const struct variables *v;
    struct arena *a;
    const struct frame *frames;
    int depth, nesting;
    size_t work;
    VEC(const char *) missing;
    bool silent;      /* what is missing now is nobody's concern */
    bool null_result; /* `| null` was met */
};

enum found { FOUND_ERROR = -1, FOUND_NOTHING, FOUND_TEXT, FOUND_NODE };
struct target {                 /* where a path leads */
    const struct binding *node; /* FOUND_NODE; it need not have a text */
    const char *text;           /* FOUND_TEXT: out of JSON */
};

static int eval_tokens(struct evaluation *ev, const struct token *t, const struct scope *scope,
                       bool top, struct buf *out, struct error *e);
static int eval_path(struct evaluation *ev, const struct path *path, size_t at,
                     const struct scope *scope, const char **ret, struct error *e);

static void note_missing(struct evaluation *ev, const char *token)
{
    if (ev->silent) return;
    for (size_t i = 0; i < ev->missing.n; i++)
        if (strcmp(ev->missing.items[i], token) == 0) return;
    VEC_PUSH(&ev->missing, arena_strdup(ev->a, token));
}

/* ---- values are templates ---- */

/* Evaluates a value found; a text that does not parse is its own value. */
static int eval_value(struct evaluation *ev, const char *text, const struct scope *scope,
                      const char **ret, struct error *e)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(OUTPUT_MAX);
    struct token *tokens = NULL;
    const char *unreadable;

    *ret = text;
    if (strstr(text, "#{") == NULL) return 0;
    if (!syntax_parse(text, TEMPLATE_STRICT, ev->a, &tokens, &unreadable)) return 0;
    if (eval_tokens(ev, tokens, scope, false, &out, e) < 0) return -1;
    *ret = arena_strndup(ev->a, buf_str(&out), out.n);
    return 0;
}

/* The same for a value that is about to be read as JSON: whatever goes wrong, it is then no JSON.
 */
static const char *eval_silently(struct evaluation *ev, const char *text, const struct scope *scope)
{
    bool before = ev->silent;
    const char *value = NULL;

    ev->silent = true;
    if (eval_value(ev, text, scope, &value, NULL) < 0) value = NULL;
    ev->silent = before;
    return value;
}

/* ---- paths ---- */

static const struct binding *child_of(const struct evaluation *ev, const struct binding *b,
                                      const struct path_step *s, const char *key)
{
    bool indexed = s->kind != STEP_NAME;

    if (indexed && strcmp(key, "*") == 0)
        for (const struct binding *c = b->first; c; c = c->next)
            if (c->indexed) return c;
    if (!b->local) return binding_child(ev->v, b, indexed, key);
    for (const struct binding *c = b->first; c; c = c->next)
        if (c->indexed == indexed && str_same(c->name, key)) return c;
    return NULL;
}

/* Goes on in the text of ${b}, read as JSON, from step ${s}. */
static enum found walk_json(struct evaluation *ev, const struct binding *b,
                            const struct path_step *s, const char *const *keys,
                            const struct scope *scope, struct target *ret, struct error *e)
{
    const char *text = binding_text(b);

    if (text == NULL || (text = eval_silently(ev, text, scope)) == NULL) return FOUND_NOTHING;
    for (; s; s = s->next, keys++) {
        int stepped = json_path_step(text, *keys, ev->a, &text, e);
        if (stepped <= 0) return stepped < 0 ? FOUND_ERROR : FOUND_NOTHING;
    }
    *ret = (struct target){.text = text};
    return FOUND_TEXT;
}

static enum found walk(struct evaluation *ev, const struct binding *b, const struct path_step *s,
                       const char *const *keys, const struct scope *scope, struct target *ret,
                       struct error *e)
{
    for (; s; s = s->next, keys++) {
        const struct binding *child = child_of(ev, b, s, *keys);
        if (child == NULL) return walk_json(ev, b, s, keys, scope, ret, e);
        b = child;
    }
    *ret = (struct target){.node = b};
    return FOUND_NODE;
}

/* The steps' texts; an index that is a #{path} is resolved first. FOUND_NOTHING when that has no
 * value. */
static enum found resolve_keys(struct evaluation *ev, const struct path *path, size_t at,
                               const struct scope *scope, const char ***ret, struct error *e)
{
    size_t n = 0, i = 0;

    for (const struct path_step *s = path->steps; s; s = s->next) n++;
    const char **keys = ARENA_NEW(ev->a, const char *, n);
    for (const struct path_step *s = path->steps; s; s = s->next, i++) {
        keys[i] = s->text;
        if (s->kind != STEP_SYMBOL) continue;
        int found = eval_path(ev, s->symbol, at, scope, &keys[i], e);
        if (found <= 0) return found < 0 ? FOUND_ERROR : FOUND_NOTHING;
    }
    *ret = keys;
    return FOUND_TEXT;
}

static bool has_text(enum found found, const struct target *t)
{
    return found == FOUND_TEXT || (found == FOUND_NODE && binding_text(t->node));
}

/* Looks the path up in each scope, innermost first; ${node_counts}: a node without text is found as
 * well. */
static enum found find_target(struct evaluation *ev, const struct path *path,
                              const char *const *keys, const struct scope *scope, bool node_counts,
                              struct target *ret, struct error *e)
{
    enum found found = FOUND_NOTHING;

    for (const struct scope *s = scope; s; s = s->outer) {
        if (str_same(path->steps->text, s->name))
            found = walk(ev, s->item, path->steps->next, keys + 1, scope, ret, e);
        else found = walk(ev, s->about, path->steps, keys, scope, ret, e);
        if (found == FOUND_ERROR || has_text(found, ret) || (found && node_counts)) return found;
    }
    found = walk(ev, &ev->v->root, path->steps, keys, scope, ret, e);
    return found == FOUND_NODE && !node_counts && !has_text(found, ret) ? FOUND_NOTHING : found;
}

static int fail_self_reference(const struct evaluation *ev, const char *path, size_t at,
                               struct error *e)
{
    CLEANUP(buf_done) struct buf chain = BUF_INIT(400);
    const char *names[FRAMES_MAX + 1];
    size_t n = 0;

    for (const struct frame *f = ev->frames; f; f = f->outer) {
        names[n++] = f->path;
        if (f->at == at && strcmp(f->path, path) == 0) break;
    }
    while (n > 0) buf_addf(&chain, "%s -> ", names[--n]);
    buf_adds(&chain, path);
    return fail(e, ERR_INVALID, "the variable refers to itself: %s", buf_str(&chain));
}

/* Opens a frame for the lookup of ${path}; the caller closes it with leave(). */
static int enter(struct evaluation *ev, struct frame *f, const char *path, size_t at,
                 struct error *e)
{
    for (const struct frame *o = ev->frames; o; o = o->outer)
        if (o->at == at && strcmp(o->path, path) == 0) return fail_self_reference(ev, path, at, e);
    if (ev->depth >= FRAMES_MAX)
        return fail(e, ERR_INVALID, "#{%s}: variables refer to each other over more than %d levels",
                    path, FRAMES_MAX);
    if (ev->work++ >= WORK_MAX)
        return fail(e, ERR_INVALID, "#{%s}: the text needs more than %d lookups", path, WORK_MAX);
    *f = (struct frame){path, at, ev->frames};
    ev->frames = f;
    ev->depth++;
    return 0;
}

static void leave(struct evaluation *ev)
{
    ev->frames = ev->frames->outer;
    ev->depth--;
}

static int eval_path_inside(struct evaluation *ev, const struct path *path, size_t at,
                            const struct scope *scope, const char **ret, struct error *e)
{
    const char **keys;
    struct target target;

    enum found found = resolve_keys(ev, path, at, scope, &keys, e);
    if (found == FOUND_TEXT) found = find_target(ev, path, keys, scope, false, &target, e);
    if (found == FOUND_ERROR) return -1;
    if (found == FOUND_NOTHING) return 0;
    const char *text = found == FOUND_NODE ? binding_text(target.node) : target.text;
    return eval_value(ev, text, scope, ret, e) < 0 ? -1 : 1;
}

/* 1: *${ret} is the evaluated value; 0: there is none; -1: error. */
static int eval_path(struct evaluation *ev, const struct path *path, size_t at,
                     const struct scope *scope, const char **ret, struct error *e)
{
    struct frame f;

    if (enter(ev, &f, path->text, at, e) < 0) return -1;
    int found = eval_path_inside(ev, path, at, scope, ret, e);
    leave(ev);
    return found;
}

/* ---- #{value | filters} ---- */

static int eval_options(struct evaluation *ev, const struct filter *f, const struct scope *scope,
                        const char ***ret, size_t *ret_n, struct error *e)
{
    size_t n = 0, i = 0;

    for (const struct token *o = f->options; o; o = o->next) n++;
    const char **texts = ARENA_NEW(ev->a, const char *, n + 1);
    for (const struct token *o = f->options; o; o = o->next, i++) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(OUTPUT_MAX);
        struct token alone = *o;
        alone.next = NULL;
        if (eval_tokens(ev, &alone, scope, false, &out, e) < 0) return -1;
        texts[i] = arena_strndup(ev->a, buf_str(&out), out.n);
    }
    *ret = texts;
    *ret_n = n;
    return 0;
}

/* *${ret} is NULL when the expression has no value. */
static int eval_expression(struct evaluation *ev, const struct expression *x, size_t at,
                           const struct scope *scope, const char **ret, struct error *e)
{
    const char *text = NULL, **options;
    size_t n;

    if (x->path && eval_path(ev, x->path, at, scope, &text, e) < 0) return -1;
    for (const struct filter *f = x->filters; f; f = f->next) {
        if (eval_options(ev, f, scope, &options, &n, e) < 0) return -1;
        if (filter_apply(f->name, text, options, n, ev->a, &text, e) < 0) return -1;
    }
    *ret = text;
    return 0;
}

static bool ends_in_null(const struct expression *x)
{
    const struct filter *f = x->filters;

    while (f && f->next) f = f->next;
    return f && strcmp(f->name, "null") == 0;
}

static void echo(struct evaluation *ev, const struct token *t, bool missing, struct buf *out)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(OUTPUT_MAX);

    syntax_print(&text, t);
    buf_add(out, buf_str(&text), text.n);
    if (missing) note_missing(ev, buf_str(&text));
}

static int eval_value_token(struct evaluation *ev, const struct token *t, const struct scope *scope,
                            bool top, struct buf *out, struct error *e)
{
    const char *text = NULL;

    if (ends_in_null(t->expression)) {
        ev->null_result |= top;
        if (!top) echo(ev, t, false, out);
        return 0;
    }
    if (eval_expression(ev, t->expression, t->at, scope, &text, e) < 0) return -1;
    if (text) buf_adds(out, text);
    else echo(ev, t, true, out);
    return 0;
}

/* ---- #{if} ---- */

/* A path without value is ""; *${ret} is NULL when a filter gave up. */
static int eval_operand(struct evaluation *ev, const struct operand *o, size_t at,
                        const struct scope *scope, const char **ret, struct error *e)
{
    *ret = o->literal;
    if (o->literal) return 0;
    if (eval_expression(ev, o->expression, at, scope, ret, e) < 0) return -1;
    if (*ret == NULL && o->expression->filters == NULL) *ret = "";
    return 0;
}

static int eval_if(struct evaluation *ev, const struct token *t, const struct scope *scope,
                   bool top, struct buf *out, struct error *e)
{
    const char *left, *right = "";

    if (eval_operand(ev, &t->left, t->at, scope, &left, e) < 0) return -1;
    if (t->compare != COMPARE_NONE && eval_operand(ev, &t->right, t->at, scope, &right, e) < 0)
        return -1;
    if (left == NULL || right == NULL) {
        echo(ev, t, true, out);
        return 0;
    }
    bool holds = t->compare == COMPARE_NONE
                     ? template_text_is_true(left)
                     : (strcmp(left, right) == 0) == (t->compare == COMPARE_EQUAL);
    return eval_tokens(ev, holds != t->unless ? t->body : t->otherwise, scope, top, out, e);
}

/* ---- #{each} ---- */

/* Turns a text into items below ${list}: JSON elements, JSON members, or parts between commas. */
static void list_items(struct evaluation *ev, const char *text, struct binding *list)
{
    json_auto_t *json = json_path_parse(text);
    const char *key;
    json_t *value;
    size_t i;

    if (json_is_array(json)) {
        json_array_foreach (json, i, value)
            binding_add(ev->a, list, true, "", json_path_text(value, ev->a))->local = true;
        return;
    }
    if (json_is_object(json)) {
        json_object_foreach (json, key, value) {
            char *name = arena_strdup(ev->a, key);
            struct binding *item = binding_add(ev->a, list, true, "", name);
            item->local = true;
            binding_add(ev->a, item, false, "Key", name)->local = true;
            binding_add(ev->a, item, false, "Value", json_path_text(value, ev->a))->local = true;
        }
        return;
    }
    for (const char *end = text; end; text = end + 1) {
        end = strchr(text, ',');
        size_t n = end ? (size_t)(end - text) : strlen(text);
        binding_add(ev->a, list, true, "", arena_strndup(ev->a, text, n))->local = true;
        if (end == NULL) break;
    }
}

/* The node whose indexed children are the items, or NULL for none. */
static int each_list(struct evaluation *ev, const struct token *t, const struct scope *scope,
                     const struct binding **ret, struct error *e)
{
    const char **keys, *text;
    struct target target;

    enum found found = resolve_keys(ev, t->path, t->at, scope, &keys, e);
    if (found == FOUND_TEXT) found = find_target(ev, t->path, keys, scope, true, &target, e);
    if (found == FOUND_ERROR) return -1;
    *ret = NULL;
    if (found == FOUND_NOTHING) return 0;

    text = found == FOUND_NODE ? binding_text(target.node) : target.text;
    if (text == NULL) {
        *ret = target.node;
        return 0;
    }
    if (eval_value(ev, text, scope, &text, e) < 0) return -1;
    struct binding *list = ARENA_NEW(ev->a, struct binding, 1);
    list_items(ev, text, list);
    *ret = list;
    return 0;
}

/* Octopus.Template.Each.Index, .First, .Last of one round */
static struct binding *about_round(struct arena *a, size_t index, bool last)
{
    struct binding *root = ARENA_NEW(a, struct binding, 1);
    struct binding *at = root;
    static const char *const names[] = {"Octopus", "Template", "Each"};

    root->local = true;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        at = binding_add(a, at, false, names[i], NULL);
        at->local = true;
    }
    binding_add(a, at, false, "Index", arena_fmt(a, "%zu", index))->local = true;
    binding_add(a, at, false, "First", index == 0 ? "True" : "False")->local = true;
    binding_add(a, at, false, "Last", last ? "True" : "False")->local = true;
    return root;
}

static const struct binding *next_item(const struct binding *b)
{
    while (b && !b->indexed) b = b->next;
    return b;
}

static int each_round(struct evaluation *ev, const struct token *t, const struct scope *scope,
                      bool top, struct buf *out, struct error *e)
{
    if (ev->work++ >= WORK_MAX)
        return fail(e, ERR_INVALID, "#{each %s in %s}: more than %d rounds", t->text, t->path->text,
                    WORK_MAX);
    return eval_tokens(ev, t->body, scope, top, out, e);
}

static int eval_each(struct evaluation *ev, const struct token *t, const struct scope *scope,
                     bool top, struct buf *out, struct error *e)
{
    const struct binding *list;
    struct frame f;

    if (str_same(t->text, "Octopus"))
        return fail(e, ERR_INVALID, "#{each %s in %s}: the name Octopus is reserved", t->text,
                    t->path->text);
    if (enter(ev, &f, t->path->text, t->at, e) < 0) return -1;
    int found = each_list(ev, t, scope, &list, e);
    leave(ev);
    if (found < 0 || list == NULL) return found;

    size_t index = 0;
    for (const struct binding *b = next_item(list->first), *after; b; b = after, index++) {
        after = next_item(b->next);
        struct scope round = {t->text, b, about_round(ev->a, index, after == NULL), scope};
        if (each_round(ev, t, &round, top, out, e) < 0) return -1;
    }
    return 0;
}

/* ---- #{calc} ---- */

static int calculate(struct evaluation *ev, const struct calc *c, size_t at,
                     const struct scope *scope, double *ret, struct error *e);

static double apply(char op, double left, double right)
{
    switch (op) {
    case '\0': return right; /* the first operand */
    case '+': return left + right;
    case '-': return left - right;
    case '*': return left * right;
    default:
        if (right == 0) return left == 0 ? NAN : left > 0 ? INFINITY : -INFINITY;
        return left / right;
    }
}

static int calculate_chain(struct evaluation *ev, const struct calc *c, size_t at,
                           const struct scope *scope, double *ret, struct error *e)
{
    double sum = 0, x;

    for (const struct calc *o = c->operands; o; o = o->next) {
        int found = calculate(ev, o, at, scope, &x, e);
        if (found <= 0) return found;
        sum = apply(o->operator, sum, x);
    }
    *ret = sum;
    return 1;
}

/* 1: *${ret} is the number; 0: an operand is missing or no number. */
static int calculate(struct evaluation *ev, const struct calc *c, size_t at,
                     const struct scope *scope, double *ret, struct error *e)
{
    const char *text;

    if (c->kind == CALC_CHAIN) return calculate_chain(ev, c, at, scope, ret, e);
    if (c->kind == CALC_PATH) {
        int found = eval_path(ev, c->path, at, scope, &text, e);
        return found <= 0 ? found : number_parse(text, ret);
    }
    *ret = c->number;
    return 1;
}

static int eval_calc(struct evaluation *ev, const struct token *t, const struct scope *scope,
                     struct buf *out, struct error *e)
{
    double x = 0;
    int found = calculate(ev, t->calc, t->at, scope, &x, e);

    if (found < 0) return -1;
    if (found) number_print(out, x);
    else echo(ev, t, false, out);
    return 0;
}

/* ---- all together ---- */

static int eval_inside(struct evaluation *ev, const struct token *t, const struct scope *scope,
                       bool top, struct buf *out, struct error *e)
{
    switch (t->kind) {
    case TOKEN_VALUE: return eval_value_token(ev, t, scope, top, out, e);
    case TOKEN_IF: return eval_if(ev, t, scope, top, out, e);
    case TOKEN_EACH: return eval_each(ev, t, scope, top, out, e);
    case TOKEN_CALC: return eval_calc(ev, t, scope, out, e);
    default: buf_adds(out, t->text); return 0;
    }
}

static int eval_token(struct evaluation *ev, const struct token *t, const struct scope *scope,
                      bool top, struct buf *out, struct error *e)
{
    if (ev->nesting >= NESTING_MAX)
        return fail(e, ERR_INVALID, "expressions are nested more than %d deep", NESTING_MAX);
    ev->nesting++;
    int done = eval_inside(ev, t, scope, top, out, e);
    ev->nesting--;
    return done;
}

static int eval_tokens(struct evaluation *ev, const struct token *t, const struct scope *scope,
                       bool top, struct buf *out, struct error *e)
{
    for (; t; t = t->next) {
        if (eval_token(ev, t, scope, top, out, e) < 0) return -1;
        if (out->overflow)
            return fail(e, ERR_TOO_LARGE, "the evaluated text is larger than %zu MiB",
                        OUTPUT_MAX / MiB);
    }
    return 0;
}

int template_evaluate_mode(const struct variables *v, const char *text, enum template_mode mode,
                           struct arena *a, struct template_result *ret, struct error *e)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(OUTPUT_MAX);
    struct evaluation ev = {.v = v, .a = a};
    struct template_result result = {.text = text};
    struct token *tokens = NULL;

    if (strstr(text, "#{") && syntax_parse(text, mode, a, &tokens, &result.parse_error)) {
        int done = eval_tokens(&ev, tokens, NULL, true, &out, e);
        result.missing_n = ev.missing.n;
        result.missing = ARENA_NEW(a, const char *, ev.missing.n + 1);
        if (ev.missing.n)
            memcpy(result.missing, ev.missing.items, ev.missing.n * sizeof(*ev.missing.items));
        VEC_DONE(&ev.missing);
        if (done < 0) return -1;
        result.text = ev.null_result ? NULL : arena_strndup(a, buf_str(&out), out.n);
    } else {
        result.text = arena_strdup(a, text);
    }
    *ret = result;
    return 0;
}

int template_evaluate(const struct variables *v, const char *text, struct arena *a,
                      struct template_result *ret, struct error *e)
{
    return template_evaluate_mode(v, text, TEMPLATE_STRICT, a, ret, e);
}
