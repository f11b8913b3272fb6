/* certificate_file.c - see certificate_file.h. The form is found by trying: PEM has its lines, DER
 * is a certificate, everything else must be PKCS #12. */
#include "crypt/certificate_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "crypt/certificate_priv.h"

struct loaded {
    const char *format;
    X509 *own;
    EVP_PKEY *key; /* NULL: none */
    STACK_OF(X509) * chain;
};

static void loaded_done(struct loaded *l)
{
    X509_free(l->own);
    EVP_PKEY_free(l->key);
    sk_X509_pop_free(l->chain, X509_free);
}
static void bio_freep(BIO **p) { BIO_free(*p); }

static BIO *reader(struct str data)
{
    BIO *in = BIO_new_mem_buf(data.p, (int)data.n);

    ASSERT(in != NULL);
    return in;
}

/* ---- PEM ---- */

struct asked {
    const char *password;
    bool encrypted;
};

static int give_password(char *out, int size, int writing, void *ctx)
{
    struct asked *a = ctx;
    size_t n = a->password ? strlen(a->password) : 0;

    (void)writing;
    a->encrypted = true;
    if (n == 0 || n > (size_t)size) return -1;
    memcpy(out, a->password, n);
    return (int)n;
}

static int read_pem_key(struct str data, struct asked *asked, EVP_PKEY **ret, struct error *e)
{
    CLEANUP(bio_freep) BIO *in = reader(data);

    *ret = PEM_read_bio_PrivateKey(in, NULL, give_password, asked);
    ERR_clear_error();
    if (*ret || !asked->encrypted) return 0;
    return fail(e, ERR_DENIED, "%s",
                str_blank(asked->password) ? "the private key needs a password"
                                           : "the password does not open the private key");
}

static int read_pem(struct str data, const char *password, struct loaded *l, struct error *e)
{
    CLEANUP(bio_freep) BIO *in = reader(data);
    struct asked asked = {password, false};
    X509 *x;

    l->format = "Pem";
    l->chain = sk_X509_new_null();
    ASSERT(l->chain != NULL);
    if (read_pem_key(data, &asked, &l->key, e) < 0) return -1;
    while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        bool own = l->own == NULL && (l->key == NULL || X509_check_private_key(x, l->key) == 1);
        if (own) l->own = x;
        else ASSERT(sk_X509_push(l->chain, x) > 0);
    }
    ERR_clear_error();
    if (l->own) return 0;
    if (sk_X509_num(l->chain) == 0)
        return fail(e, ERR_INVALID, "there is no certificate in the PEM file");
    return fail(e, ERR_INVALID, "the private key belongs to none of the certificates");
}

/* ---- any ---- */

static int load(struct str data, const char *password, struct loaded *l, struct error *e)
{
    const unsigned char *at = (const unsigned char *)data.p;

    *l = (struct loaded){0};
    if (data.n == 0 || data.n > 16 * MiB)
        return fail(e, ERR_INVALID, "a certificate file has 1 byte to 16 MiB");
    if (memmem(data.p, data.n, "-----BEGIN ", 11)) return read_pem(data, password, l, e);
    l->own = d2i_X509(NULL, &at, (long)data.n);
    ERR_clear_error();
    if (l->own) {
        l->format = "Der";
        return 0;
    }
    l->format = "Pkcs12";
    if (certificate_open_pfx(data, password, &l->own, &l->key, &l->chain, e) < 0) return -1;
    if (l->own) return 0;
    if (l->chain && sk_X509_num(l->chain)) l->own = sk_X509_shift(l->chain);
    return l->own ? 0 : fail(e, ERR_INVALID, "there is no certificate in the PFX file");
}

/* ---- facts ---- */

static const char *collected(BIO *from, struct arena *a)
{
    char *data;
    long n = BIO_get_mem_data(from, &data);

    return arena_strndup(a, data, n > 0 ? (size_t)n : 0);
}

static const char *name_text(const X509_NAME *name, struct arena *a)
{
    CLEANUP(bio_freep) BIO *to = BIO_new(BIO_s_mem());

    ASSERT(to != NULL);
    X509_NAME_print_ex(to, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return collected(to, a);
}

/* The first of its kind in the name, "" when there is none. */
static const char *name_part(const X509_NAME *name, int nid, struct arena *a)
{
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    unsigned char *text = NULL;

    if (at < 0) return "";
    int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    const char *part = n > 0 ? arena_strndup(a, (char *)text, (size_t)n) : "";
    OPENSSL_free(text);
    return part;
}

static const char *serial_text(const X509 *x, struct arena *a)
{
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    char *hex = n ? BN_bn2hex(n) : NULL;
    const char *text = arena_strdup(a, hex ? hex : "");

    OPENSSL_free(hex);
    BN_free(n);
    return text;
}

static struct certificate_entry entry(const X509 *x, struct arena *a)
{
    struct certificate_entry one = {.subject = name_text(X509_get_subject_name(x), a),
                                    .issuer = name_text(X509_get_issuer_name(x), a),
                                    .serial = serial_text(x, a),
                                    .version = (int)X509_get_version(x) + 1};

    certificate_facts_of(x, &one.facts);
    return one;
}

static void read_alternatives(const X509 *x, struct arena *a, struct certificate_file *f)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    int n = names ? sk_GENERAL_NAME_num(names) : 0;
    const char **list = ARENA_NEW(a, const char *, (size_t)n + 1);

    for (int i = 0; i < n; i++) {
        CLEANUP(bio_freep) BIO *to = BIO_new(BIO_s_mem());
        ASSERT(to != NULL);
        GENERAL_NAME_print(to, sk_GENERAL_NAME_value(names, i));
        list[f->n_alternative_names++] = collected(to, a);
    }
    GENERAL_NAMES_free(names);
    f->alternative_names = list;
}

