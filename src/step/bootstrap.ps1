# bootstrap.ps1 - the helper functions of a PowerShell step. Started by bobtail-step as
#     pwsh -NoLogo -NonInteractive -File bootstrap.ps1 DESCRIPTOR SCRIPT
# in the work folder; one file per version of bobtail-step serves all runs. DESCRIPTOR is an open, sealed memory file
# with the variables as NUL-terminated fields: the script's parameters; 66 numbers; then names and values in turn.
param([int]$OctopusDescriptor, [string]$OctopusScript)
$ErrorActionPreference = 'Stop'
$PSNativeCommandArgumentPassing = 'Legacy'

$OctopusTable = [System.Text.Encoding]::UTF8.GetString(
    [System.IO.File]::ReadAllBytes("/proc/self/fd/$OctopusDescriptor")).Split([char]0)
$OctopusParameters = New-Object 'System.Collections.Generic.Dictionary[String,String]' (
    [System.StringComparer]::OrdinalIgnoreCase)
for ($OctopusIndex = [int]$OctopusTable[1]; $OctopusIndex + 1 -lt $OctopusTable.Length; $OctopusIndex += 2) {
    $OctopusParameters[$OctopusTable[$OctopusIndex]] = $OctopusTable[$OctopusIndex + 1]
}
$OctopusArguments = $OctopusTable[0]

function Convert-ServiceMessageValue([string]$value) {
    return [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($value))
}

function Write-OctopusMessage([string]$name, [object[]]$attributes) {
    $line = "##octopus[$name"
    for ($i = 0; $i + 1 -lt $attributes.Length; $i += 2) {
        if (![string]::IsNullOrEmpty($attributes[$i + 1])) {
            $line += " $($attributes[$i])='$(Convert-ServiceMessageValue $attributes[$i + 1])'"
        }
    }
    [System.Console]::Out.WriteLine("$line]")
}

function Write-OctopusText([string]$mode, [object]$text) {
    [System.Console]::Out.WriteLine("##octopus[stdout-$mode]")
    [System.Console]::Out.WriteLine("$text")
    [System.Console]::Out.WriteLine('##octopus[stdout-default]')
}

function Write-Verbose([Parameter(ValueFromPipeline = $true)][string]$message) { process { Write-OctopusText 'verbose' $message } }
function Write-Debug([Parameter(ValueFromPipeline = $true)][string]$message) { process { Write-OctopusText 'verbose' $message } }
function Write-Highlight([Parameter(ValueFromPipeline = $true)][string]$message) { process { Write-OctopusText 'highlight' $message } }
function Write-Wait([Parameter(ValueFromPipeline = $true)][string]$message) { process { Write-OctopusText 'wait' $message } }
function Write-Warning([Parameter(ValueFromPipeline = $true)][string]$message) {
    process { if ($WarningPreference -ne 'SilentlyContinue') { Write-OctopusText 'warning' $message } }
}

function Set-OctopusVariable([string]$name, [string]$value, [switch]$sensitive) {
    $marked = if ($sensitive) { 'True' } else { '' }
    Write-OctopusMessage 'setVariable' @('name', $name, 'value', $value, 'sensitive', $marked)
    $OctopusParameters[$name] = $value
}

function Set-EnvironmentState([string]$key, [string]$value, [switch]$sensitive, [string]$type = 'State') {
    $marked = if ($sensitive) { 'True' } else { '' }
    Write-OctopusMessage 'set-environmentstate' @('key', $key, 'value', $value, 'sensitive', $marked, 'type', $type)
}

function Set-EnvironmentUrl([string]$key, [string]$url) { Set-EnvironmentState $key $url -type 'Url' }

function New-OctopusArtifact {
    param([Parameter(Position = 0)][Alias('fullpath', 'fullname')][string]$path, [Parameter(Position = 1)][string]$name = '')
    $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)
    if ([string]::IsNullOrEmpty($name)) { $name = [System.IO.Path]::GetFileName($full) }
    $length = if ([System.IO.File]::Exists($full)) { (New-Object System.IO.FileInfo $full).Length } else { 0 }
    Write-Verbose "Artifact $name will be collected from $full after this step completes"
    Write-OctopusMessage 'createArtifact' @('path', $full, 'name', $name, 'length', "$length")
}

function Fail-Step([string]$message) {
    if (![string]::IsNullOrEmpty($message)) { Write-OctopusMessage 'resultMessage' @('message', $message) }
    exit -1
}

function Update-Progress([int]$percentage, [string]$message) {
    Write-OctopusMessage 'progress' @('percentage', "$percentage", 'message', $message)
}

