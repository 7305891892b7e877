#!/usr/bin/env bash
# Downloads newer servers on Debian 12: packages of a newer Debian, unpacked with the libraries that they were built with. Debian 13
# has Redis 8.0 and Valkey 8.1, testing has newer ones. The system is not changed, root is not needed, and a second run only prints
# the paths.
#
#   newer-servers.sh [redis|valkey] [testing]      prints the path of this server, or of both
#
# The servers are stored in .cache/newer-servers, or in the folder that NEWER_SERVERS names.
set -euo pipefail

case ${2:-} in '') suite=trixie ;; testing) suite=testing ;; *) echo 'usage: newer-servers.sh [redis|valkey] [testing]' >&2; exit 1 ;; esac
dir=${NEWER_SERVERS:-$(cd "$(dirname "$0")/.." && pwd)/.cache/newer-servers}${2:+/$2}
servers=(${1:-redis valkey})

if ! grep -qs '^VERSION_ID="12"' /etc/os-release || ! grep -qs '^ID=debian' /etc/os-release; then
  cat >&2 <<'END'
newer-servers.sh supports Debian 12 only. On other systems use Docker:
  REDIS_TEST_IMAGE=redis:8-alpine npm run test:docker
  REDIS_TEST_IMAGE=valkey/valkey:8-alpine npm run test:docker
or a server of your own: REDIS_TEST_SERVER=/path/to/redis-server npm test
END
  exit 1
fi

# Downloads packages from this system's own mirror.
download() {
  local mirror source=$1/source.list
  mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "bookworm" { print $2; exit }')
  [ -n "$mirror" ] || { echo 'newer-servers.sh: apt has no Debian 12 mirror; try apt-get update' >&2; exit 1; }
  mkdir -p "$1"/{lists/partial,cache/archives/partial}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$source"
  local apt=(apt-get -qq -o "Dir::Etc::SourceList=$source" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$1/lists"
             -o "Dir::Cache=$1/cache" -o APT::Sandbox::User="$(id -un)")
  "${apt[@]}" update >&2
  (cd "$1" && "${apt[@]}" download "${@:2}" >&2)
}

# Each server runs with the loader and the libraries of its own release.
unpack() {
  local server=$1 home=$dir/$1 package loader
  for package in "$work/$server"-*.deb "$work"/lib*.deb "$work"/zlib*.deb; do dpkg-deb -x "$package" "$home.part"; done
  loader=$(cd "$home.part" && echo usr/lib/*-linux-gnu*/ld-linux-*.so.*)
  for program in server cli; do
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' \
      "$home/$loader" "$home/$(dirname "$loader")" "$home/usr/bin/$server-$program" >"$home.part/$server-$program"
    chmod +x "$home.part/$server-$program"
  done
  mv "$home.part" "$home"
}

if [ ! -x "$dir/redis/redis-server" ] || [ ! -x "$dir/valkey/valkey-server" ]; then
  rm -rf "$dir/redis" "$dir/valkey"
  work=$dir/work
  download "$work" redis-server redis-tools valkey-server valkey-tools \
    libc6 libatomic1 libjemalloc2 liblzf1 libssl3t64 libsystemd0 libstdc++6 libgcc-s1 libcap2 libzstd1 zlib1g
  unpack redis
  unpack valkey
  rm -rf "$work"
fi
for server in "${servers[@]}"; do echo "$dir/$server/$server-server"; done
