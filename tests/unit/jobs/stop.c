/* stop.c - stopping scripts, and what is left of them afterwards. */
#include "tests/unit/jobs/fixture.h"

/* Every way of finding the processes of a script. */
static const char *const cgroup_kinds[] = {"none", "v2"};

TEST(cancel_ends_a_script_and_is_told)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    start(j, ticket, "echo up; sleep 60 & wait");
    wait_log(j, ticket, "up");
    EXPECT_OK(job_cancel(j, ticket, -1, JOB_STOP_CANCEL, &err));
    struct job_status st = wait_end(j, ticket);
    EXPECT(st.cancelled && !st.timed_out && !st.abandoned);
    EXPECT_INT(st.exit_code, 128 + SIGTERM);
    EXPECT_INT(st.signal, SIGTERM);
    EXPECT_OK(job_cancel(j, ticket, 0, JOB_STOP_CANCEL, &err));
    EXPECT_INT(wait_end(j, ticket).exit_code, 128 + SIGTERM);
}

TEST(a_timeout_is_told_as_one)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    start(j, ticket, "echo up; sleep 60");
    wait_log(j, ticket, "up");
    EXPECT_OK(job_cancel(j, ticket, -1, JOB_STOP_TIMEOUT, &err));
    struct job_status st = wait_end(j, ticket);
    EXPECT(!st.cancelled && st.timed_out);
}

TEST(a_script_that_cleans_up_on_sigterm_gets_its_time)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    start(j, ticket, "trap 'echo cleaning; exit 9' TERM; echo up; sleep 60 & wait");
    wait_log(j, ticket, "up");
    EXPECT_OK(job_cancel(j, ticket, 15000, JOB_STOP_CANCEL, &err));
    struct job_status st = wait_end(j, ticket);
    EXPECT_INT(st.exit_code, 9);
    EXPECT(st.cancelled);
    EXPECT(log_has(j, ticket, JOB_STDOUT, "cleaning"));
}

TEST(a_script_that_ignores_sigterm_is_killed)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    start(j, ticket, "trap '' TERM; echo up; sleep 60; sleep 60");
    wait_log(j, ticket, "up");
    EXPECT_OK(job_cancel(j, ticket, 200, JOB_STOP_CANCEL, &err));
    struct job_status st = wait_end(j, ticket);
    EXPECT_INT(st.signal, SIGKILL);
    EXPECT_INT(st.exit_code, 128 + SIGKILL);
    EXPECT(st.cancelled && !st.oom);
}

TEST(a_second_order_shortens_the_grace)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    start(j, ticket, "trap '' TERM; echo up; sleep 60; sleep 60");
    wait_log(j, ticket, "up");
    EXPECT_OK(job_cancel(j, ticket, 600000, JOB_STOP_TIMEOUT, &err));
    EXPECT_OK(job_cancel(j, ticket, 0, JOB_STOP_CANCEL, &err));
    struct job_status st = wait_end(j, ticket);
    EXPECT_INT(st.signal, SIGKILL);
    EXPECT(st.timed_out && !st.cancelled);
}

TEST_LIMIT(cancel_kills_children_that_left_the_group_and_daemons, 60)
{
    for (size_t i = 0; i < ARRAY_LEN(cgroup_kinds); i++) {
        CLEANUP(jobs_closep)
        struct jobs *j = open_with((struct jobs_options){.cgroup = cgroup_kinds[i]});
        CLEANUP(freep) char *daemon_file = in_folder("daemon"), *child_file = in_folder("child");
        CLEANUP(freep)
        char *script = xasprintf("setsid sh -c 'trap \"\" TERM; echo $$ > %s; exec sleep 300' & "
                                 "(trap '' TERM; sh -c 'echo $$ > %s; exec sleep 300') & "
                                 "while ! [ -s %s -a -s %s ]; do :; done; echo up; sleep 300",
                                 daemon_file, child_file, daemon_file, child_file);
        char ticket[TICKET_SIZE] = "";

        start(j, ticket, script);
        wait_log(j, ticket, "up");
        pid_t daemon = pid_in_file(daemon_file), child = pid_in_file(child_file);
        EXPECT(is_running(daemon) && is_running(child));
        EXPECT_OK(job_cancel(j, ticket, 300, JOB_STOP_CANCEL, &err));
        struct job_status st = wait_end(j, ticket);
        EXPECT(st.cancelled && !st.abandoned);
        EXPECT(!is_running(daemon) && !is_running(child));
        unlink(daemon_file);
        unlink(child_file);
    }
}

TEST_LIMIT(a_daemon_is_left_alone_after_a_normal_end_and_may_go_on_printing, 60)
{
    for (size_t i = 0; i < ARRAY_LEN(cgroup_kinds); i++) {
        CLEANUP(jobs_closep)
        struct jobs *j = open_with((struct jobs_options){.cgroup = cgroup_kinds[i]});
        CLEANUP(freep)
        char *pid_file = in_folder("pid"), *go = in_folder("go"), *done = in_folder("done");
        CLEANUP(freep)
        char *script = xasprintf("mkfifo %s %s; setsid sh -c 'echo $$ > %s; read x < %s; seq "
                                 "200000; echo fine > %s' & echo started",
                                 go, done, pid_file, go, done);
        char ticket[TICKET_SIZE] = "", text[8] = "";

        struct job_status st = run(j, ticket, script);
        EXPECT_INT(st.exit_code, 0);
        EXPECT(log_has(j, ticket, JOB_STDOUT, "started\n"));
        pid_t daemon = pid_in_file(pid_file);
        EXPECT(is_running(daemon));
        EXPECT_OK(job_complete(j, ticket, &err));
        CLEANUP(closep) int fd = open(go, O_WRONLY | O_CLOEXEC);
        EXPECT_INT(write(fd, "\n", 1), 1);
        CLEANUP(closep) int answer = open(done, O_RDONLY | O_CLOEXEC);
        EXPECT(read(answer, text, sizeof(text) - 1) > 0);
        EXPECT_STR(text, "fine\n");
        wait_gone(daemon);
        unlink(pid_file), unlink(go), unlink(done);
    }
}

