#!/bin/sh
# Makes or refreshes a virtual environment; does nothing when it is up to date.
#
#     tools/environment.sh DIR KEYFILE -- PIP-INSTALL-ARGUMENTS…
#
# KEYFILE is the file that says what belongs in DIR: when it or the arguments change, pip runs
# again. PYTHON names the interpreter to use; else the first of the list below that is ≥ 3.11.
set -eu

fail() {
    printf 'nuages: %s\n' "$1" >&2
    exit 1
}

suitable() {
    # Runs it: a pyenv shim is on PATH for versions that are not active, too.
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        if suitable "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer found (looked for ${PYTHON:-python3.13, 3.12, 3.11, python3, python}).
  Install one, or name it: make demo PYTHON=/path/to/python3.12"
}

create() {
    echo "making $directory with $("$python" --version)" >&2
    rm -rf "$directory"
    "$python" -m venv "$directory" 2>/dev/null && return
    # Debian and Ubuntu keep ensurepip in a package of its own; pip can do without it. A --target
    # folder is the one place where an "externally managed" Python lets pip install.
    rm -rf "$directory"
    borrowed=$(mktemp -d)
    trap 'rm -rf "$borrowed"' EXIT
    "$python" -m pip install --quiet --target "$borrowed" virtualenv >&2 &&
        PYTHONPATH="$borrowed" "$python" -m virtualenv --quiet "$directory" >&2 ||
        fail "$python can make no virtual environment at $directory: it has neither a working venv module nor pip.
  On Debian and Ubuntu: apt install python3-venv"
}

directory=$1
key_file=$2
shift 3

mkdir -p "$(dirname "$directory")"
[ -w "$(dirname "$directory")" ] || fail "cannot write $directory: the folder belongs to another user"
[ -f "$key_file" ] || fail "$key_file is missing"
if [ -x "$directory/bin/python" ] && suitable "$directory/bin/python"; then
    python=$directory/bin/python
else
    python=$(find_python)
    create
fi

wanted=$({ "$directory/bin/python" --version; printf '%s\n' "$@"; cat "$key_file"; } | cksum | tr ' ' -)
stamp=$directory/stamps/$wanted
if [ ! -f "$stamp" ]; then
    echo "installing into $directory: $*" >&2
    "$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2 ||
        fail "pip could not install $* into $directory (its own words are above)"
    mkdir -p "$directory/stamps"
    : >"$stamp"
fi
