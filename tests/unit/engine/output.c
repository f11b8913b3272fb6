/* The rules of script output: lines, categories, messages, masks, and that none depends on how
 * output is cut. */
#include "engine/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "engine/context.h"
#include "engine/output_priv.h"
#include "tests/lib/tap.h"

/* ---- a sink that writes down what it gets: "Info|text\n" and "!name attribute=value\n" ---- */

static void note_line(void *ctx, enum log_category category, int64_t at_ms, struct str text)
{
    EXPECT(text.n <= LOG_LINE_MAX && utf8_check(text) &&
           (text.n == 0 || !memchr(text.p, '\n', text.n)));
    buf_addf(ctx, "%s|", log_category_name(category));
    buf_add(ctx, text.p, text.n);
    buf_addc(ctx, '\n');
}

static void note_message(void *ctx, const struct service_message *m, int64_t at_ms)
{
    buf_addf(ctx, "!%s", m->name);
    for (size_t i = 0; i < m->count; i++)
        buf_addf(ctx, " %s=%s", m->attributes[i].name, m->attributes[i].value);
    buf_addc(ctx, '\n');
}

static struct output_sink sink_to(struct buf *b)
{
    return (struct output_sink){note_line, note_message, b};
}

/* An output with its masker, fed by the test. */
struct script {
    const char *const *secrets; /* of the task, NULL at the end */
    struct masker *masker;
    struct output *output;
    struct buf got;
};

static void start(struct script *s, const char *const *secrets)
{
    s->secrets = secrets;
    s->masker = masker_new();
    for (; secrets && *secrets; secrets++) EXPECT(masker_add(s->masker, str_of(*secrets)));
    s->output = output_new(s->masker);
}

static void stop(struct script *s)
{
    output_free(s->output);
    masker_free(s->masker);
}

static void script_done(struct script *s)
{
    stop(s);
    buf_done(&s->got);
}

#define SCRIPT(name, ...)                                                       \
    CLEANUP(script_done) struct script name = {.got = BUF_INIT(BUF_UNBOUNDED)}; \
    start(&name, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void feed(struct script *s, enum output_source source, const char *text, size_t n)
{
    struct output_sink sink = sink_to(&s->got);
    CLEANUP(freep) char *copy = xmalloc(n + 1); /* of exact size: reading past it is seen */

    if (n) memcpy(copy, text, n);
    output_feed(s->output, source, (struct str){copy, n}, true, 1, &sink);
}

static void out(struct script *s, const char *text) { feed(s, OUTPUT_STDOUT, text, strlen(text)); }
static void err_out(struct script *s, const char *text)
{
    feed(s, OUTPUT_STDERR, text, strlen(text));
}

static const char *finished(struct script *s)
{
    struct output_sink sink = sink_to(&s->got);

    output_finish(s->output, 2, &sink);
    return buf_str(&s->got);
}

/* Loads what output_save has written. */
static int load(struct output *o, struct str saved, struct error *e)
{
    json_auto_t *v = NULL;

    if (jv_parse(saved.p, saved.n, &v, NULL) < 0) return fail(e, ERR_CORRUPT, "no JSON");
    return output_load(o, v, e);
}

/* The server dies and another goes on: everything new, loaded from the cursor. */
static void restart(struct script *s)
{
    struct error err = {0};
    CLEANUP(buf_done) struct buf saved = BUF_INIT(BUF_UNBOUNDED), masks = BUF_INIT(BUF_UNBOUNDED);
    size_t at = 0;

    output_save(s->output, &saved);
    bool any = output_save_masks(s->output, &at, &masks);
    stop(s);
    start(s, s->secrets);
    EXPECT_OK(load(s->output, (struct str){saved.p, saved.n}, &err));
    if (any) EXPECT_OK(output_load_masks(s->output, (struct str){masks.p, masks.n}, &err));
}

/* ---- lines ---- */

TEST(lines_end_at_newlines_and_lose_one_carriage_return)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"", ""},
        {"one\ntwo\n", "Info|one\nInfo|two\n"},
        {"one\r\ntwo\r\n", "Info|one\nInfo|two\n"},
        {"no newline", "Info|no newline\n"},
        {"no newline\r", "Info|no newline\n"},
        {"\n\n", "Info|\nInfo|\n"},
        {"\r\n", "Info|\n"},
        {"a\rb\r\r\n", "Info|a\rb\r\n"},
        {"  indented \t\n", "Info|  indented \t\n"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SCRIPT(s, );
        out(&s, rows[i].text);
        EXPECT_STR(finished(&s), rows[i].wanted);
    }
}

TEST(a_partial_line_waits_for_its_end)
{
    SCRIPT(s, );
    out(&s, "Contin");
    EXPECT_STR(buf_str(&s.got), "");
    out(&s, "ue?");
    err_out(&s, "other stream\n");
    EXPECT_STR(buf_str(&s.got), "Error|other stream\n");
    out(&s, " yes\r");
    out(&s, "\nnext");
    EXPECT_STR(buf_str(&s.got), "Error|other stream\nInfo|Continue? yes\n");
    EXPECT_STR(finished(&s), "Error|other stream\nInfo|Continue? yes\nInfo|next\n");
    EXPECT_STR(finished(&s), "Error|other stream\nInfo|Continue? yes\nInfo|next\n");
}

