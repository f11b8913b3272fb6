/* document.c - the contract of store/document.h on both engines. */
#include "store/document.h"

#include <pthread.h>
#include <stdio.h>

#include "store/event.h"
#include "tests/lib/database.h"

static const struct document_change by = {
    .user_id = "Users-1", .username = "admin", .now_ms = 1700000000000};

/* One call inside a transaction, with its result. */
struct call {
    enum { INSERT, UPDATE, DELETE, GET, FIND, LIST, USED_BY, COUNT_BY, SLUG, NEXT_ID } what;
    struct document_write w;
    int64_t expected;
    const char *kind, *id, *space, *owner;
    struct document_query q;
    struct arena *a;
    struct document got;
    struct document_page page;
    struct document_use *uses;
    size_t n_uses;
    const char *const *members; /* two */
    struct document_count *counts;
    size_t n_counts;
    const char *text;
};

static int perform(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;

    switch (c->what) {
    case INSERT: return document_insert(tx, &c->w, &by, c->a, &c->got, e);
    case UPDATE: return document_update(tx, &c->w, c->expected, &by, c->a, &c->got, e);
    case DELETE: return document_delete(tx, c->kind, c->id, &by, e);
    case GET: return document_get(tx, c->kind, c->id, c->a, &c->got, e);
    case FIND: return document_find(tx, c->kind, c->space, c->owner, c->id, c->a, &c->got, e);
    case LIST: return document_list(tx, &c->q, c->a, &c->page, e);
    case USED_BY: return document_used_by(tx, c->id, true, c->a, &c->uses, &c->n_uses, e);
    case COUNT_BY:
        return document_count_by(tx, &c->q, c->members, 2, c->a, &c->counts, &c->n_counts, e);
    case SLUG: return document_free_slug(tx, c->kind, c->space, c->owner, c->id, c->a, &c->text, e);
    case NEXT_ID: return document_next_id(tx, c->kind, c->a, &c->text, e);
    }
    return -1;
}

#define ALL_UNIQUE (DOCUMENT_UNIQUE_NAME | DOCUMENT_UNIQUE_SLUG)
#define WRITE(...) ((struct document_write){__VA_ARGS__})
#define REFS(...)                                                              \
    .references = (const struct document_reference[]){__VA_ARGS__},            \
    .n_references = sizeof((const struct document_reference[]){__VA_ARGS__}) / \
                    sizeof(struct document_reference)

/* What most tests do not care about. */
static void fill(struct document_write *w)
{
    if (w->space_id == NULL) w->space_id = "Spaces-1";
    if (w->body == NULL) w->body = "{}";
}

static int insert(struct db *db, struct document_write w, struct error *e)
{
    struct arena a = ARENA_INIT;
    fill(&w);
    struct call c = {.what = INSERT, .w = w, .a = &a};
    int r = db_write(db, perform, &c, e);

    arena_done(&a);
    return r;
}

static int update(struct db *db, struct document_write w, int64_t expected, struct error *e)
{
    struct arena a = ARENA_INIT;
    fill(&w);
    struct call c = {.what = UPDATE, .w = w, .expected = expected, .a = &a};
    int r = db_write(db, perform, &c, e);

    arena_done(&a);
    return r;
}

static int delete_it(struct db *db, const char *kind, const char *id, struct error *e)
{
    struct call c = {.what = DELETE, .kind = kind, .id = id};

    return db_write(db, perform, &c, e);
}

/* The ids of a list, with commas. */
static const char *ids_of(struct db *db, struct document_query q, int64_t *ret_total)
{
    static char text[512];
    struct arena a = ARENA_INIT;
    struct error err = {0};
    struct call c = {.what = LIST, .q = q, .a = &a};

    text[0] = '\0';
    EXPECT_OK(db_read(db, perform, &c, &err));
    for (size_t i = 0; i < c.page.n; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "",
                 c.page.items[i].id);
    if (ret_total) *ret_total = c.page.total;
    arena_done(&a);
    return text;
}

static const char *found_id(struct db *db, const char *kind, const char *space, const char *owner,
                            const char *what)
{
    static char id[64];
    struct arena a = ARENA_INIT;
    struct error err = {0};
    struct call c = {
        .what = FIND, .kind = kind, .space = space, .owner = owner, .id = what, .a = &a};

    if (db_read(db, perform, &c, &err) < 0) {
        EXPECT_INT(err.kind, ERR_NOT_FOUND);
        snprintf(id, sizeof(id), "none");
    } else {
        snprintf(id, sizeof(id), "%s", c.got.id);
    }
    arena_done(&a);
    return id;
}

