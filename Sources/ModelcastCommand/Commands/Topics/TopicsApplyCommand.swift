import Arguments
import Basics
import Catalog
import Configuration
import EventLog

/// `modelcast topics apply`: creates the topics that are missing.
struct TopicsApplyCommand: Command {
    static let definitions = Option(
        "definitions", optional: .directory, valueName: "DIR",
        help: "A folder with one YAML file a topic (such as topics/); without it, the built-in definitions.")
    static let replication = Option(
        "replication", optional: .integer(in: 1...32),
        help: "Copies of each partition, whatever the definitions say; without it, the broker's default.")
    static let spec = CommandSpec(
        "apply", abstract: "Create the topics that do not exist yet.",
        discussion: """
            A topic that exists with another number of partitions or another cleanup policy is left alone \
            and reported; the command then ends with 1.
            """,
        options: [definitions, replication] + CommonOptions.all,
        examples: [
            .init(
                "modelcast topics apply --broker kafka://localhost:9092 --definitions topics",
                "Create on Kafka what topics/ says.")
        ])

    let common: CommonOptions
    let definitions: String?
    let replication: Int16?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        definitions = try values[Self.definitions]
        replication = try values[Self.replication].map { Int16($0) }
    }

    func run() async throws {
        let wanted = try wanted()
        try await common.withLog("topics") { log in
            let existing = Dictionary(
                try await log.topics().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            let outcomes = wanted.map { TopicOutcome(wanted: $0, existing: existing[$0.name]) }
            let missing = outcomes.filter { $0.status == .missing }.map(\.wanted)
            let created = missing.isEmpty ? [] : try await log.create(missing)
            try report(outcomes, created: created, log: log)
        }
    }

    private func wanted() throws -> [TopicDefinition] {
        guard let definitions else {
            return try common.topics.definitions.map { definition in
                var definition = definition
                definition.replication = replication
                return definition
            }
        }
        return try TopicDocument.read(directory: definitions).map {
            try $0.definition(prefix: common.broker.topicPrefix, replication: replication)
        }
    }

    private func report(_ outcomes: [TopicOutcome], created: [TopicName], log: any EventLog) throws {
        let rows = outcomes.map { outcome -> (json: JSON, cells: [String]) in
            let status = created.contains(outcome.wanted.name) ? "created" : outcome.words
            return (
                [
                    "topic": .string(outcome.wanted.name.text), "partitions": JSON(outcome.wanted.partitions),
                    "cleanup": .string(outcome.wanted.cleanup.rawValue), "status": .string(status),
                ],
                [
                    outcome.wanted.name.text, String(outcome.wanted.partitions),
                    outcome.wanted.cleanup.rawValue, status,
                ]
            )
        }
        try common.output.table(
            [.text("topic"), .number("partitions"), .text("cleanup"), .text("status")], rows,
            empty: "no definitions in \(definitions ?? "")")
        let differing = outcomes.filter { $0.status == .differs }
        try common.output.summary(
            "topics apply",
            [
                "broker": .string(log.name), "created": JSON(created.count),
                "existing": JSON(outcomes.count - created.count - differing.count),
                "differing": JSON(differing.count),
            ])
        if let first = differing.first {
            throw CommandError(
                .topicDefinition,
                "\(differing.count) of \(outcomes.count) topics exist with other settings: "
                    + "\(first.wanted.name) "
                    + "has \(first.found)",
                hint: "change the definition to what the log has, or use another --topic-prefix",
                recovery: .fixConfiguration)
        }
    }
}

/// What `topics apply` finds for one definition.
private struct TopicOutcome {
    enum Status {
        case missing
        case exists
        case differs
    }

    let wanted: TopicDefinition
    let existing: TopicDescription?

    var status: Status {
        guard let existing else { return .missing }
        let sameCleanup = existing.cleanup.map { $0 == wanted.cleanup } ?? true
        return existing.partitions == wanted.partitions && sameCleanup ? .exists : .differs
    }

    /// The settings that the log has.
    var found: String {
        guard let existing else { return "nothing" }
        return "\(existing.partitions) partitions"
            + (existing.cleanup.map { " and cleanup \($0.rawValue)" } ?? "")
    }

    var words: String {
        switch status {
        case .missing: "missing"
        case .exists: "exists"
        case .differs: "differs: \(found)"
        }
    }
}
