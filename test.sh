#!/bin/bash
# All tests, on a bare Debian 12: installs what is missing, builds with warnings as errors, and ends with ctest's
# summary. Needs root, or sudo, only for packages that are missing. With CI set nothing may be skipped.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
# shellcheck disable=SC1091,SC2154
. .ci/packages.sh

jobs=$(nproc)

# build PRESET DIRECTORY [TARGET]: warnings and errors are shown, progress is not.
build() {
	local preset=$1 directory=$2 target=${3:-all}
	cmake --preset "$preset" >/dev/null
	cmake --build "$directory" -j "$jobs" --target "$target" >/dev/null
}

install_packages "${build_packages[@]}" "${lab_packages[@]}" "${test_packages[@]}"
echo "== what runs under AddressSanitizer and UndefinedBehaviorSanitizer"
build sanitize build-sanitize
ctest --test-dir build-sanitize --output-on-failure -j "$((2 * jobs))" -L 'unit|vectors|fuzz|cli'
echo "== fuzzers, over their seeds"
build fuzz build-fuzz fuzzers
ctest --test-dir build-fuzz --output-on-failure -j "$jobs" -L fuzz --no-tests=error
echo "== everything"
build ci build
# The labs mostly wait: three times as many as there are processors keep these busy.
ctest --test-dir build --output-on-failure -j "$((3 * jobs))" --no-tests=error