static void insert_three(struct db *db)
{
    struct error err = {0};

    EXPECT_OK(insert(
        db, WRITE(.id = "Pools-1", .kind = "Pools", .name = "Beta", .slug = "beta", .sort = 3),
        &err));
    EXPECT_OK(insert(
        db, WRITE(.id = "Pools-10", .kind = "Pools", .name = "alpha", .slug = "alpha", .sort = 1),
        &err));
    EXPECT_OK(insert(
        db,
        WRITE(.id = "Pools-2", .kind = "Pools", .name = "Gamma 50%", .slug = "gamma", .sort = 2),
        &err));
}

STORE_TEST(a_document_comes_back_as_it_was_stored)
{
    struct arena a = ARENA_INIT;
    struct error err = {0};
    struct call c = {.what = GET, .kind = "Projects", .id = "Projects-1", .a = &a};
    json_auto_t *body = NULL;

    EXPECT_OK(insert(db,
                     WRITE(.id = "Projects-1", .kind = "Projects", .owner_id = "ProjectGroups-9",
                           .name = " My App ", .slug = "my-app", .sort = 4,
                           .body = "{\"Description\":\"gr\xc3\xbc\xc3\x9f e\"}"),
                     &err));
    EXPECT_OK(db_read(db, perform, &c, &err));
    EXPECT_STR(c.got.id, "Projects-1");
    EXPECT_STR(c.got.kind, "Projects");
    EXPECT_STR(c.got.space_id, "Spaces-1");
    EXPECT_STR(c.got.owner_id, "ProjectGroups-9");
    EXPECT_STR(c.got.name, " My App ");
    EXPECT_STR(c.got.slug, "my-app");
    EXPECT_INT(c.got.sort, 4);
    EXPECT_INT(c.got.row_version, 1);
    EXPECT(c.got.created_at == by.now_ms && c.got.updated_at == by.now_ms);
    EXPECT_OK(document_json(&c.got, &body, &err));
    EXPECT_STR(jv_str(body, "Description", ""), "gr\xc3\xbc\xc3\x9f e");
    c.kind = "Runbooks";
    EXPECT_FAILS(db_read(db, perform, &c, &err), ERR_NOT_FOUND);
    EXPECT(strstr(err.text, "Projects-1"));
    arena_done(&a);
}

STORE_TEST(the_same_id_twice_is_a_conflict)
{
    struct error err = {0};

    EXPECT_OK(insert(db, WRITE(.id = "A-1", .kind = "A"), &err));
    EXPECT_FAILS(insert(db, WRITE(.id = "A-1", .kind = "B"), &err), ERR_CONFLICT);
    EXPECT(strstr(err.text, "A-1"));
}

STORE_TEST(a_taken_name_is_refused_whatever_its_case)
{
    struct error err = {0};

    EXPECT_OK(insert(
        db, WRITE(.id = "P-1", .kind = "P", .name = "Web", .slug = "web", .unique = ALL_UNIQUE),
        &err));
    EXPECT_FAILS(insert(db,
                        WRITE(.id = "P-2", .kind = "P", .name = " wEB", .slug = "web2",
                              .unique = ALL_UNIQUE),
                        &err),
                 ERR_INVALID);
    EXPECT_STR(err.where, "Name");
    EXPECT(strstr(err.text, "wEB"));
    EXPECT_FAILS(insert(db,
                        WRITE(.id = "P-2", .kind = "P", .name = "other", .slug = "web",
                              .unique = ALL_UNIQUE),
                        &err),
                 ERR_INVALID);
    EXPECT_STR(err.where, "Slug");
    EXPECT_FAILS(insert(db,
                        WRITE(.id = "P-2", .kind = "P", .name = "other", .slug = " WEB",
                              .unique = ALL_UNIQUE),
                        &err),
                 ERR_INVALID);
    EXPECT_STR(err.where, "Slug");
    EXPECT_FAILS(insert(db,
                        WRITE(.id = "P-2", .kind = "P", .name = "web", .name_member = "Version",
                              .slug = "web2", .unique = ALL_UNIQUE),
                        &err),
                 ERR_INVALID);
    EXPECT_STR(err.where, "Version");
    EXPECT_FAILS(
        insert(db, WRITE(.id = "P-2", .kind = "P", .name = "  ", .unique = ALL_UNIQUE), &err),
        ERR_INVALID);
    EXPECT_OK(insert(db,
                     WRITE(.id = "P-3", .kind = "P", .name = "web", .slug = "web",
                           .unique = ALL_UNIQUE, .space_id = "Spaces-2"),
                     &err));
    EXPECT_OK(insert(
        db, WRITE(.id = "Q-1", .kind = "Q", .name = "web", .slug = "web", .unique = ALL_UNIQUE),
        &err));
    EXPECT_OK(insert(db, WRITE(.id = "R-1", .kind = "R", .name = "web"), &err));
    EXPECT_OK(insert(db, WRITE(.id = "R-2", .kind = "R", .name = "web"), &err));
    EXPECT_INT(test_number(db, "select count(*) from document"), 5);
}

