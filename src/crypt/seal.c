/* seal.c - see seal.h. Nonces are 192 random bits: two never meet, so one key may seal without
 * counting. */
#include "crypt/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/str.h"

enum {
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES
};
static const char FORM[] = "v1:";
#define FORM_LENGTH (sizeof(FORM) - 1)
_Static_assert(sizeof(((struct secret_key *)0)->bytes) ==
                   crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "the key has the cipher's size");

void secret_key_wipe(struct secret_key *key) { sodium_memzero(key, sizeof(*key)); }

/* ---- the key file ---- */

static void wipe_buf(struct buf *b)
{
    if (b->p) sodium_memzero(b->p, b->cap);
    buf_done(b);
}

static int check_mode(int fd, const char *path, struct error *e)
{
    struct stat st;

    if (fstat(fd, &st) < 0) return fail_errno(e, errno, "stat %s", path);
    if ((st.st_mode & 077) == 0) return 0;
    return fail(e, ERR_DENIED, "the master key %s can be read by others (mode %03o): chmod 600 %s",
                path, (unsigned)st.st_mode & 0777, path);
}

static int read_key(int fd, const char *path, struct secret_key *ret, struct error *e)
{
    char text[128];
    ssize_t n = pread(fd, text, sizeof(text), 0);
    CLEANUP(wipe_buf) struct buf plain = BUF_INIT(sizeof(text));

    if (n < 0) return fail_errno(e, errno, "read the master key %s", path);
    bool good = base64_decode(&plain, text, (size_t)n) && plain.n == sizeof(ret->bytes);
    sodium_memzero(text, sizeof(text));
    if (!good)
        return fail(e, ERR_CORRUPT, "%s holds no master key (44 characters of base64)", path);
    memcpy(ret->bytes, plain.p, sizeof(ret->bytes));
    return 0;
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

/* Makes the file whole or not at all; when another process was first, its file stays. */
static int make_key(const char *path, struct error *e)
{
    CLEANUP(freep) char *draft = xasprintf("%s.%d.new", path, (int)getpid());
    CLEANUP(wipe_buf) struct buf text = BUF_INIT(128);
    struct secret_key key;
    int sys = 0;

    randombytes_buf(key.bytes, sizeof(key.bytes));
    base64_encode(&text, key.bytes, sizeof(key.bytes));
    buf_addc(&text, '\n');
    secret_key_wipe(&key);
    unlink(draft); /* left by a process of the same id that was killed here */
    CLEANUP(closep) int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return fail_errno(e, errno, "create %s", draft);
    if (write_all(fd, text.p, text.n) < 0 || (link(draft, path) < 0 && errno != EEXIST))
        sys = errno;
    unlink(draft);
    if (sys == 0 && sync_folder_of(path) < 0) sys = errno;
    return sys ? fail_errno(e, sys, "create the master key %s", path) : 0;
}

int secret_key_load(const char *path, struct secret_key *ret, struct error *e)
{
    if (sodium_init() < 0) return fail(e, ERR_INTERNAL, "libsodium does not start");
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        if (make_key(path, e) < 0) return -1;
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0) return fail_errno(e, errno, "open the master key %s", path);
    if (check_mode(fd, path, e) < 0) return -1;
    return read_key(fd, path, ret, e);
}

/* ---- sealed texts ---- */

bool seal_is(const char *s) { return s && strncmp(s, FORM, FORM_LENGTH) == 0; }

char *seal_text(const struct secret_key *key, const void *plain, size_t n)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(BUF_UNBOUNDED);
    struct buf text = BUF_INIT(BUF_UNBOUNDED);
    unsigned char *at = (unsigned char *)buf_reserve(&box, size_add(n, NONCE + TAG));

    randombytes_buf(at, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        at + NONCE, NULL, plain, n, (const unsigned char *)FORM, FORM_LENGTH, NULL, at, key->bytes);
    buf_adds(&text, FORM);
    base64_encode(&text, at, NONCE + n + TAG);
    return buf_take(&text);
}

static int open_box(const struct secret_key *key, const struct buf *box, struct buf *out,
                    struct error *e)
{
    const unsigned char *at = (const unsigned char *)box->p;
    size_t n = box->n - NONCE - TAG;

    if (out->n + n > out->max)
        return fail(e, ERR_TOO_LARGE, "a sealed value has %zu bytes, %zu are allowed", n, out->max);
    char *plain = buf_reserve(out, n);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)plain, NULL, NULL, at + NONCE,
                                                   box->n - NONCE, (const unsigned char *)FORM,
                                                   FORM_LENGTH, at, key->bytes) != 0) {
        plain[0] = '\0';
        return fail(e, ERR_DENIED, "a sealed value does not open with this master key");
    }
    out->n += n;
    out->p[out->n] = '\0';
    return 0;
}

int seal_open(const struct secret_key *key, const char *sealed, struct buf *out, struct error *e)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(BUF_UNBOUNDED);

    if (!seal_is(sealed) ||
        !base64_decode(&box, sealed + FORM_LENGTH, strlen(sealed) - FORM_LENGTH) ||
        box.n < NONCE + TAG)
        return fail(e, ERR_CORRUPT, "not a sealed value of form v1");
    return open_box(key, &box, out, e);
}
