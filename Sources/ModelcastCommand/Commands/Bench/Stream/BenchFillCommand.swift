import Arguments
import Basics
import EventLog

/// `modelcast bench fill`: a backlog of generated events.
struct BenchFillCommand: Command {
    static let topic = Option("topic", .topic, help: "The topic; made when it is missing.")
    static let events = Option(
        "events", .integer(in: 1...99_999_999), default: "1000000", help: "How many events.")
    static let features = Option(
        "features", .integer(in: 1...10_000), default: "30", help: "Numbers an event.")
    static let partitions = Option(
        "partitions", .integer(in: 1...1_000), default: "4", help: "Partitions of a topic that is made.")
    static let seed = Option("seed", .integer(in: 0...Int.max), default: "1", help: "Gives other numbers.")
    static let spec = CommandSpec(
        "fill", abstract: "Write a backlog of generated events, to measure services with.",
        discussion: """
            An event is {"id":"00000000","features":[0.1234,…]}, about 240 bytes with 30 features; the id is \
            also the record's key. The same seed gives the same events.
            """,
        options: [topic, events, features, partitions, seed] + CommonOptions.all,
        examples: [
            .init("modelcast bench fill --topic bench.events --events 2000000", "Two million events.")
        ])

    let common: CommonOptions
    let topic: TopicName
    let events: Int
    let features: Int
    let partitions: Int32
    let seed: UInt64

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        topic = try TopicName(try values[Self.topic])
        events = try values[Self.events]
        features = try values[Self.features]
        partitions = Int32(try values[Self.partitions])
        seed = UInt64(try values[Self.seed])
    }

    func run() async throws {
        try await common.withLog("bench") { log in
            if try await log.partitionCount(of: topic) == nil {
                try await log.create([TopicDefinition(name: topic, partitions: partitions)])
            }
            let began = ContinuousClock.now
            let filler = EventFiller(topic: topic, events: events, features: features, seed: seed)
            let bytes = try await filler.fill(log)
            let seconds = began.duration(to: .now).seconds
            let rate = Double(events) / seconds
            try common.output.summary(
                "bench fill",
                [
                    "topic": .string(topic.text), "events": JSON(events), "bytes": JSON(bytes),
                    "eventsPerSecond": .rounded(rate, places: 0),
                ],
                text: "\(Units.count(events)) events written to \(topic) (\(Units.rate(rate)))")
        }
    }
}
