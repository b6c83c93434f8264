#!/usr/bin/env bash
# Runs librdkafka's own test suite (the Debian source package) against Sluice's Kafka broker and prints a table of the outcomes.
#
#   eng/librdkafka-suite.sh [NUMBER...]     all tests that need a broker, or only those given (0012 0081 ...)
#
# LIBRDKAFKA_SUITE_DIR        where the source is fetched and built, and logs are kept (default: librdkafka-suite in the temporary directory)
# LIBRDKAFKA_SUITE_BOOTSTRAP  a broker that runs already, creates unknown topics, and gives them 4 partitions; then only the tests of
#                             the default scenario run. Unset starts Sluice on a free port, for each scenario anew
# LIBRDKAFKA_SUITE_TIMEOUT    seconds for one test before it is ended (default 120)
#
# LIBRDKAFKA_SUITE_DELAY      group.initial.rebalance.delay.ms of the broker that is started (default 0s; Kafka's own default is 3s)
#
# A test that fails is tried a second time: many of them measure time, and a busy machine is not the broker's fault.
#
# Needs Debian 12, and root (or sudo) the first time: it installs a compiler, header files and python3-confluent-kafka, which stands in for
# Kafka's own kafka-topics.sh where a test calls that.
set -euo pipefail
home="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
work="${LIBRDKAFKA_SUITE_DIR:-${TMPDIR:-/tmp}/librdkafka-suite}"
limit="${LIBRDKAFKA_SUITE_TIMEOUT:-120}"
mkdir -p "$work/bin" "$work/logs"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

