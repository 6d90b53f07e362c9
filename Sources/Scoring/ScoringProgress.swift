public import Basics
internal import Synchronization

/// What a run has committed so far. Counts move when a transaction is committed, never before.
public struct ScoringTally: Sendable, Equatable {
    /// Events that ended as a prediction.
    public var predictions = 0
    /// Events that ended as a dead letter, by the number of the reason; empty while there is none.
    private var deadLetterCounts: [Int] = []
    /// Predictions by the version that made them.
    public var versions: [VersionCount] = []

    /// Nothing.
    public init() {}

    /// Predictions of one version.
    public struct VersionCount: Sendable, Equatable {
        /// The version.
        public var version: Int
        /// How many.
        public var predictions: Int
    }

    /// Events that ended as a dead letter, by reason.
    public var deadLetters: [String: Int] {
        var result: [String: Int] = [:]
        for reason in DeadLetterReason.allCases where reason.rawValue < deadLetterCounts.count {
            let count = deadLetterCounts[reason.rawValue]
            if count > 0 { result[reason.text] = count }
        }
        return result
    }

    /// Events that ended as a dead letter.
    public var deadLetterCount: Int { deadLetterCounts.reduce(0, +) }

    /// Input records: each became a prediction or a dead letter.
    public var events: Int { predictions + deadLetterCount }

    /// Notes predictions of `version`.
    mutating func add(predictions count: Int, version: Int) {
        guard count > 0 else { return }
        predictions += count
        if let index = versions.firstIndex(where: { $0.version == version }) {
            versions[index].predictions += count
        } else {
            versions.append(VersionCount(version: version, predictions: count))
        }
    }

    /// Notes what another tally has.
    mutating func add(_ other: ScoringTally) {
        for count in other.versions { add(predictions: count.predictions, version: count.version) }
        for (index, count) in other.deadLetterCounts.enumerated() where count > 0 {
            add(deadLetters: count, index)
        }
    }

    /// Notes a dead letter.
    mutating func add(_ reason: DeadLetterReason) { add(deadLetters: 1, reason.rawValue) }

    private mutating func add(deadLetters count: Int, _ index: Int) {
        if deadLetterCounts.isEmpty {
            deadLetterCounts = Array(repeating: 0, count: DeadLetterReason.allCases.count)
        }
        deadLetterCounts[index] += count
    }
}

/// What a running scoring service shows to the outside. Safe to use from any thread.
public final class ScoringProgress: Sendable {
    private struct State {
        var tally = ScoringTally()
        var firstCommit: [Int: Timestamp] = [:]
        var isReady = false
        var firstRead: ScoringMoment?
        var lastCommit: ScoringMoment?
        var transactions = 0
    }

    private let state = Mutex(State())

    /// Progress of a service that has not begun.
    public init() {}

    /// What has been committed.
    public var tally: ScoringTally { state.withLock { $0.tally } }

    /// Whether the service scores: a version is live and the group was joined.
    public var isReady: Bool { state.withLock { $0.isReady } }

    /// When the first prediction of `version` was committed; nil before.
    public func firstCommit(of version: Int) -> Timestamp? { state.withLock { $0.firstCommit[version] } }

    func setReady(_ isReady: Bool) {
        state.withLock { $0.isReady = isReady }
    }

    /// The first records were read.
    func begin() {
        let now = ScoringMoment.now
        state.withLock { if $0.firstRead == nil { $0.firstRead = now } }
    }

    /// A transaction was committed.
    func add(_ tally: ScoringTally) {
        let moment = ScoringMoment.now
        let now = moment.wall
        state.withLock { state in
            state.lastCommit = moment
            state.transactions += 1
            state.tally.add(tally)
            for count in tally.versions where state.firstCommit[count.version] == nil {
                state.firstCommit[count.version] = now
            }
        }
    }
}

/// A moment of a run.
public struct ScoringMoment: Sendable {
    /// The wall clock.
    public let wall: Timestamp
    /// Processor time that the process had used.
    public let processorTime: Duration
    fileprivate let instant: ContinuousClock.Instant

    static var now: ScoringMoment {
        ScoringMoment(wall: .now, processorTime: ProcessorTime.ofProcess, instant: .now)
    }
}

extension ScoringProgress {
    /// What the run has come to.
    var summary: ScoringSummary {
        state.withLock { state in
            ScoringSummary(
                tally: state.tally, transactions: state.transactions, firstRead: state.firstRead,
                lastCommit: state.lastCommit)
        }
    }
}

/// The end of a run.
public struct ScoringSummary: Sendable {
    /// What was committed.
    public let tally: ScoringTally
    /// Transactions, or commits of offsets where there are none.
    public let transactions: Int
    /// When the first records came; nil where none did.
    public let firstRead: ScoringMoment?
    /// When the last transaction was committed; nil without one.
    public let lastCommit: ScoringMoment?

    /// From the first records to the last commit.
    public var elapsed: Duration {
        guard let firstRead, let lastCommit else { return .zero }
        return firstRead.instant.duration(to: lastCommit.instant)
    }

    /// Processor time of the process in that time.
    public var processorTime: Duration {
        guard let firstRead, let lastCommit else { return .zero }
        return lastCommit.processorTime - firstRead.processorTime
    }

    /// Input records per second; 0 where nothing was done.
    public var eventsPerSecond: Double {
        tally.events == 0 || elapsed <= .zero ? 0 : Double(tally.events) / elapsed.seconds
    }
}
