/* output_priv.h - the inside of struct output, for output.c and output_cursor.c only. */
#ifndef ENGINE_OUTPUT_PRIV_H
#define ENGINE_OUTPUT_PRIV_H
#include "base/map.h"
#include "engine/output.h"

#define OUTPUT_IGNORE (-1) /* mode: lines are dropped; other modes are categories */

struct stream {
    int mode;
    bool
        begun; /* something of this line was passed on or was a message: an empty rest is no line */
    bool cut;  /* a piece of this line was passed on: no message can begin in it any more */
    bool skipping;    /* inside a message that is too long: dropped up to its end */
    bool octopus;     /* this line started with ##octopus */
    unsigned tail_n;  /* bytes in tail */
    char tail[4];     /* start of a UTF-8 sequence whose end is not there yet */
    struct buf held;  /* the line so far without what was passed on; well-formed, no newline */
    size_t covered;   /* bytes at the start of held that a printed mask covers */
    size_t no_end_in; /* bytes of held known to be without the message's end; not saved */
};

struct output {
    struct masker *masker;
    struct stream streams[OUTPUT_SOURCES];
    struct map *announced; /* masks of this script; values are not used */
    size_t announced_bytes;
    bool stderr_seen, masks_lost;
    struct buf masked, raw; /* scratch */
};

/** Masks ${value} from now on and keeps it in the cursor. */
void output_announce(struct output *o, const char *value);
#endif
