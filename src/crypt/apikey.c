/* apikey.c - see apikey.h. A key has 160 random bits, so a plain fast hash is enough to keep it:
 * nothing can be guessed. */
#include "crypt/apikey.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

const char *apikey_new(char ret[APIKEY_SIZE])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned char random[APIKEY_SIZE - 5];

    randombytes_buf(random, sizeof(random));
    memcpy(ret, "API-", 4);
    for (size_t i = 0; i < sizeof(random); i++) ret[4 + i] = alphabet[random[i] & 31];
    ret[APIKEY_SIZE - 1] = '\0';
    sodium_memzero(random, sizeof(random));
    return ret;
}

bool apikey_valid(const char *key)
{
    if (key == NULL || !str_starts(key, "API-")) return false;
    size_t n = strspn(key + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    return key[4 + n] == '\0' && n >= 16 && n <= 124;
}

const char *hash_text(const void *data, size_t n, char ret[HASH_TEXT_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, data, n);
    return sodium_bin2hex(ret, HASH_TEXT_SIZE, hash, sizeof(hash));
}

const char *apikey_hash(const char *key, char ret[HASH_TEXT_SIZE])
{
    return hash_text(key, strlen(key), ret);
}

bool apikey_hash_same(const char *a, const char *b)
{
    if (strlen(a) != HASH_TEXT_SIZE - 1 || strlen(b) != HASH_TEXT_SIZE - 1) return false;
    return sodium_memcmp(a, b, HASH_TEXT_SIZE - 1) == 0;
}

const char *apikey_hint(const char *key, char ret[APIKEY_HINT_SIZE])
{
    snprintf(ret, APIKEY_HINT_SIZE, "%.8s...", key);
    return ret;
}