STORE_TEST(names_can_be_unique_within_their_owner)
{
    struct error err = {0};
    unsigned unique = ALL_UNIQUE | DOCUMENT_UNIQUE_IN_OWNER;

    EXPECT_OK(insert(db,
                     WRITE(.id = "C-1", .kind = "C", .owner_id = "P-1", .name = "Default",
                           .slug = "d", .unique = unique),
                     &err));
    EXPECT_OK(insert(db,
                     WRITE(.id = "C-2", .kind = "C", .owner_id = "P-2", .name = "Default",
                           .slug = "d", .unique = unique),
                     &err));
    EXPECT_FAILS(insert(db,
                        WRITE(.id = "C-3", .kind = "C", .owner_id = "P-2", .name = "default",
                              .slug = "e", .unique = unique),
                        &err),
                 ERR_INVALID);
}

STORE_TEST(an_update_needs_the_version_that_was_read)
{
    struct arena a = ARENA_INIT;
    struct error err = {0};
    struct call c = {.what = GET, .kind = "P", .id = "P-1", .a = &a};
    struct document_write w =
        WRITE(.id = "P-1", .kind = "P", .name = "Web", .unique = DOCUMENT_UNIQUE_NAME);

    EXPECT_OK(insert(db, w, &err));
    w.name = "WEB";
    w.body = "{\"a\":2}";
    EXPECT_OK(update(db, w, 1, &err));
    EXPECT_FAILS(update(db, w, 1, &err), ERR_CONFLICT);
    EXPECT(strstr(err.text, "version 2") && strstr(err.text, "1"));
    EXPECT_OK(update(db, w, -1, &err));
    EXPECT_OK(db_read(db, perform, &c, &err));
    EXPECT_INT(c.got.row_version, 3);
    EXPECT_STR(c.got.name, "WEB");
    EXPECT_STR(c.got.body, "{\"a\":2}");
    w.id = "P-9";
    EXPECT_FAILS(update(db, w, -1, &err), ERR_NOT_FOUND);
    arena_done(&a);
}

STORE_TEST(lists_are_ordered_by_folded_name_by_sort_or_by_the_number_of_the_id)
{
    insert_three(db);
    EXPECT_STR(ids_of(db, (struct document_query){.kind = "Pools", .take = -1}, NULL),
               "Pools-10,Pools-1,Pools-2");
    EXPECT_STR(
        ids_of(db, (struct document_query){.kind = "Pools", .take = -1, .order = DOCUMENT_BY_SORT},
               NULL),
        "Pools-10,Pools-2,Pools-1");
    EXPECT_STR(ids_of(db,
                      (struct document_query){.kind = "Pools", .take = -1, .order = DOCUMENT_BY_ID},
                      NULL),
               "Pools-1,Pools-2,Pools-10");
    EXPECT_STR(
        ids_of(db,
               (struct document_query){.kind = "Pools", .take = -1, .order = DOCUMENT_BY_ID_DESC},
               NULL),
        "Pools-10,Pools-2,Pools-1");
}

