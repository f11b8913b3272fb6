/* links.c - see links.h. */
#include "api/links.h"

#include <string.h>

#include "base/str.h"
#include "http/request.h"

/* The text for a {name} of a template; NULL: it is not ours, "" : it is ours and missing. */
static const char *value_of(struct str name, const char *space_id, const json_t *document)
{
    char member[128];
    const char *own;

    if (str_eq(name, "space")) {
        own = jv_str(document, "SpaceId", "");
        return own[0] ? own : space_id ? space_id : "";
    }
    if (str_eq(name, "id")) return jv_str(document, "Id", "");
    if (name.n < 2 || name.p[0] != '@' || name.n >= sizeof(member)) return NULL;
    memcpy(member, name.p + 1, name.n - 1);
    member[name.n - 1] = '\0';
    return jv_str(document, member, "");
}

/* Appends the template filled in; false when a value is missing. */
static bool fill(struct buf *out, const char *path, const char *space_id, const json_t *document)
{
    for (const char *p = path; *p; p++) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (end == NULL) {
            buf_addc(out, *p);
            continue;
        }
        const char *v = value_of((struct str){p + 1, (size_t)(end - p - 1)}, space_id, document);
        if (v && v[0] == '\0') return false;
        if (v) http_encode(out, v);
        else buf_add(out, p, (size_t)(end - p + 1));
        p = end;
    }
    return true;
}

json_t *links_make(const struct link_row *rows, const char *space_id, const json_t *document)
{
    json_t *links = json_object();

    for (; rows->name; rows++) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
        if (fill(&out, rows->path, space_id, document))
            jv_set_str(links, rows->name, buf_str(&out));
    }
    return links;
}

void links_add(json_t *document, const struct link_row *rows, const char *space_id)
{
    jv_set(document, "Links", links_make(rows, space_id, document));
}
