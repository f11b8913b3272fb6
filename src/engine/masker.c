/* masker.c - see masker.h.
 *
 * Nearly all text holds no secret, so the search is made to skip (Wu and Manber, "A fast algorithm
 * for multi-pattern searching"): a window as long as the shortest secret (16 bytes at most) is
 * moved over the text; a table tells by the two bytes at its end how far it can be moved without
 * missing a secret's beginning. Where the table says 0, the secrets that share the three bytes at
 * the window's start are compared, longest first.
 *
 * A secret is added in place: it lowers entries of the table and joins a chain; only a secret
 * shorter than all before shortens the window and builds the table again, which can happen 13 times
 * at most.
 *
 * Memory is bounded (masker.h) because scripts announce secrets too. Texts of secrets are wiped
 * when freed.
 *
 * Threads: the lock guards everything; it is held for one call only. `generation` and `longest` are
 * atomic copies for callers that only ask whether something changed. */
#include "engine/masker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "base/vec.h"

#define WINDOW_MAX 16
#define BUCKETS 16384 /* power of two */
#define NONE UINT32_MAX

struct secret {
    uint64_t head, head_mask; /* its first 8 bytes; the mask tells how many of them it has */
    char *p;
    uint32_t n;
    uint32_t next; /* in its bucket: shorter or equally long; NONE at the end */
};

struct masker {
    pthread_rwlock_t lock;
    _Atomic unsigned generation;
    _Atomic size_t longest;
    size_t window; /* bytes, 3..WINDOW_MAX */
    size_t bytes;  /* of all secrets */
    VEC(struct secret) secrets;
    uint32_t buckets[BUCKETS]; /* by the first three bytes */
    uint8_t shift[65536];      /* by the last two bytes of the window */
};