TEST(a_fragment_that_does_not_continue_ends_its_line)
{
    SCRIPT(s, );
    struct output_sink sink = sink_to(&s.got);

    output_feed(s.output, OUTPUT_STDOUT, STR("one"), false, 1, &sink);
    output_feed(s.output, OUTPUT_STDOUT, STR("two\n"), false, 1, &sink);
    output_feed(s.output, OUTPUT_STDOUT, STR(""), false, 1, &sink);
    output_feed(s.output, OUTPUT_STDOUT, STR("thr"), true, 1, &sink);
    output_feed(s.output, OUTPUT_STDOUT, STR("ee"), false, 1, &sink);
    output_feed(s.output, OUTPUT_STDOUT, STR("four"), true, 1, &sink);
    output_feed(s.output, OUTPUT_STDOUT, STR(""), false, 1, &sink);
    output_feed(s.output, OUTPUT_STDOUT, STR("##octopus[stdout-verbose]"), false, 1, &sink);
    output_feed(s.output, OUTPUT_STDOUT, STR("five"), false, 1, &sink);
    EXPECT_STR(finished(&s), "Info|one\nInfo|two\nInfo|\nInfo|three\nInfo|four\nVerbose|five\n");
}

static void note_time(void *ctx, enum log_category category, int64_t at_ms, struct str text)
{
    buf_addf(ctx, "%lld ", (long long)at_ms);
}

TEST(a_line_has_the_time_of_the_fragment_that_completes_it)
{
    SCRIPT(s, );
    CLEANUP(buf_done) struct buf times = BUF_INIT(100);
    struct output_sink sink = {note_time, note_message, &times};

    output_feed(s.output, OUTPUT_STDOUT, STR("a\nb"), true, 5, &sink);
    output_feed(s.output, OUTPUT_STDOUT, STR("b\nc"), true, 7, &sink);
    output_finish(s.output, 9, &sink);
    EXPECT_STR(buf_str(&times), "5 7 9 ");
}

TEST(ill_formed_bytes_and_nul_are_repaired_however_they_arrive)
{
    static const char text[] =
        "a\0b\xff \xe2\x82\xac \xe2\x82 \xf0\x9f\x99 x\n\xf0\x9f\x90\x99\xe2\x82";
    static const char wanted[] = "Info|a\xEF\xBF\xBD"
                                 "b\xEF\xBF\xBD \xe2\x82\xac \xEF\xBF\xBD\xEF\xBF\xBD "
                                 "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD x\n"
                                 "Info|\xf0\x9f\x90\x99\xEF\xBF\xBD\xEF\xBF\xBD\n";
    SCRIPT(whole, );
    SCRIPT(bytes, );

    feed(&whole, OUTPUT_STDOUT, text, sizeof(text) - 1);
    EXPECT_STR(finished(&whole), wanted);
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        feed(&bytes, OUTPUT_STDOUT, text + i, 1);
        restart(&bytes);
    }
    EXPECT_STR(finished(&bytes), wanted);
}

TEST(what_the_system_says_is_info_without_messages)
{
    SCRIPT(s, "hunter2");
    static const char text[] = "##octopus[stdout-verbose]\nhunter2\n";

    out(&s, "##octopus[stdout-error]\n##octopus[stderr-ignore]\n");
    feed(&s, OUTPUT_SYSTEM, text, strlen(text));
    EXPECT_STR(finished(&s), "Info|##octopus[stdout-verbose]\nInfo|********\n");
    EXPECT(!output_stderr_seen(s.output));
}

/* ---- categories ---- */

