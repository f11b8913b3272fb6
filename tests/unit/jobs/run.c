/* run.c - what a script gets and what is known of it afterwards: exit codes, signals, input,
 * environment, output. */
#include <sys/resource.h>

#include "os/limit.h"
#include "tests/unit/jobs/fixture.h"

TEST(the_exit_code_is_the_scripts_own)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    static const int codes[] = {0, 1, 3, 42, 255};

    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        char ticket[TICKET_SIZE] = "", script[32];
        snprintf(script, sizeof(script), "exit %d", codes[i]);
        struct job_status st = run(j, ticket, script);
        EXPECT_INT(st.state, JOB_ENDED);
        EXPECT_INT(st.exit_code, codes[i]);
        EXPECT_INT(st.signal, 0);
        EXPECT(!st.cancelled && !st.timed_out && !st.abandoned && !st.oom);
        EXPECT(st.started_ms > 0 && st.ended_ms >= st.started_ms);
    }
}

TEST(death_by_signal_is_128_plus_its_number)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    static const int signals[] = {SIGTERM, SIGKILL, SIGSEGV, SIGHUP};

    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        char ticket[TICKET_SIZE] = "", script[48];
        snprintf(script, sizeof(script), "kill -%d $$; sleep 60", signals[i]);
        struct job_status st = run(j, ticket, script);
        EXPECT_INT(st.exit_code, 128 + signals[i]);
        EXPECT_INT(st.signal, signals[i]);
        EXPECT(!st.oom && !st.cancelled);
    }
}

TEST(output_is_kept_in_order_by_source)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    struct job_status st = run(j, ticket, "echo one; echo two; echo wrong >&2; printf end");
    expect_log(j, ticket, JOB_STDOUT, "one\ntwo\nend");
    expect_log(j, ticket, JOB_STDERR, "wrong\n");
    expect_log(j, ticket, JOB_SYSTEM, "");
    EXPECT(st.fragments >= 2);
}

TEST(a_line_without_newline_is_marked_as_continuing)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(job_reader_closep) struct job_reader *r = NULL;
    char ticket[TICKET_SIZE] = "";
    struct job_fragment *f;
    size_t n;

    start(j, ticket, "mkfifo go; printf half; read x < go; echo ' whole'");
    wait_log(j, ticket, "half");
    EXPECT_OK(job_reader_open(j, ticket, 0, &r, &err));
    EXPECT_OK(job_read(r, 0, &f, &n, &err));
    EXPECT_INT(n, 1);
    EXPECT_INT(f[0].data.n, 4);
    EXPECT(f[0].continues);
    EXPECT(f[0].at_ms > 0);
    EXPECT_OK(job_read(r, 0, &f, &n, &err));
    EXPECT_INT(n, 0);
    CLEANUP(freep) char *work = job_work_path(j, ticket), *go = path_join(work, "go");
    CLEANUP(closep) int fd = open(go, O_WRONLY | O_CLOEXEC);
    EXPECT_INT(write(fd, "\n", 1), 1);
    EXPECT_INT(wait_end(j, ticket).exit_code, 0);
    EXPECT_OK(job_read(r, 0, &f, &n, &err));
    EXPECT_INT(n, 1);
    EXPECT_INT(f[0].seq, 1);
    EXPECT(!f[0].continues);
    EXPECT_INT(f[0].data.n, 7);
}

TEST(only_stderr_is_filled)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(buf_done) struct buf got = BUF_INIT(16 * MiB);
    char ticket[TICKET_SIZE] = "";

    struct job_status st = run(j, ticket, "head -c 3000000 /dev/zero | tr '\\0' e >&2");
    EXPECT_INT(st.exit_code, 0);
    EXPECT_INT(read_log(j, ticket, JOB_STDERR, &got), st.fragments);
    EXPECT_INT(got.n, 3000000);
    EXPECT_INT(strspn(got.p, "e"), 3000000);
}

TEST_LIMIT(a_hundred_thousand_lines_arrive_once_and_in_order, 60)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(buf_done) struct buf got = BUF_INIT(16 * MiB);
    char ticket[TICKET_SIZE] = "";

    EXPECT_INT(run(j, ticket, "seq 1 100000").exit_code, 0);
    read_log(j, ticket, JOB_STDOUT, &got);
    struct str rest = {got.p, got.n}, line;
    for (long i = 1; i <= 100000; i++) {
        EXPECT(str_cut(&rest, '\n', &line));
        EXPECT_INT(strtol(line.p, NULL, 10), i);
    }
    EXPECT_INT(rest.n, 0);
}

