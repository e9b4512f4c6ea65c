# What must come from the operating system; read by set-up.sh. On Debian missing packages are installed by apt.

say() { printf '%s\n' "$*" >&2; }
fail() { say "Error: $1"; exit 1; }

missing=()  # what people call it
packages=() # how Debian calls it
need() { missing+=("$1"); packages+=("${@:2}"); }

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

has_venv_module() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# Certificates are set by WeasyPrint, which draws text with Pango, in the typeface Noto Sans.
has_pango() {
  "$1" -c 'import ctypes
for name in ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"): ctypes.CDLL(name)' 2>/dev/null &&
    [ -n "$(fc-list 'Noto Sans' family 2>/dev/null)" ]
}

# The program that drives the browser comes with the packages of the tests; it wants libatomic.
has_browser() { command -v chromium >/dev/null && "$1" -c 'import ctypes; ctypes.CDLL("libatomic.so.1")' 2>/dev/null; }

has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }

# ensure_system PURPOSE PYTHON: finds out all that is missing, then installs it at once.
ensure_system() {
  has_venv_module "$2" || need "Python's module for virtual environments" python3-venv
  has_pango "$2" || need "Pango with the typeface of the certificates" \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-noto-core
  if [ "$1" = test ]; then
    has_browser "$2" || need "the browser of the tests" chromium libatomic1
    has_postgresql || need "the database server of the tests" postgresql
  fi
  [ ${#missing[@]} -eq 0 ] || install_missing
  has_venv_module "$2" || fail "$2 cannot make virtual environments (its modules venv and ensurepip are missing)."
}

# As root, or through sudo where it asks for no password; otherwise tells what to type.
install_missing() {
  local sudo=() names
  names=$(printf '%s, ' "${missing[@]}")
  command -v apt-get >/dev/null || fail "missing: ${names%, }. Install the equivalent of these Debian packages: ${packages[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null ||
      fail "missing: ${names%, }. Installing it needs the administrator's rights. Run this, then try again:
  sudo apt-get update && sudo apt-get install --no-install-recommends ${packages[*]}"
    sudo=(sudo -n)
  fi
  say "Installing ${names%, }: ${packages[*]} ..."
  mkdir -p build
  local no_server=/etc/postgresql-common/createcluster.d/chuan-lims-no-server.conf
  if [[ " ${packages[*]} " == *" postgresql "* ]]; then
    # The tests start a database server of their own; the package is kept from starting another.
    "${sudo[@]}" mkdir -p "${no_server%/*}"
    echo 'create_main_cluster = false' | "${sudo[@]}" tee "$no_server" >/dev/null
  fi
  local done=yes
  { "${sudo[@]}" apt-get update -q && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${packages[@]}"; } >build/apt.log 2>&1 </dev/null || done=no
  "${sudo[@]}" rm -f "$no_server"
  if [ $done = no ]; then
    tail -n 5 build/apt.log >&2
    fail "${names%, } could not be installed; the whole output is in build/apt.log"
  fi
}
