/* secret_key.c - see secret_key.h. */
#include "crypt/secret_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"

_Static_assert(sizeof(((struct secret_key *)0)->bytes) ==
                   crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "the key has the cipher's size");

void secret_key_wipe(struct secret_key *key) { sodium_memzero(key, sizeof(*key)); }

static int check_mode(int fd, const char *path, struct error *e)
{
    struct stat st;

    if (fstat(fd, &st) < 0) return fail_errno(e, errno, "stat %s", path);
    if ((st.st_mode & 077) == 0) return 0;
    return fail(e, ERR_DENIED, "the master key %s can be read by others (mode %03o): chmod 600 %s",
                path, (unsigned)st.st_mode & 0777, path);
}

int secret_key_parse(const char *text, const char *source, struct secret_key *ret, struct error *e)
{
    CLEANUP(buf_wipe) struct buf plain = BUF_INIT(128);
    size_t n = strlen(text);

    if (sodium_init() < 0) return fail(e, ERR_INTERNAL, "libsodium does not start");
    if (n > 128 || !base64_decode(&plain, text, n) || plain.n != sizeof(ret->bytes))
        return fail(e, ERR_CORRUPT, "%s holds no master key (44 characters of base64)", source);
    memcpy(ret->bytes, plain.p, sizeof(ret->bytes));
    return 0;
}

int secret_key_read(const char *path, struct secret_key *ret, struct error *e)
{
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[129] = "";

    if (fd < 0) return fail_errno(e, errno, "open the master key %s", path);
    if (check_mode(fd, path, e) < 0) return -1;
    if (pread(fd, text, sizeof(text) - 1, 0) < 0)
        return fail_errno(e, errno, "read the master key %s", path);
    int r = secret_key_parse(text, path, ret, e);
    sodium_memzero(text, sizeof(text));
    return r;
}

int secret_key_random(struct secret_key *ret, struct error *e)
{
    if (sodium_init() < 0) return fail(e, ERR_INTERNAL, "libsodium does not start");
    randombytes_buf(ret->bytes, sizeof(ret->bytes));
    return 0;
}

char *secret_key_text(const struct secret_key *key, char out[SECRET_KEY_TEXT_SIZE])
{
    return sodium_bin2base64(out, SECRET_KEY_TEXT_SIZE, key->bytes, sizeof(key->bytes),
                             sodium_base64_VARIANT_ORIGINAL);
}

char *secret_key_id(const struct secret_key *key, char out[SECRET_KEY_ID_SIZE])
{
    static const unsigned char domain[] = "bobtail master key id";
    unsigned char hash[crypto_generichash_BYTES_MIN];

    crypto_generichash(hash, sizeof(hash), domain, sizeof(domain), key->bytes, sizeof(key->bytes));
    return sodium_bin2hex(out, SECRET_KEY_ID_SIZE, hash, (SECRET_KEY_ID_SIZE - 1) / 2);
}

static int write_all(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t put = write(fd, data, n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return -1;
        data += put;
        n -= (size_t)put;
    }
    return fsync(fd);
}

static int sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    CLEANUP(freep) char *folder = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    CLEANUP(closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -1 : fsync(fd);
}

int secret_key_store(const char *path, const struct secret_key *key, struct error *e)
{
    CLEANUP(freep) char *draft = xasprintf("%s.%d.new", path, (int)getpid());
    char text[SECRET_KEY_TEXT_SIZE + 1];
    int sys = 0;

    secret_key_text(key, text);
    text[SECRET_KEY_TEXT_SIZE - 1] = '\n';
    unlink(draft); /* left by a process of the same id that was killed here */
    CLEANUP(closep) int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return fail_errno(e, errno, "create %s", draft);
    if (write_all(fd, text, SECRET_KEY_TEXT_SIZE) < 0 || link(draft, path) < 0) sys = errno;
    sodium_memzero(text, sizeof(text));
    unlink(draft);
    if (sys == EEXIST) return fail(e, ERR_CONFLICT, "there is a file %s already", path);
    if (sys == 0 && sync_folder_of(path) < 0) sys = errno;
    return sys ? fail_errno(e, sys, "create the master key %s", path) : 0;
}
