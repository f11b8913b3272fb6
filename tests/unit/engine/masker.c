/* The rules of masking: what is a secret, what is found, what takes its place. */
#include "engine/masker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "tests/lib/tap.h"

static const char *masked(struct masker *m, const char *text)
{
    static struct buf out = BUF_INIT(BUF_UNBOUNDED);

    buf_clear(&out);
    masker_apply(m, str_of(text), &out);
    return buf_str(&out);
}

TEST(each_occurrence_is_replaced_and_overlapping_ones_together)
{
    static const struct {
        const char *secrets[4], *text, *wanted, *why;
    } rows[] = {
        {{NULL}, "no secrets", "no secrets", "nothing to find"},
        {{"hunter2"}, "pw=hunter2.", "pw=********.", "in the middle"},
        {{"hunter2"}, "hunter2", "********", "all of the text"},
        {{"hunter2"}, "hunter2hunter2", "****************", "two that touch are two"},
        {{"hunter2"}, "hunter hunter", "hunter hunter", "a part is no secret"},
        {{"hunter2"}, "Hunter2", "Hunter2", "case counts"},
        {{"abc", "abcdef"}, "abcdef abcd", "******** ********d", "the longest wins"},
        {{"abcdef", "defghi"}, "xabcdefghix", "x********x", "overlapping ones are one"},
        {{"aba"}, "xabababax", "x********x", "one overlaps itself"},
        {{"abcdefgh", "cde"}, "abcdefgh", "********", "one inside another"},
        {{"abcdefgh", "cde"}, "abcdefg", "ab********fg", "the inner one alone"},
        {{"ab", "xy"}, "abxy", "abxy", "under three characters"},
        {{"éé"}, "éé", "éé", "two characters of four bytes"},
        {{"ééé"}, "aéééa", "a********a", "three characters"},
        {{"one\ntwo\r\nthree four"},
         "two three four one",
         "******** ******** ********",
         "each line"},
        {{"one\n}\n  \n\n indented line "},
         "} x   indented line x",
         "} x   ******** x",
         "trimmed; short lines not"},
        {{"   "}, "a   b", "a   b", "blanks are no secret"},
        {{""}, "", "", "nothing"},
        {{"secret-a", "secret-b", "secret"},
         "secret-a secret-c",
         "******** ********-c",
         "common beginnings"},
        {{"0123456789abcdefX"},
         "0123456789abcdefY0123456789abcdefX",
         "0123456789abcdefY********",
         "longer than the window"},
        {{"********"}, "a ******** b", "a ******** b", "the mask itself"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(masker_freep) struct masker *m = masker_new();
        for (size_t k = 0; k < 4 && rows[i].secrets[k]; k++)
            EXPECT(masker_add(m, str_of(rows[i].secrets[k])));
        if (strcmp(masked(m, rows[i].text), rows[i].wanted) != 0)
            fprintf(stderr, "# %s\n", rows[i].why);
        EXPECT_STR(masked(m, rows[i].text), rows[i].wanted);
    }
}

TEST(the_generation_rises_with_new_secrets_only)
{
    CLEANUP(masker_freep) struct masker *m = masker_new();

    EXPECT_INT(masker_longest(m), 0);
    EXPECT(masker_add(m, STR("secret")));
    unsigned before = masker_generation(m);
    EXPECT(masker_add(m, STR(" secret\nxx\n")));
    EXPECT_INT(masker_generation(m), before);
    EXPECT(masker_add(m, STR("longer secret")));
    EXPECT(masker_generation(m) != before);
    EXPECT_INT(masker_longest(m), 13);
}

TEST(a_secret_with_bad_bytes_is_found_in_repaired_text)
{
    CLEANUP(masker_freep) struct masker *m = masker_new();

    EXPECT(masker_add(m, (struct str){"ab\xff\0z", 5}));
    EXPECT_STR(masked(m, "x ab\xEF\xBF\xBD\xEF\xBF\xBDz x"), "x ******** x");
}

TEST(a_very_long_secret_is_one_mask_and_parts_of_it_stay_whole_characters)
{
    CLEANUP(masker_freep) struct masker *m = masker_new();
    CLEANUP(buf_done) struct buf value = BUF_INIT(BUF_UNBOUNDED), text = BUF_INIT(BUF_UNBOUNDED);

    for (unsigned i = 0; i < 9000; i++) buf_addf(&value, "%u\xC3\xA9", i * 2654435761u % 10007);
    EXPECT(value.n > 4 * MASKER_PIECE_MAX);
    EXPECT(masker_add(m, (struct str){value.p, value.n}));
    EXPECT(masker_longest(m) <= MASKER_PIECE_MAX);
    buf_adds(&text, "before ");
    buf_add(&text, value.p, value.n);
    buf_adds(&text, " after");
    EXPECT_STR(masked(m, text.p), "before ******** after");
    EXPECT_STR(masked(m, "\xA9"), "\xA9");
    for (size_t extra = 1; extra < 40; extra++) { /* rests of every length stay long pieces */
        CLEANUP(masker_freep) struct masker *k = masker_new();
        if ((value.p[MASKER_PIECE_MAX + extra] & 0xC0) == 0x80) continue; /* half a character */
        EXPECT(masker_add(k, (struct str){value.p, MASKER_PIECE_MAX + extra}));
        buf_clear(&text);
        buf_adds(&text, "<");
        buf_add(&text, value.p, MASKER_PIECE_MAX + extra);
        buf_adds(&text, ">");
        EXPECT_STR(masked(k, text.p), "<********>");
        EXPECT_STR(masked(k, "123 \xC3\xA9 0\xC3\xA9"), "123 \xC3\xA9 0\xC3\xA9");
    }
}

TEST(what_is_past_the_limit_is_refused_and_the_rest_still_masked)
{
    CLEANUP(masker_freep) struct masker *m = masker_new();
    char text[32];

    for (unsigned i = 0; i < MASKER_SECRETS_MAX; i++) {
        snprintf(text, sizeof(text), "%06u-secret", i);
        EXPECT(masker_add(m, str_of(text)));
    }
    EXPECT(!masker_add(m, STR("one too many")));
    EXPECT(masker_add(m, STR("000007-secret"))); /* known already */
    EXPECT_STR(masked(m, "one too many 019999-secret"), "one too many ********");
}

/* The rule written down naively: every occurrence of every secret, joined where they overlap. */
static void naive(struct str text, const char *const *secrets, size_t count, struct buf *out)
{
    size_t covered = 0;

    for (size_t i = 0; i < text.n; i++) {
        size_t longest = 0;
        for (size_t k = 0; k < count; k++) {
            size_t n = strlen(secrets[k]);
            if (n <= text.n - i && memcmp(text.p + i, secrets[k], n) == 0 && n > longest)
                longest = n;
        }
        if (longest && i >= covered) buf_adds(out, MASKER_TEXT);
        if (i + longest > covered) covered = i + longest;
        if (i >= covered) buf_addc(out, text.p[i]);
    }
}

TEST_LIMIT(a_random_text_is_masked_as_the_rule_says, 60)
{
    unsigned seed = 7;

    for (int round = 0; round < 3000; round++) {
        CLEANUP(masker_freep) struct masker *m = masker_new();
        CLEANUP(buf_done) struct buf wanted = BUF_INIT(BUF_UNBOUNDED);
        char secrets[6][24], text[200];
        const char *list[6];
        size_t count = 1 + (size_t)rand_r(&seed) % 6;
        unsigned letters = 1 + (unsigned)rand_r(&seed) % 3; /* few letters: many occurrences */
        for (size_t k = 0; k < count; k++) {
            size_t n = 3 + (size_t)rand_r(&seed) % (round % 2 ? 4 : 20);
            for (size_t i = 0; i < n; i++)
                secrets[k][i] = (char)('a' + (unsigned)rand_r(&seed) % letters);
            secrets[k][n] = '\0';
            list[k] = secrets[k];
            EXPECT(masker_add(m, str_of(secrets[k])));
        }
        size_t n = (size_t)rand_r(&seed) % (sizeof(text) - 1);
        for (size_t i = 0; i < n; i++)
            text[i] = (char)('a' + (unsigned)rand_r(&seed) % (letters + 1));
        text[n] = '\0';
        naive((struct str){text, n}, list, count, &wanted);
        EXPECT_STR(masked(m, text), buf_str(&wanted));
    }
}

static void *add_many(void *ctx)
{
    char text[32];

    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof(text), "%d-added", i);
        if (!masker_add(ctx, str_of(text))) abort();
    }
    return NULL;
}

TEST_LIMIT(readers_go_on_while_secrets_are_added, 60)
{
    CLEANUP(masker_freep) struct masker *m = masker_new();
    pthread_t adder;

    EXPECT(masker_add(m, STR("from the start")));
    EXPECT_INT(pthread_create(&adder, NULL, add_many, m), 0);
    for (int i = 0; i < 2000; i++)
        EXPECT(strstr(masked(m, "x from the start 1999-added"), "x ********") != NULL);
    EXPECT_INT(pthread_join(adder, NULL), 0);
    EXPECT_STR(masked(m, "x from the start 1999-added"), "x ******** ********");
}
