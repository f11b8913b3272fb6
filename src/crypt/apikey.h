/* apikey.h - API keys: "API-" and 32 characters of base32 (160 random bits), stored as SHA-256
 * only. Any thread. */
#ifndef CRYPT_APIKEY_H
#define CRYPT_APIKEY_H
#include <stdbool.h>

#include "base/lang.h"

#define APIKEY_SIZE 37 /* "API-", 32 characters, NUL */
#define APIKEY_HINT_SIZE 12
#define HASH_TEXT_SIZE 65 /* 64 hexadecimal digits and NUL */

const char *apikey_new(char ret[APIKEY_SIZE]);
/** True for "API-" and 16-124 capital letters and digits: keys made elsewhere are taken over too.
 */
bool apikey_valid(const char *key);
/** Lower-case hexadecimal SHA-256 of the text. */
const char *apikey_hash(const char *key, char ret[HASH_TEXT_SIZE]);
/** Compares two hashes in a time that does not depend on where they differ. */
bool apikey_hash_same(const char *a, const char *b);
/** "API-ABCD..." of ${key}: the first characters, for lists. */
const char *apikey_hint(const char *key, char ret[APIKEY_HINT_SIZE]);
/** Lower-case hexadecimal SHA-256 of ${n} bytes. */
const char *hash_text(const void *data, size_t n, char ret[HASH_TEXT_SIZE]);
#endif
