/* syntax.c - the parser of #{expressions}, see syntax.h.
 *
 * A hand-written recursive descent over the grammar of Octostache, which is a PEG: ordered choice
 * with backtracking. Each `take_` function either consumes its construct and returns true, or
 * leaves the position where it was; where it gave up is kept in `furthest`, because in lenient mode
 * a token that does not parse costs exactly the text up to the furthest place that any alternative
 * reached.
 *
 * What a token at some position came to is remembered, because the alternatives around it ask for
 * it again: without that memory nested blocks without end would take exponential time. Nesting is
 * bounded by DEPTH_MAX, deeper text simply does not parse. */
#include "template/syntax.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "template/scan.h"

#define DEPTH_MAX 64

static bool take_token(struct parser *p, struct token **ret);
static bool take_sum(struct parser *p, struct calc **ret);
static bool take_expression(struct parser *p, struct expression **ret);
static bool take_tokens(struct parser *p, bool in_if, struct token **ret);

/* ---- identifiers and paths ---- */

/* A space belongs to an identifier unless it ends one: before | and }, and before the words in, ==,
 * !=. */
static bool space_inside(const struct parser *p, size_t behind)
{
    if (behind < p->n && (p->text[behind] == '|' || p->text[behind] == '}')) return false;
    if (!scan_sees(p, behind, "in") && !scan_sees(p, behind, "==") && !scan_sees(p, behind, "!="))
        return true;
    return scan_space_at(p, behind + 2) == 0;
}

static size_t letter_at(const struct parser *p, size_t at)
{
    unsigned char c = (unsigned char)p->text[at];
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return 1;
    if (c < 0x80) return strchr("_-:/~()@", c) ? 1 : 0;

    struct str rest = {p->text + at, p->n - at};
    uint32_t rune;
    utf8_next(&rest, &rune);
    return p->n - at - rest.n;
}

static bool take_identifier(struct parser *p, bool spaces, const char **ret)
{
    size_t start = p->at, n;

    while (p->at < p->n) {
        if ((n = scan_space_at(p, p->at)) > 0) {
            if (!spaces || !space_inside(p, p->at + n)) break;
        } else if ((n = letter_at(p, p->at)) == 0) {
            break;
        }
        p->at += n;
    }
    struct str word = str_trim((struct str){p->text + start, p->at - start});
    if (word.n == 0) return scan_back(p, start);
    scan_miss(p); /* the next character is where a longer identifier would have gone on */
    *ret = arena_strndup(p->a, word.p, word.n);
    return true;
}

static struct path_step *new_step(struct parser *p, enum step_kind kind, const char *text)
{
    struct path_step *s = ARENA_NEW(p->a, struct path_step, 1);
    s->kind = kind;
    s->text = text;
    return s;
}

static bool take_path(struct parser *p, struct path **ret);

/* [#{path}] */
static bool take_symbol(struct parser *p, struct path_step **ret)
{
    size_t start = p->at;
    struct path *inner;

    if (!scan(p, "[")) return false;
    scan_skip_space(p);
    if (!scan_open(p)) return scan_back(p, start);
    scan_skip_space(p);
    if (!take_path(p, &inner)) return scan_back(p, start);
    scan_skip_space(p);
    if (!scan(p, "}")) return scan_back(p, start);
    scan_skip_space(p);
    if (!scan(p, "]")) return scan_back(p, start);
    *ret = new_step(p, STEP_SYMBOL, NULL);
    (*ret)->symbol = inner;
    return true;
}

/* [any text, with brackets in pairs] */
static bool take_text_index(struct parser *p, struct path_step **ret)
{
    size_t start = p->at;
    int depth = 1;

    if (!scan(p, "[")) return false;
    scan_skip_space(p);
    size_t from = p->at;
    for (; p->at < p->n; p->at++) {
        if (p->text[p->at] == '[') depth++;
        if (p->text[p->at] == ']' && --depth == 0) break;
    }
    if (p->at == p->n) return scan_back(p, start);
    *ret = new_step(p, STEP_INDEX, arena_strndup(p->a, p->text + from, p->at - from));
    p->at++;
    return true;
}

