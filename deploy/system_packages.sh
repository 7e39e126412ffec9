#!/usr/bin/env bash
# What the tests need of the system, installed where apt may be used. Where it may not, one line says what is
# missing; the tests that need it then say so themselves.
set -euo pipefail
missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v curl >/dev/null || missing+=(curl)
# Compilers of the languages that answers are written in, where jails see them.
for tool in gcc g++ javac:default-jdk-headless node:nodejs tsc:node-typescript go:golang-go rustc; do
  [ -x "/usr/bin/${tool%:*}" ] || [ -x "/usr/local/bin/${tool%:*}" ] || missing+=("${tool#*:}")
done
command -v crun >/dev/null || missing+=(crun)
command -v xgettext >/dev/null || missing+=(gettext)
fc-list 2>/dev/null | grep -qi "noto.*cjk" || missing+=(fontconfig fonts-noto-cjk)
command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
[ ${#missing[@]} -eq 0 ] && exit 0
command="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
  echo "· missing: ${missing[*]}. Only root may install them: sudo $command"
elif ! command -v apt-get >/dev/null; then
  echo "· missing: ${missing[*]}. There is no apt here: install them as this system does"
else
  echo "· installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  if ! said=$({ apt-get update -qq && $command -qq; } 2>&1); then
    echo "· missing: ${missing[*]}. apt cannot install them (${said##*$'\n'}): $command"
  fi
fi