TEST_LIMIT(a_script_that_prints_past_the_limit_runs_to_its_end, 120)
{
    CLEANUP(jobs_closep) struct jobs *j = open_with((struct jobs_options){.output_max = 1000000});
    CLEANUP(buf_done) struct buf got = BUF_INIT(16 * MiB);
    char ticket[TICKET_SIZE] = "";
    const int64_t printed = 1 << 30;

    struct job_status st = run(j, ticket, "head -c 1073741824 /dev/zero; exit 7");
    EXPECT_INT(st.exit_code, 7);
    EXPECT_INT(st.dropped_bytes, printed - 1000000);
    EXPECT_INT(read_log(j, ticket, JOB_STDOUT, &got), st.fragments);
    EXPECT_INT(got.n, 1000000);
    EXPECT(log_has(j, ticket, JOB_SYSTEM, "output limit of 1000000 bytes reached"));
    EXPECT(log_has(j, ticket, JOB_SYSTEM, "1072741824 bytes of output were dropped"));
}

TEST(output_that_crosses_the_limit_with_its_last_bytes_is_said_to_be_cut)
{
    CLEANUP(jobs_closep) struct jobs *j = open_with((struct jobs_options){.output_max = 1000});
    char ticket[TICKET_SIZE] = "";

    struct job_status st = run(j, ticket, "head -c 1001 /dev/zero");
    EXPECT_INT(st.dropped_bytes, 1);
    EXPECT(log_has(j, ticket, JOB_SYSTEM, "output limit of 1000 bytes reached"));
    EXPECT(log_has(j, ticket, JOB_SYSTEM, "1 bytes of output were dropped"));
}

TEST(bytes_that_are_no_text_arrive_unchanged)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(buf_done) struct buf got = BUF_INIT(1 * MiB);
    char ticket[TICKET_SIZE] = "";

    run(j, ticket, "printf '\\000\\377\\376a\\r\\n\\303'");
    read_log(j, ticket, JOB_STDOUT, &got);
    EXPECT_INT(got.n, 7);
    EXPECT(memcmp(got.p,
                  "\0\xff\xfe"
                  "a\r\n\xc3",
                  7) == 0);
}

TEST(reading_starts_at_any_fragment)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    struct job_status st = run(j, ticket, "head -c 1000000 /dev/zero");
    EXPECT(st.fragments > 3);
    for (uint64_t from = 0; from <= st.fragments; from++) {
        CLEANUP(job_reader_closep) struct job_reader *r = NULL;
        struct job_fragment *f;
        size_t n;
        EXPECT_OK(job_reader_open(j, ticket, from, &r, &err));
        EXPECT_OK(job_read(r, 1, &f, &n, &err));
        EXPECT_INT(n > 0, from < st.fragments);
        if (n) EXPECT_INT(f[0].seq, from);
    }
}

TEST(input_is_read_from_standard_input_and_not_shown_in_arguments)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(buf_done) struct buf input = BUF_INIT(8 * MiB);
    CLEANUP(buf_done) struct buf got = BUF_INIT(16 * MiB);
    char ticket[TICKET_SIZE] = "", small[TICKET_SIZE] = "", none[TICKET_SIZE] = "";

    for (int i = 0; i < 400000; i++) buf_addf(&input, "%d\n", i);
    start_spec(j, ticket, "cat; tr '\\0' ' ' < /proc/$$/cmdline >&2",
               (struct job_spec){.input = input.p, .input_n = input.n});
    EXPECT_INT(wait_end(j, ticket).exit_code, 0);
    read_log(j, ticket, JOB_STDOUT, &got);
    EXPECT_INT(got.n, input.n);
    EXPECT(memcmp(got.p, input.p, input.n) == 0);
    EXPECT(!log_has(j, ticket, JOB_STDERR, "399999"));

    start_spec(j, small, "read a; read b; echo \"$b-$a\"",
               (struct job_spec){.input = "x\ny\n", .input_n = 4});
    wait_end(j, small);
    expect_log(j, small, JOB_STDOUT, "y-x\n");
    EXPECT_INT(run(j, none, "wc -c").exit_code, 0);
    expect_log(j, none, JOB_STDOUT, "0\n");
}

