/* package.c - the contract of store/package.h on both engines. */
#include "base/buf.h"
#include "store/package.h"
#include "tests/lib/database.h"

struct made {
    const char *space, *id, *version;
    int result; /* of the insert */
};

static int insert(struct db_tx *tx, struct made *m, struct arena *a, struct error *e)
{
    struct version v;

    if (version_parse(a, m->version, &v, e) < 0) return -1;
    struct package p = {.space_id = m->space,
                        .package_id = m->id,
                        .version = m->version,
                        .version_key = v.key,
                        .prerelease = v.tag[0] != '\0',
                        .extension = ".zip",
                        .content = "c0",
                        .size = 3,
                        .title = "",
                        .summary = "",
                        .description = "",
                        .notes = "",
                        .published_at = 5};
    m->result = package_insert(tx, &p, a, e);
    return m->result < 0 ? -1 : 0;
}

static int insert_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct arena a = ARENA_INIT;
    int r = insert(tx, ctx, &a, e);

    arena_done(&a);
    return r;
}

static int add(struct db *db, const char *space, const char *id, const char *version)
{
    struct made m = {space, id, version, 0};
    struct error err = {0};

    EXPECT_OK(db_write(db, insert_tx, &m, &err));
    return m.result;
}

struct lookup {
    struct package_query q;
    const char *range, *tag;
    struct arena arena;
    struct package *list;
    size_t n;
    int64_t total;
    int result;
    struct package one;
};

static int list_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct lookup *l = ctx;

    return package_list(tx, &l->q, &l->arena, &l->list, &l->n, &l->total, e);
}

static int latest_tx(struct db_tx *tx, void *ctx, struct error *e)
{
    struct lookup *l = ctx;

    l->result =
        package_latest(tx, l->q.space_id, l->q.package_id, l->range, l->tag, &l->arena, &l->one, e);
    return l->result < 0 ? -1 : 0;
}

/* The versions that are found, with the number of all that match. */
static void expect_list(struct db *db, struct package_query q, const char *wanted)
{
    struct lookup l = {.q = q, .arena = ARENA_INIT};
    struct error err = {0};
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);

    l.q.space_id = "Spaces-1";
    if (l.q.take == 0) l.q.take = 100;
    EXPECT_OK(db_read(db, list_tx, &l, &err));
    buf_addf(&got, "%lld:", (long long)l.total);
    for (size_t i = 0; i < l.n; i++)
        buf_addf(&got, " %s.%s", l.list[i].package_id, l.list[i].version);
    EXPECT_STR(buf_str(&got), wanted);
    arena_done(&l.arena);
}

static void expect_latest(struct db *db, const char *id, const char *range, const char *tag,
                          const char *wanted)
{
    struct lookup l = {.q = {.space_id = "Spaces-1", .package_id = id},
                       .range = range,
                       .tag = tag,
                       .arena = ARENA_INIT};
    struct error err = {0};

    EXPECT_OK(db_read(db, latest_tx, &l, &err));
    EXPECT_INT(l.result, wanted != NULL);
    if (wanted) EXPECT_STR(l.one.version, wanted);
    arena_done(&l.arena);
}

static void fill(struct db *db)
{
    static const char *const versions[] = {"1.0.0", "1.10.0", "1.2.0-rc.1", "1.2.0",
                                           "2.0.0-beta.2"};

    for (size_t i = 0; i < ARRAY_LEN(versions); i++)
        EXPECT_INT(add(db, "Spaces-1", "Acme.Web", versions[i]), 1);
    EXPECT_INT(add(db, "Spaces-1", "Acme.Database", "3.0"), 1);
    EXPECT_INT(add(db, "Spaces-2", "Acme.Web", "9.0"), 1);
}

STORE_TEST(a_version_of_a_package_is_there_once_in_a_space)
{
    EXPECT_INT(add(db, "Spaces-1", "Acme", "1.0"), 1);
    EXPECT_INT(add(db, "Spaces-1", "ACME", "1.0.0.0"), 0);
    EXPECT_INT(add(db, "Spaces-1", "Acme", "1.0.0-a"), 1);
    EXPECT_INT(add(db, "Spaces-1", "Acme", "1.0.0+x"), 1);
    EXPECT_INT(add(db, "Spaces-2", "Acme", "1.0"), 1);
    EXPECT_INT(test_number(db, "select count(*) from package"), 4);
}

STORE_TEST(packages_are_listed_by_id_and_the_highest_version_first)
{
    fill(db);
    expect_list(db, (struct package_query){0},
                "6: Acme.Database.3.0 Acme.Web.2.0.0-beta.2 Acme.Web.1.10.0 Acme.Web.1.2.0 "
                "Acme.Web.1.2.0-rc.1 Acme.Web.1.0.0");
    expect_list(db, (struct package_query){.package_id = "acme.WEB", .skip = 1, .take = 2},
                "5: Acme.Web.1.10.0 Acme.Web.1.2.0");
    expect_list(db, (struct package_query){.only_latest = true},
                "2: Acme.Database.3.0 Acme.Web.2.0.0-beta.2");
    expect_list(db, (struct package_query){.partial_id = "DATA"}, "1: Acme.Database.3.0");
    expect_list(db, (struct package_query){.partial_version = "RC"}, "1: Acme.Web.1.2.0-rc.1");
    expect_list(db, (struct package_query){.without_prerelease = true, .package_id = "Acme.Web"},
                "3: Acme.Web.1.10.0 Acme.Web.1.2.0 Acme.Web.1.0.0");
}

STORE_TEST(a_tag_is_matched_version_by_version_and_the_page_cut_from_those)
{
    CLEANUP(version_tag_freep) struct version_tag *any = NULL;
    struct error err = {0};

    fill(db);
    EXPECT_OK(version_tag_parse("^[^\\+]", &any, &err));
    expect_list(db, (struct package_query){.package_id = "Acme.Web", .tag = any, .take = 1},
                "2: Acme.Web.2.0.0-beta.2");
    expect_list(db, (struct package_query){.package_id = "Acme.Web", .tag = any, .skip = 1},
                "2: Acme.Web.1.2.0-rc.1");
}

STORE_TEST(the_latest_version_is_the_highest_that_range_and_tag_allow)
{
    fill(db);
    expect_latest(db, "Acme.Web", NULL, NULL, "2.0.0-beta.2");
    expect_latest(db, "acme.web", "", "^$", "1.10.0");
    expect_latest(db, "Acme.Web", "[1.0,1.2]", "", "1.2.0");
    expect_latest(db, "Acme.Web", "[1.0,1.1],[1.2]", "", "1.2.0");
    expect_latest(db, "Acme.Web", "(,1.2)", "^rc", "1.2.0-rc.1");
    expect_latest(db, "Acme.Web", "[3.0,)", NULL, NULL);
    expect_latest(db, "Acme", NULL, NULL, NULL);
}
