/* certificate.c - see certificate.h: making, PEM, DER and facts.
 *
 * What is made looks like what the agents make: version 3, issuer = subject, RSA 2048, SHA-256, a
 * random positive serial number of 63 bits, valid from yesterday for 100 years. */
#include "crypt/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "crypt/certificate_priv.h"

#define DAY_S 86400
#define YEARS 100

static void x509_freep(X509 **p) { X509_free(*p); }
static void key_freep(EVP_PKEY **p) { EVP_PKEY_free(*p); }
static void bio_freep(BIO **p) { BIO_free(*p); }

const char *certificate_reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    return text ? text : "unknown reason";
}

void certificate_free(struct certificate *c)
{
    if (c == NULL) return;
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    free(c);
}

void certificate_freep(struct certificate **c)
{
    certificate_free(*c);
    *c = NULL;
}

int certificate_join(X509 *x509, EVP_PKEY *key, const char *what, struct certificate **ret,
                     struct error *e)
{
    CLEANUP(certificate_freep) struct certificate *c = xcalloc(1, sizeof(*c));

    c->x509 = x509;
    c->key = key;
    int kind = EVP_PKEY_get_base_id(key);
    if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC)
        return fail(e, ERR_INVALID, "%s: its key is of the kind %s, want RSA or EC", what,
                    EVP_PKEY_get0_type_name(key));
    if (X509_check_private_key(x509, key) != 1) {
        ERR_clear_error();
        return fail(e, ERR_INVALID, "%s: the private key does not belong to the certificate", what);
    }
    *ret = TAKE(c);
    return 0;
}

/* ---- making ---- */

static bool set_serial(X509 *x)
{
    uint64_t n;

    rand_bytes(&n, sizeof(n));
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), (n >> 1) | 1) == 1;
}

static bool set_dates(X509 *x, int64_t now_ms)
{
    time_t day = (time_t)(now_ms / 1000 / DAY_S - 1) * DAY_S, now = (time_t)(now_ms / 1000);
    struct tm end;

    if (gmtime_r(&now, &end) == NULL) return false;
    end.tm_year += YEARS;
    return ASN1_TIME_set(X509_getm_notBefore(x), day) &&
           ASN1_TIME_set(X509_getm_notAfter(x), timegm(&end));
}

static bool add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool ok = extension && X509_add_ext(x, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return ok;
}

/* Browsers compare the alternative names and ask for the purpose. */
static bool set_host(X509 *x, const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    bool ip = inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
    CLEANUP(freep) char *name = xasprintf("%s:%s", ip ? "IP" : "DNS", host);

    if (strpbrk(host, ",\n\\")) return false; /* would be syntax there */
    return add_extension(x, NID_subject_alt_name, name) &&
           add_extension(x, NID_ext_key_usage, "serverAuth");
}

static bool fill(X509 *x, EVP_PKEY *key, const char *name, const char *host, int64_t now_ms)
{
    X509_NAME *subject = X509_get_subject_name(x);

    return X509_set_version(x, X509_VERSION_3) && set_serial(x) && set_dates(x, now_ms) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                                      -1, 0) &&
           X509_set_issuer_name(x, subject) && X509_set_pubkey(x, key) &&
           (host == NULL || set_host(x, host)) && X509_sign(x, key, EVP_sha256());
}

int certificate_new(const char *name, const char *host, int64_t now_ms, struct certificate **ret,
                    struct error *e)
{
    CLEANUP(key_freep) EVP_PKEY *key = EVP_RSA_gen(2048);
    CLEANUP(x509_freep) X509 *x = X509_new();

    if (key == NULL || x == NULL || !fill(x, key, name, host, now_ms))
        return fail(e, ERR_INTERNAL, "make a certificate for \"%s\": %s", host ? host : name,
                    certificate_reason());
    return certificate_join(TAKE(x), TAKE(key), "the new certificate", ret, e);
}

/* ---- PEM and DER ---- */

static BIO *reader(struct str text)
{
    BIO *in = BIO_new_mem_buf(text.p, (int)text.n);

    ASSERT(in != NULL);
    return in;
}

static int read_x509(struct str pem, X509 **ret, struct error *e)
{
    CLEANUP(bio_freep) BIO *in = reader(pem);

    *ret = PEM_read_bio_X509(in, NULL, NULL, NULL);
    if (*ret) return 0;
    return fail(e, ERR_INVALID, "no PEM certificate (-----BEGIN CERTIFICATE-----): %s",
                certificate_reason());
}

/* A key under a password is refused: nobody is asked for one. */
static int no_password(char *out, int size, int writing, void *ctx)
{
    *(bool *)ctx = true;
    return -1;
}