static const char *steps_text(struct arena *a, const struct path_step *s)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);

    if (s->next == NULL) return s->text;
    for (bool first = true; s; s = s->next, first = false) {
        if (s->kind == STEP_SYMBOL) buf_addf(&out, "[#{%s}]", s->symbol->text);
        else if (s->kind == STEP_INDEX) buf_addf(&out, "[%s]", s->text);
        else buf_addf(&out, "%s%s", first ? "" : ".", s->text);
    }
    return arena_strndup(a, buf_str(&out), out.n);
}

static bool take_step(struct parser *p, struct path_step **ret)
{
    size_t start = p->at;
    const char *name;

    if (take_symbol(p, ret) || take_text_index(p, ret)) return true;
    if (!scan(p, ".")) return false;
    if (!take_identifier(p, true, &name)) return scan_back(p, start);
    *ret = new_step(p, STEP_NAME, name);
    return true;
}

static bool take_steps(struct parser *p, struct path_step **ret)
{
    const char *name;

    if (p->depth >= DEPTH_MAX || !take_identifier(p, true, &name)) return scan_miss(p);
    p->depth++;
    struct path_step **end = ret;
    *end = new_step(p, STEP_NAME, name);
    do end = &(*end)->next;
    while (take_step(p, end));
    *end = NULL;
    p->depth--;
    return true;
}

static bool take_path(struct parser *p, struct path **ret)
{
    struct path_step *steps;

    if (!take_steps(p, &steps)) return false;
    *ret = ARENA_NEW(p->a, struct path, 1);
    **ret = (struct path){steps, steps_text(p->a, steps)};
    return true;
}

struct path_step *syntax_name(const char *name, struct arena *a)
{
    struct parser p = {.text = name, .n = strlen(name), .a = a};
    struct path_step *steps;
    return take_steps(&p, &steps) ? steps : NULL;
}

/* ---- expressions ---- */

/* "text" without " and #, or \"text\" */
static bool take_quoted(struct parser *p, const char **ret)
{
    size_t start = p->at;
    const char *mark = scan_sees(p, p->at, "\\\"") ? "\\\"" : "\"";

    if (!scan(p, mark)) return false;
    size_t from = p->at;
    while (p->at < p->n && !scan_sees(p, p->at, mark)) {
        if (mark[0] == '"' && p->text[p->at] == '#') return scan_back(p, start);
        p->at++;
    }
    *ret = arena_strndup(p->a, p->text + from, p->at - from);
    if (!scan(p, mark)) return scan_back(p, start);
    return true;
}

static bool take_literal_option(struct parser *p, struct token **ret)
{
    size_t start = p->at;
    const char *text;

    if (!take_identifier(p, false, &text)) {
        scan_skip_space(p);
        if (!take_quoted(p, &text)) return scan_back(p, start);
    }
    scan_skip_space(p);
    struct token *t = ARENA_NEW(p->a, struct token, 1);
    t->kind = TOKEN_LITERAL;
    t->text = text;
    *ret = t;
    return true;
}

static bool take_filter(struct parser *p, struct filter **ret)
{
    size_t start = p->at;
    struct filter *f = ARENA_NEW(p->a, struct filter, 1);

    if (!scan(p, "|")) return false;
    scan_skip_space(p);
    if (!take_identifier(p, false, &f->name)) return scan_back(p, start);
    scan_skip_space(p);
    struct token **end = &f->options;
    while (take_token(p, end) || take_literal_option(p, end)) end = &(*end)->next;
    *end = NULL;
    *ret = f;
    return true;
}

