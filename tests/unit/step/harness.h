/* harness.h - runs the built bobtail-step on a set of variables and collects what comes out. */
#ifndef TESTS_UNIT_STEP_HARNESS_H
#define TESTS_UNIT_STEP_HARNESS_H
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "crypt/box.h"
#include "os/file.h"
#include "os/tree.h"
#include "template/payload.h"
#include "tests/lib/tap.h"

struct outcome {
    int code; /* exit code, or -signal */
    struct buf out, err;
};

/* What one test runs with; tests change what they are about. */
static struct {
    const char *key;  /* instead of the right key line */
    const char *path; /* instead of $PATH */
    bool keep_work;   /* the work folder stays as the run before left it */
    bool broken_box;  /* one byte of the box is changed */
    bool no_box;
} run_with __attribute__((unused));

static char *in_folder(const char *name) { return path_join(tap_folder(), name); }

/* $BOBTAIL_STEP, or bin/bobtail-step of the build that this test belongs to. */
static const char *step_program(void)
{
    static char path[PATH_MAX];
    const char *given = getenv("BOBTAIL_STEP");

    if (given) return given;
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    EXPECT(n > 0);
    path[n] = '\0';
    char *folder = strstr(path, "/tests/unit/step/");
    EXPECT(folder != NULL);
    snprintf(folder, sizeof(path) - (size_t)(folder - path), "/bin/bobtail-step");
    if (access(path, X_OK) < 0) CANNOT_RUN("bobtail-step is not built");
    return path;
}

static struct variables *script_of(const char *syntax, const char *body)
{
    struct variables *v = variables_new();
    variables_set(v, "Octopus.Action.Script.SuppressEnvironmentLogging", "True", false);
    if (syntax) variables_set(v, "Octopus.Action.Script.Syntax", syntax, false);
    variables_set(v, "Octopus.Action.Script.ScriptBody", body, false);
    return v;
}

static void write_input(const char *work, const struct variables *v)
{
    CLEANUP(buf_done) struct buf json = BUF_INIT(64 * MiB), box = BUF_INIT(65 * MiB);
    CLEANUP(buf_done) struct buf line = BUF_INIT(100);
    CLEANUP(freep) char *box_path = path_join(work, PAYLOAD_FILE);
    CLEANUP(freep) char *key_path = in_folder("key");
    unsigned char key[BOX_KEY_BYTES];
    struct error err = {0};

    box_key(key);
    payload_encode(v, &json);
    box_seal(key, buf_str(&json), json.n, &box);
    if (run_with.broken_box) box.p[box.n - 1] ^= 1;
    hex_encode(&line, key, sizeof(key));
    buf_adds(&line, "\nnot for the script\n");
    if (!run_with.no_box) EXPECT_OK(file_replace(box_path, 0600, box.p, box.n, &err));
    const char *text = run_with.key ? run_with.key : buf_str(&line);
    EXPECT_OK(file_replace(key_path, 0600, text, strlen(text), &err));
}

static pid_t spawn_step(const char *work, char *const *environment)
{
    CLEANUP(freep) char *tools = in_folder("tools");
    CLEANUP(freep) char *key = in_folder("key");
    CLEANUP(freep) char *out = in_folder("out");
    CLEANUP(freep) char *err_path = in_folder("err");
    char *argv[] = {"bobtail-step", "run-script", "--tools", tools, NULL};
    posix_spawn_file_actions_t files;
    pid_t pid;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, key, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, 2, err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addchdir_np(&files, work);
    EXPECT_INT(posix_spawn(&pid, step_program(), &files, NULL, argv, environment), 0);
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

/* The step as a server would start it; frees ${v}. Free the outcome with outcome_done. */
static struct outcome run(struct variables *v)
{
    CLEANUP(freep) char *work = in_folder("work");
    CLEANUP(freep) char *out = in_folder("out");
    CLEANUP(freep) char *err_path = in_folder("err");
    CLEANUP(freep)
    char *path = xasprintf("PATH=%s", run_with.path ? run_with.path : getenv("PATH"));
    CLEANUP(freep) char *home = xasprintf("HOME=%s", getenv("HOME") ? getenv("HOME") : "/");
    char *environment[] = {path,
                           home,
                           "LANG=C.UTF-8",
                           "TentacleHome=/opt/agent",
                           "TentacleInstanceName=Blue",
                           "ASAN_OPTIONS=detect_leaks=1",
                           NULL};
    struct outcome o = {.out = BUF_INIT(64 * MiB), .err = BUF_INIT(64 * MiB)};
    struct error err = {0};
    int status;

    if (!run_with.keep_work) EXPECT_OK(tree_remove_at(AT_FDCWD, work, &err));
    EXPECT_OK(dir_make(work, 0700, &err));
    write_input(work, v);
    variables_free(v);
    pid_t pid = spawn_step(work, environment);
    while (waitpid(pid, &status, 0) < 0) EXPECT(errno == EINTR);
    o.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    EXPECT_OK(file_read(out, &o.out, &err));
    EXPECT_OK(file_read(err_path, &o.err, &err));
    return o;
}

static void outcome_done(struct outcome *o)
{
    buf_done(&o->out);
    buf_done(&o->err);
}

/* Runs and expects code and exact output, and nothing on standard error. */
__attribute__((unused)) static void expect_run(struct variables *v, int code, const char *out)
{
    CLEANUP(outcome_done) struct outcome o = run(v);
    EXPECT_STR(buf_str(&o.err), "");
    EXPECT_STR(buf_str(&o.out), out);
    EXPECT_INT(o.code, code);
}

/* Runs and expects that it is refused before the script starts: code, and that the sentence has
 * these words. */
__attribute__((unused)) static void expect_refused(struct variables *v, int code, const char *words)
{
    CLEANUP(outcome_done) struct outcome o = run(v);
    if (strstr(buf_str(&o.err), words) == NULL) EXPECT_STR(buf_str(&o.err), words);
    EXPECT_STR(buf_str(&o.out), "");
    EXPECT_INT(o.code, code);
}

/* The base64 of a text; static, overwritten by the call after the next seven. */
__attribute__((unused)) static const char *b64(const char *text)
{
    static struct buf kept[8] = {BUF_INIT(1 * MiB), BUF_INIT(1 * MiB), BUF_INIT(1 * MiB),
                                 BUF_INIT(1 * MiB), BUF_INIT(1 * MiB), BUF_INIT(1 * MiB),
                                 BUF_INIT(1 * MiB), BUF_INIT(1 * MiB)};
    static int at;
    struct buf *b = &kept[at++ % 8];
    buf_clear(b);
    base64_encode(b, text, strlen(text));
    return buf_str(b);
}
#endif
