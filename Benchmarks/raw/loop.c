// A raw consume-and-produce loop over librdkafka: nothing is parsed and nothing is scored. For every record
// read, one record of a fixed size is written under the same key. What it reaches is what the client library,
// the kernel and the broker leave to a program that does work.
//
//   loop --bootstrap HOST:PORT --input TOPIC --output TOPIC --group GROUP --name NAME
//        [--partitions 0,1,2,3] [--records N] [--milliseconds T] [--at-least-once] [--value-bytes V] [--once]
//
// --records and --milliseconds end a transaction, whichever comes first. --at-least-once writes idempotently
// without transactions; the same two numbers then say when everything is flushed and the offsets are committed.
// --once ends at the end of the partitions; without it SIGTERM ends the loop. Partitions are assigned by hand: no rebalance is measured.
// The last line on standard output is one JSON object; times are taken from the first record read to the last
// commit, processor time (getrusage) likewise.
#include <getopt.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

enum { BATCH_MAX = 10000, PARTITIONS_MAX = 64, CALL_MS = 60000 };

static volatile sig_atomic_t stopping;

static void on_signal(int number) {
    (void)number;
    stopping = 1;
}

static void fail(const char *what, const char *why) {
    fprintf(stderr, "loop: %s: %s\n", what, why);
    exit(1);
}

static void check(rd_kafka_error_t *error, const char *what) {
    if (error) fail(what, rd_kafka_error_string(error));
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char text[512];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof text) != RD_KAFKA_CONF_OK) fail(name, text);
}

static double wall(void) {
    struct timeval now;
    gettimeofday(&now, NULL);
    return now.tv_sec + now.tv_usec / 1e6;
}

static double monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static double cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct options {
    const char *bootstrap, *input, *output, *group, *name, *partitions;
    long records, milliseconds, value_bytes;
    int once, at_least_once;
};

struct loop {
    struct options options;
    rd_kafka_t *consumer, *producer;
    rd_kafka_topic_t *output;
    rd_kafka_topic_partition_list_t *assigned;
    int64_t next[PARTITIONS_MAX];
    int ended[PARTITIONS_MAX];
    long lost;
};

static void delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
    (void)client;
    if (message->err) ((struct loop *)opaque)->lost++;
}

static void common(rd_kafka_conf_t *conf, const struct options *options) {
    set(conf, "bootstrap.servers", options->bootstrap);
    set(conf, "topic.metadata.refresh.fast.interval.ms", "50");
}

static void make_clients(struct loop *loop) {
    const struct options *options = &loop->options;
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    common(conf, options);
    set(conf, "group.id", options->group);
    set(conf, "isolation.level", "read_committed");
    set(conf, "enable.auto.commit", "false");
    set(conf, "enable.auto.offset.store", "false");
    set(conf, "enable.partition.eof", "true");
    set(conf, "auto.offset.reset", "earliest");
    // A smaller number makes 2.0.2 pause between fetches; the kilobytes bound the memory.
    set(conf, "queued.min.messages", "1000000");
    set(conf, "queued.max.messages.kbytes", "65536");
    set(conf, "fetch.wait.max.ms", "20");
    loop->consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (!loop->consumer) fail("consumer", text);
    rd_kafka_poll_set_consumer(loop->consumer);

    conf = rd_kafka_conf_new();
    common(conf, options);
    set(conf, "enable.idempotence", "true");
    set(conf, "linger.ms", "1");
    set(conf, "partitioner", "murmur2_random");
    set(conf, "retry.backoff.ms", "5");
    set(conf, "queue.buffering.max.messages", "500000");
    set(conf, "queue.buffering.max.kbytes", "131072");
    set(conf, "delivery.report.only.error", "true");
    rd_kafka_conf_set_opaque(conf, loop);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    if (!options->at_least_once) set(conf, "transactional.id", options->name);
    loop->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (!loop->producer) fail("producer", text);
    if (!options->at_least_once) check(rd_kafka_init_transactions(loop->producer, CALL_MS), "init_transactions");
    loop->output = rd_kafka_topic_new(loop->producer, options->output, NULL);
    if (!loop->output) fail("topic", options->output);
}

