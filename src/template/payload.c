/* payload.c - see payload.h.
 *
 * "BTV1", then for each variable its kind and name, NUL, value, NUL. Neither names nor values can
 * hold a NUL. It is not JSON because reading it is part of every step's start: this way it costs a
 * scan for two bytes per variable. */
#include "template/payload.h"

#include <string.h>

#define MAGIC "BTV1"
#define MAGIC_BYTES 4

enum kind { PLAIN = '-', SENSITIVE = 's', PLAIN_NULL = 'n', SENSITIVE_NULL = 'N' };

void payload_encode(const struct variables *v, struct buf *out)
{
    const struct variable *x;
    size_t at = 0;

    buf_adds(out, MAGIC);
    while ((x = variables_each(v, &at)) != NULL) {
        const char *value = x->value ? x->value : "";
        enum kind kind = x->value ? PLAIN : PLAIN_NULL;
        if (x->sensitive) kind = x->value ? SENSITIVE : SENSITIVE_NULL;
        buf_addc(out, (char)kind);
        buf_add(out, x->name, strlen(x->name) + 1);
        buf_add(out, value, strlen(value) + 1);
    }
}

int payload_decode(struct variables *v, const char *data, size_t n, struct error *e)
{
    const char *end = data + n;

    if (n < MAGIC_BYTES || memcmp(data, MAGIC, MAGIC_BYTES) != 0)
        return fail(e, ERR_CORRUPT, "variables: not a list of variables of this version");
    for (const char *p = data + MAGIC_BYTES; p < end;) {
        const char *name = p + 1, *value, *name_end = memchr(name, '\0', (size_t)(end - name));
        enum kind kind = (enum kind) * p;
        value = name_end ? name_end + 1 : end;
        p = memchr(value, '\0', (size_t)(end - value));
        bool is_null = kind == PLAIN_NULL || kind == SENSITIVE_NULL;
        bool sensitive = kind == SENSITIVE || kind == SENSITIVE_NULL;
        if (p++ == NULL || (kind != PLAIN && !is_null && !sensitive))
            return fail(e, ERR_CORRUPT, "variables: broken behind byte %zu", (size_t)(name - data));
        variables_set(v, name, is_null ? NULL : value, sensitive);
    }
    return 0;
}
