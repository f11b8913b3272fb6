/* variables.c - the dictionary, what a text comes to, and the payload of a step. */
#include "template/variables.h"

#include <pthread.h>

#include "base/buf.h"
#include "template/payload.h"
#include "tests/lib/tap.h"

static struct arena arena = ARENA_INIT;

static const char *evaluated(const struct variables *v, const char *name)
{
    struct error err = {0};
    const char *text;
    EXPECT_OK(variables_get(v, name, &arena, &text, &err));
    return text;
}

TEST(names_are_found_without_case_and_keep_their_first_place)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();
    size_t at = 0;

    variables_set(v, "First", "1", false);
    variables_set(v, "Second", "2", true);
    variables_set(v, "FIRST", "one", true);
    EXPECT_INT(variables_count(v), 2);
    EXPECT_STR(variables_get_raw(v, "first"), "one");
    const struct variable *x = variables_each(v, &at);
    EXPECT_STR(x->name, "FIRST");
    EXPECT(x->sensitive);
    EXPECT_STR(variables_each(v, &at)->name, "Second");
    EXPECT(variables_each(v, &at) == NULL);
    EXPECT(variables_find(v, "third") == NULL);
    arena_done(&arena);
}

TEST(a_value_is_evaluated_when_it_is_read)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();

    variables_set(v, "Url", "http://#{Host}:#{Port}", false);
    variables_set(v, "Host", "web", false);
    variables_set(v, "Port", "#{Unknown}", false);
    EXPECT_STR(evaluated(v, "URL"), "http://web:#{Unknown}");
    variables_set(v, "Port", "80", false);
    EXPECT_STR(evaluated(v, "Url"), "http://web:80");
    EXPECT_STR(variables_get_raw(v, "Url"), "http://#{Host}:#{Port}");
    EXPECT(evaluated(v, "None") == NULL);
    variables_set(v, "Empty", NULL, false);
    EXPECT_STR(evaluated(v, "Empty"), "");
    arena_done(&arena);
}

TEST(tokens_that_cannot_be_resolved_stay_and_are_listed_once)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();
    struct template_result r;
    struct error err = {0};

    EXPECT_OK(template_evaluate(v, "#{A} ##{B} #{ C | ToUpper } #{A}", &arena, &r, &err));
    EXPECT_STR(r.text, "#{A} #{B} #{C | ToUpper} #{A}");
    EXPECT_INT(r.missing_n, 2);
    EXPECT_STR(r.missing[0], "#{A}");
    EXPECT_STR(r.missing[1], "#{C | ToUpper}");
    EXPECT(r.parse_error == NULL);
    arena_done(&arena);
}

TEST(a_variable_that_refers_to_itself_is_an_error_that_shows_the_chain)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();
    struct error err;
    const char *text;

    variables_set(v, "Foo", "#{Fox}", false);
    variables_set(v, "Fox", "#{Foo}", false);
    EXPECT_FAILS(variables_get(v, "Foo", &arena, &text, &err), ERR_INVALID);
    EXPECT(strstr(err.text, "Fox -> Foo -> Fox") != NULL);
    EXPECT(strstr(err.text, "variable Foo") != NULL);
    arena_done(&arena);
}

/* The stack of the server's threads (os/thread.c). */
#define THREAD_STACK (512 * KiB)

static void on_small_stack(void *(*run)(void *), void *ctx)
{
    pthread_attr_t attr;
    pthread_t t;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    EXPECT_INT(pthread_create(&t, &attr, run, ctx), 0);
    EXPECT_INT(pthread_join(t, NULL), 0);
    pthread_attr_destroy(&attr);
}

static void expect_refused(const struct variables *v, const char *name)
{
    struct error err;
    const char *text;

    EXPECT_FAILS(variables_get(v, name, &arena, &text, &err), ERR_INVALID);
}

static void *read_endless_sets(void *ctx)
{
    struct variables *v = ctx;

    for (int i = 0; i < 60; i++) {
        const char *value = arena_fmt(&arena, "#{V%d}#{V%d}", i + 1, i + 1);
        variables_set(v, arena_fmt(&arena, "V%d", i), i == 59 ? "" : value, false);
    }
    expect_refused(v, "V0");
    for (int i = 0; i < 1000; i++)
        variables_set(v, arena_fmt(&arena, "D%d", i), arena_fmt(&arena, "#{D%d}", i + 1), false);
    expect_refused(v, "D0");
    return NULL;
}

TEST(no_set_of_variables_takes_unbounded_time_or_depth)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();

    on_small_stack(read_endless_sets, v);
    arena_done(&arena);
}

/* ${n} times ${open}, then ${core}, then ${n} times ${close}. */
static const char *nested(int n, const char *open, const char *core, const char *close)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 * MiB);

    for (int i = 0; i < n; i++) buf_adds(&text, open);
    buf_adds(&text, core);
    for (int i = 0; i < n; i++) buf_adds(&text, close);
    return arena_strndup(&arena, text.p, text.n);
}

/* Each of ${n} variables has blocks as deep as they can be, and the next variable in the innermost
 * one. */
static void set_chain(struct variables *v, const char *prefix, int n, const char *open,
                      const char *close)
{
    for (int i = 0; i < n; i++) {
        const char *next = arena_fmt(&arena, "#{%s%d}", prefix, i + 1);
        variables_set(v, arena_fmt(&arena, "%s%d", prefix, i), nested(50, open, next, close),
                      false);
    }
    variables_set(v, arena_fmt(&arena, "%s%d", prefix, n), "", false);
}