static int read_key(struct str pem, EVP_PKEY **ret, struct error *e)
{
    CLEANUP(bio_freep) BIO *in = reader(pem);
    bool encrypted = false;

    *ret = PEM_read_bio_PrivateKey(in, NULL, no_password, &encrypted);
    if (*ret) return 0;
    const char *why = certificate_reason();
    if (encrypted)
        return fail(e, ERR_INVALID, "the PEM key is encrypted: openssl pkey -in KEY -out PLAIN");
    return fail(e, ERR_INVALID, "no PEM private key (-----BEGIN PRIVATE KEY-----): %s", why);
}

int certificate_read_pem(struct str chain, struct str key_text, struct certificate **ret,
                         struct error *e)
{
    CLEANUP(x509_freep) X509 *x = NULL;
    CLEANUP(key_freep) EVP_PKEY *key = NULL;

    if (read_x509(chain, &x, e) < 0 || read_key(key_text, &key, e) < 0) return -1;
    return certificate_join(TAKE(x), TAKE(key), "the PEM pair", ret, e);
}

/* Moves what was written into ${out}. */
static void collect(BIO *from, struct buf *out)
{
    char *data;
    long n = BIO_get_mem_data(from, &data);

    buf_add(out, data, (size_t)n);
}

static BIO *writer(const BIO_METHOD *kind)
{
    BIO *out = BIO_new(kind);

    ASSERT(out != NULL);
    return out;
}

void certificate_write_pem(const struct certificate *c, struct buf *out)
{
    CLEANUP(bio_freep) BIO *to = writer(BIO_s_mem());

    ASSERT(PEM_write_bio_X509(to, c->x509) == 1);
    collect(to, out);
}

void certificate_write_key(const struct certificate *c, struct buf *out)
{
    CLEANUP(bio_freep) BIO *to = writer(BIO_s_secmem()); /* wiped when it is freed */

    ASSERT(PEM_write_bio_PKCS8PrivateKey(to, c->key, NULL, NULL, 0, NULL, NULL) == 1);
    collect(to, out);
}

static void write_der(X509 *x, struct buf *out)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);

    ASSERT(n > 0);
    buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
}

void certificate_write_der(const struct certificate *c, struct buf *out)
{
    write_der(c->x509, out);
}

/* ---- facts ---- */

static void fingerprint(const X509 *x, const EVP_MD *by, char *out)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n;

    ASSERT(X509_digest(x, by, raw, &n) == 1);
    for (unsigned i = 0; i < n; i++) snprintf(out + (size_t)2 * i, 3, "%02X", raw[i]);
}

static int64_t time_of(const ASN1_TIME *t)
{
    struct tm tm = {0};

    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

static void name_algorithm(const X509 *x, char *out, size_t size)
{
    int digest = NID_undef, key = NID_undef;

    if (X509_get_signature_info((X509 *)(uintptr_t)x, &digest, &key, NULL, NULL) != 1 ||
        digest == NID_undef) {
        snprintf(out, size, "%s", OBJ_nid2sn(X509_get_signature_nid(x)));
        return;
    }
    snprintf(out, size, "%s%s", OBJ_nid2sn(digest),
             key == NID_rsaEncryption          ? "RSA"
             : key == NID_X9_62_id_ecPublicKey ? "ECDSA"
                                               : OBJ_nid2sn(key));
    for (char *p = out; *p && *p >= 'A' && *p <= 'Z'; p++) *p = (char)(*p + ('a' - 'A'));
}

static void name_subject(const X509 *x, char *out, size_t size)
{
    CLEANUP(bio_freep) BIO *to = writer(BIO_s_mem());
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);

    X509_NAME_print_ex(to, X509_get_subject_name(x), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    collect(to, &text);
    snprintf(out, size, "%s", buf_str(&text));
}

void certificate_facts_of(const X509 *x, struct certificate_facts *ret)
{
    EVP_PKEY *key = X509_get0_pubkey(x);

    *ret = (struct certificate_facts){.key_bits = key ? EVP_PKEY_get_bits(key) : 0,
                                      .is_rsa = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA,
                                      .not_before = time_of(X509_get0_notBefore(x)),
                                      .not_after = time_of(X509_get0_notAfter(x))};
    fingerprint(x, EVP_sha1(), ret->thumbprint);
    fingerprint(x, EVP_sha256(), ret->sha256);
    name_subject(x, ret->subject, sizeof(ret->subject));
    name_algorithm(x, ret->signature_algorithm, sizeof(ret->signature_algorithm));
    ERR_clear_error();
}

void certificate_describe(const struct certificate *c, struct certificate_facts *ret)
{
    certificate_facts_of(c->x509, ret);
}

int certificate_describe_pem(struct str pem, struct certificate_facts *ret, struct buf *der,
                             struct error *e)
{
    CLEANUP(x509_freep) X509 *x = NULL;

    if (read_x509(pem, &x, e) < 0) return -1;
    certificate_facts_of(x, ret);
    if (der) write_der(x, der);
    return 0;
}

bool thumbprint_valid(const char *s)
{
    return strlen(s) == THUMBPRINT_SIZE - 1 &&
           strspn(s, "0123456789abcdefABCDEF") == THUMBPRINT_SIZE - 1;
}
