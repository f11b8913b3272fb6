/* http.c (fuzz) - any bytes on a connection: the server answers each request it understands in
 * well-formed HTTP with its length and a JSON body, closes otherwise, and lives. The whole way is
 * run: socket, adapter, router, body, paging, errors. */
#include "api/paging.h"
#include "api/router.h"
#include "tests/unit/http/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* the harness's way out, without its harness */
void tap_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
}
void tap_stop(void) { abort(); }

static int list(struct call *c, struct error *e)
{
    struct paging p;

    if (paging_read(c, &p, e) < 0) return -1;
    struct http_strings ids = call_query_list(c, "ids");
    json_t *items = json_array();
    for (size_t i = 0; i < ids.n; i++) jv_push(items, jv_string(ids.items[i]));
    c->out = paging_slice(c, &p, call_param(c, "id"), items);
    return 0;
}

static int bind_all(struct call *c, struct error *e)
{
    const char *text;
    struct http_strings texts;
    int64_t number;
    bool flag;

    if (call_text_required(c, "Name", &text, e) < 0 || call_number(c, "Number", 1, &number, e) < 0)
        return -1;
    if (call_flag(c, "Flag", true, &flag, e) < 0 || call_texts(c, "List", &texts, e) < 0) return -1;
    c->out = json_incref(c->body);
    return 0;
}

static const struct route rows[] = {
    {"GET", "/api/{space}/things/{id}", list, PERM_ANONYMOUS, .shape = ROUTE_PAGE, .doc = "d"},
    {"POST", "/api/{space}/things", bind_all, PERM_ANONYMOUS, .in = (const struct field *)"t",
     .doc = "d"},
    {"PUT", "/api/things/{id}", bind_all, PERM_ANONYMOUS, .doc = "d", .max_body = 100},
    {"GET", "/api/secret", list, "ProjectView", .doc = "d"},
};
static const struct route_table table = {rows, ARRAY_LEN(rows)};
static const struct route_table *const tables[] = {&table};

static int authenticate(void *app, const struct credentials *who, struct arena *a,
                        struct caller *ret, struct error *e)
{
    return fail(e, ERR_UNAUTHENTICATED, "nobody is known here");
}
static int permit(void *app, struct call *c, const char *permission, struct error *e)
{
    return fail(e, ERR_DENIED, "nothing is allowed");
}
static int space(void *app, const char *name, struct arena *a, const char **ret, struct error *e)
{
    *ret = "Spaces-1";
    return 0;
}

static struct router *router;
static struct http_server *server;
static struct http_edge *edge;
static struct request_log *requests;

static void stop(void)
{
    http_server_stop(server);
    http_edge_free(edge);
    request_log_close(requests);
    router_free(router);
}

static void start(void)
{
    struct router_options ro = {.tables = tables,
                                .n_tables = 1,
                                .authenticate = authenticate,
                                .permit = permit,
                                .space = space};
    struct http_options ho = {.listen = "127.0.0.1:0",
                              .handle = router_handle,
                              .body_limit = router_body_limit,
                              .pollers = 1,
                              .workers = 1,
                              .keep_alive_ms = 20};
    struct error e = {0};

    ASSERT(request_log_open("/dev/null", REQUEST_LOG_JSON, &requests, &e) == 0);
    struct http_edge_options eo = {.trusted_proxies = "127.0.0.0/8, 10.0.0.0/8",
                                   .cors_origins = "https://a.example",
                                   .hsts_s = 1,
                                   .rate_per_s = 1000,
                                   .rate_burst = 1000000,
                                   .log = requests};
    ASSERT(http_edge_new(&eo, &edge, &e) == 0);
    ho.edge = edge;
    ASSERT(router_new(&ro, &router, &e) == 0);
    router_set_body_max(router, 10000);
    ho.ctx = router;
    ASSERT(http_server_start(&ho, &server, &e) == 0);
    atexit(stop);
}

/* What is left of ${in} after its first ${n} bytes. */
static struct str after(struct str in, size_t n) { return (struct str){in.p + n, in.n - n}; }

/* The head of the answer at the start of ${in}, up to and with the empty line. */
static struct str head_of(struct str in)
{
    const char *end = memmem(in.p, in.n, "\r\n\r\n", 4);

    ASSERT(in.n >= 12 && memcmp(in.p, "HTTP/1.", 7) == 0 && end != NULL);
    return (struct str){in.p, (size_t)(end + 4 - in.p)};
}

static const char *find(struct str in, const char *text)
{
    return memmem(in.p, in.n, text, strlen(text));
}

static void check_json(struct str body)
{
    json_t *doc;
    struct error e = {0};

    ASSERT(jv_parse(body.p, body.n, &doc, &e) == 0);
    json_decref(doc);
}

/* What came back, answer by answer, until one after which nothing is known: the answer to HEAD has
 * the length of a body that it has not. What is no HTTP the library answers by itself, in HTML (and
 * twice to a negative length), and closes. */
static void check_answers(struct str in, bool has_head)
{
    while (in.n) {
        struct str head = head_of(in);
        int status = (int)strtol(head.p + 9, NULL, 10);
        const char *length = find(head, "Content-Length: ");
        ASSERT(status >= 100 && status < 600 && status != 500);
        in = after(in, head.n);
        if (status == 100) continue;
        ASSERT(length != NULL);
        size_t n = strtoul(length + 16, NULL, 10);
        if (has_head) return;
        ASSERT(n <= in.n);
        if (n && !find(head, "application/json")) {
            ASSERT(status >= 400 && find(head, "Connection: close") && find(in, "<html>"));
            return;
        }
        if (n) check_json((struct str){in.p, n});
        in = after(in, n);
    }
}

/* Sends all, then takes what comes back; false when the connection broke meanwhile, so that the
 * end of ${got} may be missing. */
static bool talk(int fd, const uint8_t *data, size_t n, struct buf *got)
{
    char block[16384];
    ssize_t k = 1;

    for (size_t at = 0; at < n && k > 0; at += k > 0 ? (size_t)k : 0)
        k = send(fd, data + at, n - at, MSG_NOSIGNAL);
    bool whole = k > 0;
    shutdown(fd, SHUT_WR);
    while ((k = recv(fd, block, sizeof(block), 0)) > 0) buf_add(got, block, (size_t)k);
    return whole && k == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(buf_done) struct buf got = BUF_INIT(BUF_UNBOUNDED);

    if (server == NULL) start();
    int fd = client_open(http_server_port(server));
    bool whole = talk(fd, data, n, &got);
    close(fd);
    if (whole) check_answers((struct str){buf_str(&got), got.n}, memmem(data, n, "HEAD", 4));
    return 0;
}
