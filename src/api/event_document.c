/* event_document.c - see event_document.h. Facts: rest.md, appendix. */
#include "api/event_document.h"

#include <string.h>

#include "base/time.h"
#include "base/utf8.h"
#include "model/resource.h"

static void add_html(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&': buf_adds(out, "&amp;"); break;
        case '<': buf_adds(out, "&lt;"); break;
        case '>': buf_adds(out, "&gt;"); break;
        case '"': buf_adds(out, "&quot;"); break;
        case '\'': buf_adds(out, "&#39;"); break;
        default: buf_addc(out, s.p[i]);
        }
    }
}

/* Takes ${units} UTF-16 units off ${s}. */
static struct str cut_units(struct str *s, int64_t units)
{
    struct str taken = {s->p, 0};
    uint32_t rune;

    while (units > 0 && utf8_next(s, &rune)) units -= rune > 0xFFFF ? 2 : 1;
    taken.n = (size_t)(s->p - taken.p);
    return taken;
}

/* The page of what the event is about; false when it has none. */
static bool add_address(struct buf *out, const struct event *ev)
{
    const struct resource *r = resource_by_kind(ev->document_type);

    if (r == NULL) return false;
    buf_adds(out, "/app#");
    if (ev->space_id[0] && !r->system) buf_addf(out, "/%s", ev->space_id);
    buf_addf(out, "/%s/", r->route);
    buf_add_encoded(out, ev->subject_id);
    return true;
}

static void set_html(json_t *o, const struct event *ev)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(BUF_UNBOUNDED), address = BUF_INIT(BUF_UNBOUNDED);
    struct str rest = str_of(ev->message);

    add_html(&out, cut_units(&rest, ev->name_at));
    bool linked =
        ev->name_length && strcmp(ev->category, "Deleted") != 0 && add_address(&address, ev);
    if (linked) buf_addf(&out, "<a href=\"%s\">", buf_str(&address));
    add_html(&out, cut_units(&rest, ev->name_length));
    if (linked) buf_adds(&out, "</a>");
    add_html(&out, rest);
    jv_set_str(o, "MessageHtml", buf_str(&out));
}

static void set_references(json_t *o, const struct event *ev)
{
    json_t *list = json_array(), *one;

    jv_set(o, "MessageReferences", list);
    if (ev->name_length == 0) return;
    jv_push(list, one = json_object());
    jv_set_str(one, "ReferencedDocumentId", ev->subject_id);
    jv_set_i64(one, "StartIndex", ev->name_at);
    jv_set_i64(one, "Length", ev->name_length);
}

static json_t *changes(const struct event *ev)
{
    json_t *details;

    if (ev->details && jv_parse(ev->details, strlen(ev->details), &details, NULL) == 0)
        return details;
    return json_null();
}

json_t *event_document(const struct event *ev, bool with_changes)
{
    json_auto_t *o = json_object();
    json_t *related = json_array();

    jv_set_str(o, "Id", ev->id);
    jv_set_str(o, "SpaceId", ev->space_id[0] ? ev->space_id : NULL);
    jv_set_str(o, "Category", ev->category);
    jv_set_time(o, "Occurred", ev->occurred_at);
    jv_set_str(o, "UserId", ev->user_id);
    jv_set_str(o, "Username", ev->username);
    jv_set_bool(o, "IsService", ev->author.is_service);
    jv_set_str(o, "IdentityEstablishedWith", ev->author.identity);
    jv_set_str(o, "UserAgent", ev->author.user_agent);
    jv_set_str(o, "IpAddress", ev->author.ip_address);
    jv_set_str(o, "Message", ev->message);
    set_html(o, ev);
    set_references(o, ev);
    jv_set(o, "ChangeDetails", with_changes ? changes(ev) : json_null());
    for (size_t i = 0; i < ev->n_related; i++) jv_push(related, jv_string(ev->related[i]));
    jv_set(o, "RelatedDocumentIds", related);
    return resource_answer(&event_resource, o);
}

/* ---- CSV ---- */

static void add_cell(struct buf *out, const char *text, bool last)
{
    buf_addc(out, '"');
    if (text[0] && strchr("=+-@\t\r\n", text[0])) buf_addc(out, '\'');
    for (; *text; text++) {
        if (*text == '"') buf_addc(out, '"');
        buf_addc(out, *text);
    }
    buf_adds(out, last ? "\"\r\n" : "\",");
}

void event_csv(struct buf *out, const struct event *ev)
{
    static const char *const headings[] = {"Id",        "Occurred",  "Category",
                                           "Username",  "Message",   "SpaceId",
                                           "UserAgent", "IpAddress", "RelatedDocumentIds"};
    CLEANUP(buf_done) struct buf related = BUF_INIT(BUF_UNBOUNDED);
    char time[TIME_TEXT_SIZE];
    const size_t n = ARRAY_LEN(headings);

    for (size_t i = 0; ev && i < ev->n_related; i++)
        buf_addf(&related, "%s%s", i ? " " : "", ev->related[i]);
    for (size_t i = 0; i < n; i++) {
        const char *cells[] = {ev ? ev->id : "",
                               ev ? time_iso(ev->occurred_at, time) : "",
                               ev ? ev->category : "",
                               ev ? ev->username : "",
                               ev ? ev->message : "",
                               ev ? ev->space_id : "",
                               ev ? ev->author.user_agent : "",
                               ev ? ev->author.ip_address : "",
                               buf_str(&related)};
        _Static_assert(ARRAY_LEN(cells) == ARRAY_LEN(headings), "a cell for each heading");
        add_cell(out, ev ? cells[i] : headings[i], i + 1 == n);
    }
}
