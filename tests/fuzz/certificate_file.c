/* certificate_file.c (fuzz) - any bytes: refused with a sentence, or a certificate whose facts have
 * their shape and that can be written as PEM and read again as the same one. */
#include <string.h>

#include "crypt/certificate_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_entry(const struct certificate_entry *c)
{
    ASSERT(thumbprint_valid(c->facts.thumbprint) && c->subject && c->issuer && c->serial);
}

/* What was written by us reads as the same certificate. */
static void check_again(struct str file, const char *password, const char *thumbprint)
{
    static const struct certificate_form form = {.format = "Pem"};
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    CLEANUP(buf_done) struct buf pem = BUF_INIT(BUF_UNBOUNDED);
    struct certificate_file again;
    struct error e = {0};

    ASSERT(certificate_file_convert(file, password, &form, &pem, &e) == 0);
    struct str text = {buf_str(&pem), pem.n};
    ASSERT(certificate_file_read(text, NULL, &a, &again, &e) == 0);
    ASSERT(strcmp(again.own.facts.thumbprint, thumbprint) == 0 && !again.has_key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const passwords[] = {NULL, "pw"};
    struct str file = {(const char *)data, n};

    for (size_t i = 0; i < ARRAY_LEN(passwords); i++) {
        CLEANUP(arena_done) struct arena a = ARENA_INIT;
        struct certificate_file f;
        struct error e = {0};
        if (certificate_file_read(file, passwords[i], &a, &f, &e) < 0) {
            ASSERT((e.kind == ERR_INVALID || e.kind == ERR_DENIED) && e.text[0]);
            continue;
        }
        check_entry(&f.own);
        for (size_t k = 0; k < f.n_chain; k++) check_entry(&f.chain[k]);
        check_again(file, passwords[i], f.own.facts.thumbprint);
    }
    return 0;
}
