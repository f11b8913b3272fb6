/* run_script.c - from the sealed box to the interpreter: what is refused, what stays secret, the
 * helper file. */
#include "tests/unit/step/harness.h"

#define SECRET "open-sesame-4711"

static struct variables *bash(const char *body) { return script_of("Bash", body); }

static char *helper_path(const char *name)
{
    CLEANUP(freep) char *tools = in_folder("tools");
    return xasprintf("%s/bobtail-step/" BOBTAIL_VERSION "/%s", tools, name);
}

/* ---- what is refused ---- */

TEST(a_key_that_does_not_fit_starts_nothing)
{
    CLEANUP(freep) char *box = in_folder("work/" PAYLOAD_FILE);

    run_with.key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
    expect_refused(bash("echo started"), 1, "variables.box: the key does not open the box");
    EXPECT_INT(access(box, F_OK), 0); /* it is removed only when it was opened */
}

TEST(a_key_line_that_is_none_is_refused)
{
    static const char *const bad[] = {
        "", "\n", "abc\n", "zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00\n"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        run_with.key = bad[i];
        expect_refused(bash("echo started"), 1, "64 hexadecimal digits");
    }
}

TEST(a_box_that_was_changed_or_is_missing_is_refused)
{
    run_with.broken_box = true;
    expect_refused(bash("echo started"), 1, "or the box was changed");
    run_with.broken_box = false;
    run_with.no_box = true;
    expect_refused(bash("echo started"), 1, "variables.box");
}

TEST(a_step_without_script_or_of_an_unknown_language_is_refused)
{
    expect_refused(script_of("Bash", ""), 1,
                   "the step has no script: Octopus.Action.Script.ScriptBody is empty");
    expect_refused(script_of("Fortran", "echo"), 1,
                   "Syntax is \"Fortran\"; this worker runs Bash, Python and PowerShell");
    expect_refused(script_of("bash", "echo"), 1, "Syntax is \"bash\"");
    expect_refused(script_of("CSharp", "echo"), 1, "Syntax is \"CSharp\"");
}

TEST(without_a_language_the_script_is_bash_with_a_warning)
{
    expect_run(
        script_of(NULL, "echo ${BASH_VERSION:+bash}"), 0,
        "##octopus[stdout-warning]\nOctopus.Action.Script.Syntax is not set: the script is run as "
        "Bash\n##octopus[stdout-default]\nbash\n");
}

TEST(without_a_body_that_of_its_language_is_run)
{
    struct variables *v = script_of("Python", "");
    variables_set(v, "Octopus.Action.Script.ScriptBody[Python]", "print('python')", false);
    variables_set(v, "Octopus.Action.Script.ScriptBody[Bash]", "echo bash", false);
    CLEANUP(outcome_done) struct outcome o = run(v);
    EXPECT_INT(o.code, 0);
    EXPECT(strstr(buf_str(&o.out), "\npython\n") != NULL);
}

TEST(an_interpreter_that_is_not_installed_is_named_before_anything_starts)
{
    run_with.path = "/nowhere";
    expect_refused(script_of("PowerShell", "'x'"), PAYLOAD_EXIT_NO_INTERPRETER,
                   "PowerShell (pwsh) is not installed on this worker; install PowerShell 7 or "
                   "choose Bash or Python");
    expect_refused(script_of("Python", "x"), PAYLOAD_EXIT_NO_INTERPRETER, "python3");
    expect_refused(bash("x"), PAYLOAD_EXIT_NO_INTERPRETER, "bash is not installed");
}

