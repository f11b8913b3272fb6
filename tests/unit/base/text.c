/* The rules of base's text modules: slices, folding, UTF-8, base64, times. */
#include <stdio.h>
#include "tests/lib/tap.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/id.h"
#include "base/json.h"
#include "base/map.h"
#include "base/time.h"
#include "base/utf8.h"

TEST(names_fold_case_beyond_ascii)
{
    CLEANUP(freep) char *s = str_fold("  ÄÖÜ Straße ЖUK ŽŸ ");
    EXPECT_STR(s, "äöü straße жuk žÿ");
}

TEST(characters_are_counted_and_not_bytes)
{
    EXPECT_INT(utf8_length(""), 0);
    EXPECT_INT(utf8_length("gr\xc3\xbc\xc3\x9f"), 4);
    EXPECT_INT(utf8_length("\xff\xff"), 2);
}

TEST(what_is_no_plain_letter_is_escaped_in_an_address)
{
    CLEANUP(buf_done) struct buf b = BUF_INIT(BUF_UNBOUNDED);

    buf_add_encoded(&b, "a-Z_0.~/b c%\xc3\xbc");
    EXPECT_STR(buf_str(&b), "a-Z_0.~%2Fb%20c%25%C3%BC");
}

TEST(slugs_are_lower_case_letters_digits_and_dashes)
{
    static const struct {
        const char *in, *out;
    } rows[] = {{"Default Worker Pool", "default-worker-pool"},
                {"--A__b--", "a-b"},
                {"✓", "item"},
                {"", "item"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(freep) char *s = str_slug(rows[i].in);
        EXPECT_STR(s, rows[i].out);
    }
}

TEST(numbers_are_whole_and_within_their_range)
{
    int64_t v = 7;
    EXPECT(str_i64("10", 1, 10, &v) && v == 10);
    EXPECT(!str_i64("11", 1, 10, &v) && !str_i64("1x", 1, 10, &v) && !str_i64("", 1, 10, &v));
    EXPECT(!str_i64(" 1", 1, 10, &v) && !str_i64("99999999999999999999", 1, INT64_MAX, &v));
    EXPECT_INT(v, 10);
}

TEST(ill_formed_utf8_becomes_replacement_characters)
{
    CLEANUP(buf_done) struct buf b = BUF_INIT(100);
    utf8_repair(&b, (struct str){"a\xff\0b\xed\xa0\x80", 7});
    EXPECT_STR(buf_str(&b), "a\xEF\xBF\xBD\xEF\xBF\xBD"
                            "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT(utf8_check(STR("zażółć 🐙")) && !utf8_check(STR("\xc0\x80")));
}

TEST(an_error_is_utf8_also_when_it_was_cut_within_a_character)
{
    CLEANUP(buf_done) struct buf many = BUF_INIT(400);
    struct error e = {0};

    fail(&e, ERR_INVALID, "\"%.4s\" and %.1s", "x\xc3\xbc\xc3\xbc", "\xe2\x82\xac");
    EXPECT_STR(e.text, "\"x\xc3\xbc?\" and ?");
    fail_at(&e, "/\xff", "%s", "\xed\xa0\x80 \xef\xbf\xbd");
    EXPECT_STR(e.where, "/?");
    EXPECT_STR(e.text, "??? \xef\xbf\xbd");
    for (int i = 0; i < 133; i++) buf_adds(&many, "\xe2\x82\xac");
    for (int pad = 0; pad < 3; pad++) {
        fail(&e, ERR_INVALID, "%.*s%s%s", pad, "abc", buf_str(&many), buf_str(&many));
        EXPECT(strlen(e.text) > sizeof(e.text) - 4 && utf8_check(str_of(e.text)));
        EXPECT(strchr(e.text, '?') == NULL);
        fail_wrap(&e, "%.*s%s", pad, "abc", buf_str(&many));
        EXPECT(utf8_check(str_of(e.text)));
    }
}

TEST(base64_round_trips_and_refuses_what_is_not_base64)
{
    for (size_t n = 0; n < 20; n++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(100), back = BUF_INIT(100);
        base64_encode(&text, "abcdefghijklmnopqrstuvwxyz", n);
        EXPECT(base64_decode(&back, buf_str(&text), text.n));
        EXPECT(back.n == n && (n == 0 || memcmp(back.p, "abcdefghijklmnopqrstuvwxyz", n) == 0));
    }
    CLEANUP(buf_done) struct buf out = BUF_INIT(100);
    EXPECT(!base64_decode(&out, "a", 1) && !base64_decode(&out, "a===", 4) &&
           !base64_decode(&out, "ab=c", 4));
    EXPECT(base64_decode(&out, "YW\nJj", 5) && strcmp(buf_str(&out), "abc") == 0);
}

TEST(times_and_spans_read_back_what_they_write)
{
    char text[TIME_TEXT_SIZE];
    int64_t ms;
    EXPECT_STR(time_iso(1473509 * (int64_t)1000000 + 25647, text), "2016-09-10T12:03:45.647+00:00");
    EXPECT(time_parse_iso("2016-09-10T14:03:45.647+02:00", &ms) && ms == 1473509025647);
    EXPECT(!time_parse_iso("2016-13-10T14:03:45Z", &ms) && !time_parse_iso("", &ms));
    EXPECT_STR(time_span(90061001, text), "1.01:01:01.0010000");
    EXPECT(time_parse_span("01.01:01:01.00100", &ms) && ms == 90061001);
}

TEST(a_json_list_has_the_texts_that_are_in_it)
{
    json_auto_t *list = json_pack("[s, i, n, s]", "a", 5, "bc");

    EXPECT(jv_has(list, "a") && jv_has(list, "bc"));
    EXPECT(!jv_has(list, "b") && !jv_has(list, "5") && !jv_has(NULL, "a"));
}

TEST(json_rejects_duplicates_depth_and_rests)
{
    struct error err;
    json_t *v;
    char deep[200];
    memset(deep, '[', sizeof(deep));
    EXPECT_FAILS(jv_parse("{\"a\":1,\"a\":2}", 13, &v, &err), ERR_INVALID);
    EXPECT_FAILS(jv_parse(deep, sizeof(deep), &v, &err), ERR_INVALID);
    EXPECT_FAILS(jv_parse("{} x", 4, &v, &err), ERR_INVALID);
    EXPECT_FAILS(jv_parse("99999999999999999999", 20, &v, &err), ERR_INVALID);
    EXPECT_OK(jv_parse("9007199254740993", 16, &v, &err));
    EXPECT_INT(json_integer_value(v), 9007199254740993);
    json_decref(v);
}

TEST(a_map_keeps_insertion_order_through_removal_and_growth)
{
    struct map *m = map_new(true);
    char key[32];
    for (long i = 1; i <= 1000; i++) {
        snprintf(key, sizeof(key), "Key%ld", i);
        EXPECT(map_put(m, key, (void *)i) == NULL);
    }
    for (long i = 1; i <= 1000; i += 2) {
        snprintf(key, sizeof(key), "KEY%ld", i);
        EXPECT(map_take(m, key) == (void *)i);
    }
    map_put(m, "more", (void *)1001L);
    EXPECT_INT(map_count(m), 501);
    size_t at = 0;
    void *value;
    for (long wanted = 2; map_each(m, &at, NULL, &value); wanted += 2)
        EXPECT_INT((long)value, wanted > 1000 ? 1001 : wanted);
    map_free(m, NULL);
}

TEST(tickets_are_unique_file_safe_names)
{
    char a[TICKET_SIZE], b[TICKET_SIZE];
    id_ticket(a), id_ticket(b);
    EXPECT(strcmp(a, b) != 0 && strlen(a) == 26 && id_ticket_valid(a));
    EXPECT(!id_ticket_valid("../etc") && !id_ticket_valid("short") && !id_ticket_valid(""));
}
