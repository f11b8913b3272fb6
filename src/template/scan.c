/* scan.c - see scan.h. */
#include "template/scan.h"

#include <string.h>
#include <strings.h>

bool scan_miss(struct parser *p)
{
    if (p->at > p->furthest) p->furthest = p->at;
    return false;
}

bool scan_back(struct parser *p, size_t start)
{
    scan_miss(p);
    p->at = start;
    return false;
}

bool scan_sees(const struct parser *p, size_t at, const char *word)
{
    size_t n = strlen(word);
    return at + n <= p->n && memcmp(p->text + at, word, n) == 0;
}

bool scan(struct parser *p, const char *word)
{
    if (!scan_sees(p, p->at, word)) return scan_miss(p);
    p->at += strlen(word);
    return true;
}

bool scan_keyword(struct parser *p, const char *word)
{
    size_t n = strlen(word);
    if (p->at + n > p->n || strncasecmp(p->text + p->at, word, n) != 0) return scan_miss(p);
    p->at += n;
    return true;
}

size_t scan_space_at(const struct parser *p, size_t at)
{
    unsigned char c = at < p->n ? (unsigned char)p->text[at] : 0;
    if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
    if (c == 0xC2 && at + 1 < p->n) {
        unsigned char d = (unsigned char)p->text[at + 1];
        return d == 0xA0 || d == 0x85 ? 2 : 0;
    }
    return 0;
}

void scan_skip_space(struct parser *p)
{
    size_t n;
    while ((n = scan_space_at(p, p->at)) > 0) p->at += n;
}

bool scan_space(struct parser *p)
{
    size_t start = p->at;
    scan_skip_space(p);
    return p->at > start ? true : scan_miss(p);
}

bool scan_open(struct parser *p)
{
    if (!scan_sees(p, p->at, "#{") || scan_sees(p, p->at, "#{/")) return scan_miss(p);
    p->at += 2;
    return true;
}