TEST(powershell_is_started_with_the_helper_file_and_the_script)
{
    CLEANUP(freep) char *bin = in_folder("bin");
    CLEANUP(freep) char *pwsh = in_folder("bin/pwsh");
    CLEANUP(freep) char *helper = helper_path("bootstrap.ps1");
    CLEANUP(freep)
    char *wanted = xasprintf("-NoProfile -NoLogo -NonInteractive -ExecutionPolicy Unrestricted "
                             "-File %s Script.ps1\n\xEF\xBB\xBF'value'",
                             helper);
    static const char stand_in[] = "#!/bin/sh\necho \"$1 $2 $3 $4 $5 $6 $7 $9\"; cat \"$9\"\n";
    struct variables *v = script_of("PowerShell", "'#{Name}'");
    struct error err = {0};

    EXPECT_OK(dir_make(bin, 0755, &err));
    EXPECT_OK(file_replace(pwsh, 0755, stand_in, sizeof(stand_in) - 1, &err));
    CLEANUP(freep) char *path = xasprintf("%s:/usr/bin:/bin", bin);
    run_with.path = path;
    variables_set(v, "Name", "value", false);
    variables_set(v, "Octopus.Action.PowerShell.ExecuteWithoutProfile", "True", false);
    expect_run(v, 0, wanted);
}

/* ---- what stays secret ---- */

TEST(no_value_is_in_the_work_folder_the_command_line_or_the_environment)
{
    struct variables *v =
        bash("grep -rl sesame . ; tr '\\0' '\\n' </proc/$$/cmdline | grep -c sesame\n"
             "tr '\\0' '\\n' </proc/$$/environ | grep -c sesame; ls -A\n"
             "x=$(get_octopusvariable Pass); echo ${#x}; echo ${#1}");
    variables_set(v, "Pass", SECRET, true);
    variables_set(v, "Octopus.Action.Script.ScriptParameters", "'" SECRET "'", false);
    expect_run(v, 0, "./Script.sh\n0\n0\nScript.sh\n16\n16\n"); /* the script itself has the word */
}

TEST(the_script_file_is_for_its_owner_only)
{
    expect_run(bash("stat -c %a Script.sh"), 0, "600\n");
}

TEST(the_memory_file_of_variables_cannot_be_changed)
{
    expect_run(bash("for f in /proc/$$/fd/*; do case $(readlink $f) in /memfd:*) echo found\n"
                    "(echo x >>$f) 2>/dev/null && echo appended; (: >$f) 2>/dev/null && echo cut\n"
                    "(echo x 1<>$f >&1) 2>/dev/null && echo written;; esac; done"),
               0, "found\n");
}

TEST(a_script_that_reads_its_variables_keeps_no_descriptor_of_them)
{
    expect_run(bash("x=$(get_octopusvariable A); ls -l /proc/$$/fd | grep -c memfd"), 1, "0\n");
}

/* ---- the helper file ---- */

TEST(the_helper_file_is_made_once)
{
    CLEANUP(freep) char *path = helper_path("bootstrap.sh");
    struct stat first, second;

    expect_run(bash("echo 1"), 0, "1\n");
    EXPECT_INT(stat(path, &first), 0);
    expect_run(bash("echo 2"), 0, "2\n");
    EXPECT_INT(stat(path, &second), 0);
    EXPECT(first.st_ino == second.st_ino);
    EXPECT(first.st_mtim.tv_sec == second.st_mtim.tv_sec &&
           first.st_mtim.tv_nsec == second.st_mtim.tv_nsec);
}

static void expect_replaced(const char *path, const char *wanted)
{
    CLEANUP(buf_done) struct buf now = BUF_INIT(1 * MiB);
    struct error err = {0};

    expect_run(bash("echo ok"), 0, "ok\n");
    EXPECT_OK(file_read(path, &now, &err));
    EXPECT_STR(buf_str(&now), wanted);
}

