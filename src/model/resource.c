/* resource.c - what all descriptors share: links, answers, references. See resource.h. */
#include "model/resource.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

void resource_complete(const struct resource *r, json_t *doc)
{
    json_object_del(doc, "Links"); /* made anew for each answer */
    if (r->complete) r->complete(doc);
}

void resource_check(const struct resource *r, const json_t *doc, struct problems *p)
{
    if (r->check) r->check(doc, p);
}

void resource_references(const struct resource *r, const json_t *doc, struct references *out)
{
    schema_references(r->fields, doc, out);
    if (r->refer) r->refer(doc, out);
}

/* The end of a placeholder {Member} at ${s}, NULL when it is something for the client. */
static const char *member_end(const char *s)
{
    if (s[0] != '{' || !isupper((unsigned char)s[1])) return NULL;
    return strchr(s, '}');
}

/* False when a member is missing: the link is left out. */
static bool fill(struct buf *out, const char *path, const json_t *doc)
{
    while (*path) {
        const char *end = member_end(path);
        if (end == NULL) {
            buf_addc(out, *path++);
            continue;
        }
        CLEANUP(freep) char *name = xstrndup(path + 1, (size_t)(end - path - 1));
        const char *value = jv_str(doc, name, "");
        if (value[0] == '\0') return false;
        buf_add_encoded(out, value);
        path = end + 1;
    }
    return true;
}

json_t *links_of(const struct link_template *table, const json_t *doc)
{
    json_t *links = json_object();

    for (const struct link_template *row = table; row->name; row++) {
        CLEANUP(buf_done) struct buf path = BUF_INIT(BUF_UNBOUNDED);
        if (fill(&path, row->path, doc)) jv_set_str(links, row->name, buf_str(&path));
    }
    return links;
}

json_t *resource_links(const struct resource *r, const json_t *doc)
{
    return links_of(r->links, doc);
}

json_t *resource_answer(const struct resource *r, const json_t *doc)
{
    json_t *answer = schema_encode(r->fields, doc);

    jv_set(answer, "Links", resource_links(r, doc)); /* the last row of every table */
    return answer;
}
