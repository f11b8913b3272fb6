/* str.h - slices of text for parsing, and the few string questions asked everywhere. Any thread. */
#ifndef BASE_STR_H
#define BASE_STR_H
#include <stdbool.h>
#include <string.h>

#include "base/lang.h"

struct str {
    const char *p;
    size_t n;
};
#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
static inline struct str str_of(const char *s) { return (struct str){s, s ? strlen(s) : 0}; }

bool str_eq(struct str a, const char *b);
/** Equal when ASCII letters are folded; for header names, enum texts and identifiers. */
bool str_same(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/** NULL and "" are blank, white space only too. */
bool str_blank(const char *s);
struct str str_trim(struct str s);
/** Cuts ${rest} at the first ${sep}: returns the part before, leaves the part behind; false when
 * ${rest} is empty. */
bool str_cut(struct str *rest, char sep, struct str *ret_part);
/** Whole decimal number within [${min}, ${max}]; anything else is false and leaves ${ret} alone. */
bool str_i64(const char *s, int64_t min, int64_t max, int64_t *ret);
/** .NET bool text: true/false in any case with white space around; anything else is ${otherwise}.
 */
bool str_flag(const char *s, bool otherwise);
/** The name as it is compared: trimmed, ASCII and Latin-1/Greek/Cyrillic letters folded to lower
 * case. Caller frees. */
char *str_fold(const char *s);
/** URL-friendly name: lower case letters and digits, other runs become one '-'. Caller frees; ""
 * becomes "item". */
char *str_slug(const char *s);
#endif
