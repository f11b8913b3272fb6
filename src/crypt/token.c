/* token.c - see token.h. A token has 256 random bits, so a plain fast hash is enough to keep it. */
#include "crypt/token.h"

#include <sodium.h>
#include <string.h>

#include "base/buf.h"

const char *token_new(char ret[TOKEN_SIZE])
{
    unsigned char random[(TOKEN_SIZE - 1) / 2];

    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(ret, TOKEN_SIZE, random, sizeof(random));
    sodium_memzero(random, sizeof(random));
    return ret;
}

const char *token_hash(const char *token, char ret[HASH_TEXT_SIZE])
{
    return hash_text(token, strlen(token), ret);
}

const char *token_csrf(const char *token, char ret[TOKEN_CSRF_SIZE])
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED);
    char hash[HASH_TEXT_SIZE];

    buf_addf(&text, "anti-forgery:%s", token);
    hash_text(text.p, text.n, hash);
    sodium_memzero(text.p, text.n);
    memcpy(ret, hash, TOKEN_CSRF_SIZE - 1);
    ret[TOKEN_CSRF_SIZE - 1] = '\0';
    return ret;
}

bool token_csrf_same(const char *token, const char *csrf)
{
    char wanted[TOKEN_CSRF_SIZE];

    token_csrf(token, wanted);
    return csrf && strlen(csrf) == TOKEN_CSRF_SIZE - 1 &&
           sodium_memcmp(wanted, csrf, TOKEN_CSRF_SIZE - 1) == 0;
}
