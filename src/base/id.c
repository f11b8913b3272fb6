/* id.c - see id.h. */
#include "base/id.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/rand.h"

const char *id_ticket(char out[TICKET_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char raw[17] = {0};
    unsigned bits = 0, have = 0;
    size_t from = 0;

    rand_bytes(raw, 16);
    for (size_t i = 0; i < TICKET_SIZE - 1; i++) {
        if (have < 5) {
            bits = (bits << 8 | raw[from++]) & 0xFFFF;
            have += 8;
        }
        have -= 5;
        out[i] = letters[bits >> have & 31];
    }
    out[TICKET_SIZE - 1] = '\0';
    return out;
}

bool id_ticket_valid(const char *s)
{
    size_t n = strlen(s);

    if (n < 8 || n > 64) return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s)) return false;
    return true;
}

const char *id_uuid(char out[UUID_SIZE])
{
    unsigned char r[16];

    rand_bytes(r, sizeof(r));
    r[6] = (unsigned char)((r[6] & 0x0F) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3F) | 0x80);
    snprintf(out, UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13],
             r[14], r[15]);
    return out;
}
