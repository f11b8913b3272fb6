/* isolation.c - the mutex: alone, together, in turn, told, given up. */
#include "jobs/mutex.h"
#include "os/lock.h"
#include "tests/unit/jobs/fixture.h"

static const char hold[] = "mkfifo go; echo up; read x < go; exit 0";

static void isolated(struct jobs *j, char ticket[TICKET_SIZE], const char *script,
                     enum job_isolation how, const char *holder, int64_t timeout_ms)
{
    start_spec(
        j, ticket, script,
        (struct job_spec){
            .isolation = how, .mutex = "app/1", .holder = holder, .mutex_timeout_ms = timeout_ms});
}

static void let_go(struct jobs *j, const char *ticket)
{
    CLEANUP(freep) char *work = job_work_path(j, ticket), *go = path_join(work, "go");
    CLEANUP(closep) int fd = open(go, O_WRONLY | O_CLOEXEC);

    EXPECT(fd >= 0);
}

static bool is_waiting(struct jobs *j, const char *ticket)
{
    struct job_status st;

    EXPECT_OK(job_status(j, ticket, &st, &err));
    return st.state == JOB_WAITING;
}

TEST(an_exclusive_script_waits_and_is_told_for_whom)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "";

    isolated(j, a, hold, JOB_EXCLUSIVE, "ServerTasks-12", 0);
    wait_log(j, a, "up");
    isolated(j, b, "echo in", JOB_EXCLUSIVE, "ServerTasks-13", 0);
    struct job_status st = wait_state(j, b, JOB_WAITING);
    EXPECT_INT(st.state, JOB_WAITING);
    EXPECT_STR(st.waits_for, "ServerTasks-12");
    EXPECT(log_has(j, b, JOB_SYSTEM, "waiting for mutex \"app/1\" held by ServerTasks-12"));
    EXPECT_INT(st.started_ms, 0);
    let_go(j, a);
    EXPECT_INT(wait_end(j, b).exit_code, 0);
    expect_log(j, b, JOB_STDOUT, "in\n");
    EXPECT_INT(wait_end(j, a).exit_code, 0);
}

TEST(the_log_of_a_job_that_has_no_script_yet_is_read_although_its_name_is_gone)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "";

    isolated(j, a, hold, JOB_EXCLUSIVE, "ServerTasks-12", 0);
    wait_log(j, a, "up");
    isolated(j, b, "echo in", JOB_EXCLUSIVE, "ServerTasks-13", 0);
    EXPECT_INT(wait_state(j, b, JOB_WAITING).state, JOB_WAITING);
    CLEANUP(freep) char *log = xasprintf("%s/jobs/%s/log", root_folder, b);
    EXPECT_INT(unlink(log), 0);
    EXPECT(log_has(j, b, JOB_SYSTEM, "waiting for mutex"));
    let_go(j, a);
    EXPECT_INT(wait_end(j, b).exit_code, 0);
    expect_log(j, b, JOB_STDOUT, "in\n");
    EXPECT_INT(wait_end(j, a).exit_code, 0);
}

TEST(shared_scripts_run_together)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "", c[TICKET_SIZE] = "";

    isolated(j, a, hold, JOB_SHARED, "A", 0);
    isolated(j, b, hold, JOB_SHARED, "B", 0);
    wait_log(j, a, "up");
    wait_log(j, b, "up");
    isolated(j, c, "true", JOB_EXCLUSIVE, "C", 0);
    struct job_status st = wait_state(j, c, JOB_WAITING);
    EXPECT(strstr(st.waits_for, "A") && strstr(st.waits_for, "B"));
    let_go(j, a);
    wait_end(j, a);
    EXPECT(is_waiting(j, c));
    let_go(j, b);
    EXPECT_INT(wait_end(j, c).exit_code, 0);
}

TEST(shared_scripts_pass_the_gate_side_by_side)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(closep) int dir = open(root_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(mutex_close) struct mutex passing = MUTEX_NONE;
    CLEANUP(mutex_close) struct mutex other = MUTEX_NONE;
    CLEANUP(mutex_close) struct mutex alone = MUTEX_NONE;

    EXPECT(j != NULL);
    EXPECT_OK(mutex_open(dir, "app/2", false, &passing, &err));
    EXPECT_OK(mutex_open(dir, "app/2", false, &other, &err));
    EXPECT_OK(mutex_open(dir, "app/2", true, &alone, &err));
    EXPECT_INT(lock_try(passing.gate, LOCK_SHARED, 0, 1, &err), 1); /* one on his way in */
    EXPECT_INT(mutex_try(&other, &err), 1);
    EXPECT_INT(mutex_try(&alone, &err), 0);
}

