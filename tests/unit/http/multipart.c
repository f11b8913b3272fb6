/* The rules of forms with a file: every split of the bytes gives the same file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "http/multipart.h"
#include "tests/lib/tap.h"

struct got {
    char name[300];
    struct buf data;
};

static int begin(void *ctx, const char *filename, struct error *e)
{
    snprintf(((struct got *)ctx)->name, sizeof(((struct got *)ctx)->name), "%s", filename);
    return 0;
}
static int data(void *ctx, const void *p, size_t n, struct error *e)
{
    buf_add(&((struct got *)ctx)->data, p, n);
    return 0;
}
static const struct multipart_ops ops = {begin, data};
#define TYPE "multipart/form-data; boundary=xYz"

/* Feeds ${body} in pieces of ${step} bytes. */
static int feed(const char *type, struct str body, size_t step, struct got *got, struct error *e)
{
    struct multipart *m;
    int rc = 0;

    *got = (struct got){"", BUF_INIT(BUF_UNBOUNDED)};
    if (multipart_new(type, &ops, got, &m, e) < 0) return -1;
    for (size_t at = 0; at < body.n && rc == 0; at += step)
        rc = multipart_feed(m, body.p + at, body.n - at < step ? body.n - at : step, e);
    if (rc == 0) rc = multipart_end(m, e);
    multipart_free(m);
    return rc;
}

static void expect_file(const char *type, struct str body, const char *name, struct str content)
{
    for (size_t step = 1; step <= body.n; step++) {
        struct got got;
        struct error err = {0};
        EXPECT_OK(feed(type, body, step, &got, &err));
        EXPECT_STR(got.name, name);
        EXPECT(got.data.n == content.n && memcmp(buf_str(&got.data), content.p, content.n) == 0);
        buf_done(&got.data);
    }
}

static void expect_refused(const char *type, struct str body, const char *why)
{
    struct got got = {"", BUF_INIT(BUF_UNBOUNDED)};
    struct error err = {0};

    for (size_t step = 1; step < 9; step += 7) {
        EXPECT_FAILS(feed(type, body, step, &got, &err), ERR_INVALID);
        if (strstr(err.text, why) == NULL) EXPECT_STR(err.text, why);
        buf_done(&got.data);
    }
}

#define PART(disposition, content) \
    "--xYz\r\nContent-Disposition: " disposition "\r\n\r\n" content "\r\n"
#define FILE_PART(name, content) PART("form-data; name=\"f\"; filename=\"" name "\"", content)
#define END "--xYz--\r\n"

TEST(the_file_is_the_same_however_it_is_cut_into_pieces)
{
    expect_file(TYPE, STR(FILE_PART("a.zip", "hello") END), "a.zip", STR("hello"));
    expect_file(TYPE, STR("preamble\r\n" FILE_PART("a.zip", "") END "epilogue\r\n--xYz\r\n"),
                "a.zip", STR(""));
    expect_file(TYPE, STR(PART("form-data; name=x", "skipped") FILE_PART("a", "b\r\n") END), "a",
                STR("b\r\n"));
    expect_file(TYPE, STR(FILE_PART("a", "1") PART("form-data; name=x", "2") END), "a", STR("1"));
}

TEST(what_looks_like_a_boundary_is_content)
{
    struct str bodies[] = {STR("\r\n--xY"),      STR("\r\r\n--xYzz"), STR("\r\n--xYz-x"),
                           STR("\r\n--xYz \tx"), STR("\r\n-\r\n--"),  STR("--xYz--"),
                           STR("\r\n--xYz\r\r"), STR("\0\r\n\0")};

    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        CLEANUP(buf_done) struct buf b = BUF_INIT(BUF_UNBOUNDED);
        buf_adds(&b, "--xYz\r\nContent-Disposition: form-data; filename=a\r\n\r\n");
        buf_add(&b, bodies[i].p, bodies[i].n);
        buf_adds(&b, "\r\n--xYz--");
        expect_file(TYPE, (struct str){b.p, b.n}, "a", bodies[i]);
    }
}

