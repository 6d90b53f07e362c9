import Arguments
import Basics
import Catalog
import EventLog
import FoundationEssentials

/// `modelcast bench latency`: from the moment an event is due to the moment its prediction is read.
struct BenchLatencyCommand: Command {
    static let model = Option(
        "model", optional: .modelReference, help: "The model that `modelcast score` is started with.")
    static let delivery = Option(
        "delivery", .choice(["exactly-once", "at-least-once"]), default: "exactly-once",
        help: "What `modelcast score` is started with.")
    static let scorer = Option(
        "scorer", optional: .text, valueName: "COMMAND",
        help: "A shell command that scores instead of `modelcast score`.")
    static let rate = Option(
        "rate", .number(in: 1...1_000_000), valueName: "N", default: "5000", help: "Events per second.")
    static let time = Option("time", .duration, default: "30s", help: "How long is measured.")
    static let warmUp = Option(
        "warm-up", .duration, default: "5s", help: "How long is waited after the first answer.")
    static let features = Option(
        "features", .integer(in: 1...10_000), default: "30", help: "Numbers an event.")
    static let spec = CommandSpec(
        "latency", abstract: "Measure a scoring service: scheduled send to committed prediction.",
        discussion: """
            Two topics are made for each run, with four partitions. Events are sent on a schedule, whether \
            answers come or not; a latency is from the moment an event was due to the moment a reader of \
            committed records has the record with its key.

            The service runs as a process of its own: `modelcast score`, or COMMAND, which finds \
            MODELCAST_BENCH_INPUT, MODELCAST_BENCH_OUTPUT, MODELCAST_BENCH_GROUP and MODELCAST_BENCH_BROKER \
            in its environment and is ended by SIGTERM.
            """,
        options: [model, delivery, scorer, rate, time, warmUp, features] + CommonOptions.all,
        examples: [
            .init(
                "modelcast bench latency --model trees --rate 5000 --time 30s",
                "The latency of `modelcast score` at 5000 events a second.")
        ])

    let common: CommonOptions
    let command: String
    let rate: Double
    let time: Duration
    let warmUp: Duration
    let features: Int

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        rate = try values[Self.rate]
        time = try values[Self.time]
        warmUp = try values[Self.warmUp]
        features = try values[Self.features]
        let delivery = try values[Self.delivery]
        switch (try values[Self.scorer], try values[Self.model]) {
        case (let given?, nil):
            command = given
        case (nil, let model?):
            command =
                "\(BenchService.ownCommand) score --model \(BenchService.quoted(model.description)) "
                + "--delivery \(delivery) --input $MODELCAST_BENCH_INPUT --output $MODELCAST_BENCH_OUTPUT "
                + "--group $MODELCAST_BENCH_GROUP --log-level warning"
        default:
            throw UsageError(
                .conflict, "either --model or --scorer is needed",
                hint: "--model names what `modelcast score` is measured with.")
        }
    }

    func run() async throws {
        let name = "bench-\(UUID().uuidString.prefix(8).lowercased())"
        let input = try TopicName("\(name).events")
        let output = try TopicName("\(name).predictions")
        let outcome = try await common.withLog("bench") { log in
            try await log.create(
                [input, output].map { TopicDefinition(name: $0, partitions: 4, retention: .seconds(3_600)) })
            return try await measure(log, input: input, output: output, group: name)
        }
        try finish(outcome)
    }

    private struct Result: Sendable {
        var probe: LatencyProbe.Outcome
        var repeated: Int
        var processorTime: Duration
    }

    private func measure(
        _ log: any EventLog, input: TopicName, output: TopicName, group: String
    ) async throws -> Result {
        let replies = LatencyReplies()
        let isOver = StopSignal()
        // From the first record on: the topic is new.
        let reader = try await log.reader(
            ReaderOptions(
                start: Dictionary(
                    uniqueKeysWithValues: (0..<4).map { (TopicPartition(output, Int32($0)), .earliest) })))
        let service = try await BenchService(
            command,
            environment: [
                "MODELCAST_BENCH_INPUT": input.text, "MODELCAST_BENCH_OUTPUT": output.text,
                "MODELCAST_BENCH_GROUP": group, "MODELCAST_BROKER": common.broker.url.description,
                "MODELCAST_BENCH_BROKER": common.broker.url.description,
                "MODELCAST_TOPIC_PREFIX": common.broker.topicPrefix,
            ])
        let probe = LatencyProbe(
            log: log, input: input, output: output, features: features, rate: rate, warmUp: warmUp,
            time: time)
        async let reading: Void = read(reader, replies, until: isOver)
        let outcome: Swift.Result<LatencyProbe.Outcome, any Error>
        do {
            outcome = .success(try await probe.run(replies, isAlive: { !service.hasEnded() }))
        } catch {
            outcome = .failure(error)
        }
        isOver.raise()
        let processorTime = await service.end(by: .seconds(10))
        let ended: Swift.Result<Void, any Error>
        do { ended = .success(try await reading) } catch { ended = .failure(error) }
        await reader.close(deadline: CommonOptions.closeDeadline)
        try ended.get()
        return Result(probe: try outcome.get(), repeated: replies.repeated, processorTime: processorTime)
    }

    private func read(
        _ reader: any PartitionReader, _ replies: LatencyReplies, until isOver: StopSignal
    ) async throws {
        try await withTaskExecutorPreference(ThreadExecutor(name: "bench-read")) {
            var batch = RecordBatch()
            while !isOver.isRaised {
                batch.removeAll()
                let outcome = try await reader.read(
                    into: &batch, limit: ReadLimit(), wait: .milliseconds(100))
                if case .records = outcome { replies.note(batch, at: MonotonicTime.now) }
            }
        }
    }

    private func finish(_ result: Result) throws {
        let probe = result.probe
        let latencies = probe.latencies
        try common.output.summary(
            "bench latency",
            [
                JSON.Member("rate", .rounded(rate)), JSON.Member("events", JSON(probe.events)),
                JSON.Member("unanswered", JSON(probe.unanswered)),
                JSON.Member("repeated", JSON(result.repeated)),
            ] + latencies.members + [
                JSON.Member("sendDelayP99Ms", .rounded(Double(probe.sendDelays.value(0.99)) / 1e6)),
                JSON.Member("sendDelayMaxMs", .rounded(Double(probe.sendDelays.max) / 1e6)),
                JSON.Member("cpuSeconds", .rounded(result.processorTime.seconds)),
            ],
            "\(Units.count(probe.events)) events at \(Units.rate(rate)): p50 \(latencies.text(0.5)), p99 "
                + "\(latencies.text(0.99)), p99.9 \(latencies.text(0.999)), most \(latencies.text(1))")
        if probe.unanswered > 0 {
            throw CommandError(
                .child, "\(probe.unanswered) of \(probe.events) events were not answered",
                hint: "the service's own output says why", recovery: .fixInput)
        }
    }
}
