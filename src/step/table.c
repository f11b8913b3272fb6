/* table.c - the variables as the script's helpers read them: a memory file, sealed against every
 * change.
 *
 * Values are evaluated here, once. The file never has a name; the interpreter inherits its
 * descriptor, so values are neither on disk nor in a command line or environment. Fields end with
 * NUL: 0        the script's parameters 1..66    field number at which the names of 0, 1, ... 64
 * characters start, and the number behind the last 67...    name, value, name, value, ... Group 0
 * holds the names that are not plain ASCII (their length is a matter of locale), group 64 all long
 * ones. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "base/vec.h"
#include "os/file.h"
#include "step/step.h"

#define GROUPS 65
#define FIRST_PAIR (1 + GROUPS + 1)
#define DESCRIPTOR_MIN 200 /* out of the way of what scripts open themselves */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

struct entry {
    const char *name, *value;
    int group;
};

static int group_of(const char *name)
{
    size_t n = 0;

    for (; name[n]; n++)
        if (name[n] & 0x80) return 0;
    return n >= GROUPS - 1 ? GROUPS - 1 : (int)n;
}

/* A value that cannot be evaluated does not stop a script that may not even use it. */
static const char *value_of(struct step *s, const struct variable *x)
{
    struct error err = {0};
    const char *text;

    if (variables_get(s->variables, x->name, &s->arena, &text, &err) == 0) return text;
    step_say(s, "warning",
             arena_fmt(&s->arena, "%s; the script sees its unevaluated text", err.text));
    return x->value;
}

static void encode(struct step *s, struct buf *out)
{
    VEC(struct entry) entries = {0};
    size_t counts[GROUPS] = {0}, next = FIRST_PAIR;
    const struct variable *x;

    for (size_t at = 0; (x = variables_each(s->variables, &at)) != NULL;) {
        if (x->name[0] == '\0' || str_starts(x->name, "Octopus.Script.Module[")) continue;
        int group = group_of(x->name);
        counts[group]++;
        VEC_PUSH(&entries, ((struct entry){x->name, value_of(s, x), group}));
    }
    buf_add(out, s->parameters, strlen(s->parameters) + 1);
    for (int g = 0; g <= GROUPS; g++) {
        buf_addf(out, "%zu", next);
        buf_addc(out, '\0');
        if (g < GROUPS) next += 2 * counts[g];
    }
    for (int g = 0; g < GROUPS; g++) {
        for (size_t i = 0; counts[g] && i < entries.n; i++) {
            if (entries.items[i].group != g) continue;
            buf_add(out, entries.items[i].name, strlen(entries.items[i].name) + 1);
            buf_add(out, entries.items[i].value, strlen(entries.items[i].value) + 1);
        }
    }
    VEC_DONE(&entries);
}

static int memory_file(struct error *e)
{
    const char *name = "octopus-variables";
    int fd = memfd_create(name, MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_ALLOW_SEALING);
    if (fd < 0) return fail_errno(e, errno, "memory file for the variables");
    int high = fcntl(fd, F_DUPFD, DESCRIPTOR_MIN);
    if (high < 0) return fd; /* a low limit of descriptors: any number will do */
    close(fd);
    return high;
}

int table_make(struct step *s, struct error *e)
{
    CLEANUP(buf_done) struct buf table = BUF_INIT(BUF_UNBOUNDED);

    encode(s, &table);
    CLEANUP(closep) int fd = memory_file(e);
    if (fd < 0 || file_write_all(fd, buf_str(&table), table.n, e) < 0) return -1;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return fail_errno(e, errno, "seal the memory file of the variables");
    s->table = fd;
    fd = -1;
    return 0;
}