TEST(blanks_behind_a_boundary_and_a_quoted_boundary_are_fine)
{
    expect_file(
        "Multipart/Form-Data;charset=utf-8; Boundary=\"x Y?z\"",
        STR("--x Y?z \t\r\nContent-Disposition: form-data; filename=a\r\n\r\nb\r\n--x Y?z--"), "a",
        STR("b"));
}

TEST(a_file_name_is_understood_in_every_form)
{
    static const struct {
        const char *parameters, *name;
    } rows[] = {{"filename=a.zip", "a.zip"},
                {"filename=\"a b.zip\"", "a b.zip"},
                {"filename=\"a;b=\\\"c\\\".zip\"; x=y", "a;b=\"c\".zip"},
                {"FileName=\"C:\\dir\\a.zip\"", "C:\\dir\\a.zip"},
                {"filename=\"..\\\\a\"", "..\\a"},
                {"filename=\"Gr\xC3\xBC\xC3\x9F"
                 "e\"",
                 "Gr\xC3\xBC\xC3\x9F"
                 "e"},
                {"filename=\"old\"; filename*=UTF-8''Gr%C3%BC%c3%9fe%20.zip", "Gr\xC3\xBC\xC3\x9F"
                                                                              "e .zip"},
                {"filename*=utf-8'en'a%2Fb; filename=c", "a/b"}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(freep)
        char *body =
            xasprintf("--xYz\r\nX: y\r\ncontent-disposition: form-data; name=\"filename=no\"; "
                      "%s\r\n\r\nb\r\n--xYz--",
                      rows[i].parameters);
        expect_file(TYPE, str_of(body), rows[i].name, STR("b"));
    }
}

TEST(a_form_without_one_whole_file_is_refused)
{
    CLEANUP(buf_done) struct buf large = BUF_INIT(BUF_UNBOUNDED);

    expect_refused(TYPE, STR(""), "cut off");
    expect_refused(TYPE, STR(FILE_PART("a", "b")), "cut off");
    expect_refused(TYPE, STR(FILE_PART("a", "b") "--xYz-"), "cut off");
    expect_refused(TYPE, STR(END), "no file");
    expect_refused(TYPE, STR("--xYz\r\n\r\nb\r\n" END), "no file");
    expect_refused(TYPE, STR(FILE_PART("", "b") END), "no file");
    expect_refused(TYPE, STR(FILE_PART("a", "1") FILE_PART("b", "2") END), "more than one file");
    expect_refused(TYPE, STR(FILE_PART("a\xff", "1") END), "UTF-8");
    expect_refused(TYPE, STR(FILE_PART("a\0b", "1") END), "NUL");
    expect_refused(TYPE, STR(PART("form-data; filename*=UTF-8''a%00b", "1") END), "NUL");
    expect_refused(TYPE, STR(PART("form-data; filename*=UTF-8''a%0", "1") END), "escape");
    expect_refused(TYPE, STR(PART("form-data; filename*=latin1''a", "1") END), "filename*");
    expect_refused(TYPE,
                   STR(PART("form-data; filename=a\r\nContent-Transfer-Encoding: base64", "1") END),
                   "base64");
    buf_adds(&large, "--xYz\r\nX: ");
    for (int i = 0; i < 20000; i++) buf_addc(&large, 'y');
    expect_refused(TYPE, (struct str){large.p, large.n}, "larger");
}

TEST(a_content_type_without_a_boundary_is_refused)
{
    static const char *const bad[] = {"multipart/form-data", "multipart/form-data; boundary=",
                                      "multipart/form-datax; boundary=a", "text/plain"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) expect_refused(bad[i], STR(""), bad[i]);
    EXPECT(!multipart_is(NULL) && !multipart_is("multipart/mixed; boundary=a"));
}
