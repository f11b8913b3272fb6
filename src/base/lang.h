/* lang.h - the few words this code base adds to C. */
#ifndef BASE_LANG_H
#define BASE_LANG_H
#include <stddef.h>
#include <stdint.h>

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_USE __attribute__((warn_unused_result))
#define NORETURN __attribute__((noreturn))
/** Runs ${f}(&variable) when the variable leaves its scope; ${f} accepts an empty object. */
#define CLEANUP(f) __attribute__((cleanup(f)))
/** Hands the pointer out of a CLEANUP variable: yields it and leaves NULL behind. */
#define TAKE(p)                     \
    __extension__({                 \
        __typeof__(p) taken_ = (p); \
        (p) = NULL;                 \
        taken_;                     \
    })
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define KiB ((size_t)1024)
#define MiB (KiB * 1024)
#define GiB (MiB * 1024)

/** Program errors only: prints the place and aborts, in every build. Never for user or world
 * errors. */
#define ASSERT(cond) ((cond) ? (void)0 : assert_failed(#cond, __FILE__, __LINE__, __func__))
NORETURN void assert_failed(const char *cond, const char *file, int line, const char *func);

/** First member of a long-lived object is `unsigned magic`; CHECK makes use after free loud. */
#define CHECK(obj, wanted) ASSERT((obj) != NULL && (obj)->magic == (wanted))
#endif
