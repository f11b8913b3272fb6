/* certificate_file.c - uploaded certificate files: what they hold and their other forms. The files
 * are those of tests/data/certificates. */
#include "crypt/certificate_file.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/tap.h"

static void read_file(const char *name, struct buf *out)
{
    CLEANUP(freep) char *path = xasprintf("tests/data/certificates/%s", name);
    FILE *f = fopen(path, "rb");
    char part[4096];
    size_t n;

    EXPECT(f != NULL);
    while ((n = fread(part, 1, sizeof(part), f)) > 0) buf_add(out, part, n);
    EXPECT_INT(fclose(f), 0);
}

static int inspect(const char *name, const char *password, struct arena *a,
                   struct certificate_file *ret, struct error *e)
{
    CLEANUP(buf_done) struct buf data = BUF_INIT(BUF_UNBOUNDED);

    read_file(name, &data);
    return certificate_file_read((struct str){buf_str(&data), data.n}, password, a, ret, e);
}

TEST(the_same_certificate_is_read_from_pem_and_pfx)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct certificate_file pem, pfx;
    struct error err = {0};

    EXPECT_OK(inspect("chain.pem", NULL, &a, &pem, &err));
    EXPECT_OK(inspect("leaf.pfx", "pw", &a, &pfx, &err));
    EXPECT_STR(pem.format, "Pem");
    EXPECT_STR(pfx.format, "Pkcs12");
    EXPECT_STR(pem.own.facts.thumbprint, pfx.own.facts.thumbprint);
    EXPECT_STR(pem.subject_name, "www.example.test");
    EXPECT_STR(pem.issuer_name, "Example Root");
    EXPECT(pem.has_key && pfx.has_key && !pem.self_signed);
    EXPECT_INT(pem.n_chain, 1);
    EXPECT_INT(pfx.n_chain, 1);
    EXPECT_INT(pem.n_alternative_names, 2);
}

TEST(der_is_a_certificate_alone)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct certificate_file der;
    struct error err = {0};

    EXPECT_OK(inspect("root.cer", NULL, &a, &der, &err));
    EXPECT_STR(der.format, "Der");
    EXPECT(der.self_signed && !der.has_key);
    EXPECT_INT(der.own.version, 3);
}

TEST(a_wrong_or_missing_password_is_told_from_a_file_that_is_none)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct certificate_file f;
    struct error err = {0};

    EXPECT_FAILS(inspect("leaf.pfx", NULL, &a, &f, &err), ERR_DENIED);
    EXPECT_FAILS(inspect("leaf.pfx", "no", &a, &f, &err), ERR_DENIED);
    EXPECT_FAILS(certificate_file_read(str_of("hello"), NULL, &a, &f, &err), ERR_INVALID);
    EXPECT_FAILS(certificate_file_read(str_of(""), NULL, &a, &f, &err), ERR_INVALID);
    EXPECT_FAILS(
        certificate_file_read(str_of("-----BEGIN CERTIFICATE-----\nx\n"), NULL, &a, &f, &err),
        ERR_INVALID);
}

TEST(a_key_leaves_a_file_only_when_it_is_asked_for_and_never_as_pfx_without_password)
{
    CLEANUP(buf_done) struct buf data = BUF_INIT(BUF_UNBOUNDED);
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    struct certificate_form form = {.format = "Pem"};
    struct error err = {0};

    read_file("chain.pem", &data);
    struct str file = {buf_str(&data), data.n};
    EXPECT_OK(certificate_file_convert(file, NULL, &form, &out, &err));
    EXPECT(strstr(buf_str(&out), "PRIVATE KEY") == NULL);
    form.with_key = true;
    EXPECT_OK(certificate_file_convert(file, NULL, &form, &out, &err));
    EXPECT(strstr(buf_str(&out), "PRIVATE KEY") != NULL);
    form.format = "Pkcs12";
    EXPECT_FAILS(certificate_file_convert(file, NULL, &form, &out, &err), ERR_INVALID);
}
