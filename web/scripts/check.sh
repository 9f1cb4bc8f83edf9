#!/usr/bin/env bash
# Checks the web client: types, the budget, and that web/dist is what a build of the sources gives, byte for byte.
set -euo pipefail
cd "$(dirname "$0")/.."
# Not npm ci: Vite 8.4 names an optional package for Windows that the registry does not have, which npm ci rejects. The lock file
# decides all the same.
npm install --no-save --ignore-scripts --no-audit --no-fund --silent
npm run --silent typecheck
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
npx vite build --outDir "$built" --logLevel warn
if ! diff -r dist "$built"; then
  echo "web/dist is not what the sources give: run npm run build in web/, and commit web/dist" >&2
  exit 1
fi
node scripts/budget.mjs
