/* turn.c - see turn.h. The commit may run more than once, so it only reads the turn. */
#include "engine/turn.h"

#include <stdarg.h>
#include <string.h>

#include "base/fault.h"
#include "engine/run_priv.h"
#include "store/counter.h"
#include "store/event.h"
#include "store/journal.h"
#include "store/promotion.h"

void turn_begin(struct turn *t, struct run *run)
{
    *t = (struct turn){.run = run,
                       .now_ms = clock_now(run->engine->o.clock),
                       .builder = engine_builder_take(run->engine),
                       .log_lines = run->log_lines,
                       .log_bytes = run->log_bytes,
                       .has_warnings = run->has_warnings};
}

int turn_entry(struct turn *t, struct entry entry, struct error *e)
{
    entry.seq = t->run->state->seq + 1;
    if (state_apply(t->run->state, &entry, e) < 0) {
        entry_done(&entry);
        return -1;
    }
    if (entry.kind != ENTRY_PLAN) context_forget(t->run->context);
    VEC_PUSH(&t->entries, entry);
    return 0;
}

void turn_flush(struct turn *t)
{
    struct buf blob = BUF_INIT(BUF_UNBOUNDED);
    int64_t lines = log_chunk_builder_count(t->builder);

    if (lines == 0) return;
    struct log_row row = {.first_line = t->log_lines + 1,
                          .lines = lines,
                          .bytes = (int64_t)log_chunk_builder_bytes(t->builder),
                          .node = t->node,
                          .invocation = t->invocation};
    row.part = t->part ? (*t->part)++ : row.first_line;
    log_chunk_builder_finish(t->builder, row.first_line, &blob);
    row.data = (struct str){arena_strndup(&t->arena, blob.p, blob.n), blob.n};
    buf_done(&blob);
    t->log_lines += lines;
    t->log_bytes += row.bytes;
    *ARENA_ADD(&t->arena, &t->rows) = row;
}

static void put_line(struct turn *t, const char *key, const char *invocation, int64_t *part,
                     enum log_category category, int64_t at_ms, struct str text)
{
    if (t->node == NULL || strcmp(t->node, key) != 0 || strcmp(t->invocation, invocation) != 0) {
        turn_flush(t);
        t->node = arena_strdup(&t->arena, key);
        t->invocation = arena_strdup(&t->arena, invocation);
        t->part = part;
    }
    if (log_chunk_builder_add(t->builder, category, at_ms, text)) return;
    turn_flush(t);
    ASSERT(log_chunk_builder_add(t->builder, category, at_ms, text));
}

#define LOG_LIMIT_DEFAULT ((int64_t)1 << 30)

static int64_t log_limit(const struct turn *t)
{
    int64_t limit = t->run->engine->o.log_limit;

    return limit ? limit : LOG_LIMIT_DEFAULT;
}

static bool is_log_full(const struct turn *t)
{
    return t->log_bytes + (int64_t)log_chunk_builder_bytes(t->builder) >= log_limit(t);
}

/* What crosses the limit is the last line before the one that says so; from then on the size of the
 * log tells that it was said. Lines of the engine itself are few and always kept. */
void turn_line(struct turn *t, const char *key, const char *invocation, int64_t *part,
               enum log_category category, int64_t at_ms, struct str text)
{
    char notice[120];

    bool was_full = is_log_full(t);
    if (was_full && invocation[0]) return;
    put_line(t, key, invocation, part, category, at_ms, text);
    if (was_full || !is_log_full(t)) return;
    snprintf(notice, sizeof(notice),
             "The task's log has reached its limit of %lld bytes: further output is cut",
             (long long)log_limit(t));
    t->has_warnings = true;
    put_line(t, key, "", NULL, LOG_CAT_WARNING, t->now_ms, str_of(notice));
}

/* The longest beginning of ${s} of at most ${max} bytes that does not end inside a character. */
static size_t whole_characters(struct str s, size_t max)
{
    size_t n = s.n < max ? s.n : max;

    while (n && n < s.n && (s.p[n] & 0xC0) == 0x80) n--;
    return n;
}

/* One line, in pieces when it is longer than lines may be. */
static void say_line(struct turn *t, const char *key, enum log_category category, struct str line)
{
    do {
        size_t n = whole_characters(line, LOG_LINE_MAX);
        turn_line(t, key, "", NULL, category, t->now_ms, (struct str){line.p, n});
        line = (struct str){line.p + n, line.n - n};
    } while (line.n);
}

void turn_say(struct turn *t, const char *key, enum log_category category, const char *fmt, ...)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUF_UNBOUNDED), masked = BUF_INIT(BUF_UNBOUNDED);
    va_list ap;

    va_start(ap, fmt);
    buf_vaddf(&text, fmt, ap);
    va_end(ap);
    masker_apply(t->run->masker, (struct str){buf_str(&text), text.n}, &masked);
    struct str rest = {buf_str(&masked), masked.n}, line;
    while (str_cut(&rest, '\n', &line)) say_line(t, key, category, line);
}

const char *turn_sentence(struct turn *t, const char *text)
{
    CLEANUP(buf_done) struct buf masked = BUF_INIT(BUF_UNBOUNDED);

    if (text == NULL) return NULL;
    masker_apply(t->run->masker, str_of(text), &masked);
    struct str all = {buf_str(&masked), masked.n};
    if (all.n <= TURN_SENTENCE_MAX) return arena_strdup(&t->arena, all.p);
    size_t n = whole_characters(all, TURN_SENTENCE_MAX - strlen(" ..."));
    return arena_fmt(&t->arena, "%.*s ...", (int)n, all.p);
}

