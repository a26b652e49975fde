#!/usr/bin/env bash
# Puts mistakes into a copy of the program, one after the other, and counts how many of them the tests notice; the last
# line says it:
#
#     .cargo/mutants.sh           a sample: every thirty-second mistake there could be (about forty minutes on two cores)
#     .cargo/mutants.sh 3/4       the fourth quarter; 0/1 is all of them, which takes a day
#
# Which files, and which tests, is in mutants.toml. It needs cargo-mutants and cargo-nextest (cargo install … --locked).
# Those tests that need PostgreSQL are left out unless it runs beside one: ./test --with .cargo/mutants.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

part=${1:-0/32}
for tool in mutants nextest; do
    if ! cargo "$tool" --version >/dev/null 2>&1; then
        echo "not run: cargo-$tool is not installed (cargo install cargo-$tool --locked)"
        exit 69
    fi
done
out=$PWD/target/mutants
mkdir -p "$out"
# What is built is kept from one run to the next. The tests are taken to be green: `./test` says whether they are.
export CARGO_TARGET_DIR=$out/build CARGO_PROFILE_DEV_DEBUG=none

# Those that are not noticed are listed in $1/mutants.out/missed.txt; 2 says that there are some, 3 that some made the tests
# hang, which is noticed too. Anything else is no result.
make() {
    local folder=$1 status=0
    shift
    mkdir -p "$folder"
    cargo mutants --no-shuffle --baseline skip --timeout 400 --build-timeout 900 --colors never --output "$folder" "$@" ||
        status=$?
    ((status == 0 || status == 2 || status == 3)) || exit "$status"
}

count() { if [[ -s $out/$1/mutants.out/$2.txt ]]; then wc -l <"$out/$1/mutants.out/$2.txt"; else echo 0; fi; }

# The tests that stand beside the code are soon built and run, and notice most. What they do not is shown to the others.
make "$out/beside" --shard "$part" --sharding round-robin -- --lib
again=()
while IFS= read -r name; do
    again+=(--re "$(sed 's/[][\.*^$()+?{}|]/\\&/g' <<<"$name")")
done <"$out/beside/mutants.out/missed.txt"
rm -rf "$out/all"
((${#again[@]} == 0)) || make "$out/all" "${again[@]}"

missed=$(count all missed)
caught=$(($(count beside caught) + $(count beside timeout) + $(count beside missed) - missed))
if ((missed > 0)); then
    echo "not noticed:"
    sed 's/^/    /' "$out/all/mutants.out/missed.txt"
fi
share=$((100 * caught / (caught + missed)))
echo "$caught of $((caught + missed)), $share % (part $part)"
((share >= 90))
