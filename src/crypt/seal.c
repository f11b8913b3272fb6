/* seal.c - see seal.h. Nonces are 192 random bits: two never meet, so one key may seal without
 * counting. */
#include "crypt/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/str.h"

enum {
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    FORM_LENGTH = sizeof(SEAL_FORM) - 1,
    HEAD = FORM_LENGTH + SECRET_KEY_ID_SIZE, /* form, id of the key, colon */
    BODY_MIN = (NONCE + TAG + 2) / 3 * 4     /* base64 of an empty value */
};

bool seal_is(const char *s)
{
    return s && strncmp(s, SEAL_FORM, FORM_LENGTH) == 0 &&
           strspn(s + FORM_LENGTH, "0123456789abcdef") == SECRET_KEY_ID_SIZE - 1 &&
           s[HEAD - 1] == ':';
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

size_t seal_find(const char *text, size_t *at)
{
    const char *found = text + *at;

    while ((found = strstr(found, SEAL_FORM)) != NULL) {
        size_t n = HEAD;
        while (seal_is(found) && is_base64(found[n])) n++;
        if (n >= HEAD + BODY_MIN) {
            *at = (size_t)(found - text);
            return n;
        }
        found += FORM_LENGTH;
    }
    return 0;
}

char *seal_text(const struct secret_key *key, const void *plain, size_t n)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(BUF_UNBOUNDED);
    struct buf text = BUF_INIT(BUF_UNBOUNDED);
    unsigned char *at = (unsigned char *)buf_reserve(&box, size_add(n, NONCE + TAG));
    char id[SECRET_KEY_ID_SIZE];

    buf_addf(&text, SEAL_FORM "%s:", secret_key_id(key, id));
    randombytes_buf(at, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        at + NONCE, NULL, plain, n, (const unsigned char *)text.p, HEAD, NULL, at, key->bytes);
    base64_encode(&text, at, NONCE + n + TAG);
    return buf_take(&text);
}

static int open_box(const struct secret_key *key, const char *head, const struct buf *box,
                    struct buf *out, struct error *e)
{
    const unsigned char *at = (const unsigned char *)box->p;
    size_t n = box->n - NONCE - TAG;

    if (out->n + n > out->max)
        return fail(e, ERR_TOO_LARGE, "a sealed value has %zu bytes, %zu are allowed", n, out->max);
    char *plain = buf_reserve(out, n);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)plain, NULL, NULL, at + NONCE,
                                                   box->n - NONCE, (const unsigned char *)head,
                                                   HEAD, at, key->bytes) != 0) {
        plain[0] = '\0';
        return fail(e, ERR_DENIED, "a sealed value was changed, or is sealed with another key");
    }
    out->n += n;
    out->p[out->n] = '\0';
    return 0;
}

int seal_open(const struct secret_key *key, const char *sealed, struct buf *out, struct error *e)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(BUF_UNBOUNDED);
    char id[SECRET_KEY_ID_SIZE];

    if (!seal_is(sealed) || !base64_decode(&box, sealed + HEAD, strlen(sealed) - HEAD) ||
        box.n < NONCE + TAG)
        return fail(e, ERR_CORRUPT, "not a sealed value of form v1");
    if (memcmp(sealed + FORM_LENGTH, secret_key_id(key, id), SECRET_KEY_ID_SIZE - 1) != 0)
        return fail(e, ERR_DENIED, "a sealed value needs the master key %.*s, this is %s",
                    SECRET_KEY_ID_SIZE - 1, sealed + FORM_LENGTH, id);
    return open_box(key, sealed, &box, out, e);
}