STORE_TEST(lists_have_pages_and_a_total)
{
    int64_t total = 0;

    insert_three(db);
    EXPECT_STR(ids_of(db, (struct document_query){.kind = "Pools", .take = 2}, &total),
               "Pools-10,Pools-1");
    EXPECT_INT(total, 3);
    EXPECT_STR(ids_of(db, (struct document_query){.kind = "Pools", .skip = 2, .take = 2}, &total),
               "Pools-2");
    EXPECT_INT(total, 3);
    EXPECT_STR(ids_of(db, (struct document_query){.kind = "Pools", .skip = 7, .take = 2}, &total),
               "");
    EXPECT_INT(total, 3);
    EXPECT_STR(ids_of(db, (struct document_query){.kind = "Pools", .take = 0}, &total), "");
    EXPECT_INT(total, 3);
    EXPECT_STR(ids_of(db, (struct document_query){.kind = "None", .take = 30}, &total), "");
    EXPECT_INT(total, 0);
}

STORE_TEST(lists_are_filtered_by_ids_names_parts_of_names_and_space)
{
    const char *ids[] = {"Pools-2", "Pools-77", "Pools-1"};

    insert_three(db);
    EXPECT_STR(ids_of(db,
                      (struct document_query){.kind = "Pools", .take = -1, .ids = ids, .n_ids = 3},
                      NULL),
               "Pools-1,Pools-2");
    EXPECT_STR(ids_of(db,
                      (struct document_query){.kind = "Pools", .take = -1, .ids = ids, .n_ids = 0},
                      NULL),
               "");
    EXPECT_STR(
        ids_of(db, (struct document_query){.kind = "Pools", .take = -1, .name = "ALPHA "}, NULL),
        "Pools-10");
    EXPECT_STR(
        ids_of(db, (struct document_query){.kind = "Pools", .take = -1, .slug = "Gamma"}, NULL),
        "Pools-2");
    EXPECT_STR(ids_of(db,
                      (struct document_query){.kind = "Pools", .take = -1, .partial_name = "MM"},
                      NULL),
               "Pools-2");
    EXPECT_STR(ids_of(db,
                      (struct document_query){.kind = "Pools", .take = -1, .partial_name = "0%"},
                      NULL),
               "Pools-2");
    EXPECT_STR(
        ids_of(db, (struct document_query){.kind = "Pools", .take = -1, .partial_name = "%"}, NULL),
        "Pools-2");
    EXPECT_STR(
        ids_of(db, (struct document_query){.kind = "Pools", .take = -1, .partial_name = "_"}, NULL),
        "");
    EXPECT_STR(ids_of(db,
                      (struct document_query){.kind = "Pools", .take = -1, .space_id = "Spaces-2"},
                      NULL),
               "");
}

STORE_TEST(something_is_found_by_id_then_name_then_slug)
{
    struct error err = {0};

    insert_three(db);
    EXPECT_OK(
        insert(db, WRITE(.id = "Pools-20", .kind = "Pools", .name = "Pools-1", .slug = "x"), &err));
    EXPECT_OK(insert(
        db,
        WRITE(.id = "Pools-21", .kind = "Pools", .name = "gamma", .slug = "y", .owner_id = "O-1"),
        &err));
    EXPECT_STR(found_id(db, "Pools", "Spaces-1", NULL, "Pools-1"), "Pools-1");
    EXPECT_STR(found_id(db, "Pools", "Spaces-1", NULL, "BETA"), "Pools-1");
    EXPECT_STR(found_id(db, "Pools", "Spaces-1", NULL, "Gamma"), "Pools-21");
    EXPECT_STR(found_id(db, "Pools", "Spaces-1", "", "gamma"), "Pools-2");
    EXPECT_STR(found_id(db, "Pools", NULL, "O-1", "gamma"), "Pools-21");
    EXPECT_STR(found_id(db, "Pools", "Spaces-2", NULL, "gamma"), "none");
    EXPECT_STR(found_id(db, "Pools", "Spaces-1", NULL, ""), "none");
}

STORE_TEST(who_asks_for_a_part_of_a_name_and_gives_all_of_it_gets_that_one_first)
{
    struct document_query q = {.kind = "P", .order = DOCUMENT_BY_SORT, .take = 1};
    struct error err = {0};

    EXPECT_OK(insert(db, WRITE(.id = "P-1", .kind = "P", .name = "Linux pool", .sort = 1), &err));
    EXPECT_OK(insert(db, WRITE(.id = "P-2", .kind = "P", .name = "Linux", .sort = 2), &err));
    q.partial_name = "LINUX";
    EXPECT_STR(ids_of(db, q, NULL), "P-2");
    q.partial_name = "lin";
    EXPECT_STR(ids_of(db, q, NULL), "P-1");
}