TEST(modes_set_the_category_of_their_stream_until_changed)
{
    static const struct {
        const char *mode, *stdout_wanted, *stderr_wanted;
    } rows[] = {
        {"stdout-default", "Info|o\n", "Error|e\n"},
        {"stdout-verbose", "Verbose|o\n", "Error|e\n"},
        {"stdout-warning", "Warning|o\n", "Error|e\n"},
        {"stdout-error", "Error|o\n", "Error|e\n"},
        {"stdout-highlight", "Highlight|o\n", "Error|e\n"},
        {"stdout-wait", "Wait|o\n", "Error|e\n"},
        {"stdout-ignore", "", "Error|e\n"},
        {"stderr-default", "Info|o\n", "Error|e\n"},
        {"stderr-error", "Info|o\n", "Error|e\n"},
        {"stderr-progress", "Info|o\n", "Verbose|e\n"},
        {"stderr-ignore", "Info|o\n", ""},
        {"stdout-loud", "!stdout-loud\nInfo|o\n", "Error|e\n"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) { /* on either stream */
        SCRIPT(s, );
        CLEANUP(buf_done) struct buf message = BUF_INIT(100), wanted = BUF_INIT(200);
        buf_addf(&message, "##octopus[%s]\n", rows[i / 2].mode);
        if (i % 2) err_out(&s, message.p);
        else out(&s, message.p);
        restart(&s);
        out(&s, "o\n");
        err_out(&s, "e\n");
        out(&s, "##octopus[stdout-default]\n##octopus[stderr-default]\n");
        out(&s, "o\n");
        err_out(&s, "e\n");
        buf_addf(&wanted, "%s%sInfo|o\nError|e\n", rows[i / 2].stdout_wanted,
                 rows[i / 2].stderr_wanted);
        EXPECT_STR(finished(&s), wanted.p);
    }
}

TEST(stderr_is_seen_when_a_line_of_it_is_neither_blank_nor_a_message)
{
    static const struct {
        const char *text;
        bool seen;
    } rows[] = {
        {"", false},
        {"\n \n\t\r\n", false},
        {"##octopus[stderr-progress]\n", false},
        {"##octopus[stderr-progress] rest\n", false},
        {"  ##octopus[stderr-progress]\n", false},
        {"##octopus[bad\n", false},
        {"##octopus says hi\n", false},
        {"#octopus\n", true},
        {"x", true},
        {" ##octopus x", true},
        {"##octopus[stderr-ignore]\nx\n", true},
        {"##octopus[stderr-progress]\nx\n", true},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t step = 1; step < 50; step += 48) { /* byte by byte, and in one */
            SCRIPT(s, );
            out(&s, "stdout does not count\n");
            for (size_t at = 0, n = strlen(rows[i].text); at < n; at += step)
                feed(&s, OUTPUT_STDERR, rows[i].text + at, n - at < step ? n - at : step);
            finished(&s);
            restart(&s);
            if (output_stderr_seen(s.output) != rows[i].seen)
                fprintf(stderr, "# %s\n", rows[i].text);
            EXPECT_INT(output_stderr_seen(s.output), rows[i].seen);
        }
    }
}

/* ---- messages ---- */

TEST(messages_are_recognised_at_the_start_of_a_line)
{
    static const struct {
        const char *text, *wanted, *why;
    } rows[] = {
        {"##octopus[m a='YQ==']\n", "!m a=a\n", "one"},
        {"##octopus[m a='YQ==']", "!m a=a\n", "without newline"},
        {"##octopus[m a='YQ==']\r\n", "!m a=a\n", "CRLF"},
        {" \t ##octopus[m]\nx\n", "!m\nInfo|x\n", "blanks in front"},
        {"##octopus[a]##octopus[b]  ##octopus[c]\n", "!a\n!b\n!c\n", "several"},
        {"##octopus[a] rest \n", "!a\nInfo| rest \n", "text behind"},
        {"##octopus[a] \t\n", "!a\n", "blanks behind are no line"},
        {"##octopus[a]b##octopus[c]\n", "!a\nInfo|b##octopus[c]\n", "not behind text"},
        {"##octopus[stdout-verbose]rest\n", "Verbose|rest\n", "text behind has the new mode"},
        {"abc ##octopus[m]\n", "Info|abc ##octopus[m]\n", "not inside a line"},
        {"###octopus[m]\n", "Info|###octopus[m]\n", "three hashes"},
        {"##Octopus[m]\n", "Info|##Octopus[m]\n", "case counts"},
        {"##octopus [m]\n", "Info|##octopus [m]\n", "no blank in the opening"},
        {"##octopus\n##octo", "Info|##octopus\nInfo|##octo\n", "part of the opening"},
        {"##octopus[unknown x='eA==']\n", "!unknown x=x\n", "unknown names print nothing"},
        {"##octopus[]\nx\n", "Warning|Could not parse '##octopus[]'\nInfo|x\n", "no name"},
        {"##octopus[m a=b]\n", "Warning|Could not parse '##octopus[m a=b]'\n", "malformed"},
        {"##octopus[m a='YQ==' A='YQ==']x\n",
         "Warning|Could not parse '##octopus[m a='YQ==' A='YQ==']'\nInfo|x\n",
         "an attribute twice"},
        {"##octopus[m a='YQ=='\nb\n", "Warning|Could not parse '##octopus[m a='YQ==''\nInfo|b\n",
         "over two lines"},
        {"##octopus[m", "Warning|Could not parse '##octopus[m'\n", "half a message at the end"},
        {"##octopus[stdout-ignore]\n##octopus[m]x\n##octopus[=]\n",
         "!m\nWarning|Could not parse '##octopus[=]'\n", "ignored streams have messages"},
        {"##octopus[stdout-verbose]\n##octopus[=]\nx\n",
         "Warning|Could not parse '##octopus[=]'\nVerbose|x\n", "a malformed one changes no mode"},
        {"##octopus[setVariable name='bg==' value='dg==']\n", "!setVariable name=n value=v\n",
         "a variable"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SCRIPT(s, );
        out(&s, rows[i].text);
        if (strcmp(finished(&s), rows[i].wanted) != 0) fprintf(stderr, "# %s\n", rows[i].why);
        EXPECT_STR(buf_str(&s.got), rows[i].wanted);
    }
}

TEST(more_than_1024_blanks_are_not_in_front_of_a_message)
{
    for (int blanks = 1023; blanks <= 1025; blanks++) {
        SCRIPT(s, );
        CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
        buf_addf(&text, "%*s##octopus[m]\n", blanks, "");
        out(&s, text.p);
        EXPECT_INT(finished(&s)[0], blanks <= 1024 ? '!' : 'I');
    }
}

/* A message "m" whose inside has ${size} bytes. */
static void add_message(struct buf *b, size_t size)
{
    buf_adds(b, "##octopus[m a='");
    size_t n = size - 5 - 1;
    memset(buf_reserve(b, n), 'A', n);
    b->n += n;
    buf_adds(b, "']");
}

TEST_LIMIT(messages_of_up_to_8_mib_are_recognised, 60)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    size_t largest = SERVICE_MESSAGE_MAX - (SERVICE_MESSAGE_MAX - 6) % 4; /* whole base64 */
    SCRIPT(s, );

    add_message(&text, largest);
    buf_adds(&text, "\nnext\n");
    for (size_t at = 0; at < text.n; at += 64 * KiB) {
        feed(&s, OUTPUT_STDOUT, text.p + at, text.n - at < 64 * KiB ? text.n - at : 64 * KiB);
        if (at == 8 * 64 * KiB) restart(&s);
    }
    EXPECT(strncmp(finished(&s), "!m a=", 5) == 0);
    EXPECT_STR(buf_str(&s.got) + s.got.n - 11, "\nInfo|next\n");
}