fetch_and_build() {
  local packages=(g++ make dpkg-dev libssl-dev zlib1g-dev libzstd-dev liblz4-dev rapidjson-dev python3-confluent-kafka)
  local missing=()
  for package in "${packages[@]}"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  if [ ${#missing[@]} -gt 0 ]; then as_root apt-get install -y -q "${missing[@]}" >&2; fi
  if ! ls -d "$work"/librdkafka-[0-9]*/ >/dev/null 2>&1; then
    # The machine's own sources, asked for source packages, in a list of its own: the machine's stay as they are.
    mkdir -p "$work/apt/lists/partial" "$work/apt/parts"
    for list in /etc/apt/sources.list.d/*.sources; do
      if [ -f "$list" ]; then sed 's/^Types:.*/Types: deb-src/' "$list" > "$work/apt/parts/$(basename "$list")"; fi
    done
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
      if [ -f "$list" ]; then sed -n 's/^deb /deb-src /p' "$list" > "$work/apt/parts/$(basename "$list" .list).list"; fi
    done
    local apt=(-o Dir::Etc::sourcelist=- -o Dir::Etc::sourceparts="$work/apt/parts" -o Dir::State::lists="$work/apt/lists" -o APT::Sandbox::User=root)
    as_root apt-get update -q "${apt[@]}" >&2
    (cd "$work" && apt-get source -q "${apt[@]}" librdkafka >&2)
  fi
  source_dir="$(echo "$work"/librdkafka-[0-9]*/)"
  # Some tests ask for topics with three replicas, for no reason but their own cluster: they get one, as on any cluster of one.
  if ! grep -q 'replication_factor = 1;' "$source_dir/tests/test.c"; then
    sed -i '/^void test_create_topic(/,/^}/ s/int replication_factor) {/&\n        replication_factor = 1;/' "$source_dir/tests/test.c"
    grep -q 'replication_factor = 1;' "$source_dir/tests/test.c" || { echo "test_create_topic is not where it was in $source_dir/tests/test.c." >&2; exit 1; }
    rm -f "$source_dir/tests/test-runner"
  fi
  if [ ! -x "$source_dir/tests/test-runner" ]; then
    (cd "$source_dir" && ./configure --disable-gssapi && make -j"$(nproc)" libs && make -C tests -j"$(nproc)" test-runner) > "$work/logs/build.log" 2>&1 \
      || { tail -n 20 "$work/logs/build.log" >&2; exit 1; }
  fi
}

# What Kafka's tool of this name does, as far as the tests use it.
write_topics_tool() {
  cat > "$work/bin/kafka-topics.sh" <<'PY'
#!/usr/bin/python3
import argparse
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
a = argparse.ArgumentParser()
for flag in ("--create", "--alter", "--delete"): a.add_argument(flag, action="store_true")
a.add_argument("--bootstrap-server"); a.add_argument("--topic"); a.add_argument("--partitions", type=int, default=1)
a.add_argument("--replication-factor", type=int, default=1); a.add_argument("--config", action="append", default=[])
o = a.parse_args()
admin = AdminClient({"bootstrap.servers": o.bootstrap_server})
if o.create:
    done = admin.create_topics([NewTopic(o.topic, o.partitions, o.replication_factor, config=dict(c.split("=", 1) for c in o.config))])
elif o.alter:
    done = admin.create_partitions([NewPartitions(o.topic, o.partitions)])
else:
    done = admin.delete_topics([o.topic])
for future in done.values(): future.result(30)
PY
  chmod +x "$work/bin/kafka-topics.sh"
}

start_broker() { # auto-create
  broker_data="$(mktemp -d)"
  SLUICE_PORTS__KAFKA=0 SLUICE_PORTS__GATEWAY=0 SLUICE_PORTS__KAFKA_REST=0 SLUICE_PORTS__KINESIS=0 \
    SLUICE_KAFKA__DEFAULT_PARTITIONS=4 SLUICE_KAFKA__AUTO_CREATE_TOPICS="$1" SLUICE_KAFKA__INITIAL_REBALANCE_DELAY="${LIBRDKAFKA_SUITE_DELAY:-0s}" \
    "$home/sluice" up --data "$broker_data" > "$work/logs/broker-$1.log" 2>&1 &
  broker_pid=$!
  for _ in $(seq 600); do
    bootstrap="$(grep -oE 'kafka +127\.0\.0\.1:[0-9]+' "$work/logs/broker-$1.log" | grep -oE '127.*' || true)"
    if [ -n "$bootstrap" ]; then return; fi
    kill -0 "$broker_pid" 2>/dev/null || break
    sleep 0.2
  done
  cat "$work/logs/broker-$1.log" >&2
  echo "The broker did not start." >&2
  exit 1
}

stop_broker() {
  if [ -n "${broker_pid:-}" ]; then kill "$broker_pid" 2>/dev/null || true; wait "$broker_pid" 2>/dev/null || true; rm -rf "$broker_data"; fi
  broker_pid=""
}
trap stop_broker EXIT

# Why a test says nothing about a broker of this kind; empty when it applies.
not_applicable() {
  case "$1" in
    0016_client_swname) echo "reads the client's name through JMX of a Java broker" ;;
    0028_long_topicnames) echo "librdkafka's own known issue, skipped by it" ;;
    0047_partial_buf_tmout) echo "librdkafka's own known issue, skipped by it" ;;
    0052_msg_timestamps | 0092_mixed_msgver) echo "writes message formats 0 and 1, which Kafka 4 takes no more" ;;
    0097_ssl_verify) echo "needs the certificates of its own cluster tool" ;;
    0098_consumer_txn) echo "needs a Java producer" ;;
    0101_fetch_from_follower) echo "needs a second broker" ;;
    0109_auto_create_topics | 0115_producer_auth | 0119_consumer_auth) echo "needs an authorizer and kafka-acls.sh" ;;
    0126_oauthbearer_oidc) echo "needs an OIDC server" ;;
    0135_sasl_credentials) echo "needs a cluster with SASL" ;;
  esac
}

# 0081 ends at its first ACL subtest, which needs an authorizer: its other subtests run one by one.
subtests_of() {
  if [ "$1" != 0081 ]; then echo ""; return; fi
  echo unclean_destroy CreateTopics DeleteTopics CreatePartitions AlterConfigs DescribeConfigs DeleteRecords DeleteGroups ListConsumerGroups \
    DescribeConsumerGroups DeleteConsumerGroupOffsets AlterConsumerGroupOffsets ListConsumerGroupOffsets
}

run_once() { # number, scenario, log; sets status
  local subtest one=0
  status=0
  if [ -z "$(subtests_of "$1")" ]; then run_part "$1" "$2" "" > "$3" 2>&1 || status=$?; return; fi
  : > "$3"
  for subtest in $(subtests_of "$1"); do
    run_part "$1" "$2" "do_test_$subtest" > "$3.part" 2>&1 || one=$?
    cat "$3.part" >> "$3"
    if [ "$one" != 0 ]; then status=$one; return; fi
  done
}