STORE_TEST(documents_are_counted_by_the_values_they_hold)
{
    static const char *const members[] = {"Pool", "Health"};
    struct arena a = ARENA_INIT;
    struct error err = {0};
    struct call c = {.what = COUNT_BY, .members = members, .q = {.kind = "W"}, .a = &a};

    EXPECT_OK(insert(
        db,
        WRITE(.id = "W-1", .kind = "W", .name = "a",
              REFS({"Pool", "P-1", false}, {"Pool", "P-2", false}, {"Health", "bad", false})),
        &err));
    EXPECT_OK(insert(db,
                     WRITE(.id = "W-2", .kind = "W", .name = "b",
                           REFS({"Pool", "P-1", false}, {"Health", "bad", false})),
                     &err));
    EXPECT_OK(insert(db, WRITE(.id = "W-3", .kind = "W", .name = "c", REFS({"Pool", "P-1", false})),
                     &err));
    EXPECT_OK(db_read(db, perform, &c, &err));
    EXPECT_INT(c.n_counts, 2);
    EXPECT_STR(c.counts[0].values[0], "P-1");
    EXPECT_STR(c.counts[0].values[1], "bad");
    EXPECT_INT(c.counts[0].n, 2);
    EXPECT_STR(c.counts[1].values[0], "P-2");
    EXPECT_INT(c.counts[1].n, 1);
    c.q.partial_name = "b";
    EXPECT_OK(db_read(db, perform, &c, &err));
    EXPECT_INT(c.n_counts, 1);
    EXPECT_INT(c.counts[0].n, 1);
    arena_done(&a);
}

static void insert_used_pool(struct db *db)
{
    struct error err = {0};

    EXPECT_OK(insert(db, WRITE(.id = "Pools-1", .kind = "Pools", .name = "Linux"), &err));
    EXPECT_OK(insert(db, WRITE(.id = "Projects-1", .kind = "Projects", .name = "Web"), &err));
    EXPECT_OK(insert(db,
                     WRITE(.id = "Processes-1", .kind = "Processes", .owner_id = "Projects-1",
                           .name = "the process",
                           REFS({"WorkerPoolId", "Pools-1", true}, {"Label", "Tags-1", false},
                                {"WorkerPoolId", "Pools-1", true})),
                     &err));
}

STORE_TEST(what_is_used_cannot_be_deleted_and_the_message_names_the_users)
{
    struct arena a = ARENA_INIT;
    struct error err = {0};
    struct call c = {.what = USED_BY, .id = "Pools-1", .a = &a};

    insert_used_pool(db);
    EXPECT_FAILS(delete_it(db, "Pools", "Pools-1", &err), ERR_INVALID);
    EXPECT_STR(err.text, "Linux is used by the process (Processes-1)");
    EXPECT_OK(db_read(db, perform, &c, &err));
    EXPECT_INT(c.n_uses, 1);
    EXPECT_STR(c.uses[0].member, "WorkerPoolId");
    EXPECT_STR(c.uses[0].owner_id, "Projects-1");
    EXPECT_OK(update(db,
                     WRITE(.id = "Processes-1", .kind = "Processes", .owner_id = "Projects-1",
                           .name = "the process"),
                     -1, &err));
    EXPECT_OK(delete_it(db, "Pools", "Pools-1", &err));
    EXPECT_INT(test_number(db, "select count(*) from reference"), 0);
    EXPECT_FAILS(delete_it(db, "Pools", "Pools-1", &err), ERR_NOT_FOUND);
    arena_done(&a);
}

STORE_TEST(many_users_are_counted_in_the_message)
{
    struct error err = {0};

    EXPECT_OK(insert(db, WRITE(.id = "Pools-1", .kind = "Pools", .name = "Linux"), &err));
    for (int i = 0; i < 7; i++) {
        char id[16];
        snprintf(id, sizeof(id), "X-%d", i);
        EXPECT_OK(insert(
            db, WRITE(.id = id, .kind = "X", .name = id, REFS({"Pool", "Pools-1", true})), &err));
    }
    EXPECT_FAILS(delete_it(db, "Pools", "Pools-1", &err), ERR_INVALID);
    EXPECT_STR(err.text,
               "Linux is used by X-0 (X-0), X-1 (X-1), X-2 (X-2), X-3 (X-3), X-4 (X-4) and 2 more");
}

