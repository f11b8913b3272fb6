/* octostache.c - the template vectors in tests/data/octostache.jsonl.
 *
 * One line per case: template, vars (null: bound without value), expect (null: the result is null)
 * or error:true; warn:true: a diagnostic must be produced, otherwise there must be none; mode
 * "continue": lenient; compare "trim". What the language does not have yet is listed in `skipped`
 * with the reason; the counts keep that list honest. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "template/variables.h"
#include "tests/lib/tap.h"

#define VECTORS "tests/data/octostache.jsonl"

/* A case is skipped when its template or a value has `| word`, in any case. */
static const struct {
    const char *filter, *reason;
} skipped[] = {
    {"Markdown", "Markdown to HTML is not part of the language yet"},
    {"Format", "dates and .NET format strings are not part of the language yet"},
    {"AddHours", "dates are not part of the language yet"},
    {"AddDays", "dates are not part of the language yet"},
    {"NowDate", "dates are not part of the language yet"},
    {"Match", "regular expressions are not part of the language yet"},
    {"Replace", "regular expressions are not part of the language yet"},
    {"UriPart", "URI parts are not part of the language yet"},
    {"Version", "version parts are not part of the language yet"},
    {"Md5", "hashes are not part of the language yet"},
    {"Sha", "hashes are not part of the language yet"},
};

static bool has_filter(const char *text, const char *filter)
{
    for (const char *bar = text; (bar = strchr(bar, '|')) != NULL;) {
        bar++;
        while (*bar == ' ') bar++;
        if (strncasecmp(bar, filter, strlen(filter)) == 0) return true;
    }
    return false;
}

static const char *skip_reason(const json_t *row)
{
    const char *name;
    json_t *value;

    for (size_t i = 0; i < ARRAY_LEN(skipped); i++) {
        if (has_filter(jv_str(row, "template", ""), skipped[i].filter)) return skipped[i].reason;
        json_object_foreach (jv_get(row, "vars"), name, value)
            if (json_is_string(value) && has_filter(json_string_value(value), skipped[i].filter))
                return skipped[i].reason;
    }
    return NULL;
}

static struct variables *variables_of(const json_t *row)
{
    struct variables *v = variables_new();
    const char *name;
    json_t *value;

    json_object_foreach (jv_get(row, "vars"), name, value)
        variables_set(v, name, json_string_value(value), false);
    return v;
}

static bool same(const char *got, const char *wanted, bool trimmed)
{
    if (got == NULL || wanted == NULL) return got == wanted;
    if (!trimmed) return strcmp(got, wanted) == 0;
    struct str a = str_trim(str_of(got)), b = str_trim(str_of(wanted));
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* True when the case holds; prints what differs otherwise. */
static bool holds(const json_t *row, int line)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    CLEANUP(variables_freep) struct variables *v = variables_of(row);
    const char *template = jv_str(row, "template", ""), *wanted = jv_str(row, "expect", NULL);
    bool lenient = strcmp(jv_str(row, "mode", ""), "continue") == 0;
    bool trimmed = strcmp(jv_str(row, "compare", ""), "trim") == 0;
    bool raises = jv_bool(row, "error", false), warns = jv_bool(row, "warn", false);
    struct template_result r = {0};
    struct error err = {0};

    int done = template_evaluate_mode(v, template, lenient ? TEMPLATE_LENIENT : TEMPLATE_STRICT, &a,
                                      &r, &err);
    bool warned = r.missing_n || r.parse_error;
    if (raises && done < 0) return true;
    if (!raises && done == 0 && same(r.text, wanted, trimmed) && (lenient || warned == warns))
        return true;
    printf("# line %d: %s\n#   got    %s%s\n#   wanted %s%s\n", line, template,
           done < 0 ? err.text
           : r.text ? r.text
                    : "(null)",
           warned ? " (warned)" : "",
           raises   ? "an error"
           : wanted ? wanted
                    : "(null)",
           warns ? " (warned)" : "");
    return false;
}

TEST(every_vector_of_the_language_holds)
{
    FILE *f = fopen(VECTORS, "re");
    char *text = NULL;
    size_t room = 0;
    int line = 0, wrong = 0, left_out = 0;
    ssize_t n;

    EXPECT(f != NULL);
    while ((n = getline(&text, &room, f)) > 0) {
        json_auto_t *row = NULL;
        struct error err = {0};
        line++;
        EXPECT_OK(jv_parse(text, (size_t)n, &row, &err));
        if (skip_reason(row)) left_out++;
        else wrong += !holds(row, line);
    }
    free(text);
    fclose(f);
    printf("# %d vectors, %d wait for filters that do not exist yet\n", line, left_out);
    EXPECT_INT(line, 499);
    EXPECT_INT(wrong, 0);
    EXPECT(left_out < 220);
}
