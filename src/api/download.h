/* download.h - answers with a blob from the disk: whole or the part that is asked for, with its
 * hash as ETag. One thread: the handler's. */
#ifndef API_DOWNLOAD_H
#define API_DOWNLOAD_H
#include "api/app.h"

/** Answers with blob ${content}, to be saved as ${filename}. Range (one part) and If-None-Match are
 * obeyed. ERR_NOT_FOUND: the blob is gone. */
int download_reply(struct call *c, const char *content, const char *filename,
                   struct error *e) MUST_USE;
#endif
