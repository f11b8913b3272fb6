// What most tests need of the API, in few words: a project with script steps, its releases and runs, and their tasks.
//
//     const project = await Project.create(server.api, { steps: [scriptStep('hello', 'echo hello')] });
//     const task = await project.deploy();            // new release, first environment; resolves when it has ended
import assert from 'node:assert/strict';
import { until } from './processes.mjs';

const S = '/api/Spaces-1';
let count = 0;
const fresh = (noun) => `${noun} ${process.pid} ${++count}`;

// One step with one script action that runs on a worker. `options` overrides members of the step, `options.action` those
// of its action, `options.properties` adds properties to the action.
export function scriptStep(name, body, options = {}) {
    const { action = {}, properties = {}, syntax = 'Bash', ...step } = options;
    return {
        Id: '',
        Name: name,
        Properties: {},
        Condition: 'Success',
        StartTrigger: 'StartAfterPrevious',
        PackageRequirement: 'LetOctopusDecide',
        Actions: [
            {
                Id: '',
                Name: name,
                ActionType: 'Octopus.Script',
                IsDisabled: false,
                IsRequired: false,
                Environments: [],
                ExcludedEnvironments: [],
                Channels: [],
                TenantTags: [],
                Packages: [],
                Condition: 'Success',
                Properties: {
                    'Octopus.Action.RunOnServer': 'true',
                    'Octopus.Action.Script.ScriptSource': 'Inline',
                    'Octopus.Action.Script.Syntax': syntax,
                    'Octopus.Action.Script.ScriptBody': body,
                    ...properties,
                },
                ...action,
            },
        ],
        ...step,
    };
}

export async function defaultGroup(api, base = S) {
    return (await api.get(`${base}/projectgroups?take=1`)).Items[0];
}

export async function defaultLifecycle(api, base = S) {
    return (await api.get(`${base}/lifecycles?take=1`)).Items[0];
}

export function createEnvironment(api, name = fresh('Environment'), base = S) {
    return api.post(`${base}/environments`, { Name: name });
}

export class Project {
    static async create(api, { name = fresh('Project'), space = 'Spaces-1', environment, steps = [], variables = [] } = {}) {
        const project = new Project();
        Object.assign(project, { api, space, base: `/api/${space}` });
        project.environment = environment ?? (await createEnvironment(api, fresh('Environment'), project.base));
        project.resource = await api.post(`${project.base}/projects`, {
            Name: name,
            ProjectGroupId: (await defaultGroup(api, project.base)).Id,
            LifecycleId: (await defaultLifecycle(api, project.base)).Id,
        });
        Object.assign(project, { id: project.resource.Id, name });
        if (steps.length > 0) await project.setSteps(steps);
        if (variables.length > 0) await project.setVariables(variables);
        return project;
    }

    async setSteps(steps) {
        const path = `${this.base}/projects/${this.id}/deploymentprocesses`;
        return this.api.put(path, { ...(await this.api.get(path)), Steps: steps });
    }

    // Each is { Name, Value, IsSensitive?, Scope? }.
    async setVariables(variables) {
        const path = `${this.base}/variables/${this.resource.VariableSetId}`;
        const rows = variables.map((v) => ({ Id: '', Type: v.IsSensitive ? 'Sensitive' : 'String', IsEditable: true, Scope: {}, ...v }));
        return this.api.put(path, { ...(await this.api.get(path)), Variables: rows });
    }

    async createRelease(options = {}) {
        const answer = await this.api.post(`${this.base}/releases/create/v1`, { spaceId: this.space, projectName: this.name, ...options });
        return answer.ReleaseVersion;
    }

    // Creates a release when no version is given and deploys it; returns the id of the task.
    async startDeployment({ releaseVersion, environment = this.environment, ...options } = {}) {
        const answer = await this.api.post(`${this.base}/deployments/create/untenanted/v1`, {
            spaceId: this.space,
            projectName: this.name,
            releaseVersion: releaseVersion ?? (await this.createRelease()),
            environmentNames: [environment.Name],
            ...options,
        });
        return answer.DeploymentServerTasks[0].ServerTaskId;
    }

    async deploy(options) {
        return waitForTask(this.api, await this.startDeployment(options));
    }

