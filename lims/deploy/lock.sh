#!/usr/bin/env bash
# Writes requirements.lock anew from pyproject.toml: exact versions with hashes, the same for Python 3.11 to 3.13.
# First what the application runs with, then, under the line that set-up.sh looks for, what only its developers need.
#   usage: lims/deploy/lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/tools"
"$work/tools/bin/python" -m pip install --quiet uv

# Every package comes as a wheel: nothing is compiled on the machine that installs. One version for all Pythons where possible.
compile() {
  "$work/tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
    --only-binary :all: --no-header --no-annotate --no-emit-index-url "$@" >/dev/null
}

if [ "${1:-}" != --upgrade ] && [ -f requirements.lock ]; then
  sed '/^# --- development/,$d' requirements.lock >"$work/run"
  cp requirements.lock "$work/all"
fi
compile pyproject.toml --group build --output-file "$work/run"
compile pyproject.toml --group build --group dev --constraints <(grep -oE '^[a-z0-9._-]+(\[[a-z,]+\])?==[^ ;\\]+' "$work/run" | sed 's/\[.*\]//') \
  --output-file "$work/all"

# A requirement is its line and the hash lines below it; those of the first part are left out of the second.
extra() {
  awk 'NR == FNR { if ($0 !~ /^[ #]/) seen[$1] = 1; next }
       /^#/ { next }
       !/^ / { keep = !($1 in seen) }
       keep' "$work/run" "$work/all"
}
{
  echo "# Written by lims/deploy/lock.sh; do not edit."
  grep -v '^#' "$work/run"
  echo "# --- development: the tests and checks ---"
  extra
} >"$work/lock"
mv "$work/lock" requirements.lock
