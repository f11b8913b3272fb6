/* output_cursor.c - the state of an invocation's output as JSON, and back (see output.h).
 *
 *     {"version":1,"stderrSeen":false,"masksLost":false,
 *      "streams":[{"mode":2,"begun":false,"cut":false,"skipping":false,"octopus":false,"covered":0,
 *                  "tail":"e282","held":"half a line"}, stderr, system]}
 *
 * `held` is well-formed UTF-8 by construction; bytes that are not characters yet stand in `tail` as
 * hexadecimal. It is written straight into the buffer: half a service message may hold 8 MiB. A
 * cursor that does not load is damaged or of a newer program; guessing would lose or repeat lines,
 * so it is refused. */
#include "engine/output_priv.h"

#include "base/base64.h"

#define VERSION 1
/* Half a message with blanks in front, plus the slice that was added last. */
#define HELD_MAX (SERVICE_MESSAGE_MAX + MiB)

static const char *truth(bool b) { return b ? "true" : "false"; }

static void save_stream(const struct stream *st, struct buf *out)
{
    buf_addf(out, "{\"mode\":%d,\"begun\":%s,\"cut\":%s,\"skipping\":%s,\"octopus\":%s,", st->mode,
             truth(st->begun), truth(st->cut), truth(st->skipping), truth(st->octopus));
    buf_addf(out, "\"covered\":%zu,\"tail\":\"", st->covered);
    hex_encode(out, st->tail, st->tail_n);
    buf_adds(out, "\",\"held\":");
    jv_quote(out, buf_str(&st->held), st->held.n);
    buf_addc(out, '}');
}

void output_save(const struct output *o, struct buf *out)
{
    buf_addf(out, "{\"version\":%d,\"stderrSeen\":%s,\"masksLost\":%s,\"streams\":[", VERSION,
             truth(o->stderr_seen), truth(o->masks_lost));
    for (int i = 0; i < OUTPUT_SOURCES; i++) {
        if (i) buf_addc(out, ',');
        save_stream(&o->streams[i], out);
    }
    buf_adds(out, "]}");
}

/* Nothing is ever removed from the map, so a place in it is a number of masks. */
bool output_save_masks(const struct output *o, size_t *at, struct buf *out)
{
    const char *mask;
    void *value;

    if (*at == map_count(o->announced)) return false;
    buf_addc(out, '[');
    for (bool first = true; map_each(o->announced, at, &mask, &value); first = false) {
        if (!first) buf_addc(out, ',');
        jv_quote(out, mask, strlen(mask));
    }
    buf_addc(out, ']');
    return true;
}

int output_load_masks(struct output *o, struct str saved, struct error *e)
{
    json_auto_t *masks = NULL;
    struct error why = {0};
    json_t *mask;
    size_t i;

    if (jv_parse(saved.p, saved.n, &masks, &why) < 0)
        return fail(e, ERR_CORRUPT, "masks of an output: %s", why.text);
    if (!json_is_array(masks)) return fail(e, ERR_CORRUPT, "masks of an output: not a list");
    json_array_foreach (masks, i, mask)
        if (!json_is_string(mask))
            return fail(e, ERR_CORRUPT, "masks of an output: number %zu is no text", i);
    json_array_foreach (masks, i, mask) output_announce(o, json_string_value(mask));
    return 0;
}

static int load_stream(struct stream *st, const json_t *v, struct error *e)
{
    CLEANUP(buf_done) struct buf tail = BUF_INIT(sizeof(st->tail));
    const json_t *held = jv_get(v, "held");
    const char *hex = jv_str(v, "tail", "x");
    int64_t mode = jv_i64(v, "mode", INT64_MIN), covered = jv_i64(v, "covered", -1);

    if (!json_is_string(held) || json_string_length(held) > HELD_MAX || mode < OUTPUT_IGNORE ||
        mode >= LOG_CAT_COUNT || covered < 0 || (size_t)covered > json_string_length(held) ||
        (json_string_value(held)[covered] & 0xC0) == 0x80 || /* inside a character */
        !hex_decode(&tail, hex, strlen(hex)) || tail.overflow || tail.n > 3)
        return fail(e, ERR_CORRUPT, "output cursor: a stream's state is damaged");
    st->mode = (int)mode;
    st->begun = jv_bool(v, "begun", false);
    st->cut = jv_bool(v, "cut", false);
    st->skipping = jv_bool(v, "skipping", false);
    st->octopus = jv_bool(v, "octopus", false);
    st->covered = (size_t)covered;
    st->tail_n = (unsigned)tail.n;
    memcpy(st->tail, buf_str(&tail), tail.n);
    buf_clear(&st->held);
    buf_add(&st->held, json_string_value(held), json_string_length(held));
    return 0;
}

int output_load(struct output *o, const json_t *saved, struct error *e)
{
    const json_t *streams = jv_get(saved, "streams");

    if (jv_i64(saved, "version", 0) != VERSION || json_array_size(streams) != OUTPUT_SOURCES)
        return fail(e, ERR_CORRUPT, "output cursor: not of version %d, or damaged", VERSION);
    for (int k = 0; k < OUTPUT_SOURCES; k++)
        if (load_stream(&o->streams[k], json_array_get(streams, (size_t)k), e) < 0) return -1;
    o->stderr_seen = jv_bool(saved, "stderrSeen", false);
    o->masks_lost |= jv_bool(saved, "masksLost", false);
    return 0;
}
