internal import Basics
public import Crypto
public import Snapshots

/// What a subscription does next: a pure value that is told what the catalog wants and what came of the
/// work, and says what to do. It never gives up the version that runs for one that has not passed every
/// check.
public struct SubscriptionMachine: Sendable, Hashable {
    /// A version to run: two with the same number and other bytes are two.
    public struct Target: Sendable, Hashable {
        /// The version.
        public var version: ModelVersion
        /// Its snapshot's digest.
        public var digest: Digest
    }

    /// Where the subscription stands.
    public enum Phase: String, Sendable, CaseIterable {
        /// The catalog has nothing to follow yet, and nothing runs.
        case waiting
        /// Chunks are being fetched.
        case fetching
        /// The model is read, compiled, and its golden rows are scored.
        case verifying
        /// Memory is touched.
        case warming
        /// What the catalog wants is what runs.
        case live
        /// What the catalog wants was refused; what ran before goes on.
        case refused
    }

    /// One try to bring a version live; answers to an earlier one are stale.
    typealias Attempt = Int

    /// What happened.
    enum Event: Sendable, Hashable {
        /// The catalog wants this version; nil: none that can be fetched.
        case wanted(Target?)
        case fetched(Attempt)
        case verified(Attempt)
        case warmed(Attempt)
        /// With `passes`, the same may succeed later.
        case failed(Attempt, passes: Bool)
        /// The delay of an earlier `retry` is over.
        case retryDue(Attempt)
    }

    /// What to do.
    enum Action: Sendable, Hashable {
        case fetch(Target, Attempt)
        case verify(Attempt)
        case warm(Attempt)
        /// Put it in the slot.
        case activate(Target, Attempt)
        /// Stop the work of this attempt and drop what it brought.
        case cancel(Attempt)
        /// Say that the version is refused for good.
        case refuse(Target, Attempt)
        /// Say that the version is late, and come back with `retryDue`.
        case retry(Target, Attempt, after: Duration)
    }

    private struct Work: Sendable, Hashable {
        var target: Target
        var attempt: Attempt
        var phase: Phase
    }

    /// The version that runs.
    private(set) var running: Target?
    /// The version that the catalog wants.
    private(set) var wanted: Target?
    /// Versions that failed, so that they are not tried again.
    private(set) var failures: FailedVersions
    private var work: Work?
    private var attempts = 0

    /// Nothing runs, nothing is wanted.
    init(failures: FailedVersions = FailedVersions()) {
        self.failures = failures
    }

    /// Where the subscription stands.
    public var phase: Phase {
        if let work { return work.phase }
        guard let wanted, wanted != running else { return running == nil ? .waiting : .live }
        return failures.isRefused(wanted) ? .refused : .waiting
    }

    /// Takes in what happened; returns what to do, in order.
    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .wanted(let target):
            wanted = target
            return replan()
        case .fetched(let attempt):
            return advance(attempt, from: .fetching, to: .verifying, .verify(attempt))
        case .verified(let attempt):
            return advance(attempt, from: .verifying, to: .warming, .warm(attempt))
        case .warmed(let attempt):
            guard let work, work.attempt == attempt, work.phase == .warming else { return [] }
            self.work = nil
            running = work.target
            failures.forget(work.target)
            return [.activate(work.target, attempt)]
        case .failed(let attempt, let passes):
            return fail(attempt, passes: passes)
        case .retryDue(let attempt):
            guard let work, work.attempt == attempt, work.phase == .waiting else { return [] }
            return start(work.target)
        }
    }

    private mutating func replan() -> [Action] {
        let step = UpdatePlan.next(
            running: running, wanted: wanted, working: work?.target, refused: failures.isRefused)
        switch step {
        case .goOn:
            return []
        case .stay:
            defer { work = nil }
            return work.map { [.cancel($0.attempt)] } ?? []
        case .fetch(let target):
            let cancel = work.map { [Action.cancel($0.attempt)] } ?? []
            return cancel + start(target)
        }
    }

    private mutating func start(_ target: Target) -> [Action] {
        attempts += 1
        work = Work(target: target, attempt: attempts, phase: .fetching)
        return [.fetch(target, attempts)]
    }

    private mutating func advance(
        _ attempt: Attempt, from: Phase, to: Phase, _ action: Action
    ) -> [Action] {
        guard work?.attempt == attempt, work?.phase == from else { return [] }
        work?.phase = to
        return [action]
    }

    private mutating func fail(_ attempt: Attempt, passes: Bool) -> [Action] {
        guard let work, work.attempt == attempt else { return [] }
        guard passes else {
            self.work = nil
            failures.refuse(work.target)
            return [.refuse(work.target, attempt)]
        }
        self.work?.phase = .waiting
        return [.retry(work.target, attempt, after: failures.delay(work.target))]
    }
}
