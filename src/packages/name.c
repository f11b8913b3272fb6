/* name.c - see name.h. A name becomes part of addresses, of paths on workers and of messages:
 * nothing is allowed in it that means anything there. */
#include "packages/name.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"

/* longer ones before those that they end in */
static const char *const extensions[] = {".tar.bz2", ".tar.gz", ".tar.xz", ".nupkg", ".tgz",
                                         ".tbz2",    ".tbz",    ".tar",    ".zip",   ".jar",
                                         ".war",     ".ear",    ".rar",    NULL};
#define KINDS "zip, nupkg, tar, tar.gz, tgz, tar.bz2, tbz, tar.xz, jar, war, ear or rar"

/* Letters beyond ASCII, roughly: no control, no space, no mark that turns text around. */
static bool is_letter(uint32_t rune)
{
    if (rune < 0x80) return isalnum((int)rune);
    return rune >= 0xC0 && (rune < 0x2000 || rune > 0x206F) && rune != 0x3000 && rune != 0xFEFF &&
           rune != 0x61C && (rune < 0xFE00 || rune > 0xFE0F) && (rune < 0xE000 || rune > 0xF8FF) &&
           (rune < 0xFFF0 || rune > 0xFFFF) && rune < 0xE0000;
}

int package_id_check(const char *id, struct error *e)
{
    bool good = utf8_check(str_of(id)), letter = false;
    struct str rest = str_of(id);
    uint32_t rune, before = '.';

    if (utf8_length(id) > PACKAGE_ID_MAX)
        return fail(e, ERR_INVALID, "the package id \"%.40s...\" has more than %d characters", id,
                    PACKAGE_ID_MAX);
    while (good && utf8_next(&rest, &rune)) {
        bool joins = rune == '.' || rune == '-';
        good = joins ? before != '.' : rune == '_' || is_letter(rune);
        letter |= rune >= 'A' && !joins;
        before = rune;
    }
    if (good && letter && before != '.') return 0;
    return fail(
        e, ERR_INVALID,
        "\"%.200s\" is no package id: want letters and digits, with '.', '_' and '-' between", id);
}

int package_identity_parse(struct arena *a, const char *text, struct package_name *ret,
                           struct error *e)
{
    struct error why;

    for (const char *dot = text; (dot = strchr(dot, '.')) != NULL; dot++) {
        if (!isdigit((unsigned char)dot[1])) continue;
        if (version_parse(a, dot + 1, &ret->version, &why) < 0) continue;
        ret->id = arena_strndup(a, text, (size_t)(dot - text));
        ret->extension = "";
        return package_id_check(ret->id, e);
    }
    return fail(e, ERR_INVALID,
                "\"%.200s\" has no version: want ID.VERSION, like Acme.Web.1.2.3-beta.1", text);
}

static const char *extension_of(const char *file)
{
    size_t n = strlen(file);

    for (size_t i = 0; extensions[i]; i++) {
        size_t k = strlen(extensions[i]);
        if (n > k && str_same(file + n - k, extensions[i])) return file + n - k;
    }
    return NULL;
}

int package_name_parse(struct arena *a, const char *file, struct package_name *ret, struct error *e)
{
    const char *extension = extension_of(file);

    if (strlen(file) > 3 * PACKAGE_ID_MAX)
        return fail(e, ERR_INVALID, "the file name has more than %d bytes", 3 * PACKAGE_ID_MAX);
    if (!utf8_check(str_of(file))) return fail(e, ERR_INVALID, "the file name is not UTF-8");
    for (const char *p = file; *p; p++)
        if (*p == '/' || *p == '\\' || (unsigned char)*p < ' ' || *p == 127)
            return fail(e, ERR_INVALID,
                        "the file name \"%.200s\" has a slash, a backslash or a control character "
                        "in it; want the name alone",
                        file);
    if (extension == NULL)
        return fail(e, ERR_INVALID, "\"%.200s\" is no package: its name must end in " KINDS, file);
    const char *text = arena_strndup(a, file, (size_t)(extension - file));
    if (package_identity_parse(a, text, ret, e) < 0) return fail_wrap(e, "file \"%.100s\"", file);
    ret->extension = arena_strdup(a, extension);
    return 0;
}