static unsigned pair(const char *p)
{
    return (unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8;
}

static unsigned bucket(const char *p)
{
    uint32_t v = pair(p) | (uint32_t)(unsigned char)p[2] << 16;

    return (v * 2654435761u) >> 18; /* 14 bits */
}

struct masker *masker_new(void)
{
    struct masker *m = xcalloc(1, sizeof(*m));

    ASSERT(pthread_rwlock_init(&m->lock, NULL) == 0);
    m->window = WINDOW_MAX;
    memset(m->buckets, 0xFF, sizeof(m->buckets));
    memset(m->shift, WINDOW_MAX - 1, sizeof(m->shift));
    return m;
}

void masker_free(struct masker *m)
{
    if (m == NULL) return;
    for (size_t i = 0; i < m->secrets.n; i++) {
        explicit_bzero(m->secrets.items[i].p, m->secrets.items[i].n);
        free(m->secrets.items[i].p);
    }
    if (m->secrets.n) explicit_bzero(m->secrets.items, m->secrets.n * sizeof(struct secret));
    VEC_DONE(&m->secrets);
    pthread_rwlock_destroy(&m->lock);
    free(m);
}

void masker_freep(struct masker **m) { masker_free(*m); }
unsigned masker_generation(const struct masker *m) { return atomic_load(&m->generation); }
size_t masker_longest(const struct masker *m) { return atomic_load(&m->longest); }

static void lock_read(const struct masker *m)
{
    ASSERT(pthread_rwlock_rdlock((pthread_rwlock_t *)&m->lock) == 0);
}

static void unlock(const struct masker *m)
{
    ASSERT(pthread_rwlock_unlock((pthread_rwlock_t *)&m->lock) == 0);
}

/* ---- adding ---- */

/* Up to 8 bytes as a number, missing ones as 0. */
static uint64_t head_of(const char *p, size_t n)
{
    uint64_t v = 0;

    if (n >= 8) memcpy(&v, p, 8);
    else memcpy(&v, p, n);
    return v;
}

static uint64_t head_mask_of(size_t n)
{
    uint64_t v = 0;

    memset(&v, 0xFF, n < 8 ? n : 8);
    return v;
}

/* Lowers the table's entries for one secret. */
static void lower_shifts(struct masker *m, const char *p)
{
    for (size_t i = 0; i + 2 <= m->window; i++) {
        uint8_t *s = &m->shift[pair(p + i)];
        uint8_t far = (uint8_t)(m->window - 2 - i);
        if (far < *s) *s = far;
    }
}

static void shorten_window(struct masker *m, size_t window)
{
    m->window = window;
    memset(m->shift, (int)window - 1, sizeof(m->shift));
    for (size_t i = 0; i < m->secrets.n; i++) lower_shifts(m, m->secrets.items[i].p);
}

static bool known(const struct masker *m, struct str s)
{
    for (uint32_t i = m->buckets[bucket(s.p)]; i != NONE; i = m->secrets.items[i].next) {
        const struct secret *x = &m->secrets.items[i];
        if (x->n == s.n && memcmp(x->p, s.p, s.n) == 0) return true;
    }
    return false;
}

/* Puts secret number ${at} into its bucket behind those that are longer. */
static void chain(struct masker *m, uint32_t at)
{
    struct secret *s = &m->secrets.items[at];
    uint32_t *link = &m->buckets[bucket(s->p)];

    while (*link != NONE && m->secrets.items[*link].n > s->n) link = &m->secrets.items[*link].next;
    s->next = *link;
    *link = at;
}

/* Adds a text of 3..MASKER_PIECE_MAX bytes; the lock is held for writing. */
static bool add_piece(struct masker *m, struct str s)
{
    if (known(m, s)) return true;
    if (m->secrets.n == MASKER_SECRETS_MAX || s.n > MASKER_BYTES_MAX - m->bytes) return false;
    VEC_PUSH(&m->secrets, ((struct secret){.head = head_of(s.p, s.n),
                                           .head_mask = head_mask_of(s.n),
                                           .p = xstrndup(s.p, s.n),
                                           .n = (uint32_t)s.n}));
    m->bytes += s.n;
    chain(m, (uint32_t)m->secrets.n - 1);
    if (s.n < m->window) shorten_window(m, s.n);
    else lower_shifts(m, s.p);
    if (s.n > atomic_load(&m->longest)) atomic_store(&m->longest, s.n);
    atomic_fetch_add(&m->generation, 1);
    return true;
}

static bool long_enough(struct str s)
{
    uint32_t rune;

    for (int i = 0; i < MASKER_CHARACTERS_MIN; i++)
        if (!utf8_next(&s, &rune)) return false;
    return true;
}

bool masker_can(struct str value)
{
    struct str line;

    while (str_cut(&value, '\n', &line))
        if (long_enough(str_trim(line))) return true;
    return false;
}

/* Moves ${at} back to where a character begins. */
static size_t character_start(struct str s, size_t at)
{
    while (at > 0 && at < s.n && (s.p[at] & 0xC0) == 0x80) at--;
    return at;
}

/* Adds one line of a value. Pieces of a long one share a character, so that their finds join into
 * one; the last one is as long as the others, since a short rest would mask unrelated text. */
static bool add_line(struct masker *m, struct str s)
{
    bool fits = true;

    if (!long_enough(s)) return true;
    while (s.n > MASKER_PIECE_MAX) {
        size_t n = character_start(s, MASKER_PIECE_MAX);
        fits &= add_piece(m, (struct str){s.p, n});
        size_t far = character_start(s, n - 1);
        if (far > s.n - MASKER_PIECE_MAX) far = character_start(s, s.n - MASKER_PIECE_MAX + 3);
        s.p += far;
        s.n -= far;
    }
    return add_piece(m, s) && fits;
}

bool masker_add(struct masker *m, struct str value)
{
    struct buf text = BUF_INIT(BUF_UNBOUNDED);
    struct str rest, line;
    bool fits = true;

    utf8_repair(&text, value);
    rest = (struct str){buf_str(&text), text.n};
    ASSERT(pthread_rwlock_wrlock(&m->lock) == 0);
    while (str_cut(&rest, '\n', &line)) fits &= add_line(m, str_trim(line));
    unlock(m);
    if (text.p) explicit_bzero(text.p, text.n);
    buf_done(&text);
    return fits;
}

/* ---- searching; the lock is held for reading ---- */

/* Length of the longest secret that begins at ${p} with ${n} bytes behind it (3 at least); 0 for
 * none. */
static size_t longest_at(const struct masker *m, const char *p, size_t n)
{
    uint32_t i = m->buckets[bucket(p)];

    if (i == NONE) return 0;
    uint64_t head = head_of(p, n);
    for (; i != NONE; i = m->secrets.items[i].next) {
        const struct secret *s = &m->secrets.items[i];
        if ((head & s->head_mask) != s->head || s->n > n) continue;
        if (s->n <= 8 || memcmp(p + 8, s->p + 8, s->n - 8) == 0) return s->n;
    }
    return 0;
}

static bool find_first(const struct masker *m, struct str text, size_t from, struct mask_range *ret)
{
    const char *p = text.p;
    size_t w = m->window;

    for (size_t end = from + w; end <= text.n;) {
        unsigned far = m->shift[pair(p + end - 2)];
        if (far) {
            end += far;
            continue;
        }
        size_t at = end - w, n = longest_at(m, p + at, text.n - at);
        if (n) {
            *ret = (struct mask_range){at, at + n};
            return true;
        }
        end++;
    }
    return false;
}

static bool find(const struct masker *m, struct str text, size_t from, struct mask_range *ret)
{
    struct mask_range r;

    if (!find_first(m, text, from, &r)) return false;
    for (size_t i = r.from + 1; i < r.to && i + 3 <= text.n; i++) {
        size_t n = longest_at(m, text.p + i, text.n - i);
        if (i + n > r.to) r.to = i + n;
    }
    *ret = r;
    return true;
}

bool masker_find(const struct masker *m, struct str text, size_t from, struct mask_range *ret)
{
    if (masker_longest(m) == 0) return false;
    lock_read(m);
    bool found = find(m, text, from, ret);
    unlock(m);
    return found;
}

void masker_apply(const struct masker *m, struct str text, struct buf *out)
{
    struct mask_range r;
    size_t at = 0;

    lock_read(m);
    while (find(m, text, at, &r)) {
        buf_add(out, text.p + at, r.from - at);
        buf_adds(out, MASKER_TEXT);
        at = r.to;
    }
    unlock(m);
    if (at < text.n) buf_add(out, text.p + at, text.n - at);
}
