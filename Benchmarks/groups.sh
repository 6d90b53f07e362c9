# What the drivers of this folder share; sourced, not run. Bash 4 or later.
set -euo pipefail

benchmarks=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(dirname "$benchmarks")

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "$@"
    exit 1
}

# The program to measure: MODELCAST_PROGRAM, or the release build, which is brought up to date.
find_program() {
    if [ -z "${MODELCAST_PROGRAM:-}" ]; then
        swift build --package-path "$repository" -c release --product modelcast >&2
        MODELCAST_PROGRAM=$repository/.build/release/modelcast
    fi
    export MODELCAST_PROGRAM
}

# Starts a Kafka of this run's own, unless MODELCAST_BENCH_KAFKA names one that runs. Sets `kafka` to its
# URL, empty where there is none.
#   start_kafka FOLDER PORT
start_kafka() {
    kafka=${MODELCAST_BENCH_KAFKA:-}
    [ -z "$kafka" ] || return 0
    local beside=$repository/../shared/kafka/kafka
    if [ -z "${MODELCAST_KAFKA:-}" ] && [ -x "$beside" ]; then MODELCAST_KAFKA=$beside; fi
    if [ -z "${MODELCAST_KAFKA:-}" ]; then
        say "no Kafka: set MODELCAST_KAFKA to a script that starts one; only the embedded log is measured"
        return 0
    fi
    kafka_folder=$1
    "$MODELCAST_KAFKA" start --dir "$kafka_folder" --port "$2" >&2
    kafka=kafka://127.0.0.1:$2
}

stop_kafka() {
    [ -z "${kafka_folder:-}" ] || "$MODELCAST_KAFKA" stop --dir "$kafka_folder" >&2 || true
    kafka_folder=
}

# Runs `modelcast bench …` and appends its result lines to the group's file; the summary is left out.
#   measure GROUP WORD...
measure() {
    local group=$1
    shift
    say "modelcast bench $*"
    "$MODELCAST_PROGRAM" bench "$@" --format json </dev/null | grep -v '"summary":' >>"$results/$group.jsonl"
}
