/* password.h - passwords as self-describing Argon2id texts (19 MiB, 2 passes).
 *
 * Both calls take some 20-50 ms of processor time and 19 MiB for that time; one runs at a time, so
 * that a flood of sign-ins cannot take the memory. Any thread. */
#ifndef CRYPT_PASSWORD_H
#define CRYPT_PASSWORD_H
#include <stdbool.h>

#include "base/error.h"

#define PASSWORD_HASH_SIZE 128
#define PASSWORD_MAX 1024 /* bytes */
/** ERR_INVALID: empty or longer than PASSWORD_MAX. */
int password_hash(const char *password, char ret[PASSWORD_HASH_SIZE], struct error *e) MUST_USE;
/** False also when ${hash} is "" or no hash; takes as long then, so that unknown users are not told
 * apart. */
bool password_check(const char *hash, const char *password);
/** A password for the first user: 20 letters and digits that are not mistaken for each other, about
 * 116 bits. */
#define PASSWORD_RANDOM_SIZE 21
const char *password_random(char ret[PASSWORD_RANDOM_SIZE]);
#endif
