/* secret_key.h - the master key, and the file that holds it: 44 characters of base64, mode 0600.
 * Any thread. */
#ifndef CRYPT_SECRET_KEY_H
#define CRYPT_SECRET_KEY_H
#include "base/error.h"

struct secret_key {
    unsigned char bytes[32];
};
#define SECRET_KEY_ID_SIZE 9
#define SECRET_KEY_TEXT_SIZE 45

/** A fresh random key. */
int secret_key_random(struct secret_key *ret, struct error *e) MUST_USE;
/** Reads the key file. ERR_NOT_FOUND: it is missing. ERR_DENIED: others may read it, the message
 * says how to mend that. ERR_CORRUPT: it holds no key. */
int secret_key_read(const char *path, struct secret_key *ret, struct error *e) MUST_USE;
/** Reads the key from text; ERR_CORRUPT names ${source}. */
int secret_key_parse(const char *text, const char *source, struct secret_key *ret,
                     struct error *e) MUST_USE;
/** Makes the file with ${key}, durably, whole or not at all. ERR_CONFLICT: there is one. */
int secret_key_store(const char *path, const struct secret_key *key, struct error *e) MUST_USE;
/** What stands in the file, without the end of the line. To be wiped by the caller. */
char *secret_key_text(const struct secret_key *key, char out[SECRET_KEY_TEXT_SIZE]);
/** Eight hexadecimal digits that tell one key from another and nothing else of it. */
char *secret_key_id(const struct secret_key *key, char out[SECRET_KEY_ID_SIZE]);
/** Overwrites the key; for CLEANUP. */
void secret_key_wipe(struct secret_key *key);
#endif