static void describe(const struct loaded *l, struct arena *a, struct certificate_file *f)
{
    const X509_NAME *subject = X509_get_subject_name(l->own),
                    *issuer = X509_get_issuer_name(l->own);
    int n = l->chain ? sk_X509_num(l->chain) : 0;

    *f = (struct certificate_file){
        .format = l->format,
        .has_key = l->key != NULL,
        .self_signed = X509_NAME_cmp(subject, issuer) == 0,
        .own = entry(l->own, a),
        .subject_name = name_part(subject, NID_commonName, a),
        .subject_organization = name_part(subject, NID_organizationName, a),
        .issuer_name = name_part(issuer, NID_commonName, a),
        .issuer_organization = name_part(issuer, NID_organizationName, a)};
    read_alternatives(l->own, a, f);
    f->chain = ARENA_NEW(a, struct certificate_entry, (size_t)n + 1);
    for (int i = 0; i < n; i++) f->chain[f->n_chain++] = entry(sk_X509_value(l->chain, i), a);
    ERR_clear_error();
}

int certificate_file_read(struct str data, const char *password, struct arena *a,
                          struct certificate_file *ret, struct error *e)
{
    CLEANUP(loaded_done) struct loaded l;

    if (load(data, password, &l, e) < 0) return -1;
    describe(&l, a, ret);
    return 0;
}

/* ---- another form ---- */

static void collect(BIO *from, struct buf *out)
{
    char *data;
    long n = BIO_get_mem_data(from, &data);

    if (n > 0) buf_add(out, data, (size_t)n);
}

static int to_pem(const struct loaded *l, const struct certificate_form *form, struct buf *out,
                  struct error *e)
{
    CLEANUP(bio_freep) BIO *to = BIO_new(BIO_s_secmem());
    bool ok = to != NULL;

    if (form->with_key && l->key == NULL)
        return fail(e, ERR_INVALID, "the certificate has no private key");
    if (form->part != CERTIFICATE_CHAIN_ONLY) ok = ok && PEM_write_bio_X509(to, l->own) == 1;
    for (int i = 0; form->part != CERTIFICATE_OWN && l->chain && i < sk_X509_num(l->chain); i++)
        ok = ok && PEM_write_bio_X509(to, sk_X509_value(l->chain, i)) == 1;
    if (form->with_key)
        ok = ok && PEM_write_bio_PKCS8PrivateKey(to, l->key, NULL, NULL, 0, NULL, NULL) == 1;
    if (!ok) return fail(e, ERR_INTERNAL, "write a PEM file: %s", certificate_reason());
    collect(to, out);
    return 0;
}

static int to_der(const struct loaded *l, struct buf *out, struct error *e)
{
    unsigned char *der = NULL;
    int n = i2d_X509(l->own, &der);

    if (n <= 0) return fail(e, ERR_INTERNAL, "write a DER file: %s", certificate_reason());
    buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    return 0;
}

static int to_pfx(const struct loaded *l, const char *password, struct buf *out, struct error *e)
{
    unsigned char *der = NULL;

    if (l->key && str_blank(password))
        return fail(e, ERR_INVALID, "a PFX file with a private key needs a password");
    PKCS12 *p12 = PKCS12_create(password ? password : "", NULL, l->key, l->own, l->chain,
                                NID_aes_256_cbc, NID_aes_256_cbc, 100000, 100000, 0);
    int n = p12 ? i2d_PKCS12(p12, &der) : -1;
    PKCS12_free(p12);
    if (n <= 0) return fail(e, ERR_INTERNAL, "write a PFX file: %s", certificate_reason());
    buf_add(out, der, (size_t)n);
    OPENSSL_clear_free(der, (size_t)n);
    return 0;
}

int certificate_file_convert(struct str data, const char *password,
                             const struct certificate_form *form, struct buf *out, struct error *e)
{
    CLEANUP(loaded_done) struct loaded l;

    if (load(data, password, &l, e) < 0) return -1;
    if (strcmp(form->format, "Pem") == 0) return to_pem(&l, form, out, e);
    if (strcmp(form->format, "Der") == 0) return to_der(&l, out, e);
    return to_pfx(&l, form->new_password, out, e);
}
