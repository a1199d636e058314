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
# Labs mostly wait: four times as many tests as there are processors keep these busy. With more, labs that keep time are
# late on a slow machine.
ctest --test-dir build --output-on-failure -j "$((4 * $(nproc)))" --no-tests=error
