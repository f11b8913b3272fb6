/* http_get.c - the server of bench/http_get.sh: one small JSON answer from a handler, on the port
 * it prints. */
#include <stdio.h>
#include <unistd.h>

#include "http/server.h"

static void handle(struct http_request *req, struct http_response *res, void *ctx)
{
    static const char body[] =
        "{\"Id\":\"Projects-1\",\"Name\":\"one small document\",\"Links\":{}}";

    http_reply(res, 200, HTTP_JSON, body, sizeof(body) - 1);
}

int main(void)
{
    struct http_options o = {.listen = "127.0.0.1:0", .handle = handle};
    struct http_server *s;
    struct error e = {0};
    char byte;

    if (http_server_start(&o, &s, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    printf("%d\n", http_server_port(s));
    fflush(stdout);
    (void)!read(0, &byte, 1); /* until whoever started it closes the pipe */
    http_server_stop(s);
    return 0;
}
