#!/bin/bash
# All tests, on a bare Debian 12: installs what is missing, builds with warnings as errors, and ends with ctest's
# summary. Needs root, or sudo, only for packages that are missing. With CI set nothing may be skipped.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
# shellcheck source=.ci/packages.sh
. .ci/packages.sh

jobs=$(nproc)

# build PRESET [TARGET...], in the directory of that preset
build() {
	local preset=$1 directory=build
	[ "$preset" = ci ] || directory=build-$preset
	shift
	cmake --preset "$preset" >/dev/null
	cmake --build "$directory" -j "$jobs" ${1:+--target "$@"} -- --no-print-directory -s
}

install_packages "${build_packages[@]}" "${lab_packages[@]}" "${test_packages[@]}"
echo "== what runs under AddressSanitizer and UndefinedBehaviorSanitizer"
build sanitize
ctest --test-dir build-sanitize --output-on-failure -j "$jobs" -L 'unit|vectors'
echo "== fuzzers, over their corpora"
build fuzz
ctest --test-dir build-fuzz --output-on-failure -j "$jobs" -L fuzz --no-tests=error
echo "== everything"
build ci
ctest --test-dir build --output-on-failure -j "$jobs" --no-tests=error
