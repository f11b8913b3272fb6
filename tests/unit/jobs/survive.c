/* survive.c - kill -9 of everything that takes part, at any moment: a script runs once, nothing it
 * printed is lost. */
#include "tests/unit/jobs/fixture.h"

#include <time.h>

static const char *const both_kinds[] = {"none", "v2"};

static void open_fifo_once(const char *path)
{
    CLEANUP(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    EXPECT(fd >= 0);
}

TEST(a_start_that_is_repeated_does_nothing)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(freep) char *ran = in_folder("ran");
    CLEANUP(freep) char *script = xasprintf("echo x >> %s; mkfifo go; echo up; read x < go", ran);
    CLEANUP(buf_done) struct buf count = BUF_INIT(1024);
    char ticket[TICKET_SIZE] = "";

    EXPECT_INT(start(j, ticket, script), 0);
    EXPECT_INT(start(j, ticket, script), 1);
    wait_log(j, ticket, "up");
    EXPECT_INT(start(j, ticket, script), 1);
    CLEANUP(freep) char *work = job_work_path(j, ticket), *go = path_join(work, "go");
    open_fifo_once(go);
    wait_end(j, ticket);
    EXPECT_INT(start(j, ticket, script), 1);
    EXPECT_OK(file_read(ran, &count, &err));
    EXPECT_STR(buf_str(&count), "x\n");
}

NORETURN static void start_in_child(const char *ticket, const char *script, int go)
{
    char copy[TICKET_SIZE], x;

    struct jobs *j = open_plain();
    snprintf(copy, sizeof(copy), "%s", ticket);
    if (read(go, &x, 1) != 0) _exit(9);
    int r = start(j, copy, script);
    jobs_close(j);
    _exit(r);
}

TEST_LIMIT(of_two_processes_that_start_a_job_at_once_one_does, 60)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(freep) char *ran = in_folder("ran");
    CLEANUP(freep) char *script = xasprintf("echo x >> %s", ran);

    for (int round = 0; round < 20; round++) {
        CLEANUP(buf_done) struct buf count = BUF_INIT(1024);
        char ticket[TICKET_SIZE];
        int go[2], first = 0, status;
        unlink(ran);
        id_ticket(ticket);
        EXPECT(pipe2(go, O_CLOEXEC) == 0);
        for (int i = 0; i < 3; i++)
            if (fork() == 0) {
                close(go[1]);
                start_in_child(ticket, script, go[0]);
            }
        close(go[0]);
        close(go[1]);
        for (int i = 0; i < 3; i++) {
            EXPECT(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) <= 1);
            first += WEXITSTATUS(status) == 0;
        }
        EXPECT_INT(first, 1);
        EXPECT_INT(wait_end(j, ticket).exit_code, 0);
        EXPECT_OK(file_read(ran, &count, &err));
        EXPECT_STR(buf_str(&count), "x\n");
    }
}

TEST(scripts_go_on_when_the_server_closes_and_are_found_again)
{
    struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    start(j, ticket, "mkfifo go; echo before; read x < go; echo after; exit 5");
    wait_log(j, ticket, "before");
    CLEANUP(freep) char *work = job_work_path(j, ticket), *go = path_join(work, "go");
    jobs_close(j);
    j = open_plain();
    EXPECT_INT(wait_state(j, ticket, JOB_RUNNING).state, JOB_RUNNING);
    open_fifo_once(go);
    EXPECT_INT(wait_end(j, ticket).exit_code, 5);
    expect_log(j, ticket, JOB_STDOUT, "before\nafter\n");
    jobs_close(j);
}

TEST_LIMIT(the_launcher_comes_back_when_it_is_killed, 60)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char running[TICKET_SIZE] = "";

    start(j, running, "mkfifo go; echo up; read x < go; echo end");
    wait_log(j, running, "up");
    for (int round = 0; round < 5; round++) {
        char ticket[TICKET_SIZE] = "";
        pid_t pid = launcher_pid();
        EXPECT(pid > 0);
        kill(pid, SIGKILL);
        EXPECT_INT(run(j, ticket, "exit 3").exit_code, 3);
    }
    CLEANUP(freep) char *work = job_work_path(j, running), *go = path_join(work, "go");
    open_fifo_once(go);
    EXPECT_INT(wait_end(j, running).exit_code, 0);
    expect_log(j, running, JOB_STDOUT, "up\nend\n");
}

