internal import Synchronization
public import Snapshots

/// What a learner has done in this run.
public struct LearningSummary: Sendable, Equatable {
    /// Events read.
    public var events = 0
    /// Labels read.
    public var labels = 0
    /// Events and labels that nothing could be learned from.
    public var unusable = 0
    /// Pairs learned; those since the last version are learned again by the next run.
    public var examples = 0
    /// The versions published.
    public var versions: [ModelVersion] = []
    /// Versions that the gate kept back.
    public var heldBack = 0
    /// The prequential metrics of the last version that was due.
    public var metrics: [String: Double] = [:]

    /// Nothing.
    public init() {}
}

/// What a running learner shows to the outside. Safe to use from any thread.
public final class LearningProgress: Sendable {
    private let state = Mutex(LearningSummary())

    /// Progress of a learner that has not begun.
    public init() {}

    /// What has been done.
    public var summary: LearningSummary { state.withLock { $0 } }

    func update(_ change: (inout LearningSummary) -> Void) {
        state.withLock { change(&$0) }
    }
}