TEST(a_helper_file_that_was_changed_is_replaced_before_use)
{
    CLEANUP(freep) char *path = helper_path("bootstrap.sh");
    CLEANUP(freep) char *elsewhere = in_folder("elsewhere");
    CLEANUP(buf_done) struct buf good = BUF_INIT(1 * MiB);
    struct error err = {0};

    expect_run(bash("echo ok"), 0, "ok\n");
    EXPECT_OK(file_read(path, &good, &err));
    CLEANUP(freep) char *same_size = xstrdup(buf_str(&good));
    memcpy(same_size, "echo tampered;", 14);
    EXPECT_OK(file_replace(path, 0644, same_size, good.n, &err));
    expect_replaced(path, buf_str(&good));
    EXPECT_OK(file_replace(path, 0644, "", 0, &err));
    expect_replaced(path, buf_str(&good));
    EXPECT_INT(unlink(path), 0);
    EXPECT_INT(symlink(elsewhere, path), 0);
    expect_replaced(path, buf_str(&good));
    EXPECT(access(elsewhere, F_OK) < 0);
}

TEST(a_script_file_that_lies_there_already_is_not_written_through)
{
    CLEANUP(freep) char *work = in_folder("work");
    CLEANUP(freep) char *script = in_folder("work/Script.sh");
    CLEANUP(freep) char *elsewhere = in_folder("elsewhere");
    struct error err = {0};

    EXPECT_OK(dir_make(work, 0700, &err));
    EXPECT_INT(symlink(elsewhere, script), 0);
    run_with.keep_work = true;
    expect_run(bash("echo new"), 0, "new\n");
    EXPECT(access(elsewhere, F_OK) < 0);
}

/* ---- what a step says ---- */

TEST(the_environment_is_reported_unless_that_is_switched_off)
{
    struct variables *v = bash("echo script");
    variables_set(v, "Octopus.Action.Script.SuppressEnvironmentLogging", "true",
                  false); /* must be True */
    CLEANUP(outcome_done) struct outcome o = run(v);
    static const char end[] = "\n##octopus[stdout-default]\nscript\n";

    EXPECT_INT(o.code, 0);
    EXPECT(strncmp(o.out.p, "##octopus[stdout-verbose]\nBash environment information:\n", 55) == 0);
    EXPECT(strstr(o.out.p, "  Operating system: Linux ") != NULL);
    EXPECT(o.out.n > sizeof(end));
    EXPECT_STR(o.out.p + o.out.n - (sizeof(end) - 1), end);
}

TEST(variables_are_printed_when_wanted_and_sensitive_ones_are_not_shown)
{
    struct variables *v = bash("echo script");
    variables_set(v, "Pass", SECRET, true);
    variables_set(v, "Name", "#{Inner}", false);
    variables_set(v, "Inner", "value", false);
    variables_set(v, "Octopus.Action.CustomScripts.PreDeploy.sh", "hidden", false);
    variables_set(v, "OctopusPrintVariables", "True", false);
    variables_set(v, "OctopusPrintEvaluatedVariables", "True", false);
    CLEANUP(outcome_done) struct outcome o = run(v);

    EXPECT_INT(o.code, 0);
    EXPECT(strstr(o.out.p, "\n[Name] = '#{Inner}'\n") != NULL);
    EXPECT(strstr(o.out.p, "\n[Name] = 'value'\n") != NULL);
    EXPECT(strstr(o.out.p, "\n[Pass] = '********'\n") != NULL);
    EXPECT(strstr(o.out.p, SECRET) == NULL);
    EXPECT(strstr(o.out.p, "CustomScripts") == NULL);
    EXPECT(strstr(o.out.p, "##octopus[stdout-warning]\nOctopusPrintVariables is enabled.") != NULL);
}

/* ---- names ---- */

static void expect_functions(const char *file, const char *const *names, size_t n)
{
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 * MiB);
    struct error err = {0};

    EXPECT_OK(file_read(file, &text, &err));
    for (size_t i = 0; i < n; i++) {
        CLEANUP(buf_done) struct buf wanted = BUF_INIT(200);
        buf_addf(&wanted, "\nfunction %s", names[i]);
        const char *at = strstr(buf_str(&text), buf_str(&wanted));
        if (at == NULL || strchr("( {", at[wanted.n]) == NULL)
            tap_fail(__FILE__, __LINE__, "%s has no function %s", file, names[i]), tap_stop();
    }
}

