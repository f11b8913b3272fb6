/* utf8.h - UTF-8 at the edge: check, decode, repair. Any thread. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/** True when ${s} is well-formed UTF-8 (no surrogates, no overlong forms) without NUL. */
bool utf8_check(struct str s);
/** Takes the next character off ${s}; an ill-formed byte yields U+FFFD. False at the end. */
bool utf8_next(struct str *s, uint32_t *ret_rune);
/** Characters of ${s}; an ill-formed byte counts as one. */
size_t utf8_length(const char *s);
void utf8_put(struct buf *out, uint32_t rune);
/** Appends ${s} to ${out} with each ill-formed byte and each NUL as U+FFFD. */
void utf8_repair(struct buf *out, struct str s);
#endif
