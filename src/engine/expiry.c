/* expiry.c - what ends by itself: API keys, whose owners are told in the audit 20 and 10 days
 * before and when it has happened, each once on all nodes; and sessions and invitations, which are
 * removed then. Ten minutes after the start and every four hours. */
#include "base/log.h"
#include "base/time.h"
#include "engine/engine_priv.h"
#include "store/event.h"
#include "store/invitation.h"
#include "store/session.h"
#include "store/user.h"

#define FIRST_MS FAULT_NUMBER("BOBTAIL_FAULT_EXPIRY_FIRST_MS", 600 * 1000)
#define EVERY_MS FAULT_NUMBER("BOBTAIL_FAULT_EXPIRY_EVERY_MS", 4 * 3600 * 1000)

static const struct {
    const char *category, *what;
} said[] = {[API_KEY_20_DAYS] = {"ApiKeyExpiry20Days", "expires in less than 20 days"},
            [API_KEY_10_DAYS] = {"ApiKeyExpiry10Days", "expires in less than 10 days"},
            [API_KEY_EXPIRED] = {"ApiKeyExpired", "has expired"}};

static int say(struct db_tx *tx, const struct api_key *k, int64_t now, struct arena *a,
               struct error *e)
{
    enum api_key_warning warning = api_key_warning(k->expires_at, now);
    const char *ids[] = {k->user_id, k->id};
    char end[TIME_TEXT_SIZE];
    struct event ev = {.space_id = "",
                       .category = said[warning].category,
                       .user_id = "users-system",
                       .username = "system",
                       .occurred_at = now,
                       .message =
                           arena_fmt(a, "API key %s \"%s\" of %s %s (%s)", k->hint, k->purpose,
                                     k->username, said[warning].what, time_iso(k->expires_at, end)),
                       .related = ids,
                       .n_related = 2};

    if (event_add(tx, &ev, NULL, e) < 0) return -1;
    return api_key_warned(tx, k->id, warning, e);
}

static int expiry_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct engine *g = ctx;
    int64_t now = clock_now(g->o.clock);
    struct api_key *keys;
    size_t n;

    if (api_key_due(tx, now, &a, &keys, &n, e) < 0) return -1;
    for (size_t i = 0; i < n; i++)
        if (say(tx, &keys[i], now, &a, e) < 0) return -1;
    if (session_sweep(tx, now, e) < 0) return -1;
    return invitation_sweep(tx, now, e);
}

static void due(void *ctx, const char *key);

static void expiry_work(void *ctx)
{
    struct engine *g = ctx;
    struct error e = {0};

    if (db_write(g->o.db, expiry_tx, g, &e) < 0)
        log_warn("engine", "cannot look for API keys that expire: %s", e.text);
    timers_at(g->timers, clock_mono(g->o.clock) + EVERY_MS, due, g, NULL);
}

static void due(void *ctx, const char *key)
{
    struct engine *g = ctx;

    (void)key;
    work_post(g->work, expiry_work, g);
}

void engine_expiry_start(struct engine *g)
{
    timers_at(g->timers, clock_mono(g->o.clock) + FIRST_MS, due, g, NULL);
}
