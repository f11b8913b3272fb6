/* tag.c - see tag.h. By the C library's regular expressions, which take no exponential time as long
 * as there are no back-references; repetitions are bounded, because they are expanded. */
#include "packages/tag.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"

#define PATTERN_MAX 500
#define REPEAT_MAX 1000 /* product of all counts in braces */

struct version_tag {
    bool has_not;
    regex_t must, must_not;
};

static int bad(const char *text, const char *why, struct error *e)
{
    return fail(e, ERR_INVALID, "the expression \"%.200s\" for pre-release tags %s", text, why);
}

/* The largest count of "{2,5}" at ${s}. */
static long count_of(const char *s)
{
    long largest = 1;

    for (s++; *s && *s != '}'; s += *s && !isdigit((unsigned char)*s)) {
        char *end = (char *)(uintptr_t)s;
        long n = strtol(s, &end, 10);
        if (n > largest) largest = n;
        s = end;
        if (*s == '}') break;
    }
    return largest;
}

/* One backslash and what follows. */
static int translate_escape(const char *text, char c, bool in_set, struct buf *out, struct error *e)
{
    if (isdigit((unsigned char)c)) return bad(text, "refers back, which is not supported", e);
    if (c == '\0') return bad(text, "ends in a backslash", e);
    if (c == 'd') buf_adds(out, in_set ? "0-9" : "[0-9]");
    else if (in_set && c == 'w') buf_adds(out, "A-Za-z0-9_");
    else if (in_set && strchr("]^-\\", c)) return bad(text, "escapes within [ and ]", e);
    else if (in_set) buf_addc(out, c);
    else buf_addf(out, "\\%c", c);
    return 0;
}

/* From the notation of clients to the C library's. */
static int translate(const char *text, const char *s, struct buf *out, struct error *e)
{
    bool in_set = false;
    long repeats = 1;

    for (; *s; s++) {
        if (*s == '\\') {
            if (translate_escape(text, *++s, in_set, out, e) < 0) return -1;
            continue;
        }
        if (in_set) in_set = *s != ']';
        else if (*s == '[') in_set = true;
        else if (s[0] == '(' && s[1] == '?' && s[2] == ':') buf_addc(out, '('), s += 3;
        else if (s[0] == '(' && s[1] == '?')
            return bad(text, "looks around, which is not supported", e);
        else if (*s == '{' && (repeats *= count_of(s)) > REPEAT_MAX)
            return bad(text, "repeats too often", e);
        if (*s) buf_addc(out, *s);
        else break;
    }
    return 0;
}

static int compile(const char *text, const char *pattern, regex_t *ret, struct error *e)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    char why[100];

    if (translate(text, pattern, &out, e) < 0) return -1;
    int rc = regcomp(ret, buf_str(&out), REG_EXTENDED | REG_ICASE | REG_NOSUB);
    if (rc == 0) return 0;
    regerror(rc, ret, why, sizeof(why));
    return fail(e, ERR_INVALID, "the expression \"%.200s\" for pre-release tags: %s", text, why);
}

/* The end of the group that begins at ${s}; NULL when it does not end. */
static const char *group_end(const char *s)
{
    int depth = 0;

    for (; *s; s++) {
        if (*s == '\\' && s[1]) s++;
        else if (*s == '(') depth++;
        else if (*s == ')' && --depth == 0) return s;
    }
    return NULL;
}

/* "^(?!X)Y": the tag must not match "^(X)", and must match "^Y". */
static int compile_both(const char *text, struct version_tag *t, struct error *e)
{
    const char *end = group_end(text + 1);

    if (end == NULL) return bad(text, "has a group without an end", e);
    CLEANUP(freep) char *no = xasprintf("^(%.*s)", (int)(end - text - 4), text + 4);
    CLEANUP(freep) char *yes = xasprintf("^%s", end + 1);
    if (compile(text, no, &t->must_not, e) < 0) return -1;
    t->has_not = true;
    if (compile(text, yes, &t->must, e) == 0) return 0;
    regfree(&t->must_not);
    return -1;
}

int version_tag_parse(const char *text, struct version_tag **ret, struct error *e)
{
    CLEANUP(freep) struct version_tag *t = xcalloc(1, sizeof(*t));

    *ret = NULL;
    if (str_blank(text) || strcmp(text, "*") == 0) return 0;
    if (strlen(text) > PATTERN_MAX) return bad(text, "is too long", e);
    int rc = str_starts(text, "^(?!") ? compile_both(text, t, e) : compile(text, text, &t->must, e);
    if (rc < 0) return -1;
    *ret = TAKE(t);
    return 0;
}

bool version_tag_matches(const struct version_tag *t, const struct version *v)
{
    char tag[2 * VERSION_MAX];

    if (t == NULL) return true;
    snprintf(tag, sizeof(tag), "%s%s%s", v->tag, v->metadata[0] ? "+" : "", v->metadata);
    if (t->has_not && regexec(&t->must_not, tag, 0, NULL, 0) == 0) return false;
    return regexec(&t->must, tag, 0, NULL, 0) == 0;
}

void version_tag_free(struct version_tag *t)
{
    if (t == NULL) return;
    if (t->has_not) regfree(&t->must_not);
    regfree(&t->must);
    free(t);
}

void version_tag_freep(struct version_tag **t) { version_tag_free(*t); }