TEST_LIMIT(a_launcher_that_hangs_is_killed_and_another_one_answers, 60)
{
    CLEANUP(jobs_closep) struct jobs *j = open_with((struct jobs_options){.answer_ms = 2000});
    char ticket[TICKET_SIZE] = "";
    pid_t pid = launcher_pid();

    EXPECT(pid > 0);
    kill(pid, SIGSTOP);
    EXPECT_INT(run(j, ticket, "exit 3").exit_code, 3);
    EXPECT(launcher_pid() != pid);
}

static void nap(long microseconds)
{
    struct timespec t = {0, microseconds * 1000};

    nanosleep(&t, NULL);
}

/* Kills our launcher again and again until told to stop, at moments spread over the time of a
 * start. */
NORETURN static void kill_launchers(pid_t owner, int stop)
{
    struct pollfd p = {.fd = stop, .events = POLLIN};
    struct process q;
    unsigned at = 1;

    while (poll(&p, 1, 0) == 0) {
        at = at * 1103515245 + 12345;
        nap(at / 65536 % 8000);
        for (pid_t pid = owner + 1; pid < owner + 4000; pid++)
            if (process_find(pid, &q) && q.parent == owner && q.session == pid) {
                kill(pid, SIGKILL);
                break;
            }
    }
    _exit(0);
}

TEST_LIMIT(each_script_runs_once_while_the_launcher_is_killed_at_random_moments, 120)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(freep) char *ran = in_folder("ran");
    CLEANUP(buf_done) struct buf count = BUF_INIT(64 * KiB);
    pid_t owner = getpid();
    const int rounds = 60;
    int stop[2], got = 0;

    EXPECT(pipe2(stop, O_CLOEXEC) == 0);
    pid_t killer = fork();
    if (killer == 0) {
        close(stop[1]);
        kill_launchers(owner, stop[0]);
    }
    for (int i = 0; i < rounds; i++) {
        CLEANUP(freep) char *script = xasprintf("echo %d >> %s", i, ran);
        const char *argv[] = {"/bin/sh", "-c", script, NULL};
        char ticket[TICKET_SIZE];
        struct job_spec s = {.ticket = id_ticket(ticket), .argv = argv, .env = plain_env};
        /* A launcher that is killed each time it starts makes a start fail, and then nothing was
         * started. */
        while (job_start(j, &s, &err) < 0) EXPECT_INT(err.kind, ERR_UNREACHABLE);
        EXPECT_INT(wait_end(j, ticket).state, JOB_ENDED);
    }
    close(stop[1]);
    waitpid(killer, NULL, 0);
    EXPECT_OK(file_read(ran, &count, &err));
    struct str rest = {count.p, count.n}, line;
    while (str_cut(&rest, '\n', &line)) EXPECT_INT(strtol(line.p, NULL, 10), got++);
    EXPECT_INT(got, rounds);
}

/* A server that starts one job after the other, telling each ticket before it starts it. */
NORETURN static void serve_until_killed(int tickets, const char *ran)
{
    struct jobs *j = open_plain();

    for (;;) {
        char ticket[TICKET_SIZE];
        id_ticket(ticket);
        if (write(tickets, ticket, sizeof(ticket)) != (ssize_t)sizeof(ticket)) _exit(1);
        CLEANUP(freep) char *script = xasprintf("echo %s >> %s; seq 3000", ticket, ran);
        start(j, ticket, script);
    }
}

static int count_of(const char *text, const char *word)
{
    int n = 0;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) n++;
    return n;
}

/* What a restarted server does with a ticket that it finds in its database. */
static void resume(struct jobs *j, const char *ticket, const char *ran)
{
    CLEANUP(freep) char *script = xasprintf("echo %s >> %s; seq 3000", ticket, ran);
    CLEANUP(buf_done) struct buf got = BUF_INIT(1 * MiB);
    char copy[TICKET_SIZE];

    snprintf(copy, sizeof(copy), "%s", ticket);
    start(j, copy, script);
    EXPECT_INT(wait_end(j, ticket).exit_code, 0);
    read_log(j, ticket, JOB_STDOUT, &got);
    EXPECT_INT(count_of(buf_str(&got), "\n"), 3000);
}

