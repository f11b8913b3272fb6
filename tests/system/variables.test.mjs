// What scripts see of variables, what they say in them, and that no secret gets into a log.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Gates } from '../lib/gates.mjs';
import { temporaryFolder } from '../lib/folder.mjs';
import { assertEnded, details, linesOf, Project, scriptStep, waitForLine, waitForTask } from '../lib/project.mjs';
import { Server } from '../lib/server.mjs';
import { sharedServer } from '../lib/shared.mjs';

const raw = { OctopusUseRawScript: 'True' };
const message = "def say(kind, **attributes):\n    import base64\n    print('##octopus[' + kind + ''.join(\" %s='%s'\" % (k, base64.b64encode(v.encode()).decode()) for k, v in attributes.items()) + ']')\n";
const python = (name, body, options) => scriptStep(name, message + body, { syntax: 'Python', properties: raw, ...options });

async function end(api, id) {
    const task = await waitForTask(api, id);
    const lines = linesOf(await details(api, id));
    return { api, task, lines, texts: lines.map((line) => line.MessageText) };
}

// Runs steps as a deployment of their own. Returns the ended task and all lines of its tree.
async function run({ api }, steps, variables = []) {
    const project = await Project.create(api, { steps, variables });
    return end(api, await project.startDeployment());
}

describe('secrets and the log', { concurrency: 3 }, () => {
    const server = sharedServer({ taskCap: 8 });
    const composed = [
        { Name: 'Part', Value: 'middle' },
        { Name: 'Secret', Value: 'begin-#{Part}-end', IsSensitive: true },
    ];

    test('a sensitive value that is a template is masked as the script sees it', async () => {
        const { task, texts } = await run(server(), [scriptStep('Leak', `
            get_octopusvariable Secret; echo
            get_octopusvariable Secret | wc -c
            echo "written out: begin-middle-end."`)], composed);

        assert.equal(task.State, 'Success', texts.join('\n'));
        assert.ok(texts.includes('16'), 'the script itself has the value');
        assert.ok(texts.includes('written out: ********.'), texts.join('\n'));
        assert.ok(!texts.some((text) => text.includes('begin-middle-end')));
    });

    test('it still is after a restart of the server', async (t) => {
        const own = await Server.start(t);
        const gates = new Gates(temporaryFolder(t));
        t.after(() => gates.close());
        gates.make('one', 'two');
        const project = await Project.create(own.api, { steps: [scriptStep('Leak', `${gates.shell}
            set_octopusvariable First first-announced -sensitive; gate one
            set_octopusvariable Second second-announced -sensitive; echo "again: first-announced"; gate two
            echo "now begin-middle-end, first-announced, second-announced"`),
        scriptStep('After', 'echo "later first-announced, second-announced"')], variables: composed });
        const id = await project.startDeployment();
        for (const gate of ['one', 'two']) {
            await gates.reached(gate);
            if (gate === 'two') await waitForLine(own.api, id, 'again: ********');
            await own.kill();
            await own.resume();
            gates.open(gate);
        }

        const { task, texts } = await end(own.api, id);

        assert.equal(task.State, 'Success');
        assert.ok(texts.includes('now ********, ********, ********'), texts.join('\n'));
        assert.ok(texts.includes('later ********, ********'), texts.join('\n'));
    });

    test('a sensitive value that refers to the environment of its worker is masked', async () => {
        const { task, texts } = await run(server(), [scriptStep('Leak', 'get_octopusvariable Secret | tr a-z A-Z; echo; get_octopusvariable Secret')],
            [{ Name: 'Secret', Value: 'on-#{env:TentacleInstanceName}-1234', IsSensitive: true }]);

        assert.equal(task.State, 'Success', texts.join('\n'));
        assert.ok(texts.includes('ON-BUILT-IN-1234'), 'the script has it');
        assert.ok(texts.includes('********'), texts.join('\n'));
        assert.ok(!texts.some((text) => text.includes('on-Built-in-1234')));
    });

    test('secrets too short to be masked are named in the log', async () => {
        const { task, lines } = await run(server(), [scriptStep('Step', 'echo fine')], [
            { Name: 'Pin', Value: '\u00fc7', IsSensitive: true },
            { Name: 'Long', Value: 'long-enough', IsSensitive: true },
        ]);

        assert.equal(task.State, 'Success');
        assert.equal(task.HasWarningsOrErrors, true);
        const warnings = lines.filter((line) => line.Category === 'Warning').map((line) => line.MessageText);
        assert.deepEqual(warnings, ['Values of fewer than 3 characters are not masked: Pin']);
    });

    test('a script that announces more secrets than can be masked gets one warning', async () => {
        const { task, lines, texts } = await run(server(), [python('Many', `
for i in range(20010):
    say('mask', value='%05d is secret' % i)
print('first: 00000 is secret')`)]);

        await assertEnded(server().api, task, 'Success');
        assert.ok(texts.includes('first: ********'));
        const warnings = lines.filter((line) => line.Category === 'Warning').map((line) => line.MessageText);
        assert.deepEqual(warnings, ['The script has announced more secrets than can be masked: some are not']);
    });
});

