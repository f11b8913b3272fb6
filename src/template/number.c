/* number.c - see number.h. */
#include "template/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool number_parse(const char *text, double *ret)
{
    struct str s = str_trim(str_of(text));
    char digits[64], *end;
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ',') continue;
        if (strchr("0123456789.eE+-", s.p[i]) == NULL || n + 1 == sizeof(digits)) return false;
        digits[n++] = s.p[i];
    }
    digits[n] = '\0';
    *ret = strtod(digits, &end);
    return n > 0 && *end == '\0';
}

void number_print(struct buf *out, double x)
{
    char text[40];

    if (isnan(x) || isinf(x)) {
        buf_adds(out, isnan(x) ? "NaN" : x > 0 ? "\u221e" : "-\u221e");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*G", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    buf_adds(out, text);
}
