/* certificate.c - the server's certificate: what is made, what is read back, what is refused. */
#include "crypt/certificate.h"

#include <stdio.h>

#include "base/alloc.h"
#include "tests/lib/tap.h"

#define NOW 1790000000000 /* 2026-09-21 */

static struct certificate *fresh(const char *host)
{
    struct certificate *c = NULL;
    struct error err = {0};

    EXPECT_OK(certificate_new("Bobtail Server", host, NOW, &c, &err));
    return c;
}

static struct str text(const struct buf *b) { return (struct str){buf_str(b), b->n}; }

TEST(a_new_certificate_is_rsa_2048_signed_by_itself_with_sha256_for_a_hundred_years)
{
    CLEANUP(certificate_freep) struct certificate *c = fresh(NULL), *other = fresh(NULL);
    struct certificate_facts f, g;

    certificate_describe(c, &f);
    certificate_describe(other, &g);
    EXPECT_STR(f.subject, "CN=Bobtail Server");
    EXPECT_STR(f.signature_algorithm, "sha256RSA");
    EXPECT(f.is_rsa && f.key_bits == 2048);
    EXPECT(f.not_before < NOW && f.not_before >= NOW - 2 * 86400000LL);
    EXPECT(f.not_after > NOW + 99 * 365 * 86400000LL);
    EXPECT(thumbprint_valid(f.thumbprint));
    EXPECT(strspn(f.thumbprint, "0123456789ABCDEF") == 40 && strlen(f.sha256) == 64);
    EXPECT(strcmp(f.thumbprint, g.thumbprint) != 0);
}

TEST(pem_and_pfx_give_the_same_certificate_with_its_key_back)
{
    CLEANUP(certificate_freep)
    struct certificate *c = fresh("server.example"), *back = NULL, *again = NULL;
    CLEANUP(buf_done)
    struct buf pem = BUF_INIT(64 * KiB), pfx = BUF_INIT(64 * KiB), key = BUF_INIT(64 * KiB),
               der = BUF_INIT(64 * KiB), der2 = BUF_INIT(64 * KiB);
    struct certificate_facts f, g;
    struct error err = {0};

    certificate_write_pem(c, &pem);
    certificate_write_key(c, &key);
    EXPECT(strstr(buf_str(&pem), "PRIVATE") == NULL);
    EXPECT_OK(certificate_read_pem(text(&pem), text(&key), &back, &err));
    EXPECT_OK(certificate_write_pfx(back, "s3cret", &pfx, &err));
    EXPECT_OK(certificate_read_pfx(text(&pfx), "s3cret", &again, &err));
    certificate_describe(c, &f);
    certificate_describe(again, &g);
    EXPECT_STR(g.thumbprint, f.thumbprint);
    EXPECT_OK(certificate_describe_pem(text(&pem), &g, &der, &err));
    EXPECT_STR(g.sha256, f.sha256);
    certificate_write_der(again, &der2);
    EXPECT(der.n == der2.n && memcmp(der.p, der2.p, der.n) == 0);
}

TEST(a_pfx_with_another_password_or_none_is_refused_as_such)
{
    CLEANUP(certificate_freep) struct certificate *c = fresh(NULL);
    CLEANUP(buf_done) struct buf pfx = BUF_INIT(64 * KiB);
    struct certificate *back = NULL;
    struct error err = {0};

    EXPECT_FAILS(certificate_write_pfx(c, "", &pfx, &err), ERR_INVALID);
    EXPECT_OK(certificate_write_pfx(c, "right", &pfx, &err));
    EXPECT_FAILS(certificate_read_pfx(text(&pfx), "wrong", &back, &err), ERR_DENIED);
    EXPECT(strstr(err.text, "password does not open"));
    EXPECT_FAILS(certificate_read_pfx(text(&pfx), NULL, &back, &err), ERR_DENIED);
    EXPECT(strstr(err.text, "needs a password"));
    EXPECT_FAILS(certificate_read_pfx(STR("not a file"), NULL, &back, &err), ERR_INVALID);
    EXPECT_FAILS(certificate_read_pfx((struct str){"", 0}, NULL, &back, &err), ERR_INVALID);
    EXPECT(back == NULL);
}

TEST(a_key_of_another_certificate_is_refused)
{
    CLEANUP(certificate_freep) struct certificate *c = fresh(NULL), *other = fresh(NULL);
    CLEANUP(buf_done) struct buf pem = BUF_INIT(64 * KiB), key = BUF_INIT(64 * KiB);
    struct certificate *back = NULL;
    struct error err = {0};

    certificate_write_pem(c, &pem);
    certificate_write_key(other, &key);
    EXPECT_FAILS(certificate_read_pem(text(&pem), text(&key), &back, &err), ERR_INVALID);
    EXPECT(strstr(err.text, "does not belong"));
    EXPECT_FAILS(certificate_read_pem(text(&key), text(&key), &back, &err), ERR_INVALID);
    EXPECT(strstr(err.text, "no PEM certificate"));
    EXPECT_FAILS(certificate_read_pem(text(&pem), text(&pem), &back, &err), ERR_INVALID);
    EXPECT(strstr(err.text, "no PEM private key"));
}

TEST(a_damaged_pfx_is_refused_at_every_byte)
{
    CLEANUP(certificate_freep) struct certificate *c = fresh(NULL);
    CLEANUP(buf_done) struct buf pfx = BUF_INIT(64 * KiB);
    struct error err = {0};

    EXPECT_OK(certificate_write_pfx(c, "p", &pfx, &err));
    for (size_t i = 40; i < pfx.n; i += 211) { /* the first bytes hold lengths and counts */
        struct certificate *back = NULL;
        pfx.p[i] ^= 1;
        EXPECT(certificate_read_pfx(text(&pfx), "p", &back, &err) < 0);
        pfx.p[i] ^= 1;
        struct str half = {pfx.p, i};
        EXPECT(certificate_read_pfx(half, "p", &back, &err) < 0);
    }
}

TEST(a_host_name_that_would_be_syntax_is_refused)
{
    struct certificate *c = NULL;
    struct error err = {0};

    EXPECT_FAILS(certificate_new("x", "a,DNS:b", NOW, &c, &err), ERR_INTERNAL);
    EXPECT(c == NULL);
}
