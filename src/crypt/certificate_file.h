/* certificate_file.h - what is in a certificate file that somebody uploads: PFX, PEM or DER, with
 * or without a key, with or without the certificates above it; and the same in another form.
 *
 * Nothing is checked that has to do with trust. Texts live in the arena given. Any thread. */
#ifndef CRYPT_CERTIFICATE_FILE_H
#define CRYPT_CERTIFICATE_FILE_H
#include "base/arena.h"
#include "crypt/certificate.h"

struct certificate_entry {
    struct certificate_facts facts; /* its subject may be cut; the one below is whole */
    const char *subject, *issuer;   /* "CN=www.test,O=Test" */
    const char *serial;             /* upper-case hexadecimal */
    int version;                    /* 3 */
};
struct certificate_file {
    const char *format; /* "Pkcs12", "Pem" or "Der" */
    bool has_key, self_signed;
    struct certificate_entry own; /* the one that the key belongs to; the first without a key */
    const char *subject_name, *subject_organization, *issuer_name, *issuer_organization; /* "" */
    const char *const *alternative_names;
    size_t n_alternative_names;
    struct certificate_entry *chain; /* the others, as they stand in the file */
    size_t n_chain;
};
/** Reads ${data}; ${password} opens a PFX or an encrypted PEM key, NULL when there is none.
 * ERR_DENIED: the password is wrong or missing; ERR_INVALID: what it is not. */
int certificate_file_read(struct str data, const char *password, struct arena *a,
                          struct certificate_file *ret, struct error *e) MUST_USE;

enum certificate_part { CERTIFICATE_OWN, CERTIFICATE_AND_CHAIN, CERTIFICATE_CHAIN_ONLY };
struct certificate_form {
    const char *format;         /* as above */
    bool with_key;              /* Pem: the key too; Pkcs12 has it in any case */
    const char *new_password;   /* of a Pkcs12; NULL or "" is refused when there is a key */
    enum certificate_part part; /* of a Pem */
};
/** Appends the file in another form: to memory that is wiped where a key may be in it. */
int certificate_file_convert(struct str data, const char *password,
                             const struct certificate_form *form, struct buf *out,
                             struct error *e) MUST_USE;
#endif