static void assign(struct loop *loop) {
    char *list = strdup(loop->options.partitions), *rest = list, *word;
    loop->assigned = rd_kafka_topic_partition_list_new(PARTITIONS_MAX);
    for (int index = 0; index < PARTITIONS_MAX; index++) loop->next[index] = -1, loop->ended[index] = 1;
    while ((word = strsep(&rest, ","))) {
        int number = atoi(word);
        if (number < 0 || number >= PARTITIONS_MAX) fail("partition", word);
        rd_kafka_topic_partition_list_add(loop->assigned, loop->options.input, number);
        loop->ended[number] = 0;
    }
    rd_kafka_resp_err_t code = rd_kafka_committed(loop->consumer, loop->assigned, CALL_MS);
    if (code) fail("committed", rd_kafka_err2str(code));
    for (int index = 0; index < loop->assigned->cnt; index++)
        if (loop->assigned->elems[index].offset < 0)
            loop->assigned->elems[index].offset = RD_KAFKA_OFFSET_BEGINNING;
    code = rd_kafka_assign(loop->consumer, loop->assigned);
    if (code) fail("assign", rd_kafka_err2str(code));
    free(list);
}

// The offsets that were read up to.
static rd_kafka_topic_partition_list_t *offsets(struct loop *loop) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(loop->assigned->cnt);
    for (int index = 0; index < loop->assigned->cnt; index++) {
        int number = loop->assigned->elems[index].partition;
        if (loop->next[number] < 0) continue;
        rd_kafka_topic_partition_list_add(list, loop->options.input, number)->offset = loop->next[number];
    }
    return list;
}

static void commit(struct loop *loop) {
    rd_kafka_topic_partition_list_t *list = offsets(loop);
    if (!loop->options.at_least_once) {
        rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(loop->consumer);
        check(rd_kafka_send_offsets_to_transaction(loop->producer, list, group, CALL_MS), "send_offsets");
        check(rd_kafka_commit_transaction(loop->producer, CALL_MS), "commit_transaction");
        rd_kafka_consumer_group_metadata_destroy(group);
    } else {
        rd_kafka_resp_err_t code = rd_kafka_flush(loop->producer, CALL_MS);
        if (code) fail("flush", rd_kafka_err2str(code));
        code = rd_kafka_commit(loop->consumer, list, 0);
        if (code) fail("commit", rd_kafka_err2str(code));
    }
    if (loop->lost) fail("delivery", "records were lost");
    rd_kafka_topic_partition_list_destroy(list);
}

static void produce(struct loop *loop, const rd_kafka_message_t *message, const char *value) {
    while (rd_kafka_produce(loop->output, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, (void *)value,
                            loop->options.value_bytes, message->key, message->key_len, NULL) == -1) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            fail("produce", rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(loop->producer, 1);
    }
}

static int all_ended(const struct loop *loop) {
    for (int index = 0; index < PARTITIONS_MAX; index++)
        if (!loop->ended[index]) return 0;
    return 1;
}

