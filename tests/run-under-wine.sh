#!/usr/bin/env bash
# Runs the engine's tests, the Pester files and QedTools.Shell as Windows programs under Wine. docs/platforms.md says what that
# shows and what it does not. Needs Wine (Debian: wine64) and is not part of dotnet test. Arguments limit it to some of: engine, cmdlets, shell.
set -uo pipefail
cd "$(dirname "$0")/.."

# Debian installs wine64 outside the PATH.
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
[ -x "$wine" ] || { echo "wine64 is not installed (Debian: wine64)"; exit 2; }

includes() { [[ " $parts " == *" $1 "* ]]; }
parts=${*:-engine cmdlets shell}
scratch=$(mktemp -d)
export WINEPREFIX=$scratch/prefix WINEDEBUG=-all NO_COLOR=1 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# Otherwise .NET maps its code twice, once for writing and once for execution, which Wine cannot do.
export DOTNET_EnableWriteXorExecute=0
trap '"$wine" wineboot --kill >/dev/null 2>&1; rm -rf "$scratch"' EXIT

publish() {
    dotnet publish "$1" --configuration Release --runtime win-x64 --self-contained --output "$2" --verbosity quiet || exit 2
}

# Both builds of the module: some tests read the one for Windows PowerShell, and the names of some tests are those of its files.
includes cmdlets && { dotnet build src/QedTools --verbosity quiet || exit 2; }
# Inside the tree, so that the programs find QedTools.psd1 in a parent folder.
includes engine && publish tests/QedTools.Engine.Tests tests/QedTools.Engine.Tests/bin/wine
includes cmdlets && publish tests/QedTools.Tests tests/QedTools.Tests/bin/wine
includes shell && publish src/QedTools.Shell "$scratch/shell"
"$wine" wineboot --init >/dev/null 2>&1

# PowerShell's host does not start without a console, not even one that a test starts with its output redirected; Wine makes one from a
# terminal. The terminal's own output is a drawing of the console, so the program's goes to a file. Its process ID goes to $scratch/pid.
in_console() {
    local command
    printf -v command '%q ' "$wine" "$@"
    rm -f "$scratch/pid" "$scratch/out"
    script --quiet --return --command "echo \$\$ >'$scratch/pid'; exec $command >'$scratch/out' 2>/dev/null" /dev/null </dev/null >/dev/null 2>&1
}

passed=0 failed=0 skipped=0 hung=()
# Ends the process in the console if it has used no processor time for a minute and a half, or exceeds the limit in seconds.
watch() {
    local pid limit=$1 before=-1 now idle=0
    for ((elapsed = 0; elapsed < limit && idle < 90; elapsed += 5)); do
        sleep 5
        pid=$(cat "$scratch/pid" 2>/dev/null) || continue
        now=$(cut -d ' ' -f 14,15 "/proc/$pid/stat" 2>/dev/null | tr ' ' '+')
        [ -n "$now" ] || return
        if [ $((now)) -le $((before + 2)) ]; then idle=$((idle + 5)); else idle=0 before=$((now)); fi
    done
    kill -KILL "$pid" 2>/dev/null
}

# The result of the last process is added to the figures; a process that did not finish has none.
run() {
    local name=$1 limit=$2 program total errors bad left
    shift 2
    in_console "$@" -noColor -preEnumerateTheories -parallelMode none &
    program=$!
    watch "$limit" &
    wait "$program" 2>/dev/null
    kill $! 2>/dev/null
    read -r total errors bad left < <(sed -nE 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*/\1 \2 \3 \4/p' "$scratch/out" | tail -n 1)
    if [ -z "${total:-}" ]; then
        grep -aqE 'Total: 0$' "$scratch/out" && return
        # Its children, too.
        timeout 60 "$wine" wineboot --kill >/dev/null 2>&1
        return 1
    fi
    grep -aE '\[FAIL\]' "$scratch/out"
    passed=$((passed + total - bad - left)) failed=$((failed + bad + errors)) skipped=$((skipped + left))
    echo "$name: $((total - bad - left)) passed, $((bad + errors)) failed, $left skipped"
}

list() { timeout 120 "$wine" "$engine/bin/wine/QedTools.Engine.Tests.exe" -list "$1" </dev/null 2>/dev/null | tr -d '\r' | grep -aoE '^ *QedTools\.[A-Za-z0-9_.]+$' | tr -d ' ' | sort -u; }

# Exceptions that tests throw through reflection leave Wine 8 with a broken chain of handlers, and a later one never arrives: a test hangs
# after the second that is skipped. So each class has a process and, if that does not finish, each of its methods.
engine=tests/QedTools.Engine.Tests
test_engine() {
    echo "== the engine"
    list methods >"$scratch/methods"
    while read -r class; do
        run "$class" 900 "$engine/bin/wine/QedTools.Engine.Tests.exe" -class "$class" && continue
        while read -r method; do
            run "$method" 120 "$engine/bin/wine/QedTools.Engine.Tests.exe" -method "$method" || { hung+=("$method"); echo "$method: did not finish"; }
        done < <(grep -F "$class." "$scratch/methods")
    done < <(list classes)
}

test_cmdlets() {
    echo "== the cmdlets"
    for file in tests/QedTools.Tests/*.Tests.ps1; do
        name=$(basename "$file" .Tests.ps1)
        # To find the tests of all files takes minutes, and each process would do it.
        QEDTOOLS_PESTER_FILES=$name run "$name" 900 tests/QedTools.Tests/bin/wine/QedTools.Tests.exe -trait "File=$name" || { hung+=("$name"); echo "$name: did not finish"; }
    done
}

test_shell() {
    echo "== the shell"
    cat >"$scratch/shell.ps1" <<'SCRIPT'
Set-Location C:\
$null = New-QedImage C:\disk.qed 1GB
$null = Convert-QedImage C:\disk.qed C:\disk.vhdx -Verify
exit (@(Test-QedImage C:\disk.qed).Where({ $_.Status -eq 'Clean' }).Count + 40)
SCRIPT
    watch 300 &
    in_console "$scratch/shell/QedTools.Shell.exe" -File "Z:$scratch/shell.ps1"
    code=$?
    kill $! 2>/dev/null
    if [ "$code" -eq 41 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "a script in the shell exited with $code instead of 41"
    fi
}

for part in $parts; do "test_$part"; done
[ ${#hung[@]} -eq 0 ] || echo "did not finish: ${hung[*]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ ${#hung[@]} -eq 0 ]
