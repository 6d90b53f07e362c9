internal import Basics
internal import EventLog

/// Collects examples until a version is due. A pure value: what is in a version depends on the records taken
/// alone.
///
/// The examples of a cut are learned in the order of their labels in the log, whatever the order in which
/// partitions were read; so the version is a function of the offsets that its manifest names.
struct LearningCut {
    private let interval: PublicationInterval
    private(set) var examples: [LabelJoin.Example] = []
    /// The label's time with which the cut began.
    private var began: Timestamp?

    init(interval: PublicationInterval) {
        self.interval = interval
    }

    /// Whether a version is due before a label of this time is taken.
    func isDue(before time: Timestamp) -> Bool {
        guard case .eventTime(let span) = interval, let began, !examples.isEmpty else { return false }
        return time.milliseconds - began.milliseconds >= span.wholeMilliseconds
    }

    /// Whether a version is due now.
    var isDue: Bool {
        guard case .examples(let count) = interval else { return false }
        return examples.count >= count
    }

    /// Notes a label's time.
    mutating func note(_ time: Timestamp) {
        if began == nil { began = time }
    }

    mutating func add(_ example: LabelJoin.Example) {
        examples.append(example)
    }

    /// Takes the examples and begins the next cut.
    mutating func take() -> [LabelJoin.Example] {
        defer {
            examples = []
            began = nil
        }
        return examples
    }
}