TEST_LIMIT(a_longer_message_is_dropped_with_a_warning, 60)
{
    static const char end[] = "...', it is longer than 8 MiB\n!b\nVerbose|rest\nVerbose|next\n";
    SCRIPT(s, );
    SCRIPT(unended, );
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);

    add_message(&text, SERVICE_MESSAGE_MAX + 1);
    buf_adds(&text, "##octopus[b]##octopus[stdout-verbose]rest\nnext\n");
    for (size_t at = 0; at < text.n; at += 64 * KiB)
        feed(&s, OUTPUT_STDOUT, text.p + at, text.n - at < 64 * KiB ? text.n - at : 64 * KiB);
    EXPECT(strncmp(finished(&s), "Warning|Could not parse '##octopus[m a='AAAA", 44) == 0);
    EXPECT_STR(buf_str(&s.got) + s.got.n - strlen(end), end);
    EXPECT(s.got.n < 1200);

    text.n -= strlen("]##octopus[b]##octopus[stdout-verbose]rest\nnext\n");
    for (int i = 0; i < 3; i++) feed(&unended, OUTPUT_STDOUT, text.p, text.n);
    restart(&unended);
    out(&unended, "more of it\nnext\n");
    EXPECT(strstr(finished(&unended), "...', it is longer than 8 MiB\nInfo|next\n") != NULL);
    EXPECT(unended.got.n < 1200);
}

TEST(an_excerpt_of_a_malformed_message_is_masked_and_bounded)
{
    SCRIPT(s, "hunter2");
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);

    out(&s, "##octopus[m hunter2]\n");
    EXPECT_STR(buf_str(&s.got), "Warning|Could not parse '##octopus[m ********]'\n");
    buf_clear(&s.got);
    buf_addf(&text, "##octopus[m %990sxx hunter2 \xE2\x82\xAC]\n", "");
    out(&s, text.p);
    EXPECT(strstr(finished(&s), "hunter") == NULL && strstr(s.got.p, "...]'\n") && s.got.n < 1100);
}

/* ---- masks ---- */

TEST(secrets_are_masked_wherever_a_fragment_ends)
{
    static const char text[] = "token=s3cr3t-value;\ns3cr3t-value\r\n\n";
    size_t n = sizeof(text) - 1;

    for (size_t cut = 0; cut <= n; cut++) {
        SCRIPT(s, "s3cr3t-value");
        feed(&s, OUTPUT_STDOUT, text, cut);
        err_out(&s, "between\n");
        restart(&s);
        feed(&s, OUTPUT_STDOUT, text + cut, n - cut);
        EXPECT(strstr(finished(&s), "s3cr") == NULL && strstr(s.got.p, "value") == NULL);
        EXPECT(strstr(s.got.p, "Info|token=********;\n") && strstr(s.got.p, "Info|********\n"));
    }
}

