#!/usr/bin/env bash
# Makes this clone ready: system packages, .venv from the hashed lock file, compiled translations. A second call is quick.
#   usage: lims/deploy/set-up.sh run     what the application needs
#          lims/deploy/set-up.sh test    also what the tests need
set -euo pipefail
cd "$(dirname "$0")/../.."
. lims/deploy/system.sh

purpose=${1:-run}
venv=.venv

# Two set-ups at once would spoil each other's environment.
mkdir -p build
exec 9>build/set-up.lock
flock 9

python=$(find_python)
ensure_system "$purpose" "$python"

# An environment holds absolute paths: it is made anew when the folder was moved or renamed, or the lock file changed.
key="$PWD $("$python" -c 'import sys; print(sys.version)') $(sha256sum <requirements.lock)"

done_before() { [ -x "$venv/bin/python" ] && [ "$(cat "$venv/done-$1" 2>/dev/null)" = "$2" ]; }
mark_done() { printf '%s' "$2" >"$venv/done-$1"; }

install_locked() { # from the lines on standard input; everything is in the lock, so nothing else is looked up
  local list="build/requirements.$purpose.txt"
  cat >"$list"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r "$list"
  rm -f "$list"
}

if ! done_before run "$key"; then
  say "Installing the application's packages into $venv (about a minute) ..."
  rm -rf "$venv"
  "$python" -m venv "$venv"
  sed '/^# --- development/,$d' requirements.lock | install_locked
  mark_done run "$key"
fi
if [ "$purpose" = test ] && ! done_before test "$key"; then
  say "Installing the packages of the tests ..."
  sed '1,/^# --- development/d' requirements.lock | install_locked
  mark_done test "$key"
fi

project_key=$(sed -n '/^\[build-system\]/,/^\[dependency-groups\]/p' pyproject.toml | sha256sum)
if ! done_before project "$project_key"; then
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
  mark_done project "$project_key"
fi

for catalogue in lims/translations/*/LC_MESSAGES/messages.po; do
  [ -e "$catalogue" ] || continue
  compiled="${catalogue%.po}.mo"
  [ "$compiled" -nt "$catalogue" ] || "$venv/bin/pybabel" --quiet compile --input-file "$catalogue" --output-file "$compiled"
done