describe('where a run stands', { concurrency: 3 }, () => {
    const server = sharedServer({ taskCap: 8 });
    const when = (expression) => ({ Condition: 'Variable', Properties: { 'Octopus.Step.ConditionVariableExpression': expression } });
    const show = (...names) => names.map((name) => `echo "${name}=[$(get_octopusvariable '${name}')]"`).join('\n');

    test('before anything has failed the error is empty and statuses tell what has ended', async () => {
        const { task, texts } = await run(server(), [
            scriptStep('First', 'echo first'),
            scriptStep('Left out', 'echo never', when('#{NoSuch}')),
            scriptStep('Good', 'echo good-ran', when('#{unless Octopus.Deployment.Error}True#{/unless}')),
            scriptStep('Look', show('Octopus.Deployment.Error', 'Octopus.Step[First].Status.Code', 'Octopus.Step[Left out].Status.Code',
                'Octopus.Action[Left out].IsSkipped', 'Octopus.Action[First].IsSkipped', 'Octopus.Step[Look].Status.Code', 'Octopus.Step.Status.Code',
                'Octopus.Step[Last].Status.Code', 'Octopus.Action[First].Number', 'Octopus.Step[Last].Name', 'Octopus.Action[Last].StepName')),
            scriptStep('Last', 'echo last')]);

        assert.equal(task.State, 'Success', texts.join('\n'));
        assert.ok(texts.includes('good-ran'));
        for (const text of ['Octopus.Deployment.Error=[]', 'Octopus.Step[First].Status.Code=[Succeeded]', 'Octopus.Step[Left out].Status.Code=[Skipped]',
            'Octopus.Action[Left out].IsSkipped=[True]', 'Octopus.Action[First].IsSkipped=[False]', 'Octopus.Step[Look].Status.Code=[Running]',
            'Octopus.Step.Status.Code=[Running]', 'Octopus.Step[Last].Status.Code=[Pending]', 'Octopus.Action[First].Number=[1]',
            'Octopus.Step[Last].Name=[Last]', 'Octopus.Action[Last].StepName=[Last]'])
            assert.ok(texts.includes(text), `${text}\n${texts.join('\n')}`);
    });

    test('after a failure the error names it, and conditions on it decide', async () => {
        const { task, texts } = await run(server(), [
            scriptStep('Breaks', 'exit 7'),
            scriptStep('Good', 'echo good-ran', when('#{unless Octopus.Deployment.Error}True#{/unless}')),
            scriptStep('Bad', 'echo bad-ran', when('#{if Octopus.Deployment.Error}True#{/if}')),
            scriptStep('Look', show('Octopus.Deployment.Error', 'Octopus.Deployment.ErrorDetail', 'Octopus.Step[Breaks].Status.Code',
                'Octopus.Step[Breaks].Status.Error', 'Octopus.Action[Breaks].Status.Error', 'Octopus.Action.Status.Error'), { Condition: 'Always' })]);

        assert.equal(task.State, 'Failed');
        assert.ok(!texts.includes('good-ran'), texts.join('\n'));
        assert.ok(texts.includes('bad-ran'));
        const sentence = 'The step "Breaks" failed: the script ended with exit code 7';
        for (const text of [`Octopus.Deployment.Error=[${sentence}]`, `Octopus.Deployment.ErrorDetail=[${sentence}]`, 'Octopus.Step[Breaks].Status.Code=[Failed]',
            'Octopus.Step[Breaks].Status.Error=[the script ended with exit code 7]',
            'Octopus.Action[Breaks].Status.Error=[the script ended with exit code 7]', 'Octopus.Action.Status.Error=[]'])
            assert.ok(texts.includes(text), `${text}\n${texts.join('\n')}`);
    });
});