run_part() { # number, scenario, subtest or nothing
  (cd "$source_dir/tests" && LD_LIBRARY_PATH=../src:../src-cpp RDKAFKA_TEST_CONF="$work/test.conf" KAFKA_PATH="$work" BROKERS="$bootstrap" TESTS="$1" \
    TEST_KAFKA_VERSION="${TEST_KAFKA_VERSION:-3.6.0}" TEST_SCENARIO="$2" SUBTESTS="${3:-}" timeout -k 5 "$limit" ./test-runner -L -p1)
}

run_test() { # number, scenario
  local log="$work/logs/$1-$2.log" status=0 names applicable="" tries=1
  # The names come from the list of tests, for one that hangs prints no table.
  names="$(broker_tests "$2" | grep "^$1_")"
  for name in $names; do if [ -z "$(not_applicable "$name")" ]; then applicable=yes; fi; done
  if [ -n "$applicable" ]; then
    run_once "$1" "$2" "$log"
    if [ "$status" != 0 ]; then
      mv "$log" "$log.first"
      run_once "$1" "$2" "$log"
      tries=2
    fi
  fi
  for name in $names; do
    local reason outcome
    reason="$(not_applicable "$name")"
    if [ -n "$reason" ]; then outcome="not applicable"
    elif [ "$status" = 124 ] || [ "$status" = 137 ]; then outcome=failed; reason="no end after $limit s"
    elif grep -aE " $name +\|" "$log" | grep -aq FAILED || ! grep -aqE " $name +\|" "$log"; then
      outcome=failed; reason="$(grep -aA2 'TEST FAILURE' "$log" | sed 's/\x1b\[[0-9;]*m//g' | sed -n 3p | cut -c1-150 || true)"
    elif grep -aE " $name +\|" "$log" | grep -aq PASSED; then outcome=passed; reason="$([ $tries = 1 ] || echo "at the second try")"
    else
      outcome="not applicable"; reason="skips itself: $(grep -aE "\[$name .*SKIPPING TEST: " "$log" | sed 's/.*SKIPPING TEST: //; s/\x1b\[[0-9;]*m//g' | head -n 1 || true)"
    fi
    printf '%s\t%s\t%s\n' "$name" "$outcome" "$reason" | tee -a "$work/results.tsv" >&2
  done
}

# Names of the tests of a scenario that need a broker.
broker_tests() {
  awk '/^struct test tests\[\]/ { on = 1 } /\{NULL\}\}/ { on = 0 } on' "$source_dir/tests/test.c" | tr '\n' ' ' | sed 's/_TEST(/\n&/g' \
    | sed -nE 's/^_TEST\(([0-9]{4}[a-z0-9_]*),(.*)$/\1 \2/p' | grep -v -E 'TEST_F_LOCAL|TEST_F_MANUAL' \
    | awk -v scenario="$1" '{ has = match($0, /scenario = "[^"]*"/); s = has ? substr($0, RSTART, RLENGTH) : "default"; if (index(s, scenario)) print $1 }'
}

fetch_and_build
write_topics_tool
: > "$work/results.tsv"
for scenario in default noautocreate; do
  if [ -n "${LIBRDKAFKA_SUITE_BOOTSTRAP:-}" ] && [ "$scenario" != default ]; then continue; fi
  numbers="$(broker_tests "$scenario" | cut -c1-4 | sort -u)"
  if [ $# -gt 0 ]; then numbers="$(comm -12 <(echo "$numbers") <(printf '%s\n' "$@" | sort -u))"; fi
  if [ -z "$numbers" ]; then continue; fi
  if [ -n "${LIBRDKAFKA_SUITE_BOOTSTRAP:-}" ]; then bootstrap="$LIBRDKAFKA_SUITE_BOOTSTRAP"; broker_pid=""
  else start_broker "$([ "$scenario" = default ] && echo true || echo false)"; fi
  printf 'metadata.broker.list=%s\ntest.topic.random=true\ntest.timeout.multiplier=2\n' "$bootstrap" > "$work/test.conf"
  for number in $numbers; do run_test "$number" "$scenario"; done
  stop_broker
done

echo "| test | outcome | |"
echo "|---|---|---|"
awk -F '\t' '{ printf "| %s | %s | %s |\n", $1, $2, $3 }' "$work/results.tsv"
awk -F '\t' '{ n[$2]++ } END { a = n["passed"] + n["failed"]
  printf "%d passed, %d failed, %d not applicable; %.1f %% of those that apply passed\n",
    n["passed"], n["failed"], n["not applicable"], a ? 100 * n["passed"] / a : 0 }' "$work/results.tsv"