TEST_LIMIT(kill_9_of_the_server_around_a_start_runs_each_script_once_with_its_whole_log, 120)
{
    CLEANUP(freep) char *ran = in_folder("ran");
    unsigned at = (unsigned)getpid();

    jobs_close(open_plain());
    for (int round = 0; round < 25; round++) {
        CLEANUP(buf_done) struct buf told = BUF_INIT(1 * MiB);
        CLEANUP(buf_done) struct buf count = BUF_INIT(1 * MiB);
        int tickets[2];
        char space[TICKET_SIZE * 64];
        ssize_t n;

        EXPECT(pipe2(tickets, O_CLOEXEC) == 0);
        pid_t server = fork();
        if (server == 0) {
            close(tickets[0]);
            serve_until_killed(tickets[1], ran);
        }
        close(tickets[1]);
        EXPECT(read(tickets[0], space, TICKET_SIZE) == TICKET_SIZE);
        buf_add(&told, space, TICKET_SIZE);
        at = at * 1103515245 + 12345;
        nap(at / 65536 % 20000);
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
        while ((n = read(tickets[0], space, sizeof(space))) > 0) buf_add(&told, space, (size_t)n);
        close(tickets[0]);

        struct jobs *j = open_plain();
        for (size_t i = 0; i + TICKET_SIZE <= told.n; i += TICKET_SIZE) resume(j, told.p + i, ran);
        EXPECT_OK(file_read(ran, &count, &err));
        for (size_t i = 0; i + TICKET_SIZE <= told.n; i += TICKET_SIZE)
            EXPECT_INT(count_of(buf_str(&count), told.p + i), 1);
        jobs_close(j);
    }
}

TEST_LIMIT(a_killed_supervisor_is_a_lost_job_and_its_script_is_killed, 120)
{
    for (int round = 0; round < 20; round++) {
        CLEANUP(jobs_closep)
        struct jobs *j = open_with((struct jobs_options){.cgroup = both_kinds[round % 2]});
        char ticket[TICKET_SIZE] = "";

        start(j, ticket, "sleep 300 & echo before; sleep 300");
        wait_log(j, ticket, "before");
        struct start_record s = running_record(j, ticket);
        EXPECT(process_signal(s.supervisor, SIGKILL));
        struct job_status st = wait_end(j, ticket); /* by the doorbell alone */
        EXPECT_INT(st.state, JOB_LOST);
        EXPECT_INT(st.exit_code, JOB_EXIT_LOST);
        EXPECT(st.ended_ms > 0);
        EXPECT_INT(st.fragments, 1);
        EXPECT(st.failure[0] != '\0');
        wait_gone(s.script.pid);
        expect_log(j, ticket, JOB_STDOUT, "before\n");
        EXPECT_INT(start(j, ticket, "exit 0"), 1);
        EXPECT_INT(wait_end(j, ticket).state, JOB_LOST);
        EXPECT_OK(job_complete(j, ticket, &err));
    }
}

TEST(of_a_lost_job_daemons_die_too_where_there_are_cgroups)
{
    CLEANUP(jobs_closep) struct jobs *j = open_with((struct jobs_options){.cgroup = "v2"});
    CLEANUP(freep) char *pid_file = in_folder("pid");
    CLEANUP(freep)
    char *script = xasprintf("setsid sh -c 'echo $$ > %s; exec sleep 300' & while ! [ -s %s ]; do "
                             ":; done; echo up; sleep 300",
                             pid_file, pid_file);
    char ticket[TICKET_SIZE] = "";

    start(j, ticket, script);
    wait_log(j, ticket, "up");
    struct start_record s = running_record(j, ticket);
    pid_t daemon = pid_in_file(pid_file);
    EXPECT(is_running(daemon));
    EXPECT(process_signal(s.supervisor, SIGKILL));
    EXPECT_INT(wait_end(j, ticket).state, JOB_LOST);
    wait_gone(daemon);
}

/* Rewrites the start record of a job whose supervisor was killed. */
static void change_start(const char *ticket, void (*change)(struct start_record *))
{
    struct start_record s = start_record_of(ticket);
    CLEANUP(freep) char *path = xasprintf("%s/jobs/%s/start", root_folder, ticket);
    CLEANUP(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    change(&s);
    EXPECT_OK(start_record_put(fd, &s, &err));
}

static struct process_id bystander;
static void other_boot(struct start_record *s)
{
    snprintf(s->boot_id, sizeof(s->boot_id), "00000000-0000-0000-0000-000000000000");
    s->script = bystander;
}
static void other_start_time(struct start_record *s)
{
    s->script = (struct process_id){bystander.pid, bystander.start - 1};
    s->cgroup[0] = '\0';
}

static void lose_with(void (*change)(struct start_record *), const char *sentence)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    struct process p;
    char ticket[TICKET_SIZE] = "";

    pid_t other = fork();
    if (other == 0) {
        setsid();
        for (;;) pause();
    }
    start(j, ticket, "echo up; exec sleep 300");
    wait_log(j, ticket, "up");
    struct start_record s = running_record(j, ticket);
    do { /* until it is a session leader, as scripts are */
        EXPECT(process_find(other, &p));
    } while (p.session != other);
    bystander = p.id;
    EXPECT(process_signal(s.supervisor, SIGKILL));
    wait_gone(s.supervisor.pid);
    change_start(ticket, change);
    struct job_status st = wait_end(j, ticket);
    EXPECT_INT(st.state, JOB_LOST);
    EXPECT_INT(st.exit_code, JOB_EXIT_LOST);
    EXPECT(strstr(st.failure, sentence) != NULL);
    EXPECT(is_running(other)); /* a stranger who has the number now */
    EXPECT_INT(start(j, ticket, "exit 0"), 1);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
}

