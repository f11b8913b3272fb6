/* builtin.c - the built-in worker: what its scripts see, and what they may not name. */
#include <limits.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/id.h"
#include "fleet/driver.h"
#include "os/file.h"
#include "tests/lib/tap.h"

static struct error err;

static char *in_folder(const char *name) { return path_join(tap_folder(), name); }

static char *program(const char *name)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    EXPECT(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    return xasprintf("%s/../../../bin/%s", self, name);
}

/* The worker of the node whose data folder is ${data}. */
static struct driver *worker_in(const char *data)
{
    CLEANUP(freep) char *folder = in_folder(data);
    CLEANUP(freep) char *jobs = path_join(folder, "builtin");
    CLEANUP(freep) char *tools = path_join(folder, "tools");
    CLEANUP(freep) char *launcher = program("bobtail-launcher");
    const char *const protected_paths[] = {folder, NULL};
    struct builtin_options o = {.jobs_path = jobs,
                                .tools_path = tools,
                                .launcher_path = launcher,
                                .step_path = "/opt/bobtail/bobtail-step",
                                .protected_paths = protected_paths,
                                .worker = "builtin/node",
                                .name = "Built-in worker"};
    struct driver *d = NULL;

    EXPECT_OK(dir_make(folder, 0755, &err));
    EXPECT_OK(driver_builtin(&o, &d, &err));
    return d;
}

static sem_t rung;

static void ring(void *ctx, const char *ticket)
{
    (void)ctx, (void)ticket;
    sem_post(&rung);
}

/* Runs a shell script to its end; its output is in ${out}. */
static void run(struct driver *d, const char *ticket, const char *script, struct buf *out)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct driver_start s = {.ticket = ticket, .argv = argv, .isolation = JOB_NO_ISOLATION};
    struct driver_output *reader;
    struct job_fragment *f;
    struct job_status js;
    size_t n;

    sem_init(&rung, 0, 0);
    d->news = ring;
    EXPECT_OK(d->ops->start(d, &s, &err));
    EXPECT_OK(d->ops->follow(d, ticket, &err));
    do {
        EXPECT_INT(sem_wait(&rung), 0);
        EXPECT_OK(d->ops->status(d, ticket, &js, &err));
    } while (js.state != JOB_ENDED);
    d->ops->unfollow(d, ticket);
    EXPECT_INT(js.exit_code, 0);
    EXPECT_OK(d->ops->open(d, ticket, 0, &reader, &err));
    do {
        EXPECT_OK(d->ops->read(reader, 1 << 20, &f, &n, &err));
        for (size_t i = 0; i < n; i++) buf_add(out, f[i].data.p, f[i].data.n);
    } while (n);
    d->ops->close(reader);
}

static void expect_line(const struct buf *out, const char *line)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 20);

    buf_addf(&text, "\n%s\n", line);
    if (strstr(buf_str((struct buf *)out), buf_str(&text)) == NULL) {
        tap_fail(__FILE__, __LINE__, "there is no \"%s\" in\n%s", line, buf_str((struct buf *)out));
        tap_stop();
    }
}

TEST(scripts_see_the_language_the_proxies_and_the_agent_and_nothing_else_of_the_server)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(1 << 20);
    CLEANUP(freep) char *tools = in_folder("own/tools");
    char ticket[TICKET_SIZE];

    setenv("http_proxy", "http://proxy:3128", 1);
    setenv("NO_PROXY", "localhost", 1);
    setenv("TZ", "Europe/Vienna", 1);
    setenv("LC_TIME", "de_AT.UTF-8", 1);
    setenv("USER", "someone", 1);
    setenv("BOBTAIL_ADMIN_PASSWORD", "secret", 1);
    struct driver *d = worker_in("own");
    buf_adds(&out, "\n");
    run(d, id_ticket(ticket), "env", &out);

    static const char *const lines[] = {"http_proxy=http://proxy:3128",
                                        "HTTP_PROXY=http://proxy:3128",
                                        "NO_PROXY=localhost",
                                        "no_proxy=localhost",
                                        "TZ=Europe/Vienna",
                                        "LC_TIME=de_AT.UTF-8",
                                        "USER=someone",
                                        "LOGNAME=someone",
                                        "TentacleInstanceName=Built-in",
                                        "TentacleVersion=" BOBTAIL_VERSION,
                                        "TentacleProgramDirectoryPath=/opt/bobtail",
                                        "AgentProgramDirectoryPath=/opt/bobtail"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) expect_line(&out, lines[i]);
    static const char *const below_tools[] = {"TentacleHome=%s",
                                              "TentacleApplications=%s/Applications",
                                              "TentacleJournal=%s/DeploymentJournal.xml"};
    for (size_t i = 0; i < ARRAY_LEN(below_tools); i++) {
        CLEANUP(buf_done) struct buf line = BUF_INIT(4096);
        const char *percent = strstr(below_tools[i], "%s");
        buf_add(&line, below_tools[i], (size_t)(percent - below_tools[i]));
        buf_addf(&line, "%s%s", tools, percent + 2);
        expect_line(&out, buf_str(&line));
    }
    EXPECT(strstr(buf_str(&out), "https_proxy") == NULL);
    EXPECT(strstr(buf_str(&out), "BOBTAIL_ADMIN_PASSWORD") == NULL);
    driver_free(d);
}

TEST(the_data_folder_of_a_node_that_was_taken_over_is_no_artifact)
{
    CLEANUP(buf_done) struct buf out = BUF_INIT(1 << 20);
    CLEANUP(freep) char *jobs = in_folder("other/builtin");
    CLEANUP(freep) char *key = in_folder("other/master.key");
    CLEANUP(freep) char *own_key = in_folder("own/master.key");
    char ticket[TICKET_SIZE];
    struct driver *own = worker_in("own"), *other = worker_in("other"), *taken = NULL;

    driver_free(other);
    EXPECT_OK(file_replace(key, 0600, "secret", 6, &err));
    EXPECT_OK(file_replace(own_key, 0600, "secret", 6, &err));
    EXPECT_OK(driver_builtin_of(own, jobs, "builtin/other", "Other", &taken, &err));
    run(taken, id_ticket(ticket), "echo mine > mine.txt", &out);

    int fd = taken->ops->artifact(taken, ticket, "mine.txt", &err);
    EXPECT(fd >= 0);
    close(fd);
    EXPECT_FAILS(taken->ops->artifact(taken, ticket, key, &err), ERR_DENIED);
    EXPECT_FAILS(taken->ops->artifact(taken, ticket, own_key, &err), ERR_DENIED);
    driver_free(taken);
    driver_free(own);
}
