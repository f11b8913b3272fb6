/* hostile.c - scripts and machines that mean no good: files replaced, secrets named, disks full,
 * other accounts. */
#include "tests/unit/jobs/fixture.h"

#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

/* ---- a script of the same account that lays hands on its own records ---- */

static void expect_whole_log(const char *attack)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE];

    id_ticket(ticket);
    CLEANUP(freep)
    char *script = xasprintf("J=%s/jobs/%s; mkfifo go; echo first; %s; echo second; read x < go; "
                             "echo third; exit 3",
                             root_folder, ticket, attack);
    start(j, ticket, script);
    while (!log_has(j, ticket, JOB_STDOUT, "second")) {
    } /* the doorbell may be among what it removed */
    CLEANUP(freep) char *work = job_work_path(j, ticket), *go = path_join(work, "go");
    CLEANUP(closep) int fd = open(go, O_WRONLY | O_CLOEXEC);
    EXPECT_INT(write(fd, "\n", 1), 1);
    struct job_status st = wait_end(j, ticket);
    EXPECT_INT(st.state, JOB_ENDED);
    EXPECT_INT(st.exit_code, 3);
    expect_log(j, ticket, JOB_STDOUT, "first\nsecond\nthird\n");
    EXPECT_OK(job_complete(j, ticket, &err));
}

TEST(a_log_replaced_by_a_link_is_not_followed) { expect_whole_log("ln -sf /etc/passwd $J/log"); }
TEST(a_log_replaced_by_another_file_is_not_read)
{
    expect_whole_log("echo lies > $J/new; mv $J/new $J/log");
}
TEST(a_log_that_was_removed_is_read_all_the_same) { expect_whole_log("rm $J/log"); }
TEST(a_log_that_was_renamed_gets_its_name_back)
{
    expect_whole_log("mv $J/log $J/other; mkdir $J/log");
}
TEST(a_result_that_was_removed_is_written_all_the_same)
{
    expect_whole_log("rm $J/result; ln -s /etc/passwd $J/result");
}

TEST(a_control_that_was_replaced_does_not_keep_a_script_from_being_stopped)
{
    CLEANUP(jobs_closep) struct jobs *j = open_plain();
    char ticket[TICKET_SIZE];

    id_ticket(ticket);
    CLEANUP(freep)
    char *script =
        xasprintf("rm %s/jobs/%s/control; echo x > %s/jobs/%s/control; echo up; sleep 300",
                  root_folder, ticket, root_folder, ticket);
    start(j, ticket, script);
    wait_log(j, ticket, "up");
    running_record(j, ticket);
    EXPECT_OK(job_cancel(j, ticket, 0, JOB_STOP_CANCEL, &err));
    EXPECT(wait_end(j, ticket).cancelled);
}

/* ---- artifacts ---- */

static void expect_artifact(struct jobs *j, const char *ticket, const char *path,
                            const char *content)
{
    CLEANUP(closep) int fd = job_open_artifact(j, ticket, path, &err);
    char text[64] = "";

    if (fd < 0) tap_fail(__FILE__, __LINE__, "%s: %s", path, err.text), tap_stop();
    EXPECT(read(fd, text, sizeof(text) - 1) >= 0);
    EXPECT_STR(text, content);
}

TEST(artifacts_are_opened_but_never_a_protected_file_whatever_leads_there)
{
    CLEANUP(freep)
    char *data = in_folder("data"), *key = in_folder("data/master.key"),
         *inner_root = in_folder("data/run");
    const char *const protected_paths[] = {data, NULL};
    char ticket[TICKET_SIZE] = "";

    EXPECT(mkdir(data, 0700) == 0);
    EXPECT_OK(file_create_at(AT_FDCWD, key, 0600, "secret", 6, &err));
    CLEANUP(jobs_closep)
    struct jobs *j =
        open_with((struct jobs_options){.root = inner_root, .protected_paths = protected_paths});
    CLEANUP(freep)
    char *script = xasprintf("echo mine > report.txt; mkdir sub; echo deep > sub/f; ln -s %s link; "
                             "ln %s hard; ln -s %s folder; ln -s report.txt fine; mkfifo pipe",
                             key, key, data);
    EXPECT_INT(run(j, ticket, script).exit_code, 0);
    CLEANUP(freep) char *work = job_work_path(j, ticket), *whole = path_join(work, "sub/f");

    expect_artifact(j, ticket, "report.txt", "mine\n");
    expect_artifact(j, ticket, "./sub/../sub/f", "deep\n");
    expect_artifact(j, ticket, whole, "deep\n");
    expect_artifact(j, ticket, "fine", "mine\n");
    EXPECT_FAILS(job_open_artifact(j, ticket, key, &err), ERR_DENIED);
    EXPECT(strstr(err.text, "master.key") != NULL);
    EXPECT_FAILS(job_open_artifact(j, ticket, "link", &err), ERR_DENIED);
    EXPECT_FAILS(job_open_artifact(j, ticket, "hard", &err), ERR_DENIED);
    EXPECT_FAILS(job_open_artifact(j, ticket, "folder/master.key", &err), ERR_DENIED);
    EXPECT_FAILS(job_open_artifact(j, ticket, "../../../master.key", &err), ERR_DENIED);
    EXPECT_FAILS(job_open_artifact(j, ticket, "pipe", &err), ERR_INVALID);
    EXPECT_FAILS(job_open_artifact(j, ticket, "sub", &err), ERR_INVALID);
    EXPECT_FAILS(job_open_artifact(j, ticket, "/proc/self/environ", &err), ERR_INVALID);
    EXPECT_FAILS(job_open_artifact(j, ticket, "/dev/zero", &err), ERR_INVALID);
    EXPECT_FAILS(job_open_artifact(j, ticket, "missing", &err), ERR_NOT_FOUND);
    EXPECT_FAILS(job_open_artifact(j, ticket, "", &err), ERR_INVALID);
}