TEST(a_job_of_another_boot_is_lost_with_the_machine_and_nothing_is_killed)
{
    lose_with(other_boot, "restarted");
}

TEST(a_process_that_only_has_the_number_of_the_script_is_not_killed)
{
    lose_with(other_start_time, "was killed");
}

TEST(a_folder_whose_start_was_never_decided_can_still_be_started)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE];
    struct job_status st;

    id_ticket(ticket);
    CLEANUP(freep) char *folder = xasprintf("%s/jobs/%s", root_folder, ticket);
    CLEANUP(freep)
    char *result = path_join(folder, "result"), *start_file = path_join(folder, "start");
    EXPECT(mkdir(folder, 0700) == 0);
    EXPECT_OK(file_create_at(AT_FDCWD, result, 0600, "half", 4, &err));
    EXPECT_OK(file_create_at(AT_FDCWD, start_file, 0600, "half", 4, &err));
    EXPECT_OK(job_status(j, ticket, &st, &err));
    EXPECT_INT(st.state, JOB_UNKNOWN);
    EXPECT_INT(run(j, ticket, "exit 6").exit_code, 6);
}

TEST(the_folder_of_an_ended_job_serves_a_later_one_and_nothing_of_it_shows)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(job_reader_closep) struct job_reader *old = NULL;
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "", got[JOB_TICKET_MAX + 1];
    struct job_fragment *f;
    struct job_status st;
    size_t n;

    EXPECT_INT(run(j, a, "seq 5000; exit 9").exit_code, 9);
    wait_gone(start_record_of(a).supervisor.pid);
    EXPECT_OK(job_reader_open(j, a, 0, &old, &err));
    EXPECT_OK(jobs_follow(j, a, &err));
    EXPECT_OK(job_complete(j, a, &err));
    while (jobs_news(j, got)) {
    }
    EXPECT_INT(start(j, b, "mkfifo go; echo new; read x < go; exit 0"), 0);
    EXPECT_OK(job_status(j, b, &st, &err));
    EXPECT(st.state < JOB_ENDED);
    wait_log(j, b, "new");
    expect_log(j, b, JOB_STDOUT, "new\n");
    EXPECT_OK(job_status(j, a, &st, &err));
    EXPECT_INT(st.state, JOB_UNKNOWN);
    EXPECT_FAILS(job_cancel(j, a, 0, JOB_STOP_CANCEL, &err), ERR_NOT_FOUND);
    EXPECT_INT(jobs_news(j, got), 0); /* nobody follows the old one any more */
    EXPECT_OK(job_read(old, 1 * MiB, &f, &n, &err));
    EXPECT_INT(n, 0); /* its reader sees no line of the new one */
    CLEANUP(freep) char *work = job_work_path(j, b), *go = path_join(work, "go");
    CLEANUP(closep) int fd = open(go, O_WRONLY | O_CLOEXEC);
    EXPECT_INT(write(fd, "\n", 1), 1);
    EXPECT_INT(wait_end(j, b).exit_code, 0);
    EXPECT_INT(start(j, a, "exit 0"), 0); /* completed and forgotten: a ticket like any other */
    wait_end(j, a);
}

TEST(a_second_jobs_root_opened_by_another_process_sees_the_same_jobs)
{
    CLEANUP(jobs_closep) struct jobs *a = open_plain();
    CLEANUP(jobs_closep) struct jobs *b = open_plain();
    char ticket[TICKET_SIZE] = "";

    start(a, ticket, "echo up; sleep 300");
    wait_log(b, ticket, "up");
    EXPECT_OK(job_cancel(b, ticket, 0, JOB_STOP_CANCEL, &err));
    EXPECT(wait_end(a, ticket).cancelled);
    EXPECT(wait_end(b, ticket).cancelled);
}
