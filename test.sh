#!/bin/bash
# All tests, on a bare Debian 12: installs what is missing, builds with warnings as errors, and ends with ctest's
# summary. Needs root, or sudo, only for packages that are missing. With CI set nothing may be skipped.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
# shellcheck disable=SC1091,SC2154
. .ci/packages.sh

install_packages "${build_packages[@]}" "${lab_packages[@]}" "${test_packages[@]}"
cmake --preset ci >/dev/null
cmake --build build -j "$(nproc)" >/dev/null # warnings and errors are shown, progress is not
# Labs mostly wait: five times as many tests as there are processors keep these busy.
ctest --test-dir build --output-on-failure -j "$((5 * $(nproc)))" --no-tests=error
