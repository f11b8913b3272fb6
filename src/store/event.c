/* event.c - see event.h. Adding; reading: event_query.c.
 *
 * A number is the time in ms times 4096, raised by one while this process makes several in one ms.
 * Two nodes can meet on a number: the insert then does nothing and the next number is tried.
 * Numbers stay below 2^53 until the year 2039, as JSON readers want it, and below 2^63 for ever. */
#include "store/event.h"

#include <stdatomic.h>
#include <string.h>

#include "db/query.h"
#include "base/rand.h"
#include "base/utf8.h"

#define USER_AGENT_MAX 200 /* bytes */

static const char SQL_ADD[] =
    "insert into event (number, space_id, category, user_id, username, occurred_at, message, "
    "details, identity, user_agent, ip_address, is_service, agent, subject_id, document_type, "
    "name_at, name_length) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
    "$15, $16, $17) on conflict (number) do nothing";
/* All in one statement: a run that ends writes several. */
static int relate(struct db_tx *tx, const struct event *ev, int64_t number, struct error *e)
{
    CLEANUP(query_done) struct query q = QUERY_INIT;

    if (ev->n_related == 0) return 0;
    query_add(&q, "insert into event_related (related_id, number) values ");
    for (size_t i = 0; i < ev->n_related; i++) {
        query_add1(&q, i ? ", (?" : "(?", TEXT(ev->related[i]));
        query_add1(&q, ", ?)", I64(number));
    }
    query_add(&q, " on conflict (related_id, number) do nothing");
    return db_exec(tx, buf_str(&q.sql), q.args.items, q.args.n, e) < 0 ? -1 : 0;
}

const char *const event_agents[] = {"Server",     "Browser", "Octopus CLI", "Terraform", "Go",
                                    "TypeScript", ".NET",    "Tentacle",    "Other",     NULL};

const char *event_agent(const char *user_agent)
{
    static const struct {
        const char *word, *agent;
    } words[] = {{"TerraformProvider", "Terraform"},
                 {"octopus/", "Octopus CLI"},
                 {"go-octopusdeploy", "Go"},
                 {"ts-octopusdeploy", "TypeScript"},
                 {"Tentacle", "Tentacle"},
                 {"OctopusClient-dotnet", ".NET"},
                 {"Mozilla/", "Browser"}};

    if (user_agent == NULL) return "Server";
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strstr(user_agent, words[i].word)) return words[i].agent;
    return "Other";
}

static int64_t next_number(int64_t now_ms)
{
    static _Atomic int64_t last;
    int64_t before = atomic_load(&last), next;

    do {
        int64_t clock = now_ms * 4096 + rand_below(64); /* nodes start apart */
        next = clock > before ? clock : before + 1;
    } while (!atomic_compare_exchange_weak(&last, &before, next));
    return next;
}

/* Characters as clients count them. */
static int64_t utf16_length(struct str s)
{
    int64_t n = 0;
    uint32_t rune;

    while (utf8_next(&s, &rune)) n += rune > 0xFFFF ? 2 : 1;
    return n;
}

/* "ServerTasks" of "ServerTasks-12". */
static struct str kind_of(const char *id) { return (struct str){id, strcspn(id, "-")}; }

static const char *or_empty(const char *s) { return s ? s : ""; }

/* Whole characters of ${s}, at most ${max} bytes. */
static struct str shortened(const char *s, size_t max)
{
    size_t n = strnlen(s, max);

    while (n == max && n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80) n--;
    return (struct str){s, n};
}

static int insert(struct db_tx *tx, const struct event *ev, int64_t number, struct error *e)
{
    const struct event_author *by = &ev->author;
    const char *subject = ev->n_related ? ev->related[0] : "";
    struct str kind = kind_of(subject), agent = shortened(or_empty(by->user_agent), USER_AGENT_MAX);
    struct str before = {ev->message, ev->name ? (size_t)(ev->name - ev->message) : 0};
    struct str name = {or_empty(ev->name), ev->name_n};

    return db_exec(tx, SQL_ADD,
                   ARGS(I64(number), TEXT(ev->space_id), TEXT(ev->category), TEXT(ev->user_id),
                        TEXT(ev->username), I64(ev->occurred_at), TEXT(ev->message),
                        TEXT(ev->details), TEXT(or_empty(by->identity)), TEXTN(agent.p, agent.n),
                        TEXT(or_empty(by->ip_address)), I64(by->is_service),
                        TEXT(event_agent(by->user_agent)), TEXT(subject), TEXTN(kind.p, kind.n),
                        I64(utf16_length(before)), I64(utf16_length(name))),
                   e);
}

static int add_row(struct db_tx *tx, const struct event *ev, int64_t *ret_number, struct error *e)
{
    for (;;) {
        int64_t number = next_number(ev->occurred_at);
        int n = insert(tx, ev, number, e);
        if (n < 0) return -1;
        *ret_number = number;
        if (n == 1) return 0;
    }
}

int event_add(struct db_tx *tx, const struct event *ev, int64_t *ret_number, struct error *e)
{
    int64_t number;

    if (add_row(tx, ev, &number, e) < 0) return -1;
    if (relate(tx, ev, number, e) < 0) return -1;
    if (ret_number) *ret_number = number;
    return 0;
}