describe('system variables', { concurrency: 2 }, () => {
    const server = sharedServer({ taskCap: 8 });
    const show = (...names) => names.map((name) => `echo "${name}=[$(get_octopusvariable '${name}')]"`).join('\n');
    const shown = (texts, name) => texts.map((text) => text.match(/^([^=]*)=\[(.*)\]$/s)).find((m) => m?.[1] === name)?.[2];

    test('tell about what a deployment belongs to, who asked for it and where people find it', async () => {
        const names = ['Octopus.ProjectGroup.Name', 'Octopus.Environment.SortOrder', 'Octopus.Deployment.CreatedBy.Username', 'Octopus.Deployment.CreatedBy.DisplayName',
            'Octopus.Deployment.CreatedBy.EmailAddress', 'Octopus.Web.ProjectLink', 'Octopus.Web.ReleaseLink', 'Octopus.Web.DeploymentLink', 'Octopus.Task.Argument[DeploymentId]', 'Octopus.Deployment.Id'];
        const { api, task, texts } = await run(server(), [scriptStep('Step', show(...names))]);

        assert.equal(task.State, 'Success', texts.join('\n'));
        const deployment = await api.get(`/api/Spaces-1/deployments/${task.Arguments.DeploymentId}`);
        const [group] = (await api.get('/api/Spaces-1/projectgroups?take=1')).Items;
        const environment = await api.get(`/api/Spaces-1/environments/${deployment.EnvironmentId}`);
        const wanted = [group.Name, String(environment.SortOrder), 'admin', undefined, undefined, `/app#/Spaces-1/projects/${deployment.ProjectId}`,
            `/app#/Spaces-1/releases/${deployment.ReleaseId}`, `/app#/Spaces-1/deployments/${deployment.Id}`, deployment.Id, deployment.Id];
        names.forEach((name, i) => (wanted[i] === undefined ? assert.notEqual(shown(texts, name), undefined, name) : assert.equal(shown(texts, name), wanted[i], name)));
    });

    test('tell what was deployed before', async () => {
        const { api } = server();
        const names = ['Octopus.Release.Previous.Number', 'Octopus.Release.CurrentForEnvironment.Number', 'Octopus.Release.PreviousForEnvironment.Number', 'Octopus.Deployment.PreviousSuccessful.Id'];
        const project = await Project.create(api, { steps: [scriptStep('Step', show(...names))] });
        const deploy = async (releaseVersion) => {
            const { task, texts } = await end(api, await project.startDeployment({ releaseVersion }));
            assert.equal(task.State, 'Success', texts.join('\n'));
            return { id: task.Arguments.DeploymentId, values: names.map((name) => shown(texts, name)) };
        };
        const [one, two] = [await project.createRelease(), await project.createRelease()];

        const first = await deploy(one);
        const second = await deploy(two);
        const third = await deploy(two);

        assert.deepEqual(first.values, ['', '', '', '']);
        assert.deepEqual(second.values, [one, one, one, first.id]);
        assert.deepEqual(third.values, [one, two, one, second.id]);

        const { Items } = await api.get(`/api/Spaces-1/projects/${project.id}/releases`);
        await api.send('DELETE', `/api/Spaces-1/releases/${Items.find((release) => release.Version === one).Id}`);
        assert.deepEqual((await deploy(two)).values, ['', two, '', third.id]);
    });

    test('tell about a runbook run', async () => {
        const { api } = server();
        const project = await Project.create(api);
        const runbook = await project.createRunbook([scriptStep('Step', show('Octopus.RunbookRun.CreatedUtc', 'Octopus.Web.RunbookRunLink', 'Octopus.Task.Argument[RunbookRunId]'))]);

        const { task, texts } = await end(api, await project.startRun(runbook));

        assert.equal(task.State, 'Success', texts.join('\n'));
        const id = task.Arguments.RunbookRunId;
        assert.equal(shown(texts, 'Octopus.Task.Argument[RunbookRunId]'), id);
        assert.equal(shown(texts, 'Octopus.Web.RunbookRunLink'), `/app#/Spaces-1/projects/${project.id}/operations/runbooks/${runbook.Id}/runs/${id}`);
        assert.equal(Date.parse(shown(texts, 'Octopus.RunbookRun.CreatedUtc')), Date.parse((await api.get(`/api/Spaces-1/runbookRuns/${id}`)).Created));
    });
});