/* ---- another account ---- */

static struct jobs *open_as_nobody(void)
{
    if (geteuid() != 0) CANNOT_RUN("only root can start scripts as another account");
    return open_with((struct jobs_options){.account = "nobody"});
}

TEST(scripts_run_as_the_account_with_nothing_of_ours)
{
    CLEANUP(jobs_closep) struct jobs *j = open_as_nobody();
    const struct passwd *pw = getpwnam("nobody");
    char ticket[TICKET_SIZE];

    id_ticket(ticket);
    CLEANUP(closep) int dir = job_work_make(j, ticket, &err);
    EXPECT(dir >= 0);
    EXPECT_OK(file_create_at(dir, "script.sh", 0600, "echo sourced\n", 13, &err));
    EXPECT_INT(
        run(j, ticket,
            ". ./script.sh; id -u; id -g; id -G; echo x > made; grep CapEff /proc/self/status; "
            "ls ../../jobs 2>/dev/null || echo closed; kill -9 $PPID 2>/dev/null || echo safe")
            .exit_code,
        0);
    CLEANUP(freep)
    char *wanted = xasprintf("sourced\n%u\n%u\n%u\nCapEff:\t0000000000000000\nclosed\nsafe\n",
                             (unsigned)pw->pw_uid, (unsigned)pw->pw_gid, (unsigned)pw->pw_gid);
    expect_log(j, ticket, JOB_STDOUT, wanted);
}

TEST(scripts_of_the_account_can_be_stopped_lost_and_removed)
{
    CLEANUP(jobs_closep) struct jobs *j = open_as_nobody();
    char a[TICKET_SIZE] = "", b[TICKET_SIZE] = "";

    start(j, a,
          "trap '' TERM; mkdir -p x/y; echo 1 > x/y/z; chmod 0 x/y; chmod 500 x; echo up; sleep "
          "300; sleep 300");
    wait_log(j, a, "up");
    EXPECT_OK(job_cancel(j, a, 100, JOB_STOP_CANCEL, &err));
    EXPECT_INT(wait_end(j, a).signal, SIGKILL);
    EXPECT_OK(job_complete(j, a, &err));

    start(j, b, "echo up; sleep 300 & sleep 300");
    wait_log(j, b, "up");
    struct start_record s = running_record(j, b);
    EXPECT(process_signal(s.supervisor, SIGKILL));
    EXPECT_INT(wait_end(j, b).state, JOB_LOST);
    wait_gone(s.script.pid);
    EXPECT_OK(job_complete(j, b, &err));
    CLEANUP(freep) char *work = job_work_path(j, a);
    EXPECT(access(work, F_OK) < 0);
}

TEST(artifacts_are_opened_with_the_rights_of_the_account)
{
    CLEANUP(jobs_closep) struct jobs *j = open_as_nobody();
    CLEANUP(freep) char *key = in_folder("key");
    CLEANUP(freep)
    char *script = xasprintf("echo mine > report; ln -s %s link; ln -s /etc/shadow shadow", key);
    char ticket[TICKET_SIZE] = "";

    EXPECT_OK(file_create_at(AT_FDCWD, key, 0600, "secret", 6, &err));
    EXPECT_INT(run(j, ticket, script).exit_code, 0);
    expect_artifact(j, ticket, "report", "mine\n");
    EXPECT_FAILS(job_open_artifact(j, ticket, "link", &err), ERR_DENIED);
    EXPECT_FAILS(job_open_artifact(j, ticket, "shadow", &err), ERR_DENIED);
    EXPECT_FAILS(job_open_artifact(j, ticket, key, &err), ERR_DENIED);
}

TEST(an_account_that_cannot_be_had_is_told_when_the_jobs_are_opened)
{
    struct jobs *j = NULL;
    struct jobs_options o = {.launcher_path = launcher_path(), .account = "no-such-account"};

    jobs_close(open_plain());
    o.root = root_folder;
    EXPECT_FAILS(jobs_open(&o, &j, &err), ERR_NOT_FOUND);
    EXPECT(strstr(err.text, "no-such-account") != NULL);
    o.account = NULL;
    o.launcher_path = "/does/not/exist";
    EXPECT_FAILS(jobs_open(&o, &j, &err), ERR_UNREACHABLE);
    o.launcher_path = "/bin/true";
    EXPECT_FAILS(jobs_open(&o, &j, &err), ERR_UNREACHABLE);
    o.launcher_path = launcher_path();
    o.account = "nobody";
    if (geteuid() != 0) return;
    chmod(root_folder, 0700);
    EXPECT_FAILS(jobs_open(&o, &j, &err), ERR_DENIED);
    EXPECT(strstr(err.text, root_folder) != NULL);
}

