/* service_message.c (fuzz) - the inside of a service message: any bytes parse or are refused,
 * values are well-formed. */
#include "engine/service_message.h"

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_done) struct arena a = ARENA_INIT;
    struct service_message m;
    struct error e = {0};

    if (service_message_parse((struct str){(const char *)data, n}, &a, &m, &e) < 0) {
        ASSERT(e.kind == ERR_INVALID && e.text[0]);
        return 0;
    }
    ASSERT(m.name[0] && m.count <= SERVICE_MESSAGE_ATTRIBUTES);
    for (size_t i = 0; i < m.count; i++) {
        ASSERT(utf8_check((struct str){m.attributes[i].value, m.attributes[i].n}));
        ASSERT(strlen(m.attributes[i].value) == m.attributes[i].n);
        ASSERT(service_message_get(&m, m.attributes[i].name) == m.attributes[i].value);
    }
    return 0;
}