STORE_TEST(what_a_document_owns_goes_with_it_at_any_depth)
{
    struct error err = {0};

    insert_used_pool(db);
    EXPECT_OK(insert(db,
                     WRITE(.id = "Steps-1", .kind = "Steps", .owner_id = "Processes-1",
                           REFS({"Process", "Processes-1", true}, {"Self", "Steps-1", true})),
                     &err));
    EXPECT_OK(delete_it(db, "Projects", "Projects-1", &err));
    EXPECT_INT(test_number(db, "select count(*) from document"), 1);
    EXPECT_INT(test_number(db, "select count(*) from reference"), 0);
    EXPECT_OK(delete_it(db, "Pools", "Pools-1", &err));
}

STORE_TEST(a_used_child_keeps_its_owner)
{
    struct error err = {0};

    insert_used_pool(db);
    EXPECT_OK(insert(db,
                     WRITE(.id = "Triggers-1", .kind = "Triggers", .name = "nightly",
                           REFS({"Process", "Processes-1", true})),
                     &err));
    EXPECT_FAILS(delete_it(db, "Projects", "Projects-1", &err), ERR_INVALID);
    EXPECT(strstr(err.text, "nightly (Triggers-1)"));
    EXPECT_INT(test_number(db, "select count(*) from document"), 4);
}

STORE_TEST(a_restricting_reference_needs_its_target)
{
    struct error err = {0};

    EXPECT_FAILS(
        insert(db, WRITE(.id = "X-1", .kind = "X", REFS({"PoolId", "Pools-9", true})), &err),
        ERR_INVALID);
    EXPECT_STR(err.where, "PoolId");
    EXPECT(strstr(err.text, "Pools-9"));
    EXPECT_INT(test_number(db, "select count(*) from document"), 0);
    EXPECT_INT(test_number(db, "select count(*) from event"), 0);
    EXPECT_OK(
        insert(db, WRITE(.id = "X-1", .kind = "X", REFS({"PoolId", "Pools-9", false})), &err));
}

STORE_TEST(lists_can_be_filtered_by_what_documents_point_to)
{
    const char *pools[] = {"Pools-1", "Pools-3"}, *tags[] = {"Tags-1"};
    struct document_filter in_pools = {.member = "WorkerPoolId", .to_ids = pools, .n_to_ids = 2};
    struct document_filter both[] = {in_pools, {.to_ids = tags, .n_to_ids = 1}};
    struct document_filter other = {.member = "Other", .to_ids = pools, .n_to_ids = 2};

    insert_used_pool(db);
    EXPECT_STR(ids_of(db,
                      (struct document_query){
                          .kind = "Processes", .take = -1, .filters = &in_pools, .n_filters = 1},
                      NULL),
               "Processes-1");
    EXPECT_STR(ids_of(db,
                      (struct document_query){
                          .kind = "Processes", .take = -1, .filters = both, .n_filters = 2},
                      NULL),
               "Processes-1");
    EXPECT_STR(ids_of(db,
                      (struct document_query){
                          .kind = "Processes", .take = -1, .filters = &other, .n_filters = 1},
                      NULL),
               "");
}

STORE_TEST(slugs_are_made_free_by_a_number)
{
    struct arena a = ARENA_INIT;
    struct error err = {0};
    struct call c = {.what = SLUG, .kind = "P", .space = "Spaces-1", .id = "My App!", .a = &a};

    EXPECT_OK(db_read(db, perform, &c, &err));
    EXPECT_STR(c.text, "my-app");
    EXPECT_OK(insert(db, WRITE(.id = "P-1", .kind = "P", .slug = "my-app"), &err));
    EXPECT_OK(insert(db, WRITE(.id = "P-2", .kind = "P", .slug = "my-app-1"), &err));
    EXPECT_OK(db_read(db, perform, &c, &err));
    EXPECT_STR(c.text, "my-app-2");
    arena_done(&a);
}

