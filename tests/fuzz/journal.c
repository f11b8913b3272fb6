/* journal.c (fuzz) - stored entries: any sequence of them folds or is refused, and what folds
 * prints and reprints alike.
 *
 * Input: one entry a line, "kind version body"; numbers are given in order. */
#include "rules/state.h"

#include "base/buf.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Applies one line; false when it is refused: the rest is not looked at then. */
static bool apply(struct state *s, struct str line, struct error *e)
{
    struct str kind, version;
    int64_t number = 1;
    struct entry x;

    if (!str_cut(&line, ' ', &kind) || !str_cut(&line, ' ', &version)) return false;
    CLEANUP(freep) char *kind_text = xstrndup(kind.p, kind.n);
    CLEANUP(freep) char *version_text = xstrndup(version.p, version.n);
    if (!str_i64(version_text, 0, 1000, &number)) return false;
    if (entry_parse(s->seq + 1, kind_text, (int)number, s->seq * 1000, line.p, line.n, &x, e) < 0)
        return false;
    int done = state_apply(s, &x, e);
    entry_done(&x);
    return done == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(state_freep) struct state *s = state_new();
    CLEANUP(buf_done) struct buf once = BUF_INIT(64 * MiB), again = BUF_INIT(64 * MiB);
    struct str rest = {(const char *)data, n}, line;
    struct error e = {0};
    int64_t applied = 0;

    while (str_cut(&rest, '\n', &line) && apply(s, line, &e)) applied++;
    ASSERT(s->seq == applied);
    ASSERT(e.kind == ERR_NONE || e.text[0]);
    state_print(&once, s);
    state_print(&again, s);
    ASSERT(strcmp(buf_str(&once), buf_str(&again)) == 0);
    return 0;
}