TEST(the_environment_is_exactly_the_given_one)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    static const char *const env[] = {"A=1", "B=two words", "PATH=/bin:/usr/bin", NULL};
    static const char *const argv[] = {"env", NULL};
    char ticket[TICKET_SIZE] = "", bare[TICKET_SIZE] = "";

    setenv("SERVER_SECRET", "1", 1);
    start_spec(j, ticket, "", (struct job_spec){.argv = argv, .env = env});
    EXPECT_INT(wait_end(j, ticket).exit_code, 0);
    expect_log(j, ticket, JOB_STDOUT, "A=1\nB=two words\nPATH=/bin:/usr/bin\n");

    static const char *const empty[] = {NULL};
    start_spec(j, bare, "", (struct job_spec){.argv = argv, .env = empty});
    EXPECT_INT(wait_end(j, bare).exit_code, 0);
    expect_log(j, bare, JOB_STDOUT, "");
}

TEST(a_long_environment_and_many_arguments_arrive)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    CLEANUP(freep) char *big = xmalloc(100001);
    const char *env[] = {big, "PATH=/usr/bin:/bin", NULL};
    const char *argv[] = {"sh", "-c", "echo ${#BIG} $#", "x", "1", "2", "3", NULL};
    char ticket[TICKET_SIZE] = "";

    memset(big, 'v', 100000);
    big[100000] = '\0';
    memcpy(big, "BIG=", 4);
    start_spec(j, ticket, "", (struct job_spec){.argv = argv, .env = env});
    EXPECT_INT(wait_end(j, ticket).exit_code, 0);
    expect_log(j, ticket, JOB_STDOUT, "99996 3\n");
}

TEST(a_script_starts_in_its_working_folder_with_plain_signals_and_few_descriptors)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";

    id_ticket(ticket);
    CLEANUP(freep) char *work = job_work_path(j, ticket);
    CLEANUP(closep) int dir = job_work_make(j, ticket, &err);
    EXPECT(dir >= 0);
    EXPECT_OK(file_create_at(dir, "note", 0600, "hello", 5, &err));
    EXPECT_INT(run(j, ticket,
                   "cat note; echo; pwd; umask; ls /proc/self/fd | wc -l; "
                   "grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\n'; "
                   "read p q r s t sid u < /proc/$$/stat; [ \"$sid\" = $$ ] && [ \"$t\" = $$ ] && "
                   "echo leader")
                   .exit_code,
               0);
    CLEANUP(freep)
    char *wanted = xasprintf("hello\n%s\n0022\n4\nSigBlk:\t0000000000000000"
                             "SigIgn:\t0000000000000000leader\n",
                             work);
    expect_log(j, ticket, JOB_STDOUT, wanted);
}

TEST(a_script_gets_the_limit_of_open_files_that_the_server_was_given)
{
    struct rlimit n;

    EXPECT_INT(getrlimit(RLIMIT_NOFILE, &n), 0);
    if (n.rlim_max <= 300) CANNOT_RUN("the limit of open files cannot be raised");
    n.rlim_cur = 300;
    EXPECT_INT(setrlimit(RLIMIT_NOFILE, &n), 0);
    EXPECT_OK(limit_raise_files(&err));

    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "";
    run(j, ticket, "ulimit -Sn; ulimit -Hn");
    CLEANUP(buf_done) struct buf wanted = BUF_INIT(100);
    buf_addf(&wanted, "300\n%llu\n", (unsigned long long)n.rlim_max);
    expect_log(j, ticket, JOB_STDOUT, buf_str(&wanted));
    EXPECT_INT(getrlimit(RLIMIT_NOFILE, &n), 0);
    EXPECT(n.rlim_cur == n.rlim_max);
}

TEST(a_program_that_cannot_be_run_is_a_result_with_a_sentence)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    static const char *const argv[] = {"/does/not/exist", NULL};
    static const char *const nameless[] = {"no-such-program-anywhere", NULL};
    static const char *const folder[] = {"/tmp", NULL};
    const char *const *all[] = {argv, nameless, folder};

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        char ticket[TICKET_SIZE] = "";
        start_spec(j, ticket, "", (struct job_spec){.argv = all[i]});
        struct job_status st = wait_end(j, ticket);
        EXPECT_INT(st.exit_code, JOB_EXIT_FATAL);
        EXPECT(strstr(st.failure, all[i][0]) != NULL);
        EXPECT_INT(st.started_ms, 0);
        EXPECT(log_has(j, ticket, JOB_SYSTEM, all[i][0]));
    }
}

