/* database.h - fresh databases for tests, of both engines.
 *
 *     STORE_TEST(a_sentence_that_says_the_rule)
 *     {
 *         struct error err = {0};
 *         EXPECT_OK(db_write(db, ...));
 *     }
 *
 * makes two tests, <name>_on_sqlite and <name>_on_postgres; each gets `struct db *db`, empty but
 * for the schema. One PostgreSQL cluster serves the whole program: it starts with the first test
 * that wants it, as an ordinary user, on a unix socket in a temporary folder, and is stopped by its
 * process id when the program ends in any way. */
#ifndef TESTS_DATABASE_H
#define TESTS_DATABASE_H
#include "db/db.h"
#include "tests/lib/tap.h"

/** The URL of a fresh, empty database; valid until the next call. SQLite: a file in tap_folder().
 */
const char *test_database_url(const char *engine);
/** Opens a fresh database; stops the test when that fails. ${migrated}: with the schema of the
 * program. */
struct db *test_database(const char *engine, bool migrated);
/** Opens ${url} with the defaults of db_options; stops the test when that fails. */
struct db *test_open(const char *url);
/** Stops the cluster at once, as a crash of its machine would, and starts it again. */
void test_postgres_crash(void);
void test_postgres_return(void);

/** Runs one statement without values in a transaction of its own; stops the test when that fails.
 */
void test_sql(struct db *db, const char *sql);
/** The number that ${sql} yields. */
int64_t test_number(struct db *db, const char *sql);

#define STORE_TEST_LIMIT(test_name, limit_s)             \
    static void test_name##_both(struct db *db);         \
    TEST_LIMIT(test_name##_on_sqlite, limit_s)           \
    {                                                    \
        struct db *db = test_database("sqlite", true);   \
        test_name##_both(db);                            \
        db_close(db);                                    \
    }                                                    \
    TEST_LIMIT(test_name##_on_postgres, limit_s)         \
    {                                                    \
        struct db *db = test_database("postgres", true); \
        test_name##_both(db);                            \
        db_close(db);                                    \
    }                                                    \
    static void test_name##_both(struct db *db)
#define STORE_TEST(test_name) STORE_TEST_LIMIT(test_name, 60)
#endif
