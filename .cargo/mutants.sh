#!/usr/bin/env bash
# Puts mistakes into a copy of the program, one after the other, and counts how many of them the tests notice; the last
# line says it:
#
#     .cargo/mutants.sh           a sample: every fortieth mistake there could be (about an hour on two cores)
#     .cargo/mutants.sh 3/4       the fourth quarter; 0/1 is all of them, which takes two days
#
# Which files, and which tests, is in mutants.toml. It needs cargo-mutants and cargo-nextest (cargo install … --locked).
# Those tests that need PostgreSQL are left out unless it runs beside one: ./test --with .cargo/mutants.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

part=${1:-0/40}
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
cargo mutants --shard "$part" --sharding round-robin --no-shuffle --baseline skip --timeout 400 --build-timeout 900 \
    --colors never --output "$out" && status=0 || status=$?
# 2: some were not noticed; 3: some made the tests hang, which is noticed. Anything else is no result.
((status == 0 || status == 2 || status == 3)) || exit "$status"

count() { if [[ -s $out/mutants.out/$1.txt ]]; then wc -l <"$out/mutants.out/$1.txt"; else echo 0; fi; }
caught=$(($(count caught) + $(count timeout)))
missed=$(count missed)
if ((missed > 0)); then
    echo "not noticed:"
    sed 's/^/    /' "$out/mutants.out/missed.txt"
fi
share=$((100 * caught / (caught + missed)))
echo "$caught of $((caught + missed)), $share % (part $part)"
((share >= 90))
