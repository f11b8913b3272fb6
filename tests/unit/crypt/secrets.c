/* secrets.c - sealing, passwords and API keys. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypt/apikey.h"
#include "crypt/password.h"
#include "crypt/seal.h"
#include "tests/lib/tap.h"

static const struct secret_key key = {{1, 2, 3}};

TEST(a_sealed_value_opens_with_its_key_only)
{
    struct secret_key other = {{9}};
    CLEANUP(buf_done) struct buf out = BUF_INIT(1024);
    CLEANUP(freep) char *sealed = seal_text(&key, "hunter\0two", 10);
    struct error err = {0};

    EXPECT(seal_is(sealed) && strstr(sealed, "hunter") == NULL);
    EXPECT_OK(seal_open(&key, sealed, &out, &err));
    EXPECT(out.n == 10 && memcmp(out.p, "hunter\0two", 10) == 0);
    EXPECT_FAILS(seal_open(&other, sealed, &out, &err), ERR_DENIED);
    EXPECT_INT(out.n, 10);
}

TEST(the_same_value_is_never_sealed_alike)
{
    CLEANUP(freep) char *one = seal_text(&key, "x", 1);
    CLEANUP(freep) char *other = seal_text(&key, "x", 1);

    EXPECT(strcmp(one, other) != 0);
}

TEST(an_empty_value_can_be_sealed)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(1024);
    CLEANUP(freep) char *sealed = seal_text(&key, "", 0);
    struct error err = {0};

    EXPECT_OK(seal_open(&key, sealed, &out, &err));
    EXPECT_INT(out.n, 0);
}

TEST(no_changed_character_of_a_sealed_value_goes_unseen)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(1024);
    CLEANUP(freep) char *sealed = seal_text(&key, "secret", 6);

    for (size_t i = 0; sealed[i]; i++) {
        struct error err = {0};
        char before = sealed[i];
        sealed[i] = before == 'A'
                        ? 'Q'
                        : 'A'; /* differs in a bit that base64 keeps, also in its last letter */
        EXPECT(seal_open(&key, sealed, &out, &err) < 0);
        EXPECT(err.kind == ERR_DENIED || err.kind == ERR_CORRUPT);
        sealed[i] = before;
    }
    EXPECT_INT(out.n, 0);
}

TEST(what_is_no_sealed_value_is_refused)
{
    const char *texts[] = {"", "secret", "v1:", "v1:AAAA", "v2:AAAA", "v1:%%%%"};
    CLEANUP(buf_done) struct buf out = BUF_INIT(4);
    CLEANUP(freep) char *sealed = seal_text(&key, "12345", 5);
    struct error err = {0};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        EXPECT_FAILS(seal_open(&key, texts[i], &out, &err), ERR_CORRUPT);
    EXPECT_FAILS(seal_open(&key, sealed, &out, &err), ERR_TOO_LARGE);
}

TEST(a_sealed_value_names_its_key)
{
    struct secret_key other = {{9}};
    CLEANUP(buf_done) struct buf out = BUF_INIT(1024);
    CLEANUP(freep) char *sealed = seal_text(&key, "x", 1);
    char id[SECRET_KEY_ID_SIZE], other_id[SECRET_KEY_ID_SIZE];
    struct error err = {0};

    secret_key_id(&key, id);
    EXPECT(strcmp(id, secret_key_id(&other, other_id)) != 0);
    EXPECT(strncmp(sealed + strlen(SEAL_FORM), id, 8) == 0);
    EXPECT_FAILS(seal_open(&other, sealed, &out, &err), ERR_DENIED);
    EXPECT(strstr(err.text, id) && strstr(err.text, other_id));
}

TEST(sealed_values_are_found_within_a_text)
{
    CLEANUP(freep) char *one = seal_text(&key, "", 0);
    CLEANUP(freep) char *two = seal_text(&key, "a longer one", 12);
    CLEANUP(freep)
    char *text = xasprintf("v1: v1:0011aaff:AAAA {\"a\":\"%s\",\"b\":\"%s\"}", one, two);
    size_t at = 0, n = seal_find(text, &at);

    EXPECT(n == strlen(one) && strncmp(text + at, one, n) == 0);
    at += n;
    n = seal_find(text, &at);
    EXPECT(n == strlen(two) && strncmp(text + at, two, n) == 0);
    at += n;
    EXPECT_INT(seal_find(text, &at), 0);
}

static char *key_path(void) { return xasprintf("%s/master.key", tap_folder()); }

TEST(the_master_key_is_stored_once_for_its_owner_only)
{
    CLEANUP(freep) char *path = key_path();
    struct secret_key one, other;
    struct error err = {0};
    struct stat st;

    EXPECT_FAILS(secret_key_read(path, &one, &err), ERR_NOT_FOUND);
    EXPECT_OK(secret_key_random(&one, &err));
    EXPECT_OK(secret_key_store(path, &one, &err));
    EXPECT(stat(path, &st) == 0);
    EXPECT_INT(st.st_mode & 0777, 0600);
    EXPECT_FAILS(secret_key_store(path, &one, &err), ERR_CONFLICT);
    EXPECT_OK(secret_key_read(path, &other, &err));
    EXPECT(memcmp(&one, &other, sizeof(one)) == 0);
    secret_key_wipe(&one);
    EXPECT(memcmp(&one, &(struct secret_key){{0}}, sizeof(one)) == 0);
}

