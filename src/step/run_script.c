/* run_script.c - `bobtail-step run-script`: from the sealed variables to the interpreter. The
 * contract with the server is template/payload.h.
 *
 * The process becomes the interpreter: no fork, no waiting, nothing left behind but the work
 * folder's files. Until exec nothing has been said, so that a run that fails here has one sentence
 * on standard error and nothing else. Clear text is in memory only; the box is removed before the
 * script starts and its key is wiped. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "crypt/box.h"
#include "os/file.h"
#include "step/step.h"

int step_value(struct step *s, const char *name, const char **ret, struct error *e)
{
    if (variables_get(s->variables, name, &s->arena, ret, e) < 0) return -1;
    if (*ret == NULL) *ret = "";
    return 0;
}

void step_say(struct step *s, const char *category, const char *text)
{
    buf_addf(&s->said, "##octopus[stdout-%s]\n%s\n##octopus[stdout-default]\n", category, text);
}

/* ---- what comes in ---- */

/* One line of standard input, 64 hexadecimal digits; what is behind it stays unread. */
static int read_key(unsigned char key[BOX_KEY_BYTES], struct error *e)
{
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(BOX_KEY_BYTES);
    char digits[2 * BOX_KEY_BYTES + 1];
    size_t n = 0;

    while (n < sizeof(digits)) {
        ssize_t got = read(STDIN_FILENO, digits + n, sizeof(digits) - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(e, errno, "read the key from standard input");
        if (got == 0) break;
        n += (size_t)got;
        if (memchr(digits, '\n', n)) break;
    }
    if (n && digits[n - 1] == '\n') n--;
    bool good = n == 2 * BOX_KEY_BYTES && hex_decode(&bytes, digits, n);
    if (good) memcpy(key, bytes.p, BOX_KEY_BYTES);
    box_wipe(digits, sizeof(digits));
    if (bytes.p) box_wipe(bytes.p, bytes.n);
    if (good) return 0;
    return fail(e, ERR_INVALID,
                "standard input must begin with the key of " PAYLOAD_FILE
                ": a line of %d hexadecimal digits",
                2 * BOX_KEY_BYTES);
}

static int open_box(struct step *s, struct error *e)
{
    CLEANUP(buf_done) struct buf box = BUF_INIT(PAYLOAD_MAX + BOX_OVERHEAD);
    CLEANUP(buf_done) struct buf plain = BUF_INIT(PAYLOAD_MAX);
    unsigned char key[BOX_KEY_BYTES];

    if (read_key(key, e) < 0 || file_read(PAYLOAD_FILE, &box, e) < 0) return -1;
    int opened = box_open(key, buf_str(&box), box.n, &plain, e);
    box_wipe(key, sizeof(key));
    if (opened < 0) return fail_wrap(e, PAYLOAD_FILE);
    if (payload_decode(s->variables, buf_str(&plain), plain.n, e) < 0) return -1;
    box_wipe(plain.p, plain.n);
    if (unlink(PAYLOAD_FILE) < 0) return fail_errno(e, errno, "remove " PAYLOAD_FILE);
    return 0;
}

/* What the agent tells in its environment is known by these names too. */
static void add_agent(struct step *s)
{
    static const char *const rows[][2] = {
        {"Octopus.Tentacle.Agent.InstanceName", "TentacleInstanceName"},
        {"Octopus.Tentacle.Agent.ApplicationDirectoryPath", "TentacleApplications"},
        {"Octopus.Tentacle.Agent.ProgramDirectoryPath", "TentacleProgramDirectoryPath"},
        {"Octopus.Agent.ProgramDirectoryPath", "AgentProgramDirectoryPath"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (getenv(rows[i][1]))
            variables_set(s->variables, rows[i][0], arena_fmt(&s->arena, "#{env:%s}", rows[i][1]),
                          false);
}

/* Every environment variable is a variable `env:NAME`. */
static void add_environment(struct step *s)
{
    char folder[4096];

    if (getcwd(folder, sizeof(folder))) setenv("OctopusCalamariWorkingDirectory", folder, 1);
    for (char **item = environ; *item; item++) {
        CLEANUP(buf_done) struct buf name = BUF_INIT(64 * KiB);
        const char *equals = strchr(*item, '=');
        if (equals == NULL || equals == *item) continue;
        buf_addf(&name, "env:%.*s", (int)(equals - *item), *item);
        variables_set(s->variables, buf_str(&name), equals + 1, false);
    }
    add_agent(s);
}

static int find_tools(struct step *s, const char *given, struct error *e)
{
    const char *home = getenv("TentacleHome");

    s->tools = given ? given : getenv("BOBTAIL_TOOLS");
    if ((s->tools == NULL || !s->tools[0]) && home && home[0])
        s->tools = arena_fmt(&s->arena, "%s/Tools", home);
    if (s->tools && s->tools[0]) return 0;
    return fail(e, ERR_INVALID, "no tools folder: give --tools FOLDER or set BOBTAIL_TOOLS");
}

/* ---- what goes out ---- */

/* True when the program is on PATH. */
static bool installed(struct step *s, const char *program)
{
    const char *path = getenv("PATH");

    for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; at;) {
        const char *end = strchrnul(at, ':');
        const char *file = arena_fmt(&s->arena, "%.*s/%s", (int)(end - at), at, program);
        if (end > at && access(file, X_OK) == 0) return true;
        at = *end ? end + 1 : NULL;
    }
    return false;
}

static int prepare(struct step *s, const char *tools, struct error *e)
{
    if (find_tools(s, tools, e) < 0 || open_box(s, e) < 0) return -1;
    secrets_note(s);
    add_environment(s);
    secrets_tell(s);
    if (script_choose(s, e) < 0) return -1;
    if (!installed(s, s->shell->program)) {
        fail(e, ERR_NOT_FOUND, "%s", s->shell->missing);
        return -PAYLOAD_EXIT_NO_INTERPRETER;
    }
    if (step_value(s, "Octopus.Action.Script.ScriptParameters", &s->parameters, e) < 0) return -1;
    if (script_write(s, e) < 0 || tools_prepare(s, e) < 0 || table_make(s, e) < 0) return -1;
    report_environment(s);
    report_variables(s);
    return 0;
}

/* The script's standard input is empty, not what is left of ours. */
static int start(struct step *s, struct error *e)
{
    const char *argv[STEP_ARGS_MAX];
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0) return fail_errno(e, errno, "open /dev/null");
    close(null);
    s->shell->arguments(s, argv);
    if (s->said.n && file_write_all(STDOUT_FILENO, s->said.p, s->said.n, e) < 0) return -1;
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    return fail_errno(e, errno, "start %s", argv[0]);
}

int run_script(const char *tools)
{
    static struct step s = {.table = -1, .parameters = "", .said = BUF_INIT(BUF_UNBOUNDED)};
    struct error err = {0};

    s.variables = variables_new();
    int done = prepare(&s, tools, &err);
    if (done == 0) done = start(&s, &err);
    CLEANUP(buf_done) struct buf line = BUF_INIT(4 * KiB);
    buf_addf(&line, "%s\n", err.text);
    variables_free(s.variables);
    arena_done(&s.arena);
    buf_done(&s.said);
    if (file_write_all(STDERR_FILENO, line.p, line.n, NULL) < 0) return PAYLOAD_EXIT_REFUSED;
    return done == -PAYLOAD_EXIT_NO_INTERPRETER ? PAYLOAD_EXIT_NO_INTERPRETER
                                                : PAYLOAD_EXIT_REFUSED;
}