TEST(announced_values_are_masked_from_the_next_text_on)
{
    SCRIPT(s, );
    out(&s, "topsecret\npart of a lin");
    err_out(&s, "topsec");
    out(&s, "e topsecret\n##octopus[mask value='dG9wc2VjcmV0']topsecret\ntopsecret\n");
    err_out(&s, "ret\n");
    restart(&s);
    out(&s, "again topsecret\n##octopus[setVariable name='bg==' value='b3RoZXI=' "
            "sensitive='VHJ1ZQ==']\nother\n");
    out(&s, "##octopus[setVariable name='bg==' value='b3Blbg==' sensitive='RmFsc2U=']\nopen\n");
    restart(&s);
    out(&s, "##octopus[mask]\n##octopus[mask value='']\nother topsecret\n");
    EXPECT_STR(
        finished(&s),
        "Info|topsecret\nInfo|part of a line topsecret\nInfo|********\nInfo|********\n"
        "Error|********\nInfo|again ********\n"
        "!setVariable name=n value=other sensitive=True\nInfo|********\n"
        "!setVariable name=n value=open sensitive=False\nInfo|open\nInfo|******** ********\n");
    EXPECT(!output_masks_lost(s.output));
}

TEST(masks_are_shared_by_the_invocations_of_a_task)
{
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(masker_freep) struct masker *m = masker_new();
    CLEANUP(output_freep) struct output *a = output_new(m);
    CLEANUP(output_freep) struct output *b = output_new(m);
    struct output_sink sink = sink_to(&got);

    output_feed(a, OUTPUT_STDOUT, STR("##octopus[mask value='dG9wc2VjcmV0']\n"), true, 1, &sink);
    output_feed(b, OUTPUT_STDOUT, STR("topsecret\n"), true, 1, &sink);
    EXPECT_STR(buf_str(&got), "Info|********\n");
}

TEST(a_mask_in_the_middle_of_a_fragment_counts_for_its_rest)
{
    SCRIPT(s, );
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);

    for (int i = 0; i < 100; i++) buf_adds(&text, "topsecret before\n");
    buf_adds(&text, "##octopus[mask value='dG9wc2VjcmV0']\n");
    for (int i = 0; i < 100; i++) buf_adds(&text, "topsecret after\n");
    feed(&s, OUTPUT_STDOUT, text.p, text.n);
    finished(&s);
    for (int i = 0; i < 200; i++) {
        const char *wanted = i < 100 ? "Info|topsecret before\n" : "Info|******** after\n";
        size_t n = strlen(wanted);
        EXPECT(s.got.n >= n && memcmp(s.got.p, wanted, n) == 0);
        buf_drop(&s.got, n);
    }
    EXPECT_INT(s.got.n, 0);
}

TEST(masks_past_the_limit_are_reported)
{
    SCRIPT(s, );
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);

    for (int i = 0; i < MASKER_SECRETS_MAX; i++) {
        CLEANUP(freep) char *value = xasprintf("value %d", i);
        EXPECT(masker_add(s.masker, str_of(value)));
    }
    out(&s, "##octopus[mask value='dG9wc2VjcmV0']\n");
    EXPECT(output_masks_lost(s.output));
    s.secrets = (const char *const[]){NULL};
    restart(&s);
    EXPECT(output_masks_lost(s.output));
}

/* ---- long lines ---- */

/* Lines and bytes of text in what a script printed; pieces are joined in ${joined}. */
static int joined(const struct buf *got, struct buf *out)
{
    struct str rest = {got->p, got->n}, line;
    int lines = 0;

    for (; str_cut(&rest, '\n', &line); lines++) buf_add(out, line.p + 5, line.n - 5);
    return lines;
}

TEST(a_line_of_64_kib_is_whole_and_a_longer_one_is_split)
{
    for (int extra = -1; extra <= 1; extra++) {
        for (int ending = 0; ending < 3; ending++) {
            SCRIPT(s, );
            CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
            buf_addf(&text, "%*s", (int)LOG_LINE_MAX + extra, "x");
            out(&s, text.p);
            out(&s, (const char *const[]){"\n", "\r\n", ""}[ending]);
            CLEANUP(buf_done) struct buf all = BUF_INIT(BUF_UNBOUNDED);
            finished(&s);
            EXPECT_INT(joined(&s.got, &all), extra > 0 ? 2 : 1);
            EXPECT_STR(all.p, text.p);
        }
    }
}

TEST(a_split_is_never_inside_a_character)
{
    for (int lead = 0; lead < 4; lead++) {
        SCRIPT(s, );
        CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED), all = BUF_INIT(BUF_UNBOUNDED);
        buf_addf(&text, "%.*s", lead, "abc");
        for (int i = 0; i < 50000; i++) buf_adds(&text, "\xF0\x9F\x90\x99");
        out(&s, text.p); /* the sink checks each line */
        finished(&s);
        EXPECT_INT(joined(&s.got, &all), 4);
        EXPECT_STR(all.p, text.p);
    }
}

TEST(bytes_that_grow_in_repair_and_secrets_that_grow_in_masking_are_split_too)
{
    SCRIPT(s, "abc");
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED), all = BUF_INIT(BUF_UNBOUNDED);

    memset(buf_reserve(&text, 60000), 0xFF, 60000);
    text.n = 60000;
    feed(&s, OUTPUT_STDOUT, text.p, text.n);
    out(&s, "\n");
    EXPECT_INT(joined(&s.got, &all), 3);
    EXPECT_INT(all.n, 180000);
    buf_clear(&s.got);
    buf_clear(&all);
    for (int i = 0; i < 20000; i++) out(&s, "abc.");
    finished(&s);
    joined(&s.got, &all);
    EXPECT_INT(all.n, 20000 * 9);
    EXPECT_INT(strspn(all.p, "*."), all.n);
}

