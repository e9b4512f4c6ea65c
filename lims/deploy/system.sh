# What must come from the operating system; read by set-up.sh. On Debian missing packages are installed by apt.

say() { printf '%s\n' "$*" >&2; }
fail() { say "Error: $1"; exit 1; }

# install_packages WHY PACKAGE...: as root, or through sudo where it asks for no password; otherwise tells what to type.
install_packages() {
  local why=$1 sudo=()
  shift
  command -v apt-get >/dev/null || fail "$why is missing. Install the equivalent of these Debian packages: $*"
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null ||
      fail "$why is missing, and installing it needs the administrator's rights. Run this, then try again:
  sudo apt-get update && sudo apt-get install --no-install-recommends $*"
    sudo=(sudo -n)
  fi
  say "Installing $why: $* ..."
  mkdir -p build
  if ! { "${sudo[@]}" apt-get update -q && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@"; } >build/apt.log 2>&1 </dev/null; then
    tail -n 5 build/apt.log >&2
    fail "$why could not be installed; the whole output is in build/apt.log"
  fi
}

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "Python 3.11, 3.12 or 3.13 is needed and none was found (python3 is $(python3 --version 2>&1 || true)). PYTHON=/path/to/python3 names one."
}

ensure_venv_module() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null || install_packages "Python's module for virtual environments" python3-venv
  "$1" -c 'import ensurepip, venv' 2>/dev/null || fail "$1 cannot make virtual environments (the modules venv and ensurepip)."
}

# Certificates are set by WeasyPrint, which draws text with Pango, in the typeface Noto Sans.
ensure_pango() {
  local libraries='import ctypes
for name in ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"): ctypes.CDLL(name)'
  if ! "$1" -c "$libraries" 2>/dev/null || [ -z "$(fc-list 'Noto Sans' family 2>/dev/null)" ]; then
    install_packages "Pango with the typeface of the certificates" \
      libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-noto-core
  fi
}

ensure_chromium() {
  command -v chromium >/dev/null || install_packages "the browser of the tests" chromium
}

postgresql_programs() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }

# Only the programs are wanted: the tests start a server of their own, so the package is kept from starting one.
ensure_postgresql() {
  postgresql_programs && return
  local sudo=() quiet=/etc/postgresql-common/createcluster.d/chuan-lims-no-server.conf
  if [ "$(id -u)" -ne 0 ]; then sudo=(sudo -n); fi
  "${sudo[@]}" mkdir -p "${quiet%/*}" 2>/dev/null || true
  echo 'create_main_cluster = false' | "${sudo[@]}" tee "$quiet" >/dev/null 2>&1 || true
  install_packages "the database server of the tests" postgresql
  "${sudo[@]}" rm -f "$quiet"
  postgresql_programs || fail "PostgreSQL's initdb was not found under /usr/lib/postgresql."
}