static void run(struct loop *loop) {
    static rd_kafka_message_t *messages[BATCH_MAX];
    const struct options *options = &loop->options;
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(loop->consumer);
    char *value = malloc(options->value_bytes + 1);
    memset(value, 'x', options->value_bytes);
    long events = 0, open = 0, transactions = 0;
    double first = 0, last = 0, first_cpu = 0, last_cpu = 0, began = 0;
    while (!stopping && !(options->once && all_ended(loop) && open == 0)) {
        double now = monotonic_ms();
        long wait = open ? (long)(began + options->milliseconds - now) : 100;
        if (wait < 0) wait = 0;
        // The first message by itself: waiting for a full batch would add the wait to every record.
        ssize_t count = rd_kafka_consume_batch_queue(queue, wait, messages, 1);
        if (count > 0) {
            ssize_t more = rd_kafka_consume_batch_queue(queue, 0, messages + 1, BATCH_MAX - 1);
            if (more > 0) count += more;
        }
        for (ssize_t index = 0; index < count; index++) {
            rd_kafka_message_t *message = messages[index];
            if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                loop->ended[message->partition] = 1;
            } else if (message->err) {
                fail("read", rd_kafka_message_errstr(message));
            } else {
                if (!events) first = wall(), first_cpu = cpu();
                if (!open) {
                    if (!options->at_least_once) check(rd_kafka_begin_transaction(loop->producer), "begin");
                    began = monotonic_ms();
                }
                if (options->once) loop->ended[message->partition] = 0;
                produce(loop, message, value);
                loop->next[message->partition] = message->offset + 1;
                events++, open++;
                if (open >= options->records) commit(loop), open = 0, transactions++;
            }
            rd_kafka_message_destroy(message);
        }
        rd_kafka_poll(loop->producer, 0);
        int due = monotonic_ms() >= began + options->milliseconds || (options->once && all_ended(loop));
        if (open && due) commit(loop), open = 0, transactions++;
        if (events) last = wall(), last_cpu = cpu();
    }
    if (open) commit(loop), transactions++;
    double seconds = last - first;
    printf("{\"peer\":\"raw-c\",\"events\":%ld,\"transactions\":%ld,\"first\":%.3f,\"last\":%.3f,"
           "\"eventsPerSecond\":%.0f,\"cpuSeconds\":%.3f,\"cpuSecondsPer100k\":%.4f}\n",
           events, transactions, first, last, seconds > 0 ? events / seconds : 0, last_cpu - first_cpu,
           events ? (last_cpu - first_cpu) * 1e5 / events : 0);
    rd_kafka_queue_destroy(queue);
    free(value);
}

int main(int count, char **words) {
    struct loop *loop = calloc(1, sizeof *loop);
    struct options *options = &loop->options;
    *options = (struct options){.partitions = "0,1,2,3", .records = 10000, .milliseconds = 100,
                                .value_bytes = 120};
    static const struct option known[] = {
        {"bootstrap", 1, 0, 'b'}, {"input", 1, 0, 'i'}, {"output", 1, 0, 'o'}, {"group", 1, 0, 'g'},
        {"name", 1, 0, 'n'}, {"partitions", 1, 0, 'p'}, {"records", 1, 0, 'r'},
        {"milliseconds", 1, 0, 'm'}, {"value-bytes", 1, 0, 'v'}, {"once", 0, 0, '1'},
        {"at-least-once", 0, 0, 'a'}, {0, 0, 0, 0}};
    int letter;
    while ((letter = getopt_long(count, words, "", known, NULL)) != -1) {
        switch (letter) {
        case 'b': options->bootstrap = optarg; break;
        case 'i': options->input = optarg; break;
        case 'o': options->output = optarg; break;
        case 'g': options->group = optarg; break;
        case 'n': options->name = optarg; break;
        case 'p': options->partitions = optarg; break;
        case 'r': options->records = atol(optarg); break;
        case 'm': options->milliseconds = atol(optarg); break;
        case 'v': options->value_bytes = atol(optarg); break;
        case '1': options->once = 1; break;
        case 'a': options->at_least_once = 1; break;
        default: return 64;
        }
    }
    if (options->records < 1) fail("usage", "--records is 1 or more");
    if (!options->bootstrap || !options->input || !options->output || !options->group || !options->name)
        fail("usage", "--bootstrap, --input, --output, --group and --name are needed");
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    make_clients(loop);
    assign(loop);
    run(loop);
    rd_kafka_topic_destroy(loop->output);
    rd_kafka_destroy(loop->producer);
    rd_kafka_topic_partition_list_destroy(loop->assigned);
    rd_kafka_consumer_close(loop->consumer);
    rd_kafka_destroy(loop->consumer);
    free(loop);
    return 0;
}