TEST(a_secret_across_a_split_is_masked_once)
{
    static const char secret[] = "0123456789-secret-9876543210";
    int n = (int)sizeof(secret) - 1;

    for (int before = -n - 2; before <= 2; before++) {
        for (int ending = 0; ending < 2;
             ending++) { /* the line goes on, or ends behind the secret */
            SCRIPT(s, secret, "secret");
            CLEANUP(buf_done)
            struct buf text = BUF_INIT(BUF_UNBOUNDED), all = BUF_INIT(BUF_UNBOUNDED);
            CLEANUP(buf_done) struct buf wanted = BUF_INIT(BUF_UNBOUNDED);
            buf_addf(&text, "%*s%s%*s", (int)LOG_LINE_MAX + before, "x", secret, ending ? 0 : 1000,
                     "");
            buf_addf(&wanted, "%*s%s%*s", (int)LOG_LINE_MAX + before, "x", MASKER_TEXT,
                     ending ? 0 : 1000, "");
            size_t at =
                LOG_LINE_MAX - 100; /* from there on byte by byte: cut as early as it can be */
            feed(&s, OUTPUT_STDOUT, text.p, at);
            for (; at < text.n; at++) feed(&s, OUTPUT_STDOUT, text.p + at, 1);
            finished(&s);
            joined(&s.got, &all);
            EXPECT_STR(all.p, wanted.p);
        }
    }
}

TEST(a_line_full_of_one_overlapping_secret_is_one_mask)
{
    SCRIPT(s, "aaa");
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);

    memset(buf_reserve(&text, 5 * LOG_LINE_MAX), 'a', 5 * LOG_LINE_MAX);
    text.n = 5 * LOG_LINE_MAX;
    feed(&s, OUTPUT_STDOUT, text.p, text.n);
    out(&s, "b\naa\n");
    EXPECT_STR(finished(&s), "Info|********\nInfo|b\nInfo|aa\n");
}

static void count_line(void *ctx, enum log_category category, int64_t at_ms, struct str text)
{
    size_t *counts = ctx;

    counts[0]++;
    counts[1] += text.n;
}

TEST_LIMIT(a_gigabyte_without_newline_keeps_the_cursor_small, 120)
{
    SCRIPT(s, "some secret");
    static char block[64 * KiB];
    size_t counts[2] = {0, 0};
    struct output_sink sink = {count_line, note_message, counts};

    memset(block, 'x', sizeof(block));
    for (size_t i = 0; i < GiB / sizeof(block); i++) {
        output_feed(s.output, OUTPUT_STDOUT, (struct str){block, sizeof(block)}, true, 1, &sink);
        if (i % 1000) continue;
        CLEANUP(buf_done) struct buf saved = BUF_INIT(BUF_UNBOUNDED);
        output_save(s.output, &saved);
        EXPECT(saved.n < 100 * KiB);
    }
    output_finish(s.output, 1, &sink);
    EXPECT_INT(counts[0], GiB / LOG_LINE_MAX);
    EXPECT_INT(counts[1], GiB);
}

/* ---- the cursor ---- */

/* Each byte of a control character is six in JSON. */
TEST_LIMIT(the_largest_cursor_is_smaller_than_what_can_be_unsealed, 120)
{
    SCRIPT(s);
    CLEANUP(buf_done) struct buf saved = BUF_INIT(BUF_UNBOUNDED), masks = BUF_INIT(BUF_UNBOUNDED);
    static char controls[MiB];
    size_t at = 0;

    memset(controls, 1, sizeof(controls) - 1);
    for (int i = 0; i < 16; i++) {
        controls[0] = (char)('a' + i);
        output_announce(s.output, controls);
    }
    for (enum output_source source = OUTPUT_STDOUT; source <= OUTPUT_STDERR; source++) {
        feed(&s, source, "##octopus[x y=\"", 15);
        for (int i = 0; i < 7; i++) feed(&s, source, controls, sizeof(controls) - 1);
    }
    output_save(s.output, &saved);
    EXPECT(saved.n > 64 * MiB);
    EXPECT(saved.n < CONTEXT_SEALED_MAX);
    EXPECT(output_save_masks(s.output, &at, &masks));
    EXPECT(masks.n > 64 * MiB);
    EXPECT(masks.n < CONTEXT_SEALED_MAX);
}

