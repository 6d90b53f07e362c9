public import EventLog

/// All that a learner knows: what it has learned, what still waits for its partner, and how far it has read.
///
/// It travels in the snapshot as `learner.json`, so that the next process goes on exactly where this snapshot
/// was made: nothing is repeated, nothing skipped, and a replay of the same offsets gives the same bytes.
public struct LearnerState: Sendable, Equatable {
    /// The weights and scales.
    public var learner: LogisticLearner
    /// Events and labels that wait.
    public var join: LabelJoin
    /// The last scores, each made before its example was learned.
    public var window: Prequential
    /// The next record to read of each partition.
    public var offsets: [TopicPartition: Offset]

    /// The state before the first record.
    public init(width: Int, settings: LogisticLearner.Settings, waitingMax: Int, window: Int) {
        learner = LogisticLearner(width: width, settings: settings)
        join = LabelJoin(waitingMax: waitingMax)
        self.window = Prequential(window: window)
        offsets = [:]
    }

    /// A state that was stored.
    public init(
        learner: LogisticLearner, join: LabelJoin, window: Prequential, offsets: [TopicPartition: Offset]
    ) {
        self.learner = learner
        self.join = join
        self.window = window
        self.offsets = offsets
    }

    /// Scores the examples, then learns from each, in the order of their labels in the log.
    public mutating func learn(_ examples: [LabelJoin.Example]) {
        for example in examples.sorted(by: { $0.moment < $1.moment }) {
            window.add(score: Float(learner.probability(example.row)), label: example.label)
            learner.learn(example.row, label: example.label)
        }
    }
}