TEST(children_in_the_background_that_close_their_output_do_not_delay_the_end)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(freep) char *pid_file = in_folder("pid");
    CLEANUP(freep)
    char *script = xasprintf("sleep 300 >/dev/null 2>&1 & echo $! > %s; exit 4", pid_file);
    char ticket[TICKET_SIZE] = "";

    struct job_status st = run(j, ticket, script);
    EXPECT_INT(st.exit_code, 4);
    EXPECT(st.ended_ms - st.started_ms < 5000);
    pid_t pid = pid_in_file(pid_file);
    EXPECT(is_running(pid));
    kill(pid, SIGKILL);
}

TEST(abandon_does_not_wait)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    start(j, ticket, "trap '' TERM; echo up; sleep 60; sleep 60");
    wait_log(j, ticket, "up");
    pid_t script = running_record(j, ticket).script.pid;
    EXPECT_OK(job_cancel(j, ticket, -1, JOB_STOP_ABANDON, &err));
    struct job_status st = wait_end(j, ticket);
    EXPECT(st.abandoned);
    EXPECT_INT(st.exit_code, JOB_EXIT_ABANDONED);
    wait_gone(script);
}

/* Runs, as nobody, a script that becomes root for good, so that its supervisor may not kill it;
 * ends with 0 when the job was given up as it must be. */
NORETURN static void cancel_the_unkillable(const char *setpriv, const char *pid_file)
{
    CLEANUP(freep)
    char *script =
        xasprintf("exec %s --reuid=0 --regid=0 --clear-groups sh -c 'trap \"\" TERM; echo $$ > %s; "
                  "echo up; sleep 300'",
                  setpriv, pid_file);
    char ticket[TICKET_SIZE] = "";

    EXPECT(setgid(65534) == 0 && setuid(65534) == 0);
    struct jobs *j = open_with((struct jobs_options){.cgroup = "none", .abandon_ms = 300});
    start(j, ticket, script);
    wait_log(j, ticket, "up");
    EXPECT_OK(job_cancel(j, ticket, 100, JOB_STOP_CANCEL, &err));
    struct job_status st = wait_end(j, ticket);
    EXPECT(st.abandoned && st.cancelled);
    EXPECT_INT(st.exit_code, JOB_EXIT_ABANDONED);
    jobs_close(j);
    _exit(0);
}

TEST(a_script_that_cannot_be_killed_is_abandoned)
{
    CLEANUP(freep) char *setpriv = in_folder("setpriv"), *pid_file = in_folder("pid");
    CLEANUP(freep)
    char *copy = xasprintf("cp /usr/bin/setpriv %s && chmod 4755 %s", setpriv, setpriv);
    int status;

    if (geteuid() != 0) CANNOT_RUN("only root can make a script that its supervisor may not kill");
    pid_t copier = fork();
    if (copier == 0) execl("/bin/sh", "sh", "-c", copy, (char *)NULL);
    EXPECT(waitpid(copier, &status, 0) == copier && status == 0);
    chmod(tap_folder(), 0777);
    pid_t server = fork();
    if (server == 0) cancel_the_unkillable(setpriv, pid_file);
    EXPECT(waitpid(server, &status, 0) == server);
    struct process p;
    if (process_find(pid_in_file(pid_file), &p)) process_kill_session(p.id, 10000);
    EXPECT_INT(status, 0);
}

static bool put_into(const char *folder, const char *name, const char *text)
{
    CLEANUP(freep) char *path = path_join(folder, name);
    CLEANUP(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* A memory group of 64 MiB, v1 or v2; NULL when none may be made. */
static char *make_memory_group(void)
{
    static const char *const tops[] = {"/sys/fs/cgroup/memory", "/sys/fs/cgroup"};
    static const char *const limits[] = {"memory.limit_in_bytes", "memory.max"};

    for (size_t i = 0; i < ARRAY_LEN(tops); i++) {
        CLEANUP(freep) char *group = xasprintf("%s/bobtail-test-%d", tops[i], (int)getpid());
        if (mkdir(group, 0755) < 0) continue;
        put_into(group, "memory.swap.max", "0");
        if (put_into(group, limits[i], "67108864")) return TAKE(group);
        rmdir(group);
    }
    return NULL;
}

TEST(a_script_killed_for_memory_is_told_as_such)
{
    CLEANUP(freep) char *group = make_memory_group();
    char ticket[TICKET_SIZE] = "", other[TICKET_SIZE] = "";

    if (group == NULL) CANNOT_RUN("no memory cgroup may be made here");
    EXPECT(put_into(group, "cgroup.procs", "0"));
    struct jobs *j = open_plain();
    struct job_status st = run(j, ticket, "head -c 500000000 /dev/zero | tail | wc -c; exit 137");
    struct job_status plain = run(j, other, "kill -9 $$");
    jobs_close(j);
    CLEANUP(freep) char *home = path_join(group, "bobtail-jobs");
    rmdir(home);
    EXPECT(put_into(group, "../cgroup.procs", "0"));
    rmdir(group);
    EXPECT(st.oom);
    EXPECT_INT(plain.signal, SIGKILL);
    EXPECT(!plain.oom);
}
