/* corpus.c - the main of a fuzz target without a fuzzer: LLVMFuzzerTestOneInput over a corpus, and
 * a simple mutator.
 *
 *     target                  every file of tests/data/corpus/<name of the target>
 *     target FILE|FOLDER...   those instead
 *     target --seconds N      then mutates them for N seconds
 *
 * Without a corpus it fails; so it does when the target has corpus_missing() and that names what
 * the whole corpus has not reached. The input that was running when the program died is kept as
 * <target>.died beside the program. The same target builds with clang -fsanitize=fuzzer, which
 * brings its own main. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"
#include "os/file.h"

#define INPUT_MAX (4 * MiB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
const char *corpus_missing(void) __attribute__((weak)); /* NULL = nothing */
void __sanitizer_set_death_callback(void (*f)(void)) __attribute__((weak));

static VEC(struct buf) inputs;
static const uint8_t *running;
static size_t running_n;
static const char *died_name;

/* Keeps the input that killed us; called while dying, so by plain system calls. */
static void keep(void)
{
    if (running == NULL) return;
    int fd = open(died_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd >= 0 && write(fd, running, running_n) == (ssize_t)running_n) close(fd);
    running = NULL;
}

static void on_abort(int sig)
{
    keep();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void run(const struct buf *in)
{
    /* a copy of its exact size, so that a read past its end is seen */
    uint8_t *exact = xmalloc(in->n ? in->n : 1);

    if (in->n) memcpy(exact, in->p, in->n);
    running = exact;
    running_n = in->n;
    LLVMFuzzerTestOneInput(exact, in->n);
    running = NULL;
    free(exact);
}

static void load(const char *path)
{
    struct dirent **names;
    struct stat st;
    struct error e = {0};

    int n =
        stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? scandir(path, &names, NULL, alphasort) : -1;
    for (int i = 0; i < n; i++) {
        CLEANUP(freep) char *inner = path_join(path, names[i]->d_name);
        if (names[i]->d_name[0] != '.') load(inner);
        free(names[i]);
    }
    if (n >= 0) {
        free(names);
        return;
    }
    struct buf in = BUF_INIT(INPUT_MAX);
    if (file_read(path, &in, &e) < 0) {
        fprintf(stderr, "# %s\n", e.text);
        exit(1);
    }
    VEC_PUSH(&inputs, in);
}

static uint64_t state;
/* xorshift: repeatable from the seed that is printed */
static size_t below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n ? (size_t)(state % n) : 0;
}

/* One change: a bit, a byte, or some bytes replaced by nothing, by a special one or by a piece of
 * another input. */
static void mutate(struct buf *b)
{
    static const char special[] = {0,   1,   ' ', '"', '%', '\\', '\n', '\r',
                                   '{', '[', ',', ':', 127, -1,   -64,  -19};
    size_t at = below(b->n + 1), gone = below(2) ? 0 : below(b->n - at < 64 ? b->n - at + 1 : 64);
    const struct buf *other = &inputs.items[below(inputs.n)];
    CLEANUP(buf_done) struct buf tail = BUF_INIT(BUF_UNBOUNDED);

    switch (below(4)) {
    case 0:
        if (at < b->n) b->p[at] ^= (char)(1 << below(8));
        return;
    case 1:
        if (at < b->n) b->p[at] = special[below(sizeof(special))];
        return;
    default: break;
    }
    buf_add(&tail, b->p + at + gone, b->n - at - gone);
    b->n = at;
    if (below(2)) {
        size_t from = below(other->n + 1);
        buf_add(b, other->p + from, below(other->n - from + 1));
    } else if (below(2)) {
        buf_addc(b, special[below(sizeof(special))]);
    }
    buf_add(b, tail.p, tail.n);
}

static int64_t mutate_for(int64_t seconds)
{
    int64_t end = clock_mono(&system_clock) + seconds * 1000, ran = 0;

    state = (uint64_t)clock_now(&system_clock) | 1;
    fprintf(stderr, "# seed %llu\n", (unsigned long long)state);
    for (; clock_mono(&system_clock) < end; ran++) {
        CLEANUP(buf_done) struct buf b = BUF_INIT(INPUT_MAX);
        const struct buf *from = &inputs.items[below(inputs.n)];
        buf_add(&b, from->p, from->n);
        for (size_t i = below(8) + 1; i; i--) mutate(&b);
        run(&b);
    }
    return ran;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    CLEANUP(freep)
    char *folder = xasprintf("tests/data/corpus/%s", name), *died = xasprintf("%s.died", argv[0]);
    int64_t seconds = 0, ran = 0;

    died_name = died;
    signal(SIGABRT, on_abort);
    if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(keep);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seconds") != 0) load(argv[i]);
        else if (++i == argc || !str_i64(argv[i], 1, 1000000, &seconds)) return 2;
    }
    bool whole = inputs.n == 0;
    if (whole) load(folder);
    for (size_t i = 0; i < inputs.n; i++) run(&inputs.items[i]);
    if (seconds && inputs.n) ran = mutate_for(seconds);
    const char *missing = inputs.n == 0             ? "an input"
                          : whole && corpus_missing ? corpus_missing()
                                                    : NULL;
    printf("%s 1 - %zu inputs, %lld mutations%s%s\n1..1\n", missing ? "not ok" : "ok", inputs.n,
           (long long)ran, missing ? ", missing: " : "", missing ? missing : "");
    for (size_t i = 0; i < inputs.n; i++) buf_done(&inputs.items[i]);
    VEC_DONE(&inputs);
    return missing ? 1 : 0;
}
