/* zone_names.c - see zone_names.h. tzdata.zi is the text that the zone database is made of: "Z NAME
 * ..." begins a zone, "L TARGET NAME" is another name of one. */
#include "os/zone_names.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "os/file.h"

#define FOLDER "/usr/share/zoneinfo/"
#define TEXT FOLDER "tzdata.zi"

static int by_name(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The name that a line brings, {NULL, 0} when none. */
static struct str name_of(struct str line)
{
    struct str kind, name = {NULL, 0};

    if (!str_cut(&line, ' ', &kind) || kind.n != 1) return (struct str){NULL, 0};
    if (kind.p[0] == 'Z') (void)str_cut(&line, ' ', &name);
    else if (kind.p[0] == 'L' && str_cut(&line, ' ', &kind)) (void)str_cut(&line, ' ', &name);
    return name;
}

const char *const *zone_names(struct arena *a, size_t *ret_n)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(4 * MiB);
    ARENA_LIST(const char *) list = {0};
    struct error none = {0};
    struct str line;

    if (file_read(TEXT, &text, &none) < 0) buf_clear(&text);
    struct str rest = {buf_str(&text), text.n};
    while (str_cut(&rest, '\n', &line)) {
        struct str name = name_of(line);
        if (name.n && !(name.n == 3 && memcmp(name.p, "UTC", 3) == 0))
            *ARENA_ADD(a, &list) = arena_strndup(a, name.p, name.n);
    }
    *ARENA_ADD(a, &list) = "UTC";
    qsort(list.items, list.n, sizeof(*list.items), by_name);
    *ret_n = list.n;
    return list.items;
}

const char *zone_local(struct arena *a)
{
    char target[4096];
    ssize_t n = readlink("/etc/localtime", target, sizeof(target) - 1);

    if (n <= 0) return "UTC";
    target[n] = '\0';
    const char *name = strstr(target, "/zoneinfo/");
    if (name == NULL || strcmp(name, "/zoneinfo/Etc/UTC") == 0) return "UTC";
    return arena_strdup(a, name + strlen("/zoneinfo/"));
}
