/* people.c - the contracts of store/user.h, setting.h, counter.h and event.h on both engines. */
#include <stdio.h>

#include "crypt/apikey.h"
#include "store/counter.h"
#include "store/event.h"
#include "store/setting.h"
#include "store/user.h"
#include "tests/lib/database.h"

static const char KEY[] = "API-ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* A test's transaction: the rules are checked inside, and what it wrote is committed. */
#define IN_WRITE(body_name)                                                            \
    static int body_name##_steps(struct db_tx *tx, struct arena *a, struct error *ep); \
    static int body_name##_tx(struct db_tx *tx, void *ctx, struct error *ep)           \
    {                                                                                  \
        struct arena a = ARENA_INIT;                                                   \
        int r = body_name##_steps(tx, &a, ep);                                         \
        arena_done(&a);                                                                \
        return r;                                                                      \
    }                                                                                  \
    STORE_TEST(body_name)                                                              \
    {                                                                                  \
        struct error err = {0};                                                        \
        EXPECT_OK(db_write(db, body_name##_tx, NULL, &err));                           \
    }                                                                                  \
    static int body_name##_steps(struct db_tx *tx, struct arena *a, struct error *ep)

static struct user ada(void)
{
    return (struct user){.id = "Users-7",
                         .username = "Ada",
                         .display_name = "Ada Lovelace",
                         .email = "ada@example.org",
                         .password_hash = "$argon2id$x",
                         .is_admin = true,
                         .is_active = true,
                         .created_at = 1000};
}

IN_WRITE(a_user_is_found_by_id_and_by_name_in_any_case)
{
    struct error err = {0};
    struct user u = ada(), got;
    const char *id;

    EXPECT_OK(user_next_id(tx, a, &id, &err));
    EXPECT_STR(id, "Users-1");
    EXPECT_OK(user_insert(tx, &u, &err));
    EXPECT_OK(user_get(tx, "Users-7", a, &got, &err));
    EXPECT_STR(got.display_name, "Ada Lovelace");
    EXPECT_STR(got.email, "ada@example.org");
    EXPECT(got.is_admin && got.is_active && !got.is_service);
    EXPECT_INT(got.row_version, 1);
    EXPECT_STR(got.identities, "[]");
    u.identities = "[1]";
    EXPECT_OK(user_update(tx, &u, 1, &err));
    EXPECT_OK(user_get(tx, "Users-7", a, &got, &err));
    EXPECT_STR(got.identities, "[1]");
    EXPECT_OK(user_by_name(tx, " aDA", a, &got, &err));
    EXPECT_STR(got.id, "Users-7");
    EXPECT_FAILS(user_by_name(tx, "bob", a, &got, &err), ERR_NOT_FOUND);
    EXPECT_FAILS(user_get(tx, "Users-8", a, &got, &err), ERR_NOT_FOUND);
    return 0;
}

IN_WRITE(a_username_is_given_once)
{
    struct error err = {0};
    struct user u = ada();

    EXPECT_OK(user_insert(tx, &u, &err));
    u.id = "Users-8";
    u.username = "ADA";
    EXPECT_FAILS(user_insert(tx, &u, &err), ERR_INVALID);
    EXPECT_STR(err.where, "Username");
    EXPECT(strstr(err.text, "ADA"));
    u.username = " ";
    EXPECT_FAILS(user_insert(tx, &u, &err), ERR_INVALID);
    return 0;
}

IN_WRITE(a_user_changes_and_goes)
{
    struct error err = {0};
    struct user u = ada(), got;
    int64_t ends;
    struct api_key k;

    EXPECT_OK(user_insert(tx, &u, &err));
    EXPECT_OK(api_key_insert(tx, KEY, u.id, "ci", 1, 0, a, &k, &err));
    u.username = "ADA";
    u.is_admin = false;
    u.updated_at = 2000;
    EXPECT_OK(user_update(tx, &u, 1, &err));
    EXPECT_FAILS(user_update(tx, &u, 1, &err), ERR_CONFLICT);
    EXPECT(strstr(err.text, "version 2"));
    EXPECT_OK(user_update(tx, &u, -1, &err));
    EXPECT_OK(user_set_password(tx, u.id, "$argon2id$y", 3000, &err));
    EXPECT_OK(user_get(tx, u.id, a, &got, &err));
    EXPECT_STR(got.password_hash, "$argon2id$y");
    EXPECT(!got.is_admin && got.created_at == 1000 && got.updated_at == 3000);
    EXPECT_OK(user_remove(tx, u.id, &err));
    EXPECT_FAILS(user_remove(tx, u.id, &err), ERR_NOT_FOUND);
    EXPECT_FAILS(user_by_api_key(tx, KEY, 5, a, &got, &ends, &err), ERR_UNAUTHENTICATED);
    EXPECT_FAILS(user_update(tx, &u, -1, &err), ERR_NOT_FOUND);
    EXPECT_FAILS(user_set_password(tx, u.id, "x", 1, &err), ERR_NOT_FOUND);
    return 0;
}

IN_WRITE(users_are_listed_by_name_and_filtered)
{
    struct error err = {0};
    const char *names[] = {"carl", "Ada", "bob_1"};
    struct user *list;
    size_t n;
    int64_t total;

    for (int i = 0; i < 3; i++) {
        struct user u = {.id = arena_fmt(a, "Users-%d", i),
                         .username = names[i],
                         .display_name = "Person",
                         .is_active = true};
        EXPECT_OK(user_insert(tx, &u, &err));
    }
    EXPECT_OK(user_list(tx, NULL, 0, 2, a, &list, &n, &total, &err));
    EXPECT_INT(n, 2);
    EXPECT_INT(total, 3);
    EXPECT_STR(list[0].username, "Ada");
    EXPECT_OK(user_list(tx, "_", 0, -1, a, &list, &n, &total, &err));
    EXPECT_INT(n, 1);
    EXPECT_STR(list[0].username, "bob_1");
    EXPECT_OK(user_list(tx, "PERS", 2, -1, a, &list, &n, &total, &err));
    EXPECT_INT(n, 1);
    EXPECT_STR(list[0].username, "carl");
    return 0;
}

IN_WRITE(an_api_key_finds_its_user_until_it_expires)
{
    struct error err = {0};
    struct user u = ada(), got;
    int64_t ends;
    struct api_key k, *keys;
    int64_t total;
    size_t n;

    EXPECT_OK(user_insert(tx, &u, &err));
    EXPECT_OK(api_key_insert(tx, KEY, u.id, "ci", 100, 500, a, &k, &err));
    EXPECT_STR(k.hint, "API-ABCD...");
    EXPECT_OK(user_by_api_key(tx, KEY, 499, a, &got, &ends, &err));
    EXPECT_INT(ends, 500);
    EXPECT_STR(got.id, "Users-7");
    EXPECT_FAILS(user_by_api_key(tx, KEY, 500, a, &got, &ends, &err), ERR_UNAUTHENTICATED);
    EXPECT(strstr(err.text, "expired"));
    EXPECT_FAILS(
        user_by_api_key(tx, "API-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", 1, a, &got, &ends, &err),
        ERR_UNAUTHENTICATED);
    EXPECT_FAILS(user_by_api_key(tx, "nonsense", 1, a, &got, &ends, &err), ERR_UNAUTHENTICATED);
    EXPECT_FAILS(api_key_insert(tx, "short", u.id, "", 1, 0, a, &k, &err), ERR_INVALID);
    EXPECT_OK(api_key_list(tx, u.id, 0, -1, a, &keys, &n, &total, &err));
    EXPECT_INT(n, 1);
    EXPECT_STR(keys[0].purpose, "ci");
    EXPECT_INT(keys[0].expires_at, 500);
    EXPECT_FAILS(api_key_get(tx, "Users-1", keys[0].id, a, &k, &err), ERR_NOT_FOUND);
    EXPECT_OK(api_key_get(tx, u.id, keys[0].id, a, &k, &err));
    EXPECT_FAILS(api_key_remove(tx, "Users-1", k.id, &err), ERR_NOT_FOUND);
    EXPECT_OK(api_key_remove(tx, u.id, k.id, &err));
    EXPECT_FAILS(user_by_api_key(tx, KEY, 1, a, &got, &ends, &err), ERR_UNAUTHENTICATED);
    return 0;
}

IN_WRITE(keys_are_listed_newest_first_in_parts)
{
    static const char *const texts[] = {"API-AAAAAAAAAAAAAAAA", "API-BBBBBBBBBBBBBBBB",
                                        "API-CCCCCCCCCCCCCCCC"};
    struct error err = {0};
    struct user u = ada();
    struct api_key k, *keys;
    int64_t total;
    size_t n;

    EXPECT_OK(user_insert(tx, &u, &err));
    for (int i = 0; i < 3; i++)
        EXPECT_OK(api_key_insert(tx, texts[i], u.id, texts[i], 100 + i, 0, a, &k, &err));
    EXPECT_OK(api_key_list(tx, u.id, 1, 1, a, &keys, &n, &total, &err));
    EXPECT(n == 1 && total == 3);
    EXPECT_STR(keys[0].purpose, texts[1]);
    EXPECT_OK(api_key_list(tx, "Users-9", 0, -1, a, &keys, &n, &total, &err));
    EXPECT(n == 0 && total == 0);
    return 0;
}

#define DAY ((int64_t)24 * 3600 * 1000)
TEST(a_key_is_warned_of_at_20_days_at_10_days_and_at_its_end)
{
    EXPECT_INT(api_key_warning(0, 100 * DAY), API_KEY_FINE);
    EXPECT_INT(api_key_warning(100 * DAY, 80 * DAY - 1), API_KEY_FINE);
    EXPECT_INT(api_key_warning(100 * DAY, 80 * DAY), API_KEY_20_DAYS);
    EXPECT_INT(api_key_warning(100 * DAY, 90 * DAY - 1), API_KEY_20_DAYS);
    EXPECT_INT(api_key_warning(100 * DAY, 90 * DAY), API_KEY_10_DAYS);
    EXPECT_INT(api_key_warning(100 * DAY, 100 * DAY - 1), API_KEY_10_DAYS);
    EXPECT_INT(api_key_warning(100 * DAY, 100 * DAY), API_KEY_EXPIRED);
}

/* What is due at ${day} is one key with ${warning}, which is noted. */
static void expect_due(struct db_tx *tx, struct arena *a, int64_t day, enum api_key_warning warning)
{
    struct error err = {0};
    struct api_key *keys;
    size_t n;

    EXPECT_OK(api_key_due(tx, day * DAY, a, &keys, &n, &err));
    EXPECT_INT(n, 1);
    EXPECT_STR(keys[0].username, "Ada");
    EXPECT_INT(api_key_warning(keys[0].expires_at, day * DAY), warning);
    EXPECT_OK(api_key_warned(tx, keys[0].id, warning, &err));
    EXPECT_OK(api_key_due(tx, day * DAY, a, &keys, &n, &err));
    EXPECT_INT(n, 0);
}

IN_WRITE(each_warning_of_a_key_is_due_once)
{
    struct error err = {0};
    struct user u = ada();
    struct api_key k, *keys;
    size_t n;

    EXPECT_OK(user_insert(tx, &u, &err));
    EXPECT_OK(api_key_insert(tx, KEY, u.id, "long", 0, 100 * DAY, a, &k, &err));
    EXPECT_OK(api_key_insert(tx, "API-AAAAAAAAAAAAAAAA", u.id, "for ever", 0, 0, a, &k, &err));
    EXPECT_OK(api_key_due(tx, 79 * DAY, a, &keys, &n, &err));
    EXPECT_INT(n, 0);
    expect_due(tx, a, 81, API_KEY_20_DAYS);
    expect_due(tx, a, 91, API_KEY_10_DAYS);
    expect_due(tx, a, 101, API_KEY_EXPIRED);
    EXPECT_OK(api_key_due(tx, 1000 * DAY, a, &keys, &n, &err));
    EXPECT_INT(n, 0);
    return 0;
}

IN_WRITE(a_key_that_was_made_for_a_few_days_is_not_warned_of_before_its_end)
{
    struct error err = {0};
    struct user u = ada();
    struct api_key k;

    EXPECT_OK(user_insert(tx, &u, &err));
    EXPECT_OK(api_key_insert(tx, KEY, u.id, "short", 0, 5 * DAY, a, &k, &err));
    EXPECT_INT(k.warned, API_KEY_10_DAYS);
    expect_due(tx, a, 5, API_KEY_EXPIRED);
    return 0;
}

IN_WRITE(an_inactive_user_has_no_key)
{
    struct error err = {0};
    struct user u = ada(), got;
    int64_t ends;
    struct api_key k;

    u.is_active = false;
    EXPECT_OK(user_insert(tx, &u, &err));
    EXPECT_OK(api_key_insert(tx, KEY, u.id, "ci", 100, 0, a, &k, &err));
    EXPECT_FAILS(user_by_api_key(tx, KEY, 499, a, &got, &ends, &err), ERR_UNAUTHENTICATED);
    EXPECT(strstr(err.text, "active"));
    return 0;
}

STORE_TEST(the_text_of_a_key_is_not_in_the_database)
{
    struct error err = {0};
    char sql[256];

    EXPECT_OK(db_write(db, an_inactive_user_has_no_key_tx, NULL, &err));
    snprintf(sql, sizeof(sql),
             "select count(*) from api_key where hash like '%%%s%%' or hint like '%%%s%%'", KEY + 4,
             KEY + 4);
    EXPECT_INT(test_number(db, sql), 0);
    EXPECT_INT(test_number(db, "select count(*) from api_key where length(hash) = 64"), 1);
}

IN_WRITE(a_setting_is_put_kept_and_removed)
{
    struct error err = {0};
    const char *value;

    EXPECT_OK(setting_get(tx, "id", a, &value, &err));
    EXPECT(value == NULL);
    EXPECT_INT(setting_once(tx, "id", "one", a, &value, &err), 1);
    EXPECT_STR(value, "one");
    EXPECT_INT(setting_once(tx, "id", "two", a, &value, &err), 0);
    EXPECT_STR(value, "one");
    EXPECT_OK(setting_put(tx, "id", "three", &err));
    EXPECT_OK(setting_get(tx, "id", a, &value, &err));
    EXPECT_STR(value, "three");
    EXPECT_INT(setting_remove(tx, "id", &err), 1);
    EXPECT_INT(setting_remove(tx, "id", &err), 0);
    return 0;
}

IN_WRITE(counters_count_from_one_each_for_itself)
{
    struct error err = {0};
    int64_t n;

    EXPECT_OK(counter_next(tx, "A", &n, &err));
    EXPECT_INT(n, 1);
    EXPECT_OK(counter_take(tx, "A", 10, &n, &err));
    EXPECT_INT(n, 2);
    EXPECT_OK(counter_next(tx, "A", &n, &err));
    EXPECT_INT(n, 12);
    EXPECT_OK(counter_take(tx, "B", 5, &n, &err));
    EXPECT_INT(n, 1);
    return 0;
}

static void add_event(struct db_tx *tx, const char *space, const char *category, int64_t at,
                      const char *about)
{
    struct error err = {0};
    const char *related[] = {about, about, "Spaces-1"};
    struct event ev = {.space_id = space,
                       .category = category,
                       .user_id = "Users-1",
                       .username = "ada",
                       .occurred_at = at,
                       .message = about,
                       .related = related,
                       .n_related = 3};

    EXPECT_OK(event_add(tx, &ev, NULL, &err));
}

IN_WRITE(events_are_listed_newest_first_and_filtered)
{
    struct error err = {0};
    const char *about[] = {"P-2"}, *created[] = {"Created"}, *nobody[] = {"Users-9"},
               *spaces[] = {"Spaces-1"};
    struct event *list;
    size_t n;
    int64_t total;

    add_event(tx, "Spaces-1", "Created", 1000, "P-1");
    add_event(tx, "Spaces-1", "Modified", 1000, "P-1");
    add_event(tx, "Spaces-2", "Created", 2000, "P-2");
    struct event_query q = {.take = 2};
    EXPECT_OK(event_list(tx, &q, a, &list, &n, &total, &err));
    EXPECT(n == 2 && total == 3);
    EXPECT_STR(list[0].message, "P-2");
    EXPECT_STR(list[1].category, "Modified");
    EXPECT_INT(list[0].n_related, 2);
    EXPECT(strncmp(list[0].id, "Events-", 7) == 0 && list[0].number > list[1].number);
    q = (struct event_query){.take = -1, .related = {{about, 1}}, .n_related = 1};
    EXPECT_OK(event_list(tx, &q, a, &list, &n, &total, &err));
    EXPECT_INT(total, 1);
    q = (struct event_query){.take = -1, .categories = {created, 1}, .spaces = {spaces, 1}};
    EXPECT_OK(event_list(tx, &q, a, &list, &n, &total, &err));
    EXPECT_INT(n, 1);
    q = (struct event_query){.take = -1, .from_ms = 1001, .to_ms = 3000};
    EXPECT_OK(event_list(tx, &q, a, &list, &n, &total, &err));
    EXPECT_INT(n, 1);
    q = (struct event_query){.take = -1, .users = {nobody, 1}};
    EXPECT_OK(event_list(tx, &q, a, &list, &n, &total, &err));
    EXPECT_INT(n, 0);
    q = (struct event_query){.take = -1, .skip = 2};
    EXPECT_OK(event_list(tx, &q, a, &list, &n, &total, &err));
    EXPECT_INT(n, 1);
    return 0;
}