static int events_about(struct db_tx *tx, void *ctx, struct error *e)
{
    struct call *c = ctx;
    struct event *events;
    size_t n;
    int64_t total;
    struct event_query q = {.related = {{&c->id, 1}}, .n_related = 1, .take = -1};
    struct buf text = BUF_INIT(4096);

    if (event_list(tx, &q, c->a, &events, &n, &total, e) < 0) return -1;
    for (size_t i = 0; i < n; i++) buf_addf(&text, "%s:%s;", events[i].category, events[i].message);
    c->text = arena_strdup(c->a, buf_str(&text));
    buf_done(&text);
    return 0;
}

STORE_TEST(every_change_writes_its_event)
{
    struct arena a = ARENA_INIT;
    struct error err = {0};
    struct call c = {.id = "P-1", .a = &a};

    EXPECT_OK(insert(db, WRITE(.id = "P-1", .kind = "P", .name = "Web"), &err));
    EXPECT_OK(update(db, WRITE(.id = "P-1", .kind = "P", .name = "Web 2"), -1, &err));
    EXPECT_FAILS(update(db, WRITE(.id = "P-1", .kind = "P", .name = "Web 3"), 1, &err),
                 ERR_CONFLICT);
    EXPECT_OK(delete_it(db, "P", "P-1", &err));
    EXPECT_OK(db_read(db, events_about, &c, &err));
    EXPECT_STR(
        c.text,
        "Deleted:P Web 2 was deleted;Modified:P Web 2 was changed;Created:P Web was created;");
    arena_done(&a);
}

/* ---- races ---- */

struct racer {
    struct db *db;
    struct document_write w;
    const char *deletes;
    int result;
    struct error err;
};

static void *race(void *ctx)
{
    struct racer *r = ctx;

    r->result =
        r->deletes ? delete_it(r->db, "Pools", r->deletes, &r->err) : insert(r->db, r->w, &r->err);
    return NULL;
}

static void race_both(struct racer *one, struct racer *other)
{
    pthread_t threads[2];

    EXPECT(pthread_create(&threads[0], NULL, race, one) == 0);
    EXPECT(pthread_create(&threads[1], NULL, race, other) == 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}

STORE_TEST(of_two_that_take_one_name_at_once_one_is_told_so)
{
    for (int i = 0; i < 20; i++) {
        char name[32], id[2][32];
        struct racer r[2];
        snprintf(name, sizeof(name), "name %d", i);
        for (int k = 0; k < 2; k++) {
            snprintf(id[k], sizeof(id[k]), "P-%d", 2 * i + k);
            r[k] = (struct racer){
                .db = db,
                .w = WRITE(.id = id[k], .kind = "P", .name = name, .unique = DOCUMENT_UNIQUE_NAME)};
        }
        race_both(&r[0], &r[1]);
        EXPECT((r[0].result < 0) != (r[1].result < 0));
        struct racer *loser = r[0].result < 0 ? &r[0] : &r[1];
        EXPECT_INT(loser->err.kind, ERR_INVALID);
        EXPECT(strstr(loser->err.text, name));
    }
}

STORE_TEST(a_document_is_never_deleted_beside_a_new_reference_to_it)
{
    struct error err = {0};

    for (int i = 0; i < 20; i++) {
        char pool[32], user[32];
        snprintf(pool, sizeof(pool), "Pools-%d", i);
        snprintf(user, sizeof(user), "X-%d", i);
        EXPECT_OK(insert(db, WRITE(.id = pool, .kind = "Pools", .name = pool), &err));
        struct racer deletes = {.db = db, .deletes = pool};
        struct racer refers = {.db = db,
                               .w = WRITE(.id = user, .kind = "X", REFS({"Pool", pool, true}))};
        race_both(&deletes, &refers);
        EXPECT((deletes.result < 0) != (refers.result < 0));
    }
    EXPECT_INT(test_number(db, "select count(*) from reference r where not exists "
                               "(select id from document d where d.id = r.to_id)"),
               0);
}

static void *take_ids(void *ctx)
{
    struct arena a = ARENA_INIT;
    struct error err = {0};

    for (int i = 0; i < 25; i++) {
        struct call c = {.what = NEXT_ID, .kind = "P", .a = &a};
        EXPECT_OK(db_write(ctx, perform, &c, &err));
    }
    arena_done(&a);
    return NULL;
}

STORE_TEST(ids_are_counted_without_gaps_by_racing_writers)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) EXPECT(pthread_create(&threads[i], NULL, take_ids, db) == 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    EXPECT_INT(test_number(db, "select value from counter where name = 'P'"), 100);
}