/* ---- a full disk ---- */

/* A small file system of our own, seen by this process and its children only. */
static void mount_small_disk(const char *size)
{
    char options[64];

    jobs_close(open_plain());
    snprintf(options, sizeof(options), "size=%s,mode=0755", size);
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", root_folder, "tmpfs", 0, options) < 0)
        CANNOT_RUN("no small file system may be mounted here");
}

TEST(a_disk_that_fills_up_cuts_the_log_and_never_loses_the_result)
{
    mount_small_disk("1m");
    struct jobs *j = open_plain();
    CLEANUP(buf_done) struct buf got = BUF_INIT(16 * MiB);
    char ticket[TICKET_SIZE] = "";

    struct job_status st = run(j, ticket, "head -c 5000000 /dev/zero; exit 6");
    EXPECT_INT(st.state, JOB_ENDED);
    EXPECT_INT(st.exit_code, 6);
    EXPECT_INT(read_log(j, ticket, JOB_STDOUT, &got), st.fragments);
    EXPECT(got.n > 100000 && got.n < 1048576);
    EXPECT_INT(st.dropped_bytes, 5000000 - got.n);
    jobs_close(j);
    umount2(root_folder, MNT_DETACH);
}

TEST(a_disk_that_has_room_again_gets_a_line_about_what_is_missing)
{
    mount_small_disk("1m");
    struct jobs *j = open_plain();
    char ticket[TICKET_SIZE];

    id_ticket(ticket);
    CLEANUP(freep)
    char *script = xasprintf("head -c 2000000 /dev/zero > %s/filler; mkfifo go; echo lost; echo "
                             "gone > gone.fifo; read x < go; "
                             "rm %s/filler; echo back",
                             root_folder, root_folder);
    CLEANUP(closep) int dir = job_work_make(j, ticket, &err);
    EXPECT(mkfifoat(dir, "gone.fifo", 0600) == 0 && mkfifoat(dir, "go", 0600) == 0);
    start(j, ticket, script);
    CLEANUP(closep) int gone = openat(dir, "gone.fifo", O_RDONLY | O_CLOEXEC);
    char text[8];
    EXPECT(read(gone, text, sizeof(text)) > 0);
    CLEANUP(closep) int go = openat(dir, "go", O_WRONLY | O_CLOEXEC);
    closep(&go);
    struct job_status st = wait_end(j, ticket);
    EXPECT_INT(st.exit_code, 0);
    EXPECT(log_has(j, ticket, JOB_STDOUT, "back"));
    if (st.dropped_bytes) EXPECT(log_has(j, ticket, JOB_SYSTEM, "bytes of output were lost"));
    jobs_close(j);
    umount2(root_folder, MNT_DETACH);
}

TEST(a_full_disk_starts_nothing_and_says_so)
{
    mount_small_disk("64k");
    struct jobs *j = open_plain();
    CLEANUP(freep) char *filler = path_join(root_folder, "filler"), *ran = in_folder("ran");
    CLEANUP(freep) char *script = xasprintf("echo x > %s", ran);
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    char ticket[TICKET_SIZE], space[64 * 1024] = {0};
    struct job_spec s = {.ticket = id_ticket(ticket), .argv = argv, .env = plain_env};
    struct job_status st;

    CLEANUP(closep) int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, space, sizeof(space)) > 0) {
    }
    EXPECT_FAILS(job_start(j, &s, &err), ERR_NO_SPACE);
    EXPECT_OK(job_status(j, ticket, &st, &err));
    EXPECT_INT(st.state, JOB_UNKNOWN);
    EXPECT(access(ran, F_OK) < 0);
    EXPECT(ftruncate(fd, 0) == 0);
    EXPECT_INT(job_start(j, &s, &err), 0);
    EXPECT_INT(wait_end(j, ticket).exit_code, 0);
    EXPECT(access(ran, F_OK) == 0);
    jobs_close(j);
    closep(&fd);
    umount2(root_folder, MNT_DETACH);
}

TEST(a_limit_on_file_sizes_only_cuts_the_log)
{
    struct rlimit limit = {300000, 300000};
    char ticket[TICKET_SIZE] = "";

    setrlimit(RLIMIT_FSIZE, &limit);
    struct jobs *j = open_plain();
    struct job_status st = run(j, ticket, "head -c 1000000 /dev/zero; exit 2");
    EXPECT_INT(st.exit_code, 2);
    EXPECT(st.dropped_bytes >= 700000);
    EXPECT(log_has(j, ticket, JOB_SYSTEM, "bytes of output were lost") || st.dropped_bytes > 0);
    jobs_close(j);
}
