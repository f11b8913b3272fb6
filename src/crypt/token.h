/* token.h - secrets that the server hands out and keeps as hashes: sessions, access tokens,
 * invitation codes. Any thread. */
#ifndef CRYPT_TOKEN_H
#define CRYPT_TOKEN_H
#include <stdbool.h>

#include "crypt/apikey.h"

#define TOKEN_SIZE 65 /* 64 hexadecimal digits (256 random bits) and NUL */
#define TOKEN_CSRF_SIZE 33

const char *token_new(char ret[TOKEN_SIZE]);
/** What is stored of ${token}: lower-case hexadecimal SHA-256. */
const char *token_hash(const char *token, char ret[HASH_TEXT_SIZE]);
/** The anti-forgery value of the session ${token}: follows from it, and tells nothing of it. */
const char *token_csrf(const char *token, char ret[TOKEN_CSRF_SIZE]);
/** Is ${csrf} (may be NULL) that of ${token}? Takes the same time wherever they differ. */
bool token_csrf_same(const char *token, const char *csrf);
#endif
