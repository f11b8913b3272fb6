/* scan.h - the parser's place in the text and the smallest things it takes (private to syntax.c).
 *
 * Functions that take something return true and move on, or return false and note how far the text
 * was looked at. */
#ifndef TEMPLATE_SCAN_H
#define TEMPLATE_SCAN_H
#include "template/syntax.h"

#define MEMO_BUCKETS 64

/* The outcome of take_token at one position; a token is in one surviving list only, so it can be
 * handed out again. */
struct memo {
    size_t at, end, furthest;
    struct token *token; /* NULL: it does not parse */
    struct memo *next;
};

struct parser {
    const char *text;
    size_t n, at;
    size_t furthest;
    struct memo *memo[MEMO_BUCKETS];
    struct arena *a;
    int depth;
};

/** Notes the place as looked at; false. */
bool scan_miss(struct parser *p);
/** The same, and goes back to ${start}. */
bool scan_back(struct parser *p, size_t start);
/** True when ${word} stands at ${at}. */
bool scan_sees(const struct parser *p, size_t at, const char *word);
bool scan(struct parser *p, const char *word);
/** A word in any case. */
bool scan_keyword(struct parser *p, const char *word);
/** The bytes of the white space character at ${at}, 0 when there is none. */
size_t scan_space_at(const struct parser *p, size_t at);
void scan_skip_space(struct parser *p);
/** At least one white space character. */
bool scan_space(struct parser *p);
/** #{ that does not begin #{/ */
bool scan_open(struct parser *p);
#endif