bool turn_empty(const struct turn *t)
{
    return t->entries.n == 0 && t->rows.n == 0 && t->cursors.n == 0 && t->variables.n == 0 &&
           t->artifacts.n == 0 && t->collected.n == 0 && log_chunk_builder_count(t->builder) == 0;
}

static int write_entries(struct db_tx *tx, const struct turn *t, struct error *e)
{
    for (size_t i = 0; i < t->entries.n; i++) {
        CLEANUP(buf_done) struct buf body = BUF_INIT(BUF_UNBOUNDED);
        const struct entry *x = &t->entries.items[i];
        entry_print(&body, x);
        struct journal_row row = {.seq = x->seq,
                                  .kind = entry_kind_name(x->kind),
                                  .version = x->version,
                                  .at_ms = x->at_ms,
                                  .body = buf_str(&body)};
        if (journal_append(tx, t->run->task_id, &row, e) < 0) return -1;
        if (x->kind == ENTRY_OUTCOME) FAULT_POINT("engine.outcome-written");
        if (x->kind == ENTRY_FINISHED) FAULT_POINT("engine.end-written");
    }
    return 0;
}

static int write_artifacts(struct db_tx *tx, const struct turn *t, struct error *e)
{
    char id[48];

    for (size_t i = 0; i < t->artifacts.n; i++) {
        struct artifact x = t->artifacts.items[i];
        if (counter_next(tx, "Artifacts", &x.number, e) < 0) return -1;
        snprintf(id, sizeof(id), "Artifacts-%lld", (long long)x.number);
        x.id = id;
        if (artifact_insert(tx, &x, e) < 0) return -1;
    }
    for (size_t i = 0; i < t->collected.n; i++) {
        const struct artifact *x = &t->collected.items[i];
        if (artifact_collected(tx, x->id, x->content, x->size, x->failure, e) < 0) return -1;
    }
    return 0;
}

static int write_log(struct db_tx *tx, const struct turn *t, struct error *e)
{
    const char *task = t->run->task_id;

    for (size_t i = 0; i < t->rows.n; i++)
        if (task_log_append(tx, task, &t->rows.items[i], e) < 0) return -1;
    for (size_t i = 0; i < t->cursors.n; i++)
        if (log_cursor_put(tx, task, &t->cursors.items[i], e) < 0) return -1;
    for (size_t i = 0; i < t->masks.n; i++)
        if (log_mask_add(tx, task, &t->masks.items[i], e) < 0) return -1;
    for (size_t i = 0; i < t->variables.n; i++)
        if (output_variable_put(tx, task, &t->variables.items[i], e) < 0) return -1;
    return t->finish ? log_cursor_clear(tx, task, e) : 0;
}

/* A deployment that succeeds lets its release go on: its lifecycle will look at it. */
static int write_promotion(struct db_tx *tx, struct turn *t, struct error *e)
{
    if (!t->finish || t->status != RUN_SUCCESS) return 0;
    int marked = promotion_mark_of_task(tx, t->run->task_id, t->now_ms, e);
    t->promotes = marked > 0;
    return marked < 0 ? -1 : 0;
}

/* The audit tells how deployments and runs end; of a canceled one it has who asked for that. */
static int write_event(struct db_tx *tx, const struct turn *t, struct error *e)
{
    const struct task *task = &t->run->task;
    bool failed = t->status == RUN_FAILED, runbook = task->runbook_id != NULL;
    const char *related[] = {task->subject_id, task->id, task->project_id, task->environment_id,
                             task->runbook_id};
    char message[512];
    struct event ev = {.space_id = task->space_id,
                       .category = runbook  ? failed ? "RunbookRunFailed" : "RunbookRunSucceeded"
                                   : failed ? "DeploymentFailed"
                                            : "DeploymentSucceeded",
                       .user_id = "users-system",
                       .username = "system",
                       .occurred_at = t->now_ms,
                       .message = message,
                       .related = related,
                       .n_related = runbook ? 5 : 4};

    if (!t->finish || task->subject_id == NULL || (t->status != RUN_SUCCESS && !failed)) return 0;
    snprintf(message, sizeof(message), "%.400s: %s", task->description,
             failed ? "failed" : "succeeded");
    return event_add(tx, &ev, NULL, e);
}

static int commit_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct turn *t = ctx;
    const struct run *r = t->run;
    struct task_turn row = {.task_id = r->task_id,
                            .epoch = r->epoch,
                            .cancel_seen = r->cancel_seen,
                            .journal_seq = r->state->seq,
                            .log_lines = t->log_lines,
                            .log_bytes = t->log_bytes,
                            .has_warnings = t->has_warnings,
                            .cleanup = r->state->unclean > 0,
                            .now_ms = t->now_ms};

    if (t->finish) {
        row.state = run_status_name(t->status);
        row.error = t->error ? t->error : "";
    }
    if (task_advance(tx, &row, e) < 0) return -1;
    if (write_entries(tx, t, e) < 0 || write_log(tx, t, e) < 0 || write_promotion(tx, t, e) < 0 ||
        write_event(tx, t, e) < 0)
        return -1;
    FAULT_POINT("engine.in-commit");
    return write_artifacts(tx, t, e);
}

int turn_commit(struct turn *t, struct error *e)
{
    turn_flush(t);
    FAULT_POINT("engine.before-commit");
    int r = db_write_hot(t->run->engine->o.db, commit_tx, t, e);
    FAULT_POINT("engine.after-commit");
    return r;
}

void turn_done(struct turn *t)
{
    for (size_t i = 0; i < t->entries.n; i++) entry_done(&t->entries.items[i]);
    VEC_DONE(&t->entries);
    engine_builder_give(t->run->engine, t->builder);
    arena_done(&t->arena);
}
