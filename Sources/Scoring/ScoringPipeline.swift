internal import Basics
internal import EventLog
internal import Modelcast
internal import Telemetry

/// The loop of the scoring service: read, score, and let two lanes take turns, one gathering while the other
/// commits.
///
/// One task runs it; the commit of a lane is a child task beside it. When a transaction ends is decided here:
/// as soon as the one before is committed, so that a quiet stream has short transactions and a backlog has
/// long ones. What must be committed, and where to start again after a failure, is decided by
/// `TransactionLedger`.
///
/// Confined to the task that calls `run`.
final class ScoringPipeline {
    private typealias Commits = TaskGroup<Result<Void, LogError>>

    private let options: ScoringOptions
    private let log: any EventLog
    private let reader: any GroupReader
    private let slot: ModelSlot
    private let progress: ScoringProgress
    private let instruments: Instruments
    private let stop: StopSignal

    private var ledger: TransactionLedger
    private var once: OncePlan?
    private let scorer: EventScorer
    private var model: LoadedModel
    private var modelGeneration: UInt64
    private var input = RecordBatch()
    private var output: RecordBatch
    /// The lane that gathers; the other one commits or rests.
    private var lanes: (gathering: any OutputLane, committing: any OutputLane)
    private var laneIsOpen = false
    private var hasBegun = false
    private var tally = ScoringTally()
    private var sealedTally = ScoringTally()
    private var commitIsDone = StopSignal()
    private var sealedAt = ContinuousClock.now
    private var failures = FailureStreak()
    /// What was read and not committed, as far as a failure left it so.
    private(set) var uncommitted = UncommittedEvents()
    private var lastGroupCheck = ContinuousClock.now
    private var report: ScoringReport

    /// A pipeline that scores with what `slot` holds; it must hold a model.
    init(
        options: ScoringOptions, log: any EventLog, reader: any GroupReader,
        lanes: (any OutputLane, any OutputLane), slot: ModelSlot, model: LoadedModel, partitions: Int32,
        once: OncePlan?, progress: ScoringProgress, instruments: Instruments, stop: StopSignal
    ) {
        self.options = options
        self.log = log
        self.reader = reader
        self.lanes = (lanes.0, lanes.1)
        self.slot = slot
        self.model = model
        modelGeneration = slot.generation
        self.once = once
        self.progress = progress
        self.instruments = instruments
        self.stop = stop
        ledger = TransactionLedger(topic: options.input, partitions: partitions)
        output = RecordBatch()
        scorer = EventScorer(options: options, output: &output)
        report = ScoringReport(instruments: instruments)
    }

    /// Scores until asked to stop, or until `--once` is done. Everything read is committed when it returns;
    /// when it throws, what is not committed is read again by whoever comes next.
    func run() async throws(LogError) {
        let result: Result<Void, LogError> = await withTaskGroup(of: Result<Void, LogError>.self) { commits in
            do throws(LogError) {
                try await loop(&commits)
                return .success(())
            } catch {
                await commits.waitForAll()
                return .failure(error)
            }
        }
        try result.get()
    }

    // MARK: The loop

    private func loop(_ commits: inout Commits) async throws(LogError) {
        while true {
            do throws(LogError) {
                if try await step(&commits) { return }
            } catch {
                uncommitted.note(ledger)
                try await recover(from: error, &commits)
            }
        }
    }

    /// One turn; true when everything is done.
    private func step(_ commits: inout Commits) async throws(LogError) -> Bool {
        let isEnding = stop.isRaised || once?.isDone == true
        if ledger.hasSealed,
            commitIsDone.isRaised || isEnding || ledger.openRecords >= options.limits.transactionRecordsMax
        {
            try await settle(&commits)
        }
        if !ledger.hasSealed {
            if ledger.hasOpen {
                try await seal(&commits)
                return false
            }
            if isEnding { return true }
            try await lookAtGroup()
        }
        input.removeAll()
        let outcome = try await reader.read(
            into: &input,
            limit: ReadLimit(records: options.limits.batchRecordsMax, bytes: options.limits.batchBytesMax),
            wait: ledger.hasSealed ? options.limits.commitPollWait : options.limits.idleWait)
        switch outcome {
        case .records:
            if !hasBegun { progress.begin() }
            hasBegun = true
            try await scoreInput()
        case .caughtUp(let positions):
            for (place, offset) in positions where place.topic == options.input {
                // A partition without one record used up needs no commit: only markers were passed.
                if once != nil { ledger.reach(place.partition, offset) }
                once?.reach(place.partition, offset)
            }
        case .assigned(let places):
            instruments.emit(PartitionsAssigned(places: places))
            try checkTopic(of: places)
        case .revoking(let places, let lost):
            instruments.emit(PartitionsRevoked(places: places, lost: lost))
            if lost {
                throw LogError(
                    .notAssigned, "partitions were lost before their records were committed",
                    severity: .abortable,
                    recovery: .retry)
            }
            try await drain(&commits)
        case .idle:
            break
        }
        if report.isDue { report.write(progress: progress, lag: await reader.lag()) }
        return false
    }

