# Sourced by the benchmarks: makes a project with one runbook that prints nothing, runs of which do not wait for each other.
#   make_runbook URL KEY NAME SYNTAX_PROPERTIES SCRIPT   (SYNTAX_PROPERTIES: more members of the action's properties, or "")
make_runbook() {
    local url=$1 key=$2 name=$3 more=$4 script=$5 project runbook
    call() { curl -sf -H "X-Octopus-ApiKey: $key" -H 'Content-Type: application/json' -X "$1" "$url$2" ${3:+-d "$3"}; }
    call POST /api/Spaces-1/environments "{\"Name\":\"$name\"}" >/dev/null
    project=$(call POST /api/Spaces-1/projects "{\"Name\":\"$name\",\"ProjectGroupId\":\"ProjectGroups-1\",\"LifecycleId\":\"Lifecycles-1\"}" | jq -r .Id)
    call PUT "/api/Spaces-1/variables/variableset-$project" "$(call GET "/api/Spaces-1/variables/variableset-$project" |
        jq '.Variables=[{Name:"Octopus.Task.ConcurrencyTag",Value:"#{Octopus.Task.Id}",Type:"String"}]')" >/dev/null
    runbook=$(call POST "/api/Spaces-1/projects/$project/runbooks" "{\"Name\":\"Run\",\"ProjectId\":\"$project\"}" | jq -r .Id)
    call PUT "/api/Spaces-1/runbookProcesses/RunbookProcess-$runbook" "$(call GET "/api/Spaces-1/runbookProcesses/RunbookProcess-$runbook" |
        jq --arg script "$script" --argjson more "{${more}}" '.Steps=[{Name:"Run",Actions:[{Name:"Run",ActionType:"Octopus.Script",
            Properties:({"Octopus.Action.RunOnServer":"true","Octopus.Action.Script.ScriptSource":"Inline","Octopus.Action.Script.Syntax":"Bash",
            "Octopus.Action.Script.ScriptBody":$script}+$more)}]}]')" >/dev/null
    call POST "/api/Spaces-1/runbookSnapshots?publish=true" "{\"RunbookId\":\"$runbook\",\"ProjectId\":\"$project\"}" >/dev/null
}
