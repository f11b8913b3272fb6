/* certificate_priv.h - what the files of certificate.h share; for src/crypt only. */
#ifndef CRYPT_CERTIFICATE_PRIV_H
#define CRYPT_CERTIFICATE_PRIV_H
#include <openssl/x509.h>

#include "crypt/certificate.h"

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

/** Makes one of both, which it takes over also when it fails. ERR_INVALID: they do not belong
 * together, or the key is of a kind that agents do not know; ${what} names the source. */
int certificate_join(X509 *x509, EVP_PKEY *key, const char *what, struct certificate **ret,
                     struct error *e) MUST_USE;
/** Opens a PKCS #12 file: its certificate, its key and (unless ${chain} is NULL) the others in it;
 * NULL where it has none. The caller frees them. ERR_DENIED: the password; ERR_INVALID. */
int certificate_open_pfx(struct str pfx, const char *password, X509 **x, EVP_PKEY **key,
                         STACK_OF(X509) * *chain, struct error *e) MUST_USE;
void certificate_facts_of(const X509 *x, struct certificate_facts *ret);
/** The reason of OpenSSL's last error, which is cleared; never NULL. */
const char *certificate_reason(void);
#endif
