import Arguments
import Basics
import EventLog

/// `modelcast topics list`: what topics the log has.
struct TopicsListCommand: Command {
    static let spec = CommandSpec(
        "list", abstract: "List the topics with their partitions and records.", options: CommonOptions.all)

    let common: CommonOptions

    init(values: Values) throws {
        common = try CommonOptions(values: values)
    }

    func run() async throws {
        try await common.withLog("topics") { log in
            let topics = try await log.topics().filter { $0.name.text.hasPrefix(common.broker.topicPrefix) }
            var rows: [(json: JSON, cells: [String])] = []
            for topic in topics {
                let marks = try await log.watermarks(of: topic.name)
                let span = marks.values.reduce(Int64(0)) { $0 + ($1.high.number - $1.low.number) }
                let cleanup = topic.cleanup?.rawValue
                rows.append(
                    (
                        [
                            "topic": .string(topic.name.text), "partitions": JSON(topic.partitions),
                            "cleanup": JSON(cleanup) { .string($0) }, "offsets": JSON(span),
                        ],
                        [
                            topic.name.text, String(topic.partitions), cleanup ?? "–", Units.count(span),
                        ]
                    ))
            }
            try common.output.table(
                [.text("topic"), .number("partitions"), .text("cleanup"), .number("offsets")], rows,
                empty: "no topics in \(log.name); `modelcast topics apply` creates them")
            try common.output.summary(
                "topics list", ["broker": .string(log.name), "topics": JSON(rows.count)])
        }
    }
}