TEST(a_damaged_cursor_is_refused)
{
    struct error err = {0};
    static const char *const rows[] = {
        "",
        "{",
        "[]",
        "null",
        "7",
        "{}",
        "{\"version\":2}",
        "{\"version\":1,\"streams\":[]}",
        "{\"version\":1,\"streams\":[{},{},{}]}",
        "{\"version\":1,\"streams\":[1,2,3]}",
    };
    static const char *const damages[][2] = {
        {"\"mode\":2", "\"mode\":14"},       {"\"mode\":2", "\"mode\":-2"},
        {"\"covered\":0", "\"covered\":5"},  {"\"covered\":0", "\"covered\":-1"},
        {"\"tail\":\"\"", "\"tail\":\"1\""}, {"\"tail\":\"\"", "\"tail\":\"80808080\""},
        {"\"held\":\"part\"", "\"held\":4"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SCRIPT(s, );
        EXPECT_FAILS(load(s.output, str_of(rows[i]), &err), ERR_CORRUPT);
    }
    for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
        SCRIPT(s, );
        CLEANUP(buf_done) struct buf saved = BUF_INIT(BUF_UNBOUNDED), bad = BUF_INIT(BUF_UNBOUNDED);
        out(&s, "part");
        output_save(s.output, &saved);
        const char *at = strstr(saved.p, damages[i][0]);
        EXPECT(at != NULL);
        buf_add(&bad, saved.p, (size_t)(at - saved.p));
        buf_adds(&bad, damages[i][1]);
        buf_adds(&bad, at + strlen(damages[i][0]));
        stop(&s);
        start(&s, NULL);
        EXPECT_FAILS(load(s.output, (struct str){bad.p, bad.n}, &err), ERR_CORRUPT);
    }
}

TEST(masks_are_saved_once_and_apart_from_the_cursor)
{
    SCRIPT(s, "secret");
    CLEANUP(buf_done) struct buf masks = BUF_INIT(BUF_UNBOUNDED), cursor = BUF_INIT(BUF_UNBOUNDED);
    size_t at = 0;
    struct error err = {0};

    EXPECT(!output_save_masks(s.output, &at, &masks));
    out(&s, "##octopus[mask value='b25lIQ==']\n##octopus[mask value='dHdvIQ==']\n");
    EXPECT(output_save_masks(s.output, &at, &masks));
    EXPECT_STR(buf_str(&masks), "[\"one!\",\"two!\"]");
    EXPECT(!output_save_masks(s.output, &at, &masks));
    out(&s, "##octopus[mask value='b25lIQ==']\n##octopus[mask value='NCEhIQ==']\n");
    buf_clear(&masks);
    EXPECT(output_save_masks(s.output, &at, &masks));
    EXPECT_STR(buf_str(&masks), "[\"4!!!\"]");
    output_save(s.output, &cursor);
    EXPECT(strstr(buf_str(&cursor), "one!") == NULL);
    EXPECT_FAILS(output_load_masks(s.output, str_of("[\"x\",1]"), &err), ERR_CORRUPT);
    EXPECT_FAILS(output_load_masks(s.output, str_of("{}"), &err), ERR_CORRUPT);
    EXPECT_FAILS(output_load_masks(s.output, str_of("["), &err), ERR_CORRUPT);
}

TEST(a_cursor_that_is_loaded_saves_as_it_was)
{
    SCRIPT(s, "secret");
    CLEANUP(buf_done) struct buf a = BUF_INIT(BUF_UNBOUNDED), b = BUF_INIT(BUF_UNBOUNDED);

    out(&s, "line\n##octopus[stdout-wait]\n##octopus[mask value='InF1b3RlIgE=']\n##octopus[half "
            "\"\\\x01\x7f \xf0\x9f");
    err_out(&s, "##octopus[m]half a line");
    output_save(s.output, &a);
    restart(&s);
    output_save(s.output, &b);
    EXPECT_STR(b.p, a.p);
}

/* ---- the rule behind all: the same bytes give the same result, however they are cut ---- */

struct piece {
    enum output_source source;
    struct buf text;
};

static const char *const words[] = {
    "text",
    " ",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "  ",
    "s3cr3t",
    "s3c",
    "r3t",
    "s3cr3ts3cr3t-more",
    "-more",
    "aaa",
    "aa",
    "##octopus[stdout-verbose]",
    "##octopus[stdout-ignore]",
    "##octopus[stdout-default]",
    "##octopus[stderr-progress]",
    "##octopus[stderr-ignore]",
    "##octopus[stderr-default]",
    "\n##octopus[mask value='YW5ub3VuY2Vk']",
    "announced",
    "annou",
    "\n##octopus[setVariable name='bg==' value='bGF0ZXI=' sensitive='VHJ1ZQ==']",
    "later",
    "la",
    "\n##octopus[progress percentage='NQ==']",
    "\n##octopus[",
    "]",
    "##octo",
    "pus[",
    "\n  ##octopus[x]",
    "##octopus[bad a]",
    "\n##octopus[half",
    "\xE2\x82\xAC",
    "\xE2\x82",
    "\xF0\x9F\x90\x99",
    "\xF0\x9F",
    "\xFF",
    "\x80",
    "zażółć",
    "<>&'\"\\",
};

static unsigned pick(unsigned *seed, unsigned below) { return (unsigned)rand_r(seed) % below; }