    // A runbook of that name with these steps, published.
    async createRunbook(steps, name = fresh('Runbook')) {
        const runbook = await this.api.post(`${this.base}/projects/${this.id}/runbooks`, {
            Name: name,
            ProjectId: this.id,
            MultiTenancyMode: 'Untenanted',
            EnvironmentScope: 'All',
            DefaultGuidedFailureMode: 'EnvironmentDefault',
            RunRetentionPolicy: { QuantityToKeep: 100, ShouldKeepForever: false, Unit: 'Items' },
        });
        const path = `${this.base}/projects/${this.id}/runbookProcesses/${runbook.RunbookProcessId}`;
        await this.api.put(path, { ...(await this.api.get(path)), Steps: steps });
        await this.publish(runbook);
        return runbook;
    }

    publish(runbook) {
        return this.api.post(`${this.base}/projects/${this.id}/runbookSnapshots?publish=true`,
            { ProjectId: this.id, RunbookId: runbook.Id, Name: fresh('Snapshot') });
    }

    // Queues one run for each environment; returns the ids of the tasks.
    async startRuns(runbook, environments, options = {}) {
        const answer = await this.api.post(`${this.base}/runbook-runs/create/v1`, {
            spaceId: this.space,
            projectName: this.name,
            runbookName: runbook.Name,
            environmentNames: environments.map((environment) => environment.Name),
            ...options,
        });
        return answer.RunbookRunServerTasks.map((task) => task.ServerTaskId);
    }

    async startRun(runbook, { environment = this.environment, ...options } = {}) {
        return (await this.startRuns(runbook, [environment], options))[0];
    }

    async run(runbook, options) {
        return waitForTask(this.api, await this.startRun(runbook, options));
    }
}

export function getTask(api, id) {
    return api.get(`/api/tasks/${id}`);
}

export function waitForTask(api, id, limit = 60000) {
    return until(`the end of ${id}`, async () => {
        const task = await getTask(api, id);
        return task.IsCompleted && task;
    }, limit);
}

export function waitForState(api, id, state, limit = 30000) {
    return until(`${id} to be ${state}`, async () => {
        const task = await getTask(api, id);
        assert.ok(!task.IsCompleted || task.State === state, `${id} ended as ${task.State} before it was ${state}: ${task.ErrorMessage}`);
        return task.State === state && task;
    }, limit);
}

export function cancelTask(api, id) {
    return api.post(`/api/tasks/${id}/cancel`);
}

export function rawLog(api, id) {
    return api.get(`${S}/tasks/${id}/raw`);
}

// Reads the raw log without keeping it: counts its lines, its bytes, and the lines that are `wanted`.
export async function rawLogCounts(api, id, wanted) {
    const response = await fetch(`${api.url}${S}/tasks/${id}/raw`, { headers: { 'X-Octopus-ApiKey': api.key } });
    const decoder = new TextDecoder();
    let rest = '', lines = 0, matching = 0, bytes = 0;
    for await (const chunk of response.body) {
        bytes += chunk.length;
        const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = parts.pop();
        lines += parts.length;
        for (const line of parts) matching += wanted(line);
    }
    return { lines, matching, bytes };
}

export function details(api, id, query = 'verbose=true') {
    return api.get(`/api/tasks/${id}/details?${query}`);
}

// All lines of a task's tree, depth first: { Category, MessageText, node }.
export function linesOf({ ActivityLogs }) {
    const walk = (node) => [...(node.LogElements ?? []).map((line) => ({ ...line, node: node.Name })), ...(node.Children ?? []).flatMap(walk)];
    return ActivityLogs.flatMap(walk);
}

// The texts of the lines that scripts printed, without the server's own.
export async function messages(api, id) {
    return linesOf(await details(api, id)).map((line) => line.MessageText);
}

export function waitForLine(api, id, text, limit = 30000) {
    return until(`"${text}" in the log of ${id}`, async () => (await messages(api, id)).some((line) => line.includes(text)), limit);
}

// Fails with the whole log when the task did not end as wanted.
export async function assertEnded(api, task, state) {
    if (task.State !== state) {
        assert.fail(`${task.Id} ended as ${task.State}, wanted ${state}: ${task.ErrorMessage}\n${await rawLog(api, task.Id)}`);
    }
}
