# Debian packages: what building needs, and what the tests need besides. Sourced by test.sh and demo.sh.
# shellcheck shell=bash disable=SC2034

build_packages=(gcc libc6-dev cmake make pkg-config libuv1-dev libyaml-dev libsodium-dev libmnl-dev libjansson-dev libseccomp-dev
	libncurses-dev libmicrohttpd-dev libcmocka-dev)
lab_packages=(python3 iproute2 nftables conntrack keepalived procps util-linux ncat socat
	iputils-ping)
test_packages=(python3-nacl python3-jsonschema python3-scapy tshark faketime binutils clang lld libclang-rt-14-dev
	clang-format clang-tidy shellcheck mandoc irtt fping prometheus-blackbox-exporter zsh python3-pyte tmux chromium systemd
	python3-yaml dpkg-dev debhelper fakeroot lintian debootstrap systemd-container prometheus prometheus-alertmanager
	python3-prometheus-client curl)

# install PACKAGE...: those that are missing. Asks nothing of the network if none is.
install_packages() {
	local package missing=()
	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing ${missing[*]}" >&2
	as_root apt-get -qq update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" >/dev/null
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "needs root: $*" >&2
		return 1
	fi
}
