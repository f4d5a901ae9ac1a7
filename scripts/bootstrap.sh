# Sourced by ./omote and ./check: makes .venv and installs the package into it, once, and again when pyproject.toml changed.
# Sets PYTHON to the environment's interpreter. EXTRAS names the optional dependencies wanted (empty or "[dev]").
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PYTHON="$root/.venv/bin/python"
stamp="$root/.venv/installed${EXTRAS:-}"
wanted=$(sha256sum "$root/pyproject.toml" | cut -c1-64)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  if [ ! -x "$PYTHON" ]; then
    for candidate in "${OMOTE_PYTHON:-}" python3 python3.13 python3.12 python3.11; do
      if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        "$candidate" -m venv "$root/.venv"
        break
      fi
    done
    [ -x "$PYTHON" ] || { echo "omote needs Python 3.11, 3.12 or 3.13; set OMOTE_PYTHON to one" >&2; exit 7; }
  fi
  echo "omote: installing into .venv (once; a few minutes) ..." >&2
  "$PYTHON" -m pip install --quiet --disable-pip-version-check --editable "$root${EXTRAS:-}" 2>&1 | { grep -v '^WARNING: Location' >&2 || true; }
  "$PYTHON" -c 'import omote.core.catalogue, av, torch' # a failed installation stops here, not in the middle of a job
  echo "$wanted" > "$stamp"
fi