TEST(a_waiting_exclusive_script_is_not_overtaken)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(freep) char *order = in_folder("order");
    CLEANUP(freep)
    char *writer = xasprintf("echo writer >> %s", order),
         *reader = xasprintf("echo reader >> %s", order);
    CLEANUP(buf_done) struct buf got = BUF_INIT(1024);
    char a[TICKET_SIZE] = "", w[TICKET_SIZE] = "", r[TICKET_SIZE] = "";

    isolated(j, a, hold, JOB_SHARED, "A", 0);
    wait_log(j, a, "up");
    isolated(j, w, writer, JOB_EXCLUSIVE, "W", 0);
    wait_state(j, w, JOB_WAITING);
    isolated(j, r, reader, JOB_SHARED, "R", 0);
    struct job_status st = wait_state(j, r, JOB_WAITING);
    EXPECT_INT(st.state, JOB_WAITING);
    let_go(j, a);
    EXPECT_INT(wait_end(j, w).exit_code, 0);
    EXPECT_INT(wait_end(j, r).exit_code, 0);
    EXPECT_OK(file_read(order, &got, &err));
    EXPECT_STR(buf_str(&got), "writer\nreader\n");
}

TEST(other_mutexes_and_scripts_without_one_do_not_wait)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "", c[TICKET_SIZE] = "";

    isolated(j, a, hold, JOB_EXCLUSIVE, "A", 0);
    wait_log(j, a, "up");
    start_spec(j, b, "exit 2", (struct job_spec){.isolation = JOB_EXCLUSIVE, .mutex = "app/2"});
    EXPECT_INT(wait_end(j, b).exit_code, 2);
    EXPECT_INT(run(j, c, "exit 3").exit_code, 3);
    let_go(j, a);
    wait_end(j, a);
}

TEST(cancel_ends_a_waiting_script_at_once_and_it_never_runs)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "", c[TICKET_SIZE] = "";

    isolated(j, a, hold, JOB_EXCLUSIVE, "A", 0);
    wait_log(j, a, "up");
    isolated(j, b, "echo ran", JOB_EXCLUSIVE, "B", 0);
    wait_state(j, b, JOB_WAITING);
    EXPECT_OK(job_cancel(j, b, -1, JOB_STOP_CANCEL, &err));
    struct job_status st = wait_end(j, b);
    EXPECT(st.cancelled);
    EXPECT_INT(st.exit_code, JOB_EXIT_CANCELLED);
    EXPECT_INT(st.started_ms, 0);
    expect_log(j, b, JOB_STDOUT, "");
    /* It left the gate too. */
    isolated(j, c, "exit 4", JOB_EXCLUSIVE, "C", 0);
    wait_state(j, c, JOB_WAITING);
    let_go(j, a);
    EXPECT_INT(wait_end(j, c).exit_code, 4);
}

TEST(the_wait_for_the_mutex_has_its_limit)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "";

    isolated(j, a, hold, JOB_EXCLUSIVE, "A", 0);
    wait_log(j, a, "up");
    isolated(j, b, "echo ran", JOB_SHARED, "B", 50);
    struct job_status st = wait_end(j, b);
    EXPECT(st.timed_out);
    EXPECT_INT(st.exit_code, JOB_EXIT_TIMEOUT);
    EXPECT_INT(st.started_ms, 0);
    let_go(j, a);
    wait_end(j, a);
}

TEST(a_holder_that_is_killed_frees_the_mutex)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "", c[TICKET_SIZE] = "";

    isolated(j, a, "echo up; exec sleep 300", JOB_EXCLUSIVE, "A", 0);
    wait_log(j, a, "up");
    isolated(j, b, "exit 3", JOB_EXCLUSIVE, "B", 0);
    wait_state(j, b, JOB_WAITING);
    EXPECT(process_signal(running_record(j, a).supervisor, SIGKILL));
    EXPECT_INT(wait_end(j, b).exit_code, 3);

    /* One that is killed while it waits is lost, and in nobody's way. */
    char d[TICKET_SIZE] = "", f[TICKET_SIZE] = "";
    isolated(j, c, hold, JOB_EXCLUSIVE, "C", 0);
    wait_log(j, c, "up");
    isolated(j, d, "echo ran", JOB_EXCLUSIVE, "D", 0);
    wait_state(j, d, JOB_WAITING);
    EXPECT_INT(kill(start_record_of(d).supervisor.pid, SIGKILL), 0);
    EXPECT_INT(wait_end(j, d).state, JOB_LOST);
    isolated(j, f, "exit 8", JOB_SHARED, "F", 0);
    let_go(j, c);
    EXPECT_INT(wait_end(j, f).exit_code, 8);
}

TEST_LIMIT(the_mutex_survives_the_server_and_its_launcher, 60)
{
    struct jobs *j = open_plain();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "";

    isolated(j, a, hold, JOB_EXCLUSIVE, "A", 0);
    wait_log(j, a, "up");
    jobs_close(j);
    j = open_plain();
    isolated(j, b, "exit 5", JOB_EXCLUSIVE, "B", 0);
    EXPECT_STR(wait_state(j, b, JOB_WAITING).waits_for, "A");
    let_go(j, a);
    EXPECT_INT(wait_end(j, b).exit_code, 5);
    jobs_close(j);
}
