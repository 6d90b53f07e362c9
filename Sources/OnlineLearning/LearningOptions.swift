public import Catalog
public import Features
public import Modelcast
public import Snapshots

/// When a learner publishes a version.
public enum PublicationInterval: Sendable, Hashable {
    /// After so many labelled events.
    case examples(Int)
    /// After so much event time (by the labels' timestamps): never by the wall clock, so that a replay does
    /// the same.
    case eventTime(Duration)
}

/// How an online learner runs.
public struct LearningOptions: Sendable {
    /// The model whose versions it publishes.
    public var model: ModelName
    /// Where schema and pipeline come from while the model has no version of a learner; nil: the model's own
    /// newest one.
    public var base: ModelReference?
    /// All topics.
    public var topics: TopicNames
    /// When a version is published.
    public var interval: PublicationInterval
    /// An alias that follows each new version.
    public var alias: AliasName?
    /// Ends when both topics have been read to where they ended at the start.
    public var once: Bool
    /// The learner's steps, while there is no stored state.
    public var settings: LogisticLearner.Settings
    /// The most events, and the most labels, that wait for their partner.
    public var waitingMax: Int
    /// Examples of the prequential window.
    public var window: Int
    /// How events are laid out.
    public var layout: EventLayout
    /// Says what is wrong with the metrics of a version that is about to be published; empty: nothing.
    public var gate: @Sendable (_ metrics: [String: Double]) -> [String]
    /// Where the learner keeps what it may lose.
    public var folders: LocalFolders
    /// Who publishes, for the manifest; nil: user and host.
    public var author: String?

    /// A learner of `model`.
    public init(model: ModelName, topics: TopicNames = TopicNames(), interval: PublicationInterval) {
        self.model = model
        base = nil
        self.topics = topics
        self.interval = interval
        alias = nil
        once = false
        settings = LogisticLearner.Settings()
        waitingMax = 100_000
        window = 5_000
        layout = EventLayout()
        gate = { _ in [] }
        folders = .standard
        author = nil
    }
}
