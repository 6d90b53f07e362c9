import Arguments
import Basics
import Configuration
import EventLog

/// A file of `topics/`: what a topic is for, and how it is created.
struct TopicDocument: Sendable, Equatable, Decodable {
    let name: String
    let purpose: String
    let key: String
    let value: String
    let partitions: Int32
    let cleanup: String
    /// A duration, or `forever`.
    let retention: String
    var replication: Int16?
    /// Further properties by Kafka's names.
    var properties: [String: String]?
    let writers: [String]
    let readers: [String]

    /// What to create, under a prefix.
    func definition(prefix: String, replication: Int16?) throws -> TopicDefinition {
        guard (1...10_000).contains(partitions) else {
            throw wrong("\(partitions) partitions", hint: "use 1 to 10000")
        }
        guard let policy = CleanupPolicy(rawValue: cleanup) else {
            throw wrong("cleanup '\(cleanup)'", hint: "use delete or compact")
        }
        return TopicDefinition(
            name: try TopicName(prefix + name), partitions: partitions, cleanup: policy,
            retention: try retentionTime(), replication: replication ?? self.replication,
            properties: properties ?? [:])
    }

    private func retentionTime() throws -> Duration? {
        if retention == "forever" { return nil }
        do {
            return try ValueParser<Duration>.duration.parse(retention)
        } catch {
            throw wrong("retention '\(retention)'", hint: "use \(error.expected), or forever")
        }
    }

    private func wrong(_ what: String, hint: String) -> CommandError {
        CommandError(
            .topicDefinition, "the definition of topic \(name) has \(what)", hint: hint, recovery: .fixInput)
    }
}

extension TopicDocument {
    /// The definitions of a folder: every file that ends in `.yaml` or `.yml`, by name.
    static func read(directory: String) throws -> [TopicDocument] {
        let names = try InputFile.names(in: directory, suffixes: [".yaml", ".yml"])
        var decoder = YAMLDecoder()
        decoder.suggest = { Suggestion.nearest(to: $0, among: $1) }
        return try names.map { try decoder.decode(TopicDocument.self, contentsOf: "\(directory)/\($0)") }
    }
}