describe('the agent of a script', () => {
    const server = sharedServer();

    test('is known by its environment and by variables', async () => {
        const { task, texts } = await run(server(), [scriptStep('Step', `
            [ -d "$TentacleHome" ] && [ -n "$TentacleVersion" ] && echo "instance $TentacleInstanceName"
            [ "$(get_octopusvariable Octopus.Tentacle.Agent.ApplicationDirectoryPath)" = "$TentacleApplications" ] && echo applications
            [ -x "$(get_octopusvariable Octopus.Agent.ProgramDirectoryPath)/bobtail-step" ] && echo programs`)]);

        assert.equal(task.State, 'Success', texts.join('\n'));
        for (const text of ['instance Built-in', 'applications', 'programs']) assert.ok(texts.includes(text), texts.join('\n'));
    });
});

describe('output variables', { concurrency: 2 }, () => {
    const server = sharedServer({ taskCap: 8 });

    test('a variable that is set again and again takes the room of its last value only', async () => {
        const { task, texts } = await run(server(), [
            python('Again', "for i in range(80):\n    say('setVariable', name='Big', value=str(i) + 'x' * 1000000)"),
            scriptStep('Reads', `get_octopusvariable 'Octopus.Action[Again].Output.Big' | head -c 3; echo`)]);

        assert.equal(task.State, 'Success', texts.join('\n').slice(0, 2000));
        assert.ok(texts.includes('79x'), texts.join('\n').slice(0, 2000));
        assert.equal(task.HasWarningsOrErrors, false);
    });

    test('what goes beyond the limit of a task is not kept, which is said once', async () => {
        const { task, lines, texts } = await run(server(), [
            python('Many', "for i in range(10020):\n    say('setVariable', name='V%d' % i, value='v')\nsay('setVariable', name='V0', value='changed')"),
            scriptStep('Reads', `for i in 0 9999 10001; do echo "V$i=[$(get_octopusvariable "Octopus.Action[Many].Output.V$i")]"; done`)]);

        assert.equal(task.State, 'Success', texts.join('\n').slice(0, 2000));
        for (const text of ['V0=[changed]', 'V9999=[v]', 'V10001=[]']) assert.ok(texts.includes(text), text);
        const warnings = lines.filter((line) => line.Category === 'Warning').map((line) => line.MessageText);
        assert.deepEqual(warnings, ['A task may set 10000 output variables, 64 MiB together: what goes beyond is not kept']);
    });
});

