/* certificate.h - an X.509 certificate with its private key: made here, read from and written as
 * PFX or PEM. The home of OpenSSL's libcrypto.
 *
 * A thumbprint is the upper-case hexadecimal SHA-1 of the certificate's DER form: the protocol of
 * the agents fixes that. Any thread; one certificate may be read by several at once. */
#ifndef CRYPT_CERTIFICATE_H
#define CRYPT_CERTIFICATE_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

#define THUMBPRINT_SIZE 41 /* 40 digits and NUL */
struct certificate;
struct certificate_facts {
    char thumbprint[THUMBPRINT_SIZE];
    char sha256[65];              /* the same by SHA-256 */
    char subject[256];            /* "CN=Bobtail Server" */
    char signature_algorithm[64]; /* as .NET calls it: "sha256RSA", "sha256ECDSA" */
    int key_bits;
    bool is_rsa;                   /* otherwise an elliptic curve */
    int64_t not_before, not_after; /* UTC ms */
};

/** Makes a self-signed one with an RSA key of 2048 bits, valid from the day before ${now_ms} (UTC)
 * for 100 years: agents pin it and never look at its dates. ${host}: a DNS name or an address that
 * browsers compare, NULL for none; ${name} is the common name, at most 64 bytes. Takes some 100 ms
 * of processor time. */
int certificate_new(const char *name, const char *host, int64_t now_ms, struct certificate **ret,
                    struct error *e) MUST_USE;
void certificate_free(struct certificate *c); /* NULL is fine */
void certificate_freep(struct certificate **c);

/** Reads PKCS #12. ${password}: NULL when there is none. Old files (RC2, 3DES) need OpenSSL's
 * legacy provider. ERR_DENIED: the password is wrong; ERR_INVALID: no PFX, no key in it, a key that
 * does not fit or is neither RSA nor EC, or the provider is missing: the message says which. */
int certificate_read_pfx(struct str pfx, const char *password, struct certificate **ret,
                         struct error *e) MUST_USE;
/** Appends PKCS #12 (AES-256, SHA-256) under ${password}, which may not be empty. */
int certificate_write_pfx(const struct certificate *c, const char *password, struct buf *out,
                          struct error *e) MUST_USE;

/** Reads PEM: the first certificate of ${chain} (what follows is not looked at) and its key.
 * ERR_INVALID: what is wrong with which of the two, or that they do not belong together. */
int certificate_read_pem(struct str chain, struct str key, struct certificate **ret,
                         struct error *e) MUST_USE;
/** Appends the certificate as PEM, without the key. */
void certificate_write_pem(const struct certificate *c, struct buf *out);
/** Appends the private key as PEM (PKCS #8, not encrypted): for memory that is wiped. */
void certificate_write_key(const struct certificate *c, struct buf *out);
/** Appends the certificate in DER form, without the key. */
void certificate_write_der(const struct certificate *c, struct buf *out);

void certificate_describe(const struct certificate *c, struct certificate_facts *ret);
/** The facts and the DER form (unless ${der} is NULL) of a certificate whose key is not at hand.
 * ERR_INVALID: it is none. */
int certificate_describe_pem(struct str pem, struct certificate_facts *ret, struct buf *der,
                             struct error *e) MUST_USE;
/** True for 40 hexadecimal digits, in any case. */
bool thumbprint_valid(const char *s);
#endif