static bool take_expression(struct parser *p, struct expression **ret)
{
    size_t start = p->at;
    struct expression *x = ARENA_NEW(p->a, struct expression, 1);

    scan_skip_space(p);
    if (!take_path(p, &x->path)) x->path = NULL;
    size_t behind_path = p->at;
    scan_skip_space(p);
    struct filter **end = &x->filters;
    while (take_filter(p, end)) end = &(*end)->next;
    *end = NULL;
    if (x->filters == NULL) p->at = behind_path;
    if (x->path == NULL && x->filters == NULL) return scan_back(p, start);
    *ret = x;
    return true;
}

static bool take_value(struct parser *p, struct token *t)
{
    if (!scan_open(p)) return false;
    scan_skip_space(p);
    if (!take_expression(p, &t->expression)) return false;
    scan_skip_space(p);
    if (!scan(p, "}")) return false;
    t->kind = TOKEN_VALUE;
    return true;
}

/* ---- blocks ---- */

static bool take_comparison(struct parser *p, enum comparison *ret)
{
    size_t start = p->at;

    scan_skip_space(p);
    if (scan(p, "==")) *ret = COMPARE_EQUAL;
    else if (scan(p, "!=")) *ret = COMPARE_DIFFERENT;
    else return scan_back(p, start);
    scan_skip_space(p);
    return true;
}

/* expression == expression / "text" == expression / expression == "text" / expression */
static bool take_condition(struct parser *p, struct token *t)
{
    size_t start = p->at;

    if (take_expression(p, &t->left.expression)) {
        if (!take_comparison(p, &t->compare)) return true;
        if (take_expression(p, &t->right.expression)) return true;
        if (take_quoted(p, &t->right.literal)) return true;
        return scan_back(p, start);
    }
    if (!take_quoted(p, &t->left.literal)) return scan_back(p, start);
    if (!take_comparison(p, &t->compare)) return scan_back(p, start);
    if (!take_expression(p, &t->right.expression)) return scan_back(p, start);
    return true;
}

/* cond } body [#{elseif ...}] [#{else} body] #{/if}: everything behind the opening word; an elseif
 * becomes a nested if in the else branch, which shares its end. */
static bool take_branches(struct parser *p, struct token *t)
{
    scan_skip_space(p);
    if (!take_condition(p, t)) return false;
    scan_skip_space(p);
    if (!scan(p, "}") || !take_tokens(p, true, &t->body)) return false;

    if (!t->unless && scan_sees(p, p->at, "#{elseif") && scan_space_at(p, p->at + 8)) {
        struct token *inner = ARENA_NEW(p->a, struct token, 1);
        inner->kind = TOKEN_IF;
        inner->at = p->at;
        p->at += 8;
        t->otherwise = inner;
        t->has_else = true;
        if (p->depth >= DEPTH_MAX * 4) return scan_miss(p);
        p->depth++;
        bool taken = take_branches(p, inner);
        p->depth--;
        return taken;
    }
    if (scan(p, "#{else}")) {
        t->has_else = true;
        if (!take_tokens(p, false, &t->otherwise)) return false;
    }
    return scan(p, t->unless ? "#{/unless}" : "#{/if}");
}

static bool take_if(struct parser *p, struct token *t)
{
    if (!scan_open(p)) return false;
    scan_skip_space(p);
    t->kind = TOKEN_IF;
    t->unless = scan_keyword(p, "unless");
    if (!t->unless && !scan_keyword(p, "if")) return false;
    return scan_space(p) && take_branches(p, t);
}

static bool take_each(struct parser *p, struct token *t)
{
    t->kind = TOKEN_EACH;
    if (!scan_open(p)) return false;
    scan_skip_space(p);
    if (!scan_keyword(p, "each") || !scan_space(p)) return false;
    if (!take_identifier(p, true, &t->text)) return false;
    scan_skip_space(p);
    if (!scan(p, "in")) return false;
    scan_skip_space(p);
    if (!take_path(p, &t->path)) return false;
    scan_skip_space(p);
    return scan(p, "}") && take_tokens(p, false, &t->body) && scan(p, "#{/each}");
}

/* ---- arithmetic ---- */

