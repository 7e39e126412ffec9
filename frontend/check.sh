#!/usr/bin/env bash
# Types, lint, and whether dist/ is what src/ and styles/ build to. `check.sh --lint` leaves the building out.
# Where npm is missing, or cannot fetch its packages, one line says so, and nothing is checked.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
  echo "frontend: not checked, there is no npm here"
  exit 0
fi
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then
  if ! npm ci --silent --no-audit --no-fund; then
    echo "frontend: not checked, npm cannot fetch what package-lock.json names"
    exit 0
  fi
  touch node_modules
fi
npm run --silent check
[ "${1:-}" = --lint ] && exit 0
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
node build.mjs "$built/dist"
if ! diff -r dist "$built/dist" >/dev/null; then
  echo "frontend: dist/ is not what src/ and styles/ build to. Run npm run build in frontend/ and commit dist/."
  exit 1
fi