static void *read_deep_blocks(void *ctx)
{
    struct variables *v = ctx;

    variables_set(v, "Yes", "1", false);
    set_chain(v, "If", 90, "#{if Yes}", "#{/if}");
    expect_refused(v, "If0");
    set_chain(v, "Else", 90, "#{unless Yes}#{else}", "#{/unless}");
    expect_refused(v, "Else0");
    set_chain(v, "Each", 90, "#{each x in Yes}", "#{/each}");
    expect_refused(v, "Each0");
    set_chain(v, "Filter", 90, "#{Yes | Append ", "}");
    expect_refused(v, "Filter0");

    /* as deep as is allowed, and a text that is deep to read at the deepest place */
    for (int i = 0; i < 97; i++)
        variables_set(v, arena_fmt(&arena, "Path%d", i),
                      arena_fmt(&arena, "#{if Yes}#{Path%d.x | Append y}#{/if}", i + 1), false);
    variables_set(v, "Path97", nested(63, "#{if Yes}", "", ""), false);
    EXPECT(evaluated(v, "Path0") != NULL);
    return NULL;
}

TEST(blocks_that_nest_over_many_variables_are_refused_before_the_stack_is_used_up)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();

    on_small_stack(read_deep_blocks, v);
    arena_done(&arena);
}

static void *read_long_sum(void *ctx)
{
    struct variables *v = ctx;
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 * MiB);

    buf_adds(&text, "#{calc 1");
    for (int i = 0; i < 50000; i++) buf_adds(&text, "+A*2");
    buf_adds(&text, "}");
    variables_set(v, "Sum", buf_str(&text), false);
    const char *echo = evaluated(v, "Sum"); /* A is not there */
    EXPECT(strncmp(echo, "#{1+A*2+A", 9) == 0 && strlen(echo) == text.n - strlen("calc "));
    variables_set(v, "A", "3", false);
    EXPECT_STR(evaluated(v, "Sum"), "300001");
    return NULL;
}

TEST(a_calculation_may_have_any_number_of_terms)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();

    on_small_stack(read_long_sum, v);
    arena_done(&arena);
}

TEST(unclosed_blocks_are_read_in_time_that_grows_with_the_text)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 * MiB);
    struct template_result r;
    struct error err = {0};

    for (int i = 0; i < 300; i++) buf_adds(&text, "#{if A}x#{each b in C}");
    for (int i = 0; i < 300; i++) buf_adds(&text, "#{if x | F ");
    EXPECT_OK(template_evaluate(v, buf_str(&text), &arena, &r, &err));
    EXPECT_OK(template_evaluate_mode(v, buf_str(&text), TEMPLATE_LENIENT, &arena, &r, &err));
    EXPECT_STR(r.text, buf_str(&text));
    arena_done(&arena);
}

TEST(flags_and_run_conditions)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();

    variables_set(v, "Yes", " True ", false);
    variables_set(v, "Alias", "#{Yes}", false);
    variables_set(v, "Odd", "on", false);
    EXPECT(variables_flag(v, "Alias", false));
    EXPECT(variables_flag(v, "Odd", true));
    EXPECT(!variables_flag(v, "Missing", false));

    EXPECT(template_truthy(v, "#{Yes}"));
    EXPECT(template_truthy(v, "#{if Odd == \"on\"}true#{/if}"));
    EXPECT(!template_truthy(v, "#{Missing}"));
    EXPECT(!template_truthy(v, "#{unless Yes}true#{/unless}"));
    EXPECT(!template_truthy(v, "#{Yes"));
    EXPECT(template_text_is_true("0.0"));
    EXPECT(!template_text_is_true(" No "));
    EXPECT(!template_text_is_true(NULL));
}

TEST(a_payload_carries_names_values_and_flags_unchanged)
{
    CLEANUP(variables_freep) struct variables *v = variables_new(), *w = variables_new();
    CLEANUP(buf_done) struct buf data = BUF_INIT(1 * MiB);
    struct error err = {0};
    size_t at = 0, again = 0;
    const struct variable *x, *y;

    payload_encode(v, &data);
    EXPECT_OK(payload_decode(w, data.p, data.n, &err));
    EXPECT_INT(variables_count(w), 0);
    buf_clear(&data);
    variables_set(v, "Plain", "#{Raw}", false);
    variables_set(v, "Odd \"name\"\\", "line\nline\r\n\t\x01\xC3\xA9\xF0\x9F\x90\x99", true);
    variables_set(v, "Null", NULL, false);
    variables_set(v, "Null secret", NULL, true);
    variables_set(v, "", "", false);
    payload_encode(v, &data);
    EXPECT_OK(payload_decode(w, data.p, data.n, &err));
    while ((x = variables_each(v, &at)) != NULL) {
        y = variables_each(w, &again);
        EXPECT_STR(y->name, x->name);
        EXPECT((x->value == NULL) == (y->value == NULL));
        if (x->value) EXPECT_STR(y->value, x->value);
        EXPECT(x->sensitive == y->sensitive);
    }
    EXPECT(variables_each(w, &again) == NULL);
}

TEST(a_payload_that_was_cut_or_is_none_is_refused)
{
    CLEANUP(variables_freep) struct variables *v = variables_new();
    CLEANUP(buf_done) struct buf data = BUF_INIT(1 * KiB);
    struct error err;

    variables_set(v, "Name", "value", true);
    payload_encode(v, &data);
    for (size_t n = 0; n < data.n; n++) {
        CLEANUP(variables_freep) struct variables *w = variables_new();
        if (n == 4) continue; /* the empty list */
        char *cut = arena_alloc(&arena, n + 1);
        memcpy(cut, data.p, n);
        EXPECT_FAILS(payload_decode(w, cut, n, &err), ERR_CORRUPT);
    }
    data.p[4] = '?';
    EXPECT_FAILS(payload_decode(v, data.p, data.n, &err), ERR_CORRUPT);
    arena_done(&arena);
}
