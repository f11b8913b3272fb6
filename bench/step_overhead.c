/* step_overhead.c - how much later a Bash script's first line runs under bobtail-step than under
 * plain bash; started by step_overhead.sh.
 *
 *     step_overhead STEP FOLDER ROUNDS
 *
 * Both sides start with posix_spawn from this small process and run the same one-line script, in
 * turn, so that both see the same machine. The step gets 120 variables and the process environment;
 * its box is sealed outside the clock. */
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/str.h"
#include "crypt/box.h"
#include "os/file.h"
#include "template/payload.h"
#include "stopwatch.h"

static const char *const bodies[] = {":", "x=$(get_octopusvariable 'Octopus.Action[Step 7].Name')"};

static void or_die(int result, const struct error *e)
{
    if (result >= 0) return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

/* Seals the variables into ./variables.box and the key into ./key. */
static void prepare(const char *body)
{
    CLEANUP(buf_done) struct buf json = BUF_INIT(1 * MiB), box = BUF_INIT(1 * MiB);
    CLEANUP(buf_done) struct buf line = BUF_INIT(100);
    CLEANUP(variables_freep) struct variables *v = variables_new();
    unsigned char key[BOX_KEY_BYTES];
    struct error err = {0};
    char name[100];

    for (int i = 0; i < 120; i++) {
        snprintf(name, sizeof(name), "Octopus.Action[Step %d].%s", i / 4,
                 (const char *[]){"Name", "Id", "Status", "Url"}[i % 4]);
        variables_set(v, name, "a value of usual length #{Name}", false);
    }
    variables_set(v, "Name", "x", false);
    variables_set(v, "Octopus.Action.Script.Syntax", "Bash", false);
    variables_set(v, "Octopus.Action.Script.ScriptBody", body, false);
    box_key(key);
    payload_encode(v, &json);
    box_seal(key, json.p, json.n, &box);
    hex_encode(&line, key, sizeof(key));
    buf_addc(&line, '\n');
    unlink(PAYLOAD_FILE);
    unlink("key");
    or_die(file_create_at(AT_FDCWD, PAYLOAD_FILE, 0600, box.p, box.n, &err), &err);
    or_die(file_create_at(AT_FDCWD, "key", 0600, line.p, line.n, &err), &err);
}

static double timed(const char *program, char *const *argv)
{
    posix_spawn_file_actions_t files;
    double start = now_ms();
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "key", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawnp(&pid, program, &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    if (failed || waitpid(pid, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "%s did not run\n", program);
        exit(1);
    }
    return now_ms() - start;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *which, const char *body, double plain, double step)
{
    printf("%-4s bash %.2f ms, step %.2f ms, overhead %.2f ms: %s\n", which, plain, step,
           step - plain, body);
}

int main(int argc, char **argv)
{
    int64_t rounds;
    if (argc != 4 || !str_i64(argv[3], 1, 100000, &rounds) || chdir(argv[2]) < 0) return 2;
    double *plain = calloc((size_t)rounds, sizeof(double)),
           *step = calloc((size_t)rounds, sizeof(double));
    char *plain_argv[] = {"bash", "plain.sh", NULL};
    char *step_argv[] = {argv[1], "run-script", "--tools", "tools", NULL};
    struct error err = {0};

    unlink("plain.sh");
    or_die(file_create_at(AT_FDCWD, "plain.sh", 0600, ":\n", 2, &err), &err);
    for (size_t b = 0; b < ARRAY_LEN(bodies); b++) {
        for (int64_t i = 0; i < rounds; i++) {
            prepare(bodies[b]);
            step[i] = timed(argv[1], step_argv);
            plain[i] = timed("bash", plain_argv);
        }
        qsort(plain, (size_t)rounds, sizeof(double), by_size);
        qsort(step, (size_t)rounds, sizeof(double), by_size);
        print("p50", bodies[b], plain[rounds / 2], step[rounds / 2]);
        print("best", bodies[b], plain[0], step[0]);
    }
    free(plain);
    free(step);
    return 0;
}
