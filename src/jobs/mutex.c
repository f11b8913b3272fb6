/* mutex.c - see mutex.h.
 *
 * Locks are open-file-description locks on bytes far behind the data of the file: byte ROOM of the
 * room, and byte SLOT + i for the holder whose text stands at i * SLOT_SIZE. A text counts only
 * while its slot is locked, so nothing has to be cleaned up after a holder that was killed. */
#include "jobs/mutex.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "os/lock.h"

#define ROOM ((off_t)1 << 40)
#define SLOT ((off_t)1 << 41)
#define SLOTS 256
#define SLOT_SIZE 256
#define NAME_MAX_PLAIN 100
#define HOLDERS_TOLD 3

/* Letters, digits and "._-" stay, other bytes become %XX; a long name is cut and gets the sum of
 * the whole. */
static void add_file_name(struct buf *out, const char *name)
{
    uint64_t sum = 14695981039346656037u;

    buf_adds(out, "m-");
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        sum = (sum ^ *p) * 1099511628211u;
        if (out->n > NAME_MAX_PLAIN) continue;
        if (isalnum(*p) || strchr("._-", *p)) buf_addc(out, (char)*p);
        else buf_addf(out, "%%%02X", *p);
    }
    if (out->n > NAME_MAX_PLAIN) buf_addf(out, "+%016llx", (unsigned long long)sum);
}

static int open_part(int dir, const char *name, const char *part, struct error *e)
{
    CLEANUP(buf_done) struct buf file = BUF_INIT(256);

    add_file_name(&file, name);
    buf_addc(&file, '.');
    buf_adds(&file, part);
    int fd = openat(dir, buf_str(&file), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return fail_errno(e, errno, "open mutex %s", name);
    return fd;
}

int mutex_open(int dir, const char *name, bool exclusive, struct mutex *ret, struct error *e)
{
    struct mutex m = {-1, -1, exclusive};

    m.gate = open_part(dir, name, "gate", e);
    if (m.gate < 0) return -1;
    m.room = open_part(dir, name, "room", e);
    if (m.room < 0) {
        mutex_close(&m);
        return -1;
    }
    *ret = m;
    return 0;
}

static enum lock_kind kind_of(const struct mutex *m)
{
    return m->exclusive ? LOCK_EXCLUSIVE : LOCK_SHARED;
}

int mutex_try(struct mutex *m, struct error *e)
{
    int r = lock_try(m->gate, kind_of(m), 0, 1, e);

    if (r <= 0) return r;
    r = lock_try(m->room, kind_of(m), ROOM, 1, e);
    /* Who has to wait for the room keeps the gate: nobody who could be in his way overtakes him. */
    if (r != 0) lock_release(m->gate, 0, 1);
    return r;
}

NORETURN static void wait_in_child(struct mutex *m, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    if (lock_wait(m->gate, kind_of(m), 0, 1, NULL) < 0) _exit(1);
    if (lock_wait(m->room, kind_of(m), ROOM, 1, NULL) < 0) _exit(1);
    lock_release(m->gate, 0, 1);
    _exit(0);
}

pid_t mutex_wait(struct mutex *m, struct error *e)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0) wait_in_child(m, parent);
    if (pid < 0) return fail_errno(e, errno, "start a process that waits for the mutex");
    return pid;
}

void mutex_sign(struct mutex *m, const char *text)
{
    char slot[SLOT_SIZE] = {0};

    snprintf(slot, MUTEX_HOLDER_MAX + 1, "%s", text);
    for (int i = 0; i < SLOTS; i++) {
        int at = (getpid() + i) % SLOTS;
        if (lock_try(m->room, LOCK_EXCLUSIVE, SLOT + at, 1, NULL) <= 0) continue;
        /* On a full disk the holder stays unnamed. */
        ssize_t written = pwrite(m->room, slot, sizeof(slot), (off_t)at * SLOT_SIZE);
        (void)written;
        return;
    }
}

void mutex_holders(const struct mutex *m, char *ret, size_t n)
{
    CLEANUP(buf_done) struct buf names = BUF_INIT(4096);
    char slot[SLOT_SIZE + 1] = {0};
    int found = 0;

    for (int i = 0; i < SLOTS; i++) {
        if (!lock_is_held(m->room, SLOT + i, 1)) continue;
        if (pread(m->room, slot, SLOT_SIZE, (off_t)i * SLOT_SIZE) != SLOT_SIZE || !slot[0])
            continue;
        if (found++ < HOLDERS_TOLD) buf_addf(&names, "%s%s", found > 1 ? ", " : "", slot);
    }
    if (found > HOLDERS_TOLD) buf_addf(&names, " and %d more", found - HOLDERS_TOLD);
    snprintf(ret, n, "%s", found ? buf_str(&names) : "another script");
}

void mutex_close(struct mutex *m)
{
    closep(&m->room);
    closep(&m->gate);
}
