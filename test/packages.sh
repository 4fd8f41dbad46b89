#!/bin/bash
# packages.sh PACKAGE...: make sure that these Debian packages are installed.
#
# Touches nothing when all of them are.  Otherwise installs what is missing, as root or with sudo, and reads new package lists only
# when that fails.  A server package that comes in this way makes no database cluster: the private servers of the tests need none.
set -u

missing()
{
	local package
	for package in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
	done
}

give_up()
{
	echo "$1" >&2
	echo "missing packages: $(echo $(missing "${wanted[@]}"))" >&2
	echo "install them with: apt-get install $(echo $(missing "${wanted[@]}"))" >&2
	exit 1
}

apt_install()
{
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install "$@" </dev/null >"$log" 2>&1
}

install_or_update()
{
	apt_install "$@" && return
	echo "reading the package lists ..."
	"${sudo[@]}" apt-get -o DPkg::Lock::Timeout=300 -qq update </dev/null >"$log" 2>&1
	apt_install "$@"
}

wanted=("$@")
lacking=$(missing "$@")
[ -n "$lacking" ] || exit 0

sudo=()
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || give_up "neither root nor sudo: cannot install packages"
	sudo=(sudo)
	[ -t 0 ] || sudo=(sudo -n)
	"${sudo[@]}" true || give_up "sudo refuses: cannot install packages"
fi
command -v apt-get >/dev/null || give_up "this is no Debian: cannot install packages"

log=$(mktemp)
no_cluster=/etc/postgresql-common/createcluster.d/mlops-no-cluster.conf
placed=
tidy()
{
	[ -z "$placed" ] || "${sudo[@]}" rm -f "$no_cluster"
	rm -f "$log"
}
trap tidy EXIT
trap 'exit 130' INT TERM HUP

echo "installing" $lacking "..."
if echo "$lacking" | grep -qx 'postgresql-15'; then
	install_or_update postgresql-common || { cat "$log" >&2; give_up "postgresql-common cannot be installed"; }
	if [ ! -e "$no_cluster" ]; then
		"${sudo[@]}" mkdir -p "${no_cluster%/*}"
		echo "create_main_cluster = false" | "${sudo[@]}" tee "$no_cluster" >/dev/null
		placed=1
	fi
fi
install_or_update $lacking || { tail -n 20 "$log" >&2; give_up "apt-get failed"; }
[ -z "$(missing "$@")" ] || give_up "apt-get did not install everything"