describe('OctopusBypassDeploymentMutex', { concurrency: 2 }, () => {
    const server = sharedServer({ taskCap: 8 });
    const alone = { OctopusBypassDeploymentMutex: 'False' };

    for (const [what, first, second] of [['an ordinary script waits for one that wants to be alone', alone, {}], ['a script that wants to be alone waits for an ordinary one', {}, alone]])
        test(what, async (t) => {
            const { api } = await Server.start(t);
            const gates = new Gates(temporaryFolder(t));
            t.after(() => gates.close());
            gates.make('first');
            const step = (name, properties) => [scriptStep(name, `${gates.shell}\ngate ${name}\n echo ${name}-ran`, { properties })];
            const holder = await (await Project.create(api, { steps: step('first', first) })).startDeployment();
            await gates.reached('first');

            const waiting = await (await Project.create(api, { steps: step('second', second) })).startDeployment();
            await waitForLine(api, waiting, `waiting for mutex "RunningScript" held by ${holder}`);
            gates.open('first');

            assert.equal((await end(api, holder)).task.State, 'Success');
            assert.ok((await end(api, waiting)).texts.includes('second-ran'));
        });

    test('ordinary scripts run together', async (t) => {
        const gates = new Gates(temporaryFolder(t));
        t.after(() => gates.close());
        gates.make('both');
        const [one, two] = await Promise.all(['one', 'two'].map(async (name) => {
            const project = await Project.create(server().api, { steps: [scriptStep(name, `${gates.shell}\ngate ${name === 'one' ? 'both' : 'none'}\necho ${name}`)] });
            return project.startDeployment();
        }));

        await gates.reached('both');
        assert.equal((await end(server().api, two)).task.State, 'Success', 'while the other one is held');
        gates.open('both');
        assert.equal((await end(server().api, one)).task.State, 'Success');
    });
});

describe('raw scripts and the language of a script', { concurrency: 3 }, () => {
    const server = sharedServer({ taskCap: 8 });
    const bodies = (properties, name = 'Step') => scriptStep(name, '', { properties: { 'Octopus.Action.Script.Syntax': '', ...properties } });
    const body = (language) => `Octopus.Action.Script.ScriptBody[${language}]`;

    test('a raw script may have CRLF line ends, parameters, and expressions that cannot be read', async () => {
        const { task, texts } = await run(server(), [
            scriptStep('Bash', 'if true; then\r\n  echo "crlf $# $1"\r\nfi\r\necho "#{Octopus.Action.Name} #{ open"\r\n',
                { properties: { ...raw, 'Octopus.Action.Script.ScriptParameters': `"two words" '#{Octopus.Step.Name}'` } }),
            scriptStep('Python', 'import sys\nprint(sys.argv[1:])', { syntax: 'Python', properties: { ...raw, 'Octopus.Action.Script.ScriptParameters': '"a b" c' } })]);

        assert.equal(task.State, 'Success', texts.join('\n'));
        for (const text of ['crlf 2 two words', 'Bash #{ open', "['a b', 'c']"]) assert.ok(texts.includes(text), texts.join('\n'));
    });

    test('a raw script without text is refused before it starts', async () => {
        const { task, texts } = await run(server(), [scriptStep('Empty', ' \n', { properties: raw })]);

        assert.equal(task.State, 'Failed');
        assert.match(texts.join('\n'), /the step has no script/);
    });

    test('without a body that of the language runs, raw or not, whichever way the language is written', async () => {
        const { task, texts } = await run(server(), [
            bodies({ [body('Python')]: 'print("one", 1)', [body('PowerShell')]: "'no'" }),
            bodies({ ...raw, [body('Python')]: 'print("two", 2)' }, 'Raw'),
            scriptStep('Lower', 'print("three", 3)', { syntax: 'python' })]);

        assert.equal(task.State, 'Success', texts.join('\n'));
        for (const text of ['one 1', 'two 2', 'three 3']) assert.ok(texts.includes(text), texts.join('\n'));
    });

    test('without a language a body is Bash, which is said', async () => {
        const { task, texts } = await run(server(), [bodies({ 'Octopus.Action.Script.ScriptBody': 'echo ${BASH_VERSION:+bash}', [body('Python')]: 'print("no")' })]);

        assert.equal(task.State, 'Success', texts.join('\n'));
        assert.ok(texts.includes('bash'));
        assert.ok(texts.includes('Octopus.Action.Script.Syntax is not set: the script is run as Bash'));
    });
});