static bool take_number(struct parser *p, struct calc *c)
{
    size_t start = p->at, digits = 0;

    for (; p->at < p->n && p->text[p->at] >= '0' && p->text[p->at] <= '9'; p->at++) digits++;
    if (p->at + 1 < p->n && p->text[p->at] == '.' && p->text[p->at + 1] >= '0' &&
        p->text[p->at + 1] <= '9')
        for (p->at++; p->at < p->n && p->text[p->at] >= '0' && p->text[p->at] <= '9'; p->at++)
            digits++;
    if (digits == 0) return scan_back(p, start);
    c->kind = CALC_NUMBER;
    c->text = arena_strndup(p->a, p->text + start, p->at - start);
    c->number = strtod(c->text, NULL);
    return true;
}

static bool take_factor(struct parser *p, struct calc **ret)
{
    size_t start = p->at;
    struct calc *c = ARENA_NEW(p->a, struct calc, 1);

    *ret = c;
    if (p->depth >= DEPTH_MAX) return scan_miss(p);
    scan_skip_space(p);
    if (scan(p, "(")) { /* no way back: "(2" is not tried as a variable's name */
        p->depth++;
        bool inner = take_sum(p, ret) && scan(p, ")");
        p->depth--;
        return inner ? true : scan_back(p, start);
    }
    if (take_number(p, c)) return true;
    c->kind = CALC_PATH;
    if (scan(p, "{")) {
        c->braces = true;
        scan_skip_space(p);
        if (take_path(p, &c->path) && scan(p, "}")) return true;
        return scan_back(p, start);
    }
    return take_path(p, &c->path) ? true : scan_back(p, start);
}

/* An operator out of ${allowed} and the operand behind it. */
static bool take_operation(struct parser *p, const char *allowed,
                           bool (*operand)(struct parser *, struct calc **), struct calc **ret)
{
    size_t start = p->at;

    scan_skip_space(p);
    char op = p->at < p->n ? p->text[p->at] : '\0';
    if (op == '\0' || strchr(allowed, op) == NULL) {
        p->at = start;
        return false;
    }
    p->at++;
    if (!operand(p, ret)) return scan_back(p, start);
    (*ret)->operator= op;
    return true;
}

/* A chain is a list, however long, and not a tree: nothing recurses over its length. */
static bool take_chain(struct parser *p, const char *allowed,
                       bool (*operand)(struct parser *, struct calc **), struct calc **ret)
{
    struct calc *first, *next;

    if (!operand(p, &first)) return false;
    *ret = first;
    struct calc **end = &first->next;
    while (take_operation(p, allowed, operand, &next)) {
        *end = next;
        end = &next->next;
    }
    if (first->next == NULL) return true;
    *ret = ARENA_NEW(p->a, struct calc, 1);
    **ret = (struct calc){.kind = CALC_CHAIN, .operands = first};
    return true;
}

static bool take_term(struct parser *p, struct calc **ret)
{
    return take_chain(p, "*/", take_factor, ret);
}

static bool take_sum(struct parser *p, struct calc **ret)
{
    return take_chain(p, "+-", take_term, ret);
}

static bool take_calc(struct parser *p, struct token *t)
{
    t->kind = TOKEN_CALC;
    if (!scan_open(p)) return false;
    scan_skip_space(p);
    if (!scan_keyword(p, "calc") || !scan_space(p) || !take_sum(p, &t->calc)) return false;
    scan_skip_space(p);
    return scan(p, "}");
}

/* ---- tokens and text ---- */

static bool take_block(struct parser *p, bool (*kind)(struct parser *, struct token *),
                       struct token *t)
{
    size_t start = p->at;

    *t = (struct token){.at = start};
    if (kind(p, t)) return true;
    return scan_back(p, start);
}

static struct memo *remembered(const struct parser *p, size_t at)
{
    struct memo *m = p->memo[at % MEMO_BUCKETS];
    while (m && m->at != at) m = m->next;
    return m;
}

static void remember(struct parser *p, size_t start, struct token *t)
{
    struct memo *m = ARENA_NEW(p->a, struct memo, 1);
    *m = (struct memo){start, p->at, p->furthest, t, p->memo[start % MEMO_BUCKETS]};
    p->memo[start % MEMO_BUCKETS] = m;
}

