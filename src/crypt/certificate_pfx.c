/* certificate_pfx.c - certificates as PKCS #12 ("PFX"), see certificate.h.
 *
 * "No password" has two forms, the empty one and none at all: both are tried. Files of older
 * programs encrypt with RC2 or 3DES by a derivation that OpenSSL 3 keeps in its legacy provider;
 * that is loaded when the file needs it. */
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <string.h>

#include "crypt/certificate_priv.h"

#define ROUNDS 100000 /* of the key derivation, against guessing the password of a stolen file */

static void pkcs12_freep(PKCS12 **p) { PKCS12_free(*p); }

/* Finds the form of the password that the file was sealed with; false: none. */
static bool check_password(PKCS12 *p12, const char **password)
{
    bool absent = *password == NULL || **password == '\0';

    if (!absent || !PKCS12_mac_present(p12))
        return !PKCS12_mac_present(p12) || PKCS12_verify_mac(p12, *password, -1) == 1;
    *password = NULL;
    if (PKCS12_verify_mac(p12, NULL, 0) == 1) return true;
    *password = "";
    return PKCS12_verify_mac(p12, "", 0) == 1;
}

/* Does the error say that an algorithm is not there? */
static bool needs_legacy(void)
{
    for (unsigned long code; (code = ERR_get_error()) != 0;)
        if (ERR_GET_REASON(code) == ERR_R_UNSUPPORTED || ERR_GET_LIB(code) == ERR_LIB_EVP ||
            (ERR_GET_LIB(code) == ERR_LIB_PKCS12 &&
             ERR_GET_REASON(code) == PKCS12_R_UNKNOWN_DIGEST_ALGORITHM))
            return true;
    return false;
}

static int open_file(PKCS12 *p12, const char *password, EVP_PKEY **key, X509 **x,
                     STACK_OF(X509) * *chain, struct error *e)
{
    if (PKCS12_parse(p12, password, key, x, chain) == 1) return 0;
    if (!needs_legacy()) return fail(e, ERR_INVALID, "the PFX file cannot be read: it is damaged");
    OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
    if (legacy == NULL) {
        ERR_clear_error();
        return fail(e, ERR_INVALID,
                    "the PFX file is encrypted by an old algorithm (RC2 or 3DES) and OpenSSL's "
                    "legacy provider is not installed (Debian 13: package "
                    "openssl-provider-legacy); or write the file again with AES: openssl pkcs12 "
                    "-legacy -in OLD -nodes | openssl pkcs12 -export -out NEW");
    }
    int read = PKCS12_parse(p12, password, key, x, chain);
    OSSL_PROVIDER_unload(legacy);
    if (read == 1) return 0;
    return fail(e, ERR_INVALID, "the PFX file cannot be read: %s", certificate_reason());
}

int certificate_open_pfx(struct str pfx, const char *password, X509 **x, EVP_PKEY **key,
                         STACK_OF(X509) * *chain, struct error *e)
{
    const unsigned char *at = (const unsigned char *)pfx.p;
    CLEANUP(pkcs12_freep) PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)pfx.n);

    ERR_clear_error();
    if (p12 == NULL) return fail(e, ERR_INVALID, "the file is no PFX (PKCS #12)");
    bool given = password && *password;
    bool fits = check_password(p12, &password);
    ERR_clear_error();
    if (!fits && given) return fail(e, ERR_DENIED, "the password does not open the PFX file");
    if (!fits) return fail(e, ERR_DENIED, "the PFX file needs a password");
    return open_file(p12, password, key, x, chain, e);
}

int certificate_read_pfx(struct str pfx, const char *password, struct certificate **ret,
                         struct error *e)
{
    EVP_PKEY *key = NULL;
    X509 *x = NULL;

    if (certificate_open_pfx(pfx, password, &x, &key, NULL, e) < 0) return -1;
    if (key && x) return certificate_join(x, key, "the PFX file", ret, e);
    bool no_key = key == NULL;
    EVP_PKEY_free(key);
    X509_free(x);
    return fail(e, ERR_INVALID, "the PFX file holds no %s",
                no_key ? "private key with its certificate" : "certificate for its private key");
}

int certificate_write_pfx(const struct certificate *c, const char *password, struct buf *out,
                          struct error *e)
{
    unsigned char *der = NULL;

    if (str_blank(password)) return fail(e, ERR_INVALID, "a PFX file with a key needs a password");
    CLEANUP(pkcs12_freep)
    PKCS12 *p12 = PKCS12_create(password, NULL, c->key, c->x509, NULL, NID_aes_256_cbc,
                                NID_aes_256_cbc, ROUNDS, ROUNDS, 0);
    int n = p12 ? i2d_PKCS12(p12, &der) : -1;
    if (n <= 0) return fail(e, ERR_INTERNAL, "write a PFX file: %s", certificate_reason());
    buf_add(out, der, (size_t)n);
    OPENSSL_free(der);
    return 0;
}