TEST(bad_orders_are_refused)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    static const char *const argv[] = {"true", NULL};
    struct job_spec s = {.ticket = "../../escape", .argv = argv};
    struct job_status st;

    EXPECT_FAILS(job_start(j, &s, &err), ERR_INVALID);
    s.ticket = "abcdefgh1234";
    s.argv = NULL;
    EXPECT_FAILS(job_start(j, &s, &err), ERR_INVALID);
    s.argv = argv;
    s.isolation = JOB_EXCLUSIVE;
    EXPECT_FAILS(job_start(j, &s, &err), ERR_INVALID);
    EXPECT_OK(job_status(j, "abcdefgh1234", &st, &err));
    EXPECT_INT(st.state, JOB_UNKNOWN);
    EXPECT_FAILS(job_cancel(j, "abcdefgh1234", 0, JOB_STOP_CANCEL, &err), ERR_NOT_FOUND);
    EXPECT_FAILS(jobs_follow(j, "abcdefgh1234", &err), ERR_NOT_FOUND);
    EXPECT_OK(job_complete(j, "abcdefgh1234", &err));
}

TEST(completing_removes_both_folders_and_may_be_repeated)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE] = "", busy[TICKET_SIZE] = "";
    struct job_status st;
    char(*list)[JOB_TICKET_MAX + 1];
    size_t n;

    run(j, ticket,
        "mkdir -p a/b/c; echo x > a/b/c/file; chmod 500 a/b a; ln -s /etc l; mkfifo f; "
        "i=0; while [ $i -lt 200 ]; do mkdir d; cd d; i=$((i+1)); done; echo y > deep");
    EXPECT_OK(jobs_list(j, 0, &list, &n, &err));
    EXPECT_INT(n, 1);
    EXPECT_STR(list[0], ticket);
    free(list);
    EXPECT_OK(jobs_list(j, 3600000, &list, &n, &err));
    EXPECT_INT(n, 0); /* nothing is that old */
    free(list);
    EXPECT_OK(job_complete(j, ticket, &err));
    EXPECT_OK(job_complete(j, ticket, &err));
    EXPECT_OK(job_status(j, ticket, &st, &err));
    EXPECT_INT(st.state, JOB_UNKNOWN);
    EXPECT_OK(jobs_list(j, 0, &list, &n, &err));
    EXPECT_INT(n, 0);
    free(list);
    EXPECT(access("/etc/passwd", F_OK) == 0);

    start(j, busy, "read x < /dev/zero; sleep 60");
    EXPECT_FAILS(job_complete(j, busy, &err), ERR_BUSY);
    EXPECT_OK(job_cancel(j, busy, 0, JOB_STOP_CANCEL, &err));
    wait_end(j, busy);
    EXPECT_OK(job_complete(j, busy, &err));
}

TEST(a_durable_start_works_the_same)
{
    CLEANUP(jobs_closep) struct jobs *j = open_with((struct jobs_options){.durable = true});
    char ticket[TICKET_SIZE] = "";

    EXPECT_INT(run(j, ticket, "echo ok").exit_code, 0);
    expect_log(j, ticket, 0, "ok\n");
}

TEST(the_doorbell_rings_for_what_was_there_before_and_once_per_job)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "", got[JOB_TICKET_MAX + 1],
         got2[JOB_TICKET_MAX + 1];
    struct pollfd p = {.fd = jobs_news_fd(j), .events = POLLIN};

    run(j, a, "seq 1000");
    run(j, b, "seq 1000");
    EXPECT_INT(jobs_news(j, got), 0);
    EXPECT_OK(jobs_follow(j, a, &err));
    EXPECT_OK(jobs_follow(j, b, &err));
    EXPECT_OK(jobs_follow(j, a, &err));
    EXPECT_INT(poll(&p, 1, 0), 1);
    EXPECT_INT(jobs_news(j, got), 1);
    EXPECT_INT(jobs_news(j, got2), 1);
    EXPECT(strcmp(got, got2) != 0);
    EXPECT_OK(job_complete(j, a, &err));
    EXPECT_OK(job_complete(j, b, &err));
    while (jobs_news(j, got)) {
    }
    EXPECT_INT(poll(&p, 1, 0), 0);
    jobs_unfollow(j, a);
}
