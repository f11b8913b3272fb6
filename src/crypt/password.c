/* password.c - see password.h. The parameters are the smaller of the two sets that OWASP's password
 * storage page recommends for Argon2id; libsodium writes them into the text, so raising them later
 * leaves old texts valid. */
#include "crypt/password.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

enum { PASSES = 2, MEMORY = 19 * 1024 * 1024 };
_Static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "the text of a hash fits");

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

int password_hash(const char *password, char ret[PASSWORD_HASH_SIZE], struct error *e)
{
    size_t n = password ? strlen(password) : 0;

    if (n == 0) return fail_at(e, "Password", "the password is empty");
    if (n > PASSWORD_MAX)
        return fail_at(e, "Password", "the password has %zu bytes, %d are allowed", n,
                       PASSWORD_MAX);
    if (sodium_init() < 0) return fail(e, ERR_INTERNAL, "libsodium does not start");
    pthread_mutex_lock(&one_at_a_time);
    int r = crypto_pwhash_str_alg(ret, password, n, PASSES, MEMORY, crypto_pwhash_ALG_ARGON2ID13);
    pthread_mutex_unlock(&one_at_a_time);
    return r == 0 ? 0 : fail(e, ERR_INTERNAL, "no memory to hash the password");
}

/* A hash that no password has: its salt and result are zeroes. */
static const char NOBODY[] = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool password_check(const char *hash, const char *password)
{
    bool known =
        hash && strncmp(hash, "$argon2id$", 10) == 0 && strlen(hash) < crypto_pwhash_STRBYTES;
    size_t n = password ? strlen(password) : 0;

    if (n > PASSWORD_MAX || sodium_init() < 0) return false;
    pthread_mutex_lock(&one_at_a_time);
    bool same = crypto_pwhash_str_verify(known ? hash : NOBODY, password ? password : "", n) == 0;
    pthread_mutex_unlock(&one_at_a_time);
    return known && same;
}

const char *password_random(char ret[PASSWORD_RANDOM_SIZE])
{
    static const char alphabet[] = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    for (size_t i = 0; i < PASSWORD_RANDOM_SIZE - 1; i++)
        ret[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
    ret[PASSWORD_RANDOM_SIZE - 1] = '\0';
    return ret;
}
