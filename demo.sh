#!/bin/bash
# Shows what floatprobe does, on a bare Debian 12: installs what the build needs, builds, and takes less than a minute
# from there. Where it may make network namespaces it builds a provider's network and breaks it; elsewhere it keeps to
# loopback addresses. Leaves nothing behind but the build directory.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
# shellcheck disable=SC1091,SC2154
. .ci/packages.sh

install_packages "${build_packages[@]}" "${lab_packages[@]}"
echo "building" >&2
cmake -S . -B build >/dev/null
cmake --build build -j "$(nproc)" --target floatprobe floatprobed >/dev/null

CI='' tests/lab/demo.py build/bin || {
	[ $? = 77 ] && tests/lab/demo.py build/bin loopback
}
