/* Where a release may go, how far it is, and where it goes by itself. */
#include "tests/lib/tap.h"

#include "base/str.h"
#include "rules/promotion.h"

#define PHASE(name, automatic, optional, more)                          \
    "{\"Name\":\"" name "\",\"AutomaticDeploymentTargets\":[" automatic \
    "],\"OptionalDeploymentTargets\":[" optional "]" more "}"
static const char *every[] = {"Dev", "Test", "Stage", "Prod", "Other"};
static const struct promotion_ids all = {every, ARRAY_LEN(every)};

/* A release under a lifecycle with ${phases}, that has succeeded in ${reached} ("Dev,Test"). */
struct world {
    struct arena a;
    json_t *stored, *resolved;
    struct promotion p;
};

static void world_done(struct world *w)
{
    json_decref(w->stored);
    json_decref(w->resolved);
    arena_done(&w->a);
}

static void world_make(struct world *w, const char *phases, const char *reached)
{
    struct str rest = str_of(reached), part;
    struct error err = {0};
    CLEANUP(buf_done) struct buf text = BUF_INIT(64 * KiB);

    *w = (struct world){.a = ARENA_INIT};
    buf_addf(&text, "{\"Name\":\"Ours\",\"Phases\":[%s]}", phases);
    EXPECT_OK(jv_parse(buf_str(&text), text.n, &w->stored, &err));
    w->resolved = lifecycle_resolve(w->stored, &all);
    w->p = (struct promotion){.lifecycle = w->resolved, .reached.items = arena_alloc(&w->a, 128)};
    while (reached[0] && str_cut(&rest, ',', &part))
        w->p.reached.items[w->p.reached.n++] = arena_strndup(&w->a, part.p, part.n);
}

static const char *joined(struct world *w, struct promotion_ids ids)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(4 * KiB);

    for (size_t i = 0; i < ids.n; i++) buf_addf(&out, "%s%s", i ? "," : "", ids.items[i]);
    return arena_strdup(&w->a, buf_str(&out));
}

static bool may(struct world *w, const char *environment)
{
    return promotion_refusal(&w->p, environment, environment, &w->a) == NULL;
}

#define TWO PHASE("Try", "\"Dev\"", "\"Test\"", "") "," PHASE("Real", "", "\"Prod\"", "")

TEST(without_phases_a_release_may_go_everywhere_and_nowhere_by_itself)
{
    CLEANUP(world_done) struct world w;

    world_make(&w, "", "Dev");
    for (size_t i = 0; i < all.n; i++) EXPECT(may(&w, every[i]));
    EXPECT_STR(joined(&w, promotion_next(&w.p, &w.a)), "Test,Stage,Prod,Other");
    EXPECT_STR(joined(&w, promotion_automatic(&w.p, &w.a)), "");
    EXPECT_INT(promotion_phases(&w.p), 1);
    EXPECT(lifecycle_allows(w.stored, "Anything"));
}

TEST(a_phase_opens_when_all_before_it_are_passed)
{
    static const struct {
        const char *phases, *reached, *next, *automatic;
    } rows[] = {
        {TWO, "", "Dev,Test", "Dev"},
        {TWO, "Dev", "Test", ""},
        {TWO, "Dev,Test", "Prod", ""},
        {TWO, "Dev,Test,Prod", "", ""},
        {TWO, "Test", "Dev", "Dev"},
        {PHASE("Try", "", "\"Dev\",\"Test\"",
               ",\"MinimumEnvironmentsBeforePromotion\":1") "," PHASE("Real", "\"Prod\"", "", ""),
         "Test", "Dev,Prod", "Prod"},
        {PHASE("Try", "", "\"Dev\"",
               ",\"MinimumEnvironmentsBeforePromotion\":9") "," PHASE("Real", "", "\"Prod\"", ""),
         "Dev", "Prod", ""},
        {PHASE("Try", "", "\"Dev\"", ",\"IsOptionalPhase\":true") "," PHASE("Real", "\"Prod\"", "",
                                                                            ""),
         "", "Dev,Prod", "Prod"},
        /* the open phase has what no other names */
        {PHASE("Try", "", "\"Dev\"", "") "," PHASE("Rest", "", "", ""), "Dev",
         "Test,Stage,Prod,Other", ""},
        /* named twice: the first one counts */
        {PHASE("Try", "", "\"Dev\"", "") "," PHASE("Again", "\"Dev\"", "\"Prod\"", ""), "", "Dev",
         ""},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(world_done) struct world w;
        world_make(&w, rows[i].phases, rows[i].reached);
        EXPECT_STR(joined(&w, promotion_next(&w.p, &w.a)), rows[i].next);
        EXPECT_STR(joined(&w, promotion_automatic(&w.p, &w.a)), rows[i].automatic);
    }
}

TEST(a_refusal_names_the_environment_and_the_phase_it_waits_for)
{
    CLEANUP(world_done) struct world w;

    world_make(&w, TWO, "Dev");
    const char *why = promotion_refusal(&w.p, "Prod", "Production", &w.a);
    EXPECT(why && strstr(why, "Production") && strstr(why, "Try") && strstr(why, "Ours"));
    why = promotion_refusal(&w.p, "Other", "Elsewhere", &w.a);
    EXPECT(why && strstr(why, "Elsewhere") && strstr(why, "no phase"));
    EXPECT(may(&w, "Dev") && may(&w, "Test"));
    EXPECT(!lifecycle_allows(w.stored, "Other") && lifecycle_allows(w.stored, "Prod"));
}

TEST(progress_is_complete_current_or_pending)
{
    CLEANUP(world_done) struct world w;

    world_make(&w, TWO, "Dev,Test");
    EXPECT_STR(promotion_progress_name(promotion_progress(&w.p, 0)), "Complete");
    EXPECT_STR(promotion_progress_name(promotion_progress(&w.p, 1)), "Current");
    w.p.reached.n = 0;
    EXPECT_STR(promotion_progress_name(promotion_progress(&w.p, 0)), "Current");
    EXPECT_STR(promotion_progress_name(promotion_progress(&w.p, 1)), "Pending");
    EXPECT(promotion_blocked(&w.p, 1) && !promotion_blocked(&w.p, 0));
}

TEST(a_defect_keeps_a_release_out_of_phases_it_has_not_entered)
{
    CLEANUP(world_done) struct world w;

    world_make(&w, TWO, "Dev,Test");
    w.p.has_defect = true;
    const char *why = promotion_refusal(&w.p, "Prod", "Production", &w.a);
    EXPECT(why && strstr(why, "defect") && strstr(why, "Real"));
    EXPECT(may(&w, "Dev") && may(&w, "Test"));
    EXPECT_STR(joined(&w, promotion_next(&w.p, &w.a)), "");
    w.p.reached.n = 0; /* the first phase can always be deployed to */
    EXPECT(may(&w, "Dev"));
}

TEST(a_defect_leaves_alone_what_has_begun)
{
    CLEANUP(world_done) struct world w;

    world_make(&w, PHASE("Try", "", "\"Dev\"", "") "," PHASE("Real", "", "\"Stage\",\"Prod\"", ""),
               "Dev,Stage");
    w.p.has_defect = true;
    EXPECT(may(&w, "Prod"));
}