TEST(a_master_key_is_read_from_the_text_that_is_shown)
{
    char text[SECRET_KEY_TEXT_SIZE];
    struct secret_key read = {{0}};
    struct error err = {0};

    EXPECT_INT(strlen(secret_key_text(&key, text)), 44);
    EXPECT_OK(secret_key_parse(text, "here", &read, &err));
    EXPECT(memcmp(&read, &key, sizeof(key)) == 0);
    EXPECT_FAILS(secret_key_parse("nonsense", "here", &read, &err), ERR_CORRUPT);
    EXPECT(strncmp(err.text, "here holds no master key", 24) == 0);
}

TEST(a_master_key_that_others_can_read_is_refused)
{
    CLEANUP(freep) char *path = key_path();
    struct secret_key k = {{7}};
    struct error err = {0};

    EXPECT_OK(secret_key_store(path, &k, &err));
    EXPECT(chmod(path, 0640) == 0);
    EXPECT_FAILS(secret_key_read(path, &k, &err), ERR_DENIED);
    EXPECT(strstr(err.text, "chmod 600"));
}

TEST(a_damaged_master_key_is_refused)
{
    CLEANUP(freep) char *path = key_path();
    struct secret_key k;
    struct error err = {0};
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    EXPECT(fd >= 0 && write(fd, "abcd", 4) == 4 && close(fd) == 0);
    EXPECT_FAILS(secret_key_read(path, &k, &err), ERR_CORRUPT);
}

TEST(a_password_is_checked_against_its_hash)
{
    char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];
    struct error err = {0};

    EXPECT_OK(password_hash("correct horse", hash, &err));
    EXPECT_OK(password_hash("correct horse", again, &err));
    EXPECT(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31) == 0);
    EXPECT(strcmp(hash, again) != 0);
    EXPECT(password_check(hash, "correct horse") && password_check(again, "correct horse"));
    EXPECT(!password_check(hash, "correct horsf") && !password_check(hash, "") &&
           !password_check(hash, NULL));
    EXPECT(!password_check("", "") && !password_check(NULL, "x") &&
           !password_check("correct horse", "correct horse"));
}

TEST(a_password_has_a_size)
{
    CLEANUP(freep) char *text = xcalloc(1, PASSWORD_MAX + 2);
    char hash[PASSWORD_HASH_SIZE];
    struct error err = {0};

    memset(text, 'x', PASSWORD_MAX + 1);
    EXPECT_FAILS(password_hash(text, hash, &err), ERR_INVALID);
    EXPECT_FAILS(password_hash("", hash, &err), ERR_INVALID);
    text[PASSWORD_MAX] = '\0';
    EXPECT_OK(password_hash(text, hash, &err));
    EXPECT(password_check(hash, text));
}

TEST(a_random_password_has_twenty_plain_characters)
{
    char one[PASSWORD_RANDOM_SIZE], other[PASSWORD_RANDOM_SIZE];

    EXPECT_INT(strlen(password_random(one)), 20);
    EXPECT(strpbrk(one, "lO0I1") == NULL);
    EXPECT(strcmp(one, password_random(other)) != 0);
}

TEST(an_api_key_is_api_and_32_letters_of_base32)
{
    char one[APIKEY_SIZE], other[APIKEY_SIZE];

    apikey_new(one);
    EXPECT_INT(strlen(one), 36);
    EXPECT(strncmp(one, "API-", 4) == 0);
    EXPECT_INT(strspn(one + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 32);
    EXPECT(apikey_valid(one));
    EXPECT(strcmp(one, apikey_new(other)) != 0);
}

TEST(only_what_clients_accept_is_a_key)
{
    EXPECT(apikey_valid("API-0123456789ABCDEF"));
    EXPECT(!apikey_valid("API-0123456789ABCDE"));
    EXPECT(!apikey_valid("API-0123456789abcdef"));
    EXPECT(!apikey_valid("0123456789ABCDEFGHIJ"));
    EXPECT(!apikey_valid("API-0123456789ABCDEF "));
    EXPECT(!apikey_valid("") && !apikey_valid(NULL));
}

TEST(a_key_is_stored_as_its_sha256)
{
    char hash[HASH_TEXT_SIZE], other[HASH_TEXT_SIZE], hint[APIKEY_HINT_SIZE];

    EXPECT_STR(hash_text("abc", 3, hash),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT(apikey_hash_same(apikey_hash("abc", other), hash));
    EXPECT(!apikey_hash_same(apikey_hash("abd", other), hash));
    EXPECT(!apikey_hash_same("", "") && !apikey_hash_same(hash, "ba78"));
    EXPECT_STR(apikey_hint("API-ABCDEFGHIJ", hint), "API-ABCD...");
}
