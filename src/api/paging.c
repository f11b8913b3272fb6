/* paging.c - see paging.h. Links are rebuilt from the route and the decoded query, so that they are
 * the same however the client wrote its path; filters keep their order and values, empty ones fall
 * away. */
#include "api/paging.h"

int paging_read(const struct call *c, struct paging *ret, struct error *e)
{
    struct paging p;

    if (call_query_number(c, "skip", 0, PAGING_MAX, 0, &p.skip, e) < 0) return -1;
    if (call_query_number(c, "take", 0, PAGING_MAX, PAGING_TAKE, &p.take, e) < 0) return -1;
    *ret = p;
    return 0;
}

const char *paging_path(const struct call *c)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);
    size_t i = 0;

    for (const char *p = c->route->path; *p; p++) {
        if (*p != '{') {
            buf_addc(&out, *p);
            continue;
        }
        buf_add_encoded(&out, c->param_values[i++]);
        p = strchr(p, '}');
    }
    return arena_strndup(c->arena, buf_str(&out), out.n);
}

static void add_filters(struct buf *out, const struct http_request *r)
{
    for (size_t i = 0; i < r->n_params; i++) {
        const struct http_param *p = &r->params[i];
        if (p->value[0] == '\0' || str_same(p->name, "skip") || str_same(p->name, "take")) continue;
        buf_addc(out, '&');
        buf_add_encoded(out, p->name);
        buf_addc(out, '=');
        buf_add_encoded(out, p->value);
    }
}

static void add_page(json_t *links, const char *name, const struct call *c, int64_t skip,
                     int64_t take)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);

    buf_addf(&out, "%s?skip=%lld&take=%lld", paging_path(c), (long long)skip, (long long)take);
    add_filters(&out, c->req);
    jv_set_str(links, name, buf_str(&out));
}

static void add_template(json_t *links, const struct call *c)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED);

    buf_addf(&out, "%s{?skip,take", paging_path(c));
    for (const struct route_query *q = c->route->query; q && q->name; q++)
        if (!str_same(q->name, "skip") && !str_same(q->name, "take"))
            buf_addf(&out, ",%s", q->name);
    buf_addc(&out, '}');
    jv_set_str(links, "Template", buf_str(&out));
}

json_t *paging_envelope(const struct call *c, const struct paging *p, const char *item_type,
                        int64_t total, json_t *items)
{
    int64_t pages = p->take && total ? (total + p->take - 1) / p->take : 1;
    json_t *page = json_object(), *links = json_object();

    add_page(links, "Self", c, p->skip, p->take);
    add_template(links, c);
    add_page(links, "Page.All", c, 0, PAGING_MAX);
    add_page(links, "Page.Current", c, p->skip, p->take);
    if (p->take && p->skip + p->take < total)
        add_page(links, "Page.Next", c, p->skip + p->take, p->take);
    add_page(links, "Page.Last", c, (pages - 1) * p->take, p->take);

    jv_set_str(page, "ItemType", item_type);
    jv_set_bool(page, "IsStale", false);
    jv_set_i64(page, "TotalResults", total);
    jv_set_i64(page, "ItemsPerPage", p->take);
    jv_set_i64(page, "NumberOfPages", pages);
    jv_set_i64(page, "LastPageNumber", pages - 1);
    jv_set(page, "Items", items);
    jv_set(page, "Links", links);
    return page;
}

json_t *paging_slice(const struct call *c, const struct paging *p, const char *item_type,
                     json_t *list)
{
    int64_t total = (int64_t)json_array_size(list),
            end = p->skip + p->take < total ? p->skip + p->take : total;
    json_t *items = json_array();

    for (int64_t i = p->skip; i < end; i++)
        json_array_append(items, json_array_get(list, (size_t)i));
    json_decref(list);
    return paging_envelope(c, p, item_type, total, items);
}