    /// A group hands a member that comes back under its name what it had before, even if that was another
    /// topic.
    private func checkTopic(of places: [TopicPartition]) throws(LogError) {
        guard let other = places.first(where: { $0.topic != options.input }) else { return }
        throw LogError(
            .configuration,
            "group \(options.group) gave \(options.instance) partitions of \(other.topic), "
                + "not of \(options.input)",
            hint: "use another group for another topic, or start again when the group's session has expired",
            recovery: .fixConfiguration)
    }

    /// Scores what was read, into the open transaction. The whole batch is scored with one version.
    private func scoreInput() async throws(LogError) {
        if slot.generation != modelGeneration {
            // The generation first: a swap between the two lines is seen again at the next batch.
            modelGeneration = slot.generation
            if let current = slot.current { model = current }
        }
        output.removeAll()
        scorer.score(input, with: model, into: &output, tally: &tally)
        for index in 0..<input.count {
            guard let place = input.place(at: index) else { continue }
            ledger.consume(place.partition.partition, place.offset)
            once?.reach(place.partition.partition, place.offset.next)
        }
        if !laneIsOpen {
            try await lanes.gathering.begin()
            laneIsOpen = true
        }
        try await lanes.gathering.add(output)
    }

    // MARK: Transactions

    /// Ends the open transaction and commits it beside the loop. The other lane gathers from here on.
    private func seal(_ commits: inout Commits) async throws(LogError) {
        if !laneIsOpen { try await lanes.gathering.begin() }
        let consumed = ConsumedOffsets(reader: reader, offsets: ledger.seal())
        (lanes.gathering, lanes.committing) = (lanes.committing, lanes.gathering)
        laneIsOpen = false
        sealedTally = tally
        tally = ScoringTally()
        commitIsDone = StopSignal()
        sealedAt = .now
        let (lane, done, deadline) = (lanes.committing, commitIsDone, options.limits.commitDeadline)
        let latency = report.commitSeconds
        commits.addTask {
            let began = ContinuousClock.now
            defer { done.raise() }
            while true {
                do throws(LogError) {
                    try await lane.finish(consumed)
                    latency.observe(began.duration(to: .now))
                    return .success(())
                } catch {
                    guard error.severity == .retriable, began.duration(to: .now) < deadline else {
                        return .failure(error)
                    }
                    // A cancelled sleep only makes the next try come sooner.
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    /// Waits for the sealed transaction.
    private func settle(_ commits: inout Commits) async throws(LogError) {
        guard ledger.hasSealed, let result = await commits.next() else { return }
        try result.get()
        ledger.settle()
        failures.reset()
        uncommitted = UncommittedEvents()
        progress.add(sealedTally)
        sealedTally = ScoringTally()
    }

    /// Commits everything that was read.
    private func drain(_ commits: inout Commits) async throws(LogError) {
        try await settle(&commits)
        guard ledger.hasOpen else { return }
        try await seal(&commits)
        try await settle(&commits)
    }

    /// Goes back to the first record that is not committed, after a failure that leaves the log usable.
    private func recover(from error: LogError, _ commits: inout Commits) async throws(LogError) {
        if error.severity == .fatal { throw error }
        // A commit that got no answer has waited for it since it began.
        let began = ledger.hasSealed ? sealedAt : .now
        try failures.note(error, since: began, giveUpAfter: options.limits.commitDeadline)
        instruments.emit(TransactionFailed(error: error))
        if ledger.hasSealed, case .success = await commits.next() {
            // The earlier transaction did commit; only the later one starts again.
            ledger.settle()
            progress.add(sealedTally)
        }
        // The earlier one first: after its abort the later one cannot commit.
        try await lanes.committing.abort()
        try await lanes.gathering.abort()
        laneIsOpen = false
        tally = ScoringTally()
        sealedTally = ScoringTally()
        let assigned = Set(await reader.assignment())
        let offsets = ledger.rewind().filter { assigned.contains($0.key) }
        for (place, offset) in offsets { once?.rewind(place.partition, offset) }
        if !offsets.isEmpty { try await reader.seek(to: offsets) }
        if error.severity == .retriable { try? await Task.sleep(for: failures.pause) }
    }

    // MARK: The end of --once

    /// Looks now and then at what other members of the group have committed: their partitions count too.
    private func lookAtGroup() async throws(LogError) {
        guard var plan = once, lastGroupCheck.duration(to: .now) > .milliseconds(250) else { return }
        lastGroupCheck = .now
        let own = Set(await reader.assignment().map(\.partition))
        let committed = try await log.committedOffsets(of: options.group, topic: options.input)
        for (partition, offset) in committed where !own.contains(partition) { plan.reach(partition, offset) }
        once = plan
    }
}

/// Failures in a row, without a commit between them.
struct FailureStreak {
    private var began: ContinuousClock.Instant?
    private var count = 0

    /// Throws `error`, of something that began at `start`, when nothing could be committed for `limit`.
    mutating func note(
        _ error: LogError, since start: ContinuousClock.Instant, giveUpAfter limit: Duration
    ) throws(LogError) {
        let first = began ?? start
        began = first
        count += 1
        guard first.duration(to: .now) < limit else { throw error }
    }

    /// A transaction was committed.
    mutating func reset() {
        began = nil
        count = 0
    }

    /// How long to wait before the next try: doubling from 20 ms to a second.
    var pause: Duration { .milliseconds(min(1_000, 20 << min(count, 6))) }
}
