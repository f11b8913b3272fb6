/* zone_file.c - see zone_file.h. */
#include "os/zone_file.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "os/file.h"

#define FOLDER "/usr/share/zoneinfo"

/* Letters, digits and what names of zones have besides; no part that begins with a dot. */
static bool is_name(const char *s)
{
    return strlen(s) < 100 && s[0] != '/' && strstr(s, "..") == NULL &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/")] ==
               '\0';
}

int zone_open(const char *name, struct zone **ret, struct error *e)
{
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(MiB);
    char path[160];
    struct error why = {0};

    if (*name == '\0' || str_same(name, "UTC") || str_same(name, "Etc/UTC")) {
        *ret = zone_fixed(0);
        return 0;
    }
    snprintf(path, sizeof(path), FOLDER "/%s", is_name(name) ? name : "-");
    if (file_read(path, &bytes, &why) < 0 || zone_parse(bytes.p, bytes.n, ret, &why) < 0)
        return fail(e, ERR_INVALID,
                    "there is no time zone \"%.100s\" here; names are like Europe/London", name);
    return 0;
}
