/* record.c - see record.h. */
#include "jobs/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

#define START_MAGIC 0x31747273u
#define RESULT_MAGIC 0x31736572u

struct record_head {
    uint32_t magic, size;
    uint64_t check;
};

/* FNV-1a over all but the head, eight bytes a step. */
static uint64_t check_of(const void *record, size_t n)
{
    const unsigned char *p = record;
    uint64_t sum = 14695981039346656037u, word;

    for (size_t at = sizeof(struct record_head); at < n; at += sizeof(word)) {
        size_t left = n - at < sizeof(word) ? n - at : sizeof(word);
        word = 0;
        memcpy(&word, p + at, left);
        sum = (sum ^ word) * 1099511628211u;
        sum ^= sum >> 32;
    }
    return sum;
}

static int put(int fd, void *record, uint32_t magic, size_t n, struct error *e)
{
    struct record_head head = {magic, (uint32_t)n, check_of(record, n)};

    memcpy(record, &head, sizeof(head));
    ssize_t written = pwrite(fd, record, n, 0);
    if (written == (ssize_t)n) return 0;
    return fail_errno(e, written < 0 ? errno : ENOSPC, "write the job's record");
}

/* The writer may be in the middle of it: a record that does not add up is read again a few times.
 */
static int get(int dir, const char *name, void *ret, uint32_t magic, size_t n)
{
    CLEANUP(closep) int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct record_head head;

    if (fd < 0) return 0;
    for (int tries = 0; tries < 20; tries++) {
        if (pread(fd, ret, n, 0) != (ssize_t)n) return 0;
        memcpy(&head, ret, sizeof(head));
        if (head.magic == magic && head.size == n && head.check == check_of(ret, n)) return 1;
    }
    return 0;
}

int start_record_put(int fd, struct start_record *r, struct error *e)
{
    return put(fd, r, START_MAGIC, sizeof(*r), e);
}

int result_record_put(int fd, struct result_record *r, struct error *e)
{
    return put(fd, r, RESULT_MAGIC, sizeof(*r), e);
}

int start_record_get(int dir, const char *ticket, struct start_record *ret)
{
    if (!get(dir, "start", ret, START_MAGIC, sizeof(*ret))) return 0;
    ret->ticket[sizeof(ret->ticket) - 1] = '\0';
    ret->boot_id[sizeof(ret->boot_id) - 1] = '\0';
    ret->cgroup[sizeof(ret->cgroup) - 1] = '\0';
    ret->waits_for[sizeof(ret->waits_for) - 1] = '\0';
    return strcmp(ret->ticket, ticket) == 0;
}

int result_record_get(int dir, const char *ticket, struct result_record *ret)
{
    if (!get(dir, "result", ret, RESULT_MAGIC, sizeof(*ret))) return 0;
    ret->ticket[sizeof(ret->ticket) - 1] = '\0';
    ret->failure[sizeof(ret->failure) - 1] = '\0';
    return strcmp(ret->ticket, ticket) == 0;
}

uint64_t ticket_sum(const char *ticket)
{
    uint64_t sum = 14695981039346656037u;

    for (; *ticket; ticket++) sum = (sum ^ (unsigned char)*ticket) * 1099511628211u;
    return sum;
}

uint32_t fragment_check(const struct fragment_header *h, uint64_t sum)
{
    sum = (sum ^ h->seq) * 0xc2b2ae3d27d4eb4fu;
    sum = (sum ^ sum >> 29 ^ (uint64_t)h->at_ms) * 0x165667b19e3779f9u;
    sum ^= sum >> 32 ^ (uint64_t)h->length_less_1 << 16 ^ (uint64_t)h->source << 8 ^ h->continues;
    sum *= 0x9e3779b97f4a7c15u;
    return (uint32_t)(sum >> 32);
}

bool fragment_is_valid(const struct fragment_header *h, uint64_t seq, uint64_t sum)
{
    return h->seq == seq && h->check == fragment_check(h, sum);
}
