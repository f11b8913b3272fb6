/* tap.h - the C test harness: each test registers itself, runs in a forked child with a time limit,
 * prints TAP.
 *
 *     TEST(a_name_that_says_the_rule) { EXPECT_STR(f(1), "one"); }
 *
 * The program exits 0 when all passed. `prog NAME...` runs only tests whose name contains one of
 * the words. A test that cannot run here calls CANNOT_RUN("why") and counts as failed. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

struct test_case {
    const char *name;
    void (*run)(void);
    int seconds;
    struct test_case *next;
};
void tap_register(struct test_case *t);
void tap_fail(const char *file, int line, const char *fmt, ...) PRINTF(3, 4);
NORETURN void tap_stop(void);
/** A fresh folder for this test, removed when the test ends. Valid for the test's life. */
const char *tap_folder(void);

#define TEST_LIMIT(test_name, limit_s)                                                      \
    static void test_name(void);                                                            \
    static struct test_case test_case_##test_name = {#test_name, test_name, limit_s, NULL}; \
    __attribute__((constructor)) static void register_##test_name(void)                     \
    {                                                                                       \
        tap_register(&test_case_##test_name);                                               \
    }                                                                                       \
    static void test_name(void)
#define TEST(test_name) TEST_LIMIT(test_name, 30)

#define EXPECT(cond)                                                        \
    do {                                                                    \
        if (!(cond)) tap_fail(__FILE__, __LINE__, "%s", #cond), tap_stop(); \
    } while (0)
#define EXPECT_INT(got, wanted)                                                           \
    do {                                                                                  \
        long long got_ = (long long)(got), wanted_ = (long long)(wanted);                 \
        if (got_ != wanted_)                                                              \
            tap_fail(__FILE__, __LINE__, "%s is %lld, wanted %lld", #got, got_, wanted_), \
                tap_stop();                                                               \
    } while (0)
#define EXPECT_STR(got, wanted)                                               \
    do {                                                                      \
        const char *got_ = (got), *wanted_ = (wanted);                        \
        if (got_ == NULL || strcmp(got_, wanted_) != 0)                       \
            tap_fail(__FILE__, __LINE__, "%s is \"%s\", wanted \"%s\"", #got, \
                     got_ ? got_ : "(null)", wanted_),                        \
                tap_stop();                                                   \
    } while (0)
/** The call returns 0 or more; prints the error otherwise. `err` must be a local `struct error`. */
#define EXPECT_OK(call)                                                                      \
    do {                                                                                     \
        if ((call) < 0) tap_fail(__FILE__, __LINE__, "%s: %s", #call, err.text), tap_stop(); \
    } while (0)
#define EXPECT_FAILS(call, wanted_kind)                                                           \
    do {                                                                                          \
        err = (struct error){0};                                                                  \
        if ((call) >= 0) tap_fail(__FILE__, __LINE__, "%s did not fail", #call), tap_stop();      \
        if (err.kind != (wanted_kind))                                                            \
            tap_fail(__FILE__, __LINE__, "%s failed as %s: %s", #call, error_kind_name(err.kind), \
                     err.text),                                                                   \
                tap_stop();                                                                       \
    } while (0)
#define CANNOT_RUN(why)                                           \
    do {                                                          \
        tap_fail(__FILE__, __LINE__, "cannot run here: %s", why); \
        tap_stop();                                               \
    } while (0)
#endif