function New-OctopusTarget([string]$Name, [string]$TargetId, [string]$Inputs, [string]$Roles,
    [string]$WorkerPoolIdOrName, [switch]$UpdateIfExisting) {
    $update = if ($UpdateIfExisting) { 'True' } else { '' }
    Write-OctopusMessage 'createStepPackageTarget' @('name', $Name, 'targetId', $TargetId, 'inputs', $Inputs,
        'octopusRoles', $Roles, 'octopusDefaultWorkerPoolIdOrName', $WorkerPoolIdOrName, 'updateIfExisting', $update)
}

function Remove-OctopusTarget([string]$targetIdOrName) { Write-OctopusMessage 'delete-target' @('machine', $targetIdOrName) }

function Report-KubernetesManifest([string]$manifest, [string]$namespace) {
    foreach ($document in [regex]::Split($manifest, '(?m)^[ \t]*---[ \t]*\r?$')) {
        if (![string]::IsNullOrWhiteSpace($document)) {
            Write-OctopusMessage 'k8s-manifest-applied' @('manifest', $document, 'ns', $namespace)
        }
    }
}

function Report-KubernetesManifestFile([string]$path, [string]$namespace) {
    if (Test-Path -LiteralPath $path) { Report-KubernetesManifest (Get-Content -Raw -LiteralPath $path) $namespace }
    else { Write-Verbose "The manifest file `"$path`" does not exist" }
}

function Execute-WithRetry([scriptblock]$command, [int]$maxFailures = 3, [int]$sleepBetweenFailures = 1) {
    for ($failures = 0; ; ) {
        try { & $command; return }
        catch {
            $failures++
            if ($failures -ge $maxFailures) { throw }
            Start-Sleep -Seconds $sleepBetweenFailures
        }
    }
}

# Variables are not encrypted here: what a script decrypts is what it has.
function Decrypt-Variables([string]$iv, [string]$encrypted) { return $OctopusParameters }

function Import-ScriptModule([string]$moduleName, [string]$moduleFilePath) {
    try {
        Import-Module $moduleFilePath -DisableNameChecking -Global
    }
    catch {
        [System.Console]::Error.WriteLine("The script module '$moduleName' could not be imported: $($_.Exception.Message)")
        [System.Console]::Error.WriteLine($_.InvocationInfo.PositionMessage)
        [System.Console]::Error.WriteLine($_.ScriptStackTrace)
        exit 1
    }
}

function Import-OctopusModulePaths([string]$paths) {
    foreach ($path in $paths.Split(';', [System.StringSplitOptions]::RemoveEmptyEntries)) {
        if ($path.EndsWith('.psd1')) { Import-ScriptModule $path $path }
        else { $env:PSModulePath = $path + [System.IO.Path]::PathSeparator + $env:PSModulePath }
    }
}

$OctopusProxy = [System.Net.WebRequest]::DefaultWebProxy

# a local variable for each name without an index, spelled with its letters, digits (and underscores) only
foreach ($OctopusName in @($OctopusParameters.Keys)) {
    if ($OctopusName.Contains('[')) { continue }
    foreach ($OctopusShort in @(($OctopusName -replace '[^\p{L}\p{Nd}]', ''), ($OctopusName -replace '[^\p{L}\p{Nd}_]', ''))) {
        if ($OctopusShort -and !(Test-Path -LiteralPath "Variable:$OctopusShort")) {
            Set-Variable -Name $OctopusShort -Value $OctopusParameters[$OctopusName]
        }
    }
}

try {
    foreach ($OctopusModule in @(Get-ChildItem -Path (Get-Location) -Filter 'Library_*.psm1')) {
        Import-ScriptModule $OctopusModule.BaseName $OctopusModule.FullName
    }
    if ($OctopusParameters.ContainsKey('Octopus.Calamari.Bootstrapper.ModulePaths')) {
        Import-OctopusModulePaths $OctopusParameters['Octopus.Calamari.Bootstrapper.ModulePaths']
    }
    Invoke-Expression ". (Join-Path (Get-Location) `$OctopusScript) $OctopusArguments"
}
catch {
    [System.Console]::Error.WriteLine("$($_.CategoryInfo.Category): $($_.Exception.Message)")
    [System.Console]::Error.WriteLine($_.InvocationInfo.PositionMessage)
    [System.Console]::Error.WriteLine($_.ScriptStackTrace)
    exit 1
}
if (Test-Path -LiteralPath 'Variable:global:LASTEXITCODE') { exit $global:LASTEXITCODE }