/* One #{...} of any kind; text is not a token here. */
static bool take_token(struct parser *p, struct token **ret)
{
    size_t start = p->at, outer = p->furthest;

    if (!scan_sees(p, start, "#{")) return scan_miss(p);
    const struct memo *m = remembered(p, start);
    if (m == NULL) {
        if (p->depth >= DEPTH_MAX) return scan_miss(p);
        struct token *t = ARENA_NEW(p->a, struct token, 1);
        p->depth++;
        p->furthest = start;
        bool taken = take_block(p, take_if, t) || take_block(p, take_calc, t) ||
                     take_block(p, take_each, t) || take_block(p, take_value, t);
        p->depth--;
        remember(p, start, taken ? t : NULL);
        m = remembered(p, start);
    }
    p->furthest = m->furthest > outer ? m->furthest : outer;
    p->at = m->end;
    *ret = m->token;
    return m->token != NULL;
}

/* Text up to the next #{; hashes that touch it are escapes: ## is a literal hash there, ##{ a
 * literal #{. */
static void take_text(struct parser *p, struct buf *out)
{
    while (p->at < p->n) {
        const char *rest = memchr(p->text + p->at, '#', p->n - p->at);
        size_t hash = rest ? (size_t)(rest - p->text) : p->n;
        buf_add(out, p->text + p->at, hash - p->at);
        p->at = hash;
        if (hash == p->n || scan_sees(p, hash, "#{")) return;
        if (scan_sees(p, hash, "###{")) {
            buf_addc(out, '#');
            p->at += 2;
        } else if (scan_sees(p, hash, "##{")) {
            buf_adds(out, "#{");
            p->at += 3;
        } else {
            size_t n = hash + 1 < p->n ? 2 : 1;
            buf_add(out, p->text + hash, n);
            p->at += n;
        }
    }
}

static struct token *new_text(struct parser *p, const char *text, size_t n)
{
    struct token *t = ARENA_NEW(p->a, struct token, 1);
    t->kind = TOKEN_TEXT;
    t->text = arena_strndup(p->a, text, n);
    return t;
}

static bool else_follows(const struct parser *p)
{
    return scan_sees(p, p->at, "#{else}") ||
           (scan_sees(p, p->at, "#{elseif") && scan_space_at(p, p->at + 8));
}

/* Texts and tokens as long as there are any; never fails. */
static bool take_tokens(struct parser *p, bool in_if, struct token **ret)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    struct token **end = ret;

    *end = NULL;
    while (p->at < p->n) {
        buf_clear(&text);
        take_text(p, &text);
        if (text.n) {
            *end = new_text(p, text.p, text.n);
            end = &(*end)->next;
        }
        if (p->at == p->n || (in_if && else_follows(p)) || !take_token(p, end)) break;
        end = &(*end)->next;
    }
    *end = NULL;
    scan_miss(p);
    return true;
}

bool syntax_parse(const char *text, enum template_mode mode, struct arena *a,
                  struct token **ret_tokens, const char **ret_error)
{
    struct parser p = {.text = text, .n = strlen(text), .a = a};
    struct token **end = ret_tokens;

    *ret_error = NULL;
    for (;;) {
        take_tokens(&p, false, end);
        while (*end) end = &(*end)->next;
        if (p.at == p.n) return true;

        /* take_tokens stopped at a token that does not parse; ask that one alone how far it got */
        p.furthest = p.at;
        struct token *unused;
        take_token(&p, &unused);
        size_t stop = p.furthest > p.at ? p.furthest : p.at + 1;
        if (*ret_error == NULL)
            *ret_error = arena_fmt(a, "cannot read the expression at position %zu", p.at + 1);
        if (mode == TEMPLATE_STRICT) return false;
        *end = new_text(&p, text + p.at, stop - p.at);
        end = &(*end)->next;
        p.at = stop;
    }
}
