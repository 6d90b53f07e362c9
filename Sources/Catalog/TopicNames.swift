public import EventLog

/// The names of Modelcast's topics.
public struct TopicNames: Hashable, Sendable {
    /// Versions and aliases.
    public var catalog: TopicName
    /// The snapshots' bytes.
    public var chunks: TopicName
    /// Every change of a pointer, every activation.
    public var audit: TopicName
    /// What each consumer runs.
    public var fleet: TopicName
    /// Feature events.
    public var events: TopicName
    /// Labels of events.
    public var labels: TopicName
    /// Predictions.
    public var predictions: TopicName
    /// Events that could not be scored.
    public var deadLetter: TopicName

    /// The built-in names.
    public init() {
        catalog = "modelcast.catalog"
        chunks = "modelcast.chunks"
        audit = "modelcast.audit"
        fleet = "modelcast.fleet"
        events = "features.events"
        labels = "features.labels"
        predictions = "predictions"
        deadLetter = "predictions.dead-letter"
    }

    /// The built-in names, each behind `prefix`: `acme.` gives `acme.modelcast.catalog`. Throws
    /// `invalidTopic` when that is no topic name.
    public init(prefix: String) throws(LogError) {
        self.init()
        for path in TopicNames.paths {
            self[keyPath: path] = try TopicName(prefix + self[keyPath: path].text)
        }
    }

    /// All names, in the order of the wire format's table.
    public var all: [TopicName] { TopicNames.paths.map { self[keyPath: $0] } }

    private static var paths: [WritableKeyPath<TopicNames, TopicName>] {
        [\.catalog, \.chunks, \.audit, \.fleet, \.events, \.labels, \.predictions, \.deadLetter]
    }

    /// The topics as they are made where nobody has made them: what `topics/` holds for the built-in names.
    public var definitions: [TopicDefinition] {
        let day = Duration.seconds(86_400)
        return [
            TopicDefinition(name: catalog, partitions: 1, cleanup: .compact),
            TopicDefinition(name: chunks, partitions: 4, cleanup: .compact),
            TopicDefinition(name: audit, partitions: 1, retention: day * 3_650),
            TopicDefinition(name: fleet, partitions: 1, cleanup: .compact),
            TopicDefinition(name: events, partitions: 4, retention: day * 7),
            TopicDefinition(name: labels, partitions: 4, retention: day * 30),
            TopicDefinition(name: predictions, partitions: 4, retention: day * 30),
            TopicDefinition(name: deadLetter, partitions: 4, retention: day * 30),
        ]
    }

    /// The definitions of some topics, in the order given. Names that are not among these are left out.
    public func definitions(of names: [TopicName]) -> [TopicDefinition] {
        names.compactMap { name in definitions.first { $0.name == name } }
    }
}
