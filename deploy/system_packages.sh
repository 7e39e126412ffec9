#!/usr/bin/env bash
# What the tests need of the system: a Chromium, fonts for Chinese, gettext. Installed where apt may be used.
set -euo pipefail
missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v xgettext >/dev/null || missing+=(gettext)
fc-list 2>/dev/null | grep -qi "noto.*cjk" || missing+=(fonts-noto-cjk)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "· installing ${missing[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" fontconfig >/dev/null
else
  echo "Missing: ${missing[*]}. Install them as root (apt install ${missing[*]}); the browser tests need them." >&2
  exit 1
fi
