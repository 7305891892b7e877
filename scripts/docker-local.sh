#!/usr/bin/env bash
# Starts a separate Docker engine, as root, for the tests that need one. Its data, socket and state are in one folder under the
# temp folder, so the machine's own Docker is not affected. Needs dockerd (Debian: docker.io).
#
#   docker-local.sh start    starts the engine if it does not run, makes the image, prints DOCKER_HOST
#   docker-local.sh image    makes the image respire-redis:local from the installed redis-server, without a registry
#   docker-local.sh stop     stops the engine and removes the folder
#
# RESPIRE_DOCKER_DIR names another folder, for more than one engine.
set -euo pipefail

dir=${RESPIRE_DOCKER_DIR:-${TMPDIR:-/tmp}/respire-docker}
image=respire-redis:local
export DOCKER_HOST=unix://$dir/docker.sock

fail() { echo "docker-local: $*" >&2; exit 1; }
answers() { docker version >/dev/null 2>&1; }

start() {
  [ "$(id -u)" = 0 ] || fail 'only root can start an engine'
  for program in dockerd docker redis-server; do
    command -v $program >/dev/null || fail "no $program on PATH (Debian: apt-get install docker.io redis-server)"
  done
  if ! answers; then
    mkdir -p "$dir"
    if [ ! -e /sys/class/net/docker0 ]; then iptables -S FORWARD | head -n 1 >"$dir/forward-policy"; fi
    dockerd --host "$DOCKER_HOST" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" \
      >"$dir/dockerd.log" 2>&1 </dev/null &
    local engine=$! tries=0
    until answers; do
      kill -0 $engine 2>/dev/null || fail "dockerd ended: $(grep -E 'level=(error|fatal)|^failed' "$dir/dockerd.log" | tail -n 1)"
      [ $((tries += 1)) -lt 100 ] || { stop; fail 'dockerd does not answer'; }
      sleep 0.2
    done
  fi
  docker image inspect $image >/dev/null 2>&1 || image
  echo "DOCKER_HOST=$DOCKER_HOST"
}

# The image contains the server, redis-cli, a shell and their libraries: about 20 MB.
image() {
  local root programs=(redis-server redis-cli dash cat sleep)
  root=$(mktemp -d)
  mkdir -p "$root"/{usr/bin,data,tmp,etc,proc,sys,dev}
  chmod 1777 "$root/data" "$root/tmp"
  ln -s usr/bin "$root/bin"
  for program in "${programs[@]}"; do
    cp -L "$(command -v "$program")" "$root/usr/bin/$program"
    ldd "$root/usr/bin/$program" | grep -oE '/[^ ]+'
  done | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
  ln -s dash "$root/usr/bin/sh"
  ln -s redis-server "$root/usr/bin/redis-sentinel"
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  tar -C "$root" -cf - . | docker import --change 'ENV PATH=/usr/bin' --change 'WORKDIR /data' --change 'EXPOSE 6379' \
    --change 'ENTRYPOINT ["redis-server"]' --change 'CMD ["--protected-mode","no","--save",""]' - $image >/dev/null
  rm -rf "$root"
}

stop() {
  [ -d "$dir" ] || return 0
  if [ -s "$dir/dockerd.pid" ]; then
    local engine
    engine=$(<"$dir/dockerd.pid")
    kill "$engine" 2>/dev/null || true
    while kill -0 "$engine" 2>/dev/null; do sleep 0.1; done
  fi
  if [ -s "$dir/forward-policy" ]; then forget_network; fi
  awk -v dir="$dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do umount "$mount"; done
  rm -rf "$dir"
}

# dockerd leaves its bridge and its packet filter rules behind. They are removed if there were none before.
forget_network() {
  iptables-save | awk '
    /^\*/ { print; chains = "" }
    /^:DOCKER/ { chains = chains "-X " substr($1, 2) "\n" }
    /^-A .*(DOCKER|docker0)/ { sub(/^-A/, "-D"); print }
    /^COMMIT/ { printf "%s", chains; print }' | iptables-restore --noflush
  iptables $(<"$dir/forward-policy")
  ip link delete docker0 || true
}

case ${1:-} in
  start | image | stop) "$1" ;;
  *) fail 'usage: docker-local.sh start|image|stop' ;;
esac