/* PowerShell is not there to be asked, so its helper file is. */
TEST(powershell_scripts_have_all_functions_that_they_know)
{
    static const char *const names[] = {"Set-OctopusVariable",
                                        "New-OctopusArtifact",
                                        "Fail-Step",
                                        "Update-Progress",
                                        "Write-Verbose",
                                        "Write-Debug",
                                        "Write-Highlight",
                                        "Write-Wait",
                                        "Write-Warning",
                                        "Set-EnvironmentState",
                                        "Set-EnvironmentUrl",
                                        "New-OctopusTarget",
                                        "Remove-OctopusTarget",
                                        "Report-KubernetesManifest",
                                        "Report-KubernetesManifestFile",
                                        "Execute-WithRetry",
                                        "Import-ScriptModule",
                                        "Convert-ServiceMessageValue",
                                        "Decrypt-Variables"};
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 * MiB);
    struct error err = {0};

    expect_functions("src/step/bootstrap.ps1", names, ARRAY_LEN(names));
    EXPECT_OK(file_read("src/step/bootstrap.ps1", &text, &err));
    EXPECT(strstr(buf_str(&text), "\n$OctopusProxy = ") != NULL);
    EXPECT(strstr(buf_str(&text), "\n$OctopusParameters = ") != NULL);
}

TEST(bash_scripts_have_all_functions_that_they_know)
{
    static const char names[] =
        "get_octopusvariable set_octopusvariable set_environmentstate set_environmenturl "
        "new_octopusartifact fail_step update_progress write_verbose write_highlight write_wait "
        "write_warning new_octopustarget remove-octopustarget report_kubernetes_manifest "
        "report_kubernetes_manifest_file encode_servicemessagevalue decode_servicemessagevalue "
        "decrypt_variable log_environment_information";
    CLEANUP(buf_done) struct buf script = BUF_INIT(4 * KiB);

    buf_addf(&script,
             "for name in %s; do [ \"$(type -t $name)\" = function ] || echo no $name; done",
             names);
    expect_run(bash(buf_str(&script)), 0, "");
    expect_run(bash("f=log_environment_; ${f}information | grep -c Process:"), 0, "1\n");
}

TEST(the_name_of_the_script_file_is_a_variable)
{
    expect_run(bash("echo #{Octopus.Action.Script.ScriptFileName}; get_octopusvariable "
                    "Octopus.Action.Script.ScriptFileName"),
               0, "Script.sh\nScript.sh");
}

TEST(a_script_module_cannot_take_the_place_of_the_script)
{
    struct variables *v = bash("echo the script");

    variables_set(v, "Octopus.Script.Module[Script]", "echo the module", false);
    variables_set(v, "Octopus.Script.Module.Language[Script]", "Bash", false);
    expect_refused(v, 1, "the script module \"Script\" cannot be written: Script.sh");
}

TEST(secrets_that_only_the_worker_knows_are_masked_before_the_script_starts)
{
    struct variables *v = bash("echo ran");
    CLEANUP(buf_done) struct buf wanted = BUF_INIT(4 * KiB);

    variables_set(v, "Home", "#{env:TentacleHome}", false);
    variables_set(v, "Plain", "secret-#{Octopus.Action.Script.Syntax}", true);
    variables_set(v, "Composed", "at-#{Home}", true);
    buf_addf(&wanted, "##octopus[mask value='%s']\nran\n", b64("at-/opt/agent"));
    expect_run(v, 0, buf_str(&wanted));
}

TEST(a_copy_of_the_work_folder_is_refused_with_a_warning)
{
    struct variables *v = bash("echo ran");

    variables_set(v, "Octopus.Calamari.CopyWorkingDirectoryIncludingKeyTo", "/tmp", false);
    expect_run(
        v, 0,
        "##octopus[stdout-warning]\nOctopus.Calamari.CopyWorkingDirectoryIncludingKeyTo is "
        "not supported here: the work folder is not copied\n##octopus[stdout-default]\nran\n");
}