/* Now and then something long, so that lines are split close to and inside secrets. */
static void add_long(struct buf *b, unsigned *seed)
{
    static const char *const fills[] = {"x",    "aaa", "s3cr3t", "announced ", "\xF0\x9F\x90\x99",
                                        "\xFF", " ",   "later\t"};
    const char *fill = fills[pick(seed, ARRAY_LEN(fills))];
    size_t n = LOG_LINE_MAX - 40 + pick(seed, 80);

    if (pick(seed, 4) == 0) n *= 2;
    for (size_t k = 0; k < n; k += strlen(fill)) buf_adds(b, fill);
}

static size_t make_pieces(struct piece *pieces, size_t max, unsigned *seed, bool with_long)
{
    size_t count = 1 + pick(seed, (unsigned)max);

    for (size_t i = 0; i < count; i++) {
        pieces[i].source = (enum output_source)(pick(seed, 8) == 0 ? 2 : pick(seed, 2));
        pieces[i].text = (struct buf)BUF_INIT(BUF_UNBOUNDED);
        for (unsigned k = pick(seed, 12); k > 0; k--) {
            unsigned what = pick(seed, 60);
            if (what < ARRAY_LEN(words)) buf_adds(&pieces[i].text, words[what]);
            else if (what == 59) buf_addc(&pieces[i].text, '\0');
            else buf_adds(&pieces[i].text, "ordinary\n");
            if (with_long && pick(seed, 12) == 0) add_long(&pieces[i].text, seed);
        }
    }
    return count;
}

/* Feeds one piece in random parts, with restarts between some of them. */
static void feed_cut(struct script *s, const struct piece *p, unsigned *seed, unsigned largest)
{
    for (size_t at = 0; at < p->text.n;) {
        size_t n = 1 + pick(seed, largest);
        if (n > p->text.n - at) n = p->text.n - at;
        feed(s, p->source, p->text.p + at, n);
        at += n;
        if (pick(seed, 4) == 0) restart(s);
    }
}

/* No line holds a secret of the task (messages are not masked: their consumers need the values). */
static void expect_no_secret(const struct buf *got, const char *const secrets[4])
{
    struct str rest = {buf_str(got), got->n}, line;

    while (str_cut(&rest, '\n', &line))
        for (int i = 0; i < 4 && line.n && line.p[0] != '!'; i++)
            EXPECT(memmem(line.p, line.n, secrets[i], strlen(secrets[i])) == NULL);
}

static void one_round(unsigned seed, bool with_long)
{
    static const char *const secrets[] = {"s3cr3t", "s3cr3t-more", "aaa", "t\xE2\x82\xACt"};
    struct piece pieces[8];
    SCRIPT(whole, secrets[0], secrets[1], secrets[2], secrets[3]);
    SCRIPT(cut, secrets[0], secrets[1], secrets[2], secrets[3]);
    size_t count = make_pieces(pieces, ARRAY_LEN(pieces), &seed, with_long);
    unsigned largest = with_long ? 30000 : 1 + pick(&seed, 20);

    for (size_t i = 0; i < count; i++) {
        feed(&whole, pieces[i].source, buf_str(&pieces[i].text), pieces[i].text.n);
        feed_cut(&cut, &pieces[i], &seed, largest);
        restart(&cut);
        buf_done(&pieces[i].text);
    }
    finished(&whole);
    finished(&cut);
    EXPECT_INT(cut.got.n, whole.got.n);
    EXPECT_STR(buf_str(&cut.got), buf_str(&whole.got));
    EXPECT_INT(output_stderr_seen(cut.output), output_stderr_seen(whole.output));
    expect_no_secret(&whole.got, secrets);
}

TEST_LIMIT(the_same_output_gives_the_same_lines_however_it_is_cut, 240)
{
    for (unsigned seed = 1; seed <= 2500; seed++) one_round(seed, false);
}

TEST_LIMIT(the_same_long_lines_are_split_alike_however_they_are_cut, 240)
{
    for (unsigned seed = 1; seed <= 30; seed++) one_round(seed, true);
}

TEST_LIMIT(many_lines_are_passed_on_alike_by_the_fast_way_and_byte_by_byte, 120)
{
    unsigned seed = 3;

    for (int round = 0; round < 20; round++) {
        SCRIPT(whole, "s3cr3t", "longer-secret-0001");
        SCRIPT(bytes, "s3cr3t", "longer-secret-0001");
        CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
        while (text.n < 60 * KiB) {
            unsigned what = pick(&seed, 400);
            if (what < ARRAY_LEN(words)) buf_adds(&text, words[what]);
            else if (what == 100) buf_adds(&text, "in longer-secret-0001 it\n");
            else buf_addf(&text, "%*s\n", (int)pick(&seed, 120), "end of an ordinary line");
        }
        feed(&whole, OUTPUT_STDOUT, text.p, text.n);
        for (size_t i = 0; i < text.n; i++) feed(&bytes, OUTPUT_STDOUT, text.p + i, 1);
        finished(&whole);
        EXPECT_STR(finished(&bytes), buf_str(&whole.got));
    }
}
