#!/bin/sh
# Makes or updates the environment that ./rove runs in.
#
#   bootstrap.sh ROOT RUN_STAMP TEST_STAMP
#
# ROOT/.venv ends up complete, with the stamps given (an empty TEST_STAMP leaves the test packages
# out), or not at all: a new environment is removed when something fails, and one whose making was
# killed carries the mark rove.making and is made again by the next start.
set -eu

root=$1 run_stamp=$2 test_stamp=$3
venv=$root/.venv
making=$venv/rove.making
log=$root/.rove/bootstrap.log
new=

say() { printf 'rove: %s\n' "$*" >&2; }
die() {
    say "$@"
    exit 2
}

# --- what the machine must have -------------------------------------------------------------

missing= packages=
lacks() {
    missing="$missing${missing:+, }$1"
    packages="$packages${packages:+ }$2"
}

supported_python() {
    "$1" -c 'import sys, sysconfig
fit = (3, 11) <= sys.version_info[:2] <= (3, 13) and sys.maxsize > 2**32
sys.exit(not fit or bool(sysconfig.get_config_var("Py_GIL_DISABLED")))' 2>/dev/null
}

find_python() {
    for name in ${ROVE_PYTHON:-python3 python3.12 python3.11 python3.13}; do
        if command -v "$name" >/dev/null && supported_python "$name"; then
            command -v "$name"
            return
        fi
    done
}

compiles() {
    echo 'int main() { return 0; }' | "$1" -x "$2" -o /dev/null - 2>/dev/null
}

has_gl() {
    "$python" -c 'import sys
sys.path.insert(0, sys.argv[1])
from rove_bringup.environment import has_gl
sys.exit(not has_gl())' "$root" 2>/dev/null
}

has_usb() { "$python" -c 'import ctypes; ctypes.CDLL("libusb-1.0.so.0")' 2>/dev/null; }

packaged_python() {
    for name in python3.12 python3.11 python3.13; do
        if apt-cache show "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo python3
}

check_python() {
    python=$(find_python)
    if [ -z "$python" ]; then
        name=$(packaged_python)
        lacks 'Python 3.11 to 3.13' "$name $name-venv $name-dev"
        return
    fi
    name=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        lacks "the venv module of $python" "$name-venv"
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.isfile(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' ||
        lacks "the headers of $python" "$name-dev"
}

check_machine() {
    missing= packages=
    check_python
    compiles "${CC:-cc}" c && compiles "${CXX:-c++}" c++ || lacks 'a C++ compiler' g++
    required=$missing
    if [ -n "$python" ] && ! has_gl; then
        lacks 'OpenGL through EGL (only the cameras need it)' \
            'libegl1 libgl1 libopengl0 libgl1-mesa-dri'
    fi
    if [ -n "$python" ] && [ -n "$test_stamp" ] && ! has_usb; then
        lacks 'libusb (only the tests of the RealSense camera need it)' libusb-1.0-0
    fi
}

# Runs the one command that installs what is missing, where that takes no password.
install_missing() {
    install="apt-get install -y --no-install-recommends $packages"
    command -v apt-get >/dev/null || { say "this machine lacks: $missing"; return; }
    may=
    if [ "$(id -u)" = 0 ]; then
        may=env
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        may=sudo install="sudo $install"
    else
        install="sudo $install"
    fi
    say "this machine lacks: $missing. The command that installs it:"
    say "    $install"
    [ -n "$may" ] || return 0
    say 'running it'
    apt="$may DEBIAN_FRONTEND=noninteractive apt-get"
    { $apt install -y --no-install-recommends $packages ||
        { $apt update && $apt install -y --no-install-recommends $packages; }; } >>"$log" 2>&1 ||
        say "it failed; see $log"
}

prepare_machine() {
    [ "$(uname -s)" = Linux ] && [ "$(uname -m)" = x86_64 ] ||
        die "rove runs on x86-64 Linux, this is $(uname -s) on $(uname -m)"
    check_machine
    if [ -n "$missing" ]; then
        install_missing
        check_machine
    fi
    [ -z "$required" ] || die "cannot go on without $required"
    [ -z "$missing" ] || say "going on without $missing"
}

# --- the environment ------------------------------------------------------------------------

# Only an environment made here may be removed.
ours() { [ -e "$making" ] || [ -e "$venv/rove-run.stamp" ]; }

outdated_for_good() {
    [ -e "$making" ] || [ ! -x "$venv/bin/python" ] ||
        [ "$(cut -d ' ' -f 2- "$venv/rove-run.stamp")" != "$root" ]
}

open_environment() {
    if [ -d "$venv" ] && ours && outdated_for_good; then
        say 'the environment is unfinished or has moved: making it again'
        rm -rf "$venv"
    fi
    if [ ! -d "$venv" ]; then
        say "making .venv with $("$python" -V 2>&1) ($python); this takes a few minutes, once"
        mkdir "$venv"
        new=1
        : >"$making"
        "$python" -m venv "$venv" >>"$log" 2>&1 || failed 'making .venv'
    elif ours; then
        : >"$making"
    fi
    supported_python "$venv/bin/python" ||
        die "$venv was not made by rove and has no Python 3.11 to 3.13: move it away"
}

failed() {
    [ -n "$new" ] || rm -f "$making"
    tail -n 25 "$log" >&2
    die "$1 failed; the whole output is in $log"
}

pip() {
    step=$1
    shift
    say "$step"
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input install -q "$@" \
        >>"$log" 2>&1 || failed "$step"
}

# Until it is filled, an environment of ours is stamped as such, and as out of date.
fill_environment() {
    [ ! -e "$making" ] || printf 'none %s\n' "$root" >"$venv/rove-run.stamp"
    pip '[1/3] installing what rove runs on' --no-deps --no-compile \
        -r requirements/run.txt -r requirements/build.txt
    pip '[2/3] building the ROS messages' --no-deps --no-build-isolation --force-reinstall \
        ./rove_msgs
    pip '[3/3] installing rove' --no-deps --no-build-isolation -e .
    printf '%s\n' "$run_stamp" >"$venv/rove-run.stamp"
}

add_tests() {
    rm -f "$venv/rove-test.stamp"
    pip 'installing what the tests need (PyTorch is large)' \
        -r requirements/run.txt -r requirements/build.txt -r requirements/test.txt
    pip 'installing dex-retargeting' --no-deps --ignore-requires-python -r requirements/hands.txt
    printf '%s\n' "$test_stamp" >"$venv/rove-test.stamp"
}

# Removes a new environment that is not complete. An older one that an interrupted update left
# in doubt keeps the mark, and the next start makes it again.
close() {
    status=$?
    trap - EXIT
    [ "$status" = 0 ] || [ -z "$new" ] || rm -rf "$venv"
    exit "$status"
}

mkdir -p "$root/.rove"
cd -- "$root"
if command -v flock >/dev/null; then
    exec 9>"$root/.rove/bootstrap.lock"
    flock 9
fi
: >"$log"
trap close EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
export PATH="$venv/bin:$PATH" PIP_REQUIRE_VIRTUALENV=1 PIP_USER=0

prepare_machine
open_environment
[ "$(cat "$venv/rove-run.stamp" 2>/dev/null)" = "$run_stamp" ] || fill_environment
[ -z "$test_stamp" ] || [ "$(cat "$venv/rove-test.stamp" 2>/dev/null)" = "$test_stamp" ] ||
    add_tests
rm -f "$making"
new=
say 'the environment is ready'
