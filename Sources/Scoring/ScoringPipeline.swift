internal import Basics
internal import EventLog
internal import Modelcast
internal import Telemetry

/// The loop of the scoring service: score what was read while the next records come in, and let two lanes
/// take turns, one gathering while the other commits.
///
/// One task runs it. A read and a commit are child tasks beside it, and it waits for whichever ends first.
/// When a transaction ends is decided by `TransactionPolicy`; what must be committed, and where to start
/// again after a failure, by `TransactionLedger`.
///
/// Confined to the task that calls `run`.
final class ScoringPipeline {
    /// What a child task has brought.
    private enum Event: Sendable {
        case read(Result<ReadAhead.Outcome, LogError>)
        case committed(Result<Void, LogError>)
    }

    private typealias Work = TaskGroup<Event>

    private let options: ScoringOptions
    private let policy: TransactionPolicy
    private let log: any EventLog
    private let reader: any GroupReader
    private let ahead: ReadAhead
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
    private var isReading = false
    private var isBehind = false
    /// Whether a child task commits; the ledger has something sealed until that is also settled.
    private var isCommitting = false
    /// The lane that gathers; the other one commits or rests.
    private var lanes: (gathering: any OutputLane, committing: any OutputLane)
    private var laneIsOpen = false
    private var opened = ContinuousClock.now
    private var tally = ScoringTally()
    private var sealedTally = ScoringTally()
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
        policy = TransactionPolicy(options.limits, delivery: options.delivery)
        self.log = log
        self.reader = reader
        ahead = ReadAhead(
            reader,
            limit: ReadLimit(records: options.limits.batchRecordsMax, bytes: options.limits.batchBytesMax))
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
        let result: Result<Void, LogError> = await withTaskGroup(of: Event.self) { work in
            do throws(LogError) {
                try await loop(&work)
                return .success(())
            } catch {
                await work.waitForAll()
                return .failure(error)
            }
        }
        try result.get()
    }

    // MARK: The loop

    private func loop(_ work: inout Work) async throws(LogError) {
        while true {
            do throws(LogError) {
                if try await step(&work) { break }
            } catch {
                uncommitted.note(ledger, error)
                try await recover(from: error, &work)
            }
        }
        // Asked to stop before what had failed could be read again: whoever asked must learn of it.
        if stop.isRaised, let reason = uncommitted.reason { throw reason }
    }

    /// One turn; true when everything is done.
    private func step(_ work: inout Work) async throws(LogError) -> Bool {
        let isEnding = stop.isRaised || once?.isDone == true
        if !isEnding { try await lookAtLosses() }
        if !isCommitting {
            if ledger.hasOpen {
                if isEnding || policy.isOver(policyState) { try await seal(&work) }
            } else if isEnding, !isReading {
                return true
            } else {
                try await lookAtGroup()
            }
        }
        if !isEnding { readOn(&work) }
        // Something is under way: a full transaction is over, or waits for the one that commits.
        switch await work.next() {
        case .committed(let result): try settle(result)
        case .read(let result): try await take(result, &work)
        case nil: break
        }
        if report.isDue { report.write(progress: progress, lag: await reader.lag()) }
        return false
    }

    private var policyState: TransactionPolicy.State {
        TransactionPolicy.State(
            records: ledger.openRecords, age: ledger.hasOpen ? opened.duration(to: .now) : .zero,
            isCommitting: isCommitting, isBehind: isBehind)
    }

    /// Begins the next read, unless one is under way or the open transaction is full.
    private func readOn(_ work: inout Work, beside records: Int = 0) {
        guard !isReading, policy.takesMore(ledger.openRecords + records) else { return }
        isReading = true
        let wait = ledger.hasOpen ? policy.rest(policyState.age) : options.limits.idleWait
        // Not on the thread of this loop, which is busy scoring meanwhile.
        work.addTask(executorPreference: globalConcurrentExecutor) {
            [ahead, wait = min(wait, options.limits.idleWait)] in
            do throws(LogError) {
                return .read(.success(try await ahead.read(wait: wait)))
            } catch {
                return .read(.failure(error))
            }
        }
    }

    /// Takes what a read brought.
    private func take(
        _ result: Result<ReadAhead.Outcome, LogError>, _ work: inout Work
    ) async throws(LogError) {
        isReading = false
        let read = try result.get()
        isBehind = read.isBehind
        switch read.outcome {
        case .records:
            ahead.take(&input)
            progress.begin()
            // The next records come in while these are scored.
            if !stop.isRaised { readOn(&work, beside: input.count) }
            try await scoreInput()
        case .caughtUp(let positions):
            noteEnds(positions)
        case .assigned(let places):
            try noteAssigned(places)
        case .revoking(let places, let lost):
            instruments.emit(PartitionsRevoked(places: places, lost: lost))
            if lost {
                throw LogError(
                    .notAssigned, "partitions were lost before their records were committed",
                    severity: .abortable,
                    recovery: .retry)
            }
            // No read is under way: the next one gives the partitions up.
            try await drain(&work)
        case .idle:
            break
        }
    }

    private func noteEnds(_ positions: [TopicPartition: Offset]) {
        for (place, offset) in positions where place.topic == options.input {
            // A partition without one record used up needs no commit: only markers were passed.
            if once != nil {
                if !ledger.hasOpen { opened = .now }
                ledger.reach(place.partition, offset)
            }
            once?.reach(place.partition, offset)
        }
    }

    /// A group hands a member that comes back under its name what it had before, even if that was another
    /// topic.
    private func noteAssigned(_ places: [TopicPartition]) throws(LogError) {
        instruments.emit(PartitionsAssigned(places: places))
        // The group goes on: what this member lost is read by whoever has it now.
        uncommitted = UncommittedEvents()
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
        if !ledger.hasOpen { opened = .now }
        output.removeAll()
        scorer.score(input, with: model, into: &output, tally: &tally)
        consumeInput()
        if !laneIsOpen {
            try await lanes.gathering.begin()
            laneIsOpen = true
        }
        try await lanes.gathering.add(output)
    }

    /// Notes the input as used up by the open transaction: once for each run of records of one partition.
    private func consumeInput() {
        var index = 0
        while index < input.count {
            guard let partition = input.partition(at: index), let first = input.offset(at: index) else {
                index += 1
                continue
            }
            var last = first
            var records = 0
            while index < input.count, input.partition(at: index) == partition {
                last = input.offset(at: index) ?? last
                records += 1
                index += 1
            }
            ledger.consume(partition, from: first, through: last, records: records)
            once?.reach(partition, last.next)
        }
    }

    // MARK: Transactions

    /// Ends the open transaction and commits it beside the loop. The other lane gathers from here on.
    private func seal(_ work: inout Work) async throws(LogError) {
        if !laneIsOpen { try await lanes.gathering.begin() }
        let consumed = ConsumedOffsets(reader: reader, offsets: ledger.seal())
        (lanes.gathering, lanes.committing) = (lanes.committing, lanes.gathering)
        laneIsOpen = false
        sealedTally = tally
        tally = ScoringTally()
        isCommitting = true
        sealedAt = .now
        let (lane, deadline) = (lanes.committing, options.limits.commitDeadline)
        let latency = report.commitSeconds
        // Not on the thread of this loop: each step of a commit would wait for the batch that is scored.
        work.addTask(executorPreference: globalConcurrentExecutor) {
            let began = ContinuousClock.now
            while true {
                do throws(LogError) {
                    try await lane.finish(consumed)
                    latency.observe(began.duration(to: .now))
                    return .committed(.success(()))
                } catch {
                    guard error.severity == .retriable, began.duration(to: .now) < deadline else {
                        return .committed(.failure(error))
                    }
                    // A cancelled sleep only makes the next try come sooner.
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    /// The sealed transaction has ended.
    private func settle(_ result: Result<Void, LogError>) throws(LogError) {
        isCommitting = false
        try result.get()
        ledger.settle()
        failures.reset()
        uncommitted = UncommittedEvents()
        progress.add(sealedTally)
        sealedTally = ScoringTally()
    }

    /// Commits everything that was read.
    private func drain(_ work: inout Work) async throws(LogError) {
        while true {
            while isCommitting, let event = await work.next() {
                if case .committed(let result) = event { try settle(result) }
            }
            guard ledger.hasOpen else { return }
            try await seal(&work)
        }
    }

    /// Goes back to the first record that is not committed, after a failure that leaves the log usable.
    private func recover(from error: LogError, _ work: inout Work) async throws(LogError) {
        if error.severity == .fatal { throw error }
        // A commit that got no answer has waited for it since it began.
        let began = ledger.hasSealed ? sealedAt : .now
        try failures.note(error, since: began, giveUpAfter: options.limits.commitDeadline)
        instruments.emit(TransactionFailed(error: error))
        while isReading || isCommitting, let event = await work.next() {
            switch event {
            case .committed(let result):
                isCommitting = false
                // The earlier transaction did commit; only the later one starts again.
                if case .success = result {
                    ledger.settle()
                    uncommitted.inDoubt = 0
                    progress.add(sealedTally)
                }
            case .read(let result):
                isReading = false
                try discard(result)
            }
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
        try? await Task.sleep(for: failures.pause(after: error))
    }

    /// What a read brought while a transaction failed. Its records count as used up by what failed, so that
    /// they are read again too.
    private func discard(_ result: Result<ReadAhead.Outcome, LogError>) throws(LogError) {
        switch result {
        case .failure(let error):
            if error.severity == .fatal { throw error }
        case .success(let read):
            switch read.outcome {
            case .records:
                ahead.take(&input)
                consumeInput()
            case .caughtUp(let positions): noteEnds(positions)
            case .assigned(let places): try noteAssigned(places)
            case .revoking(let places, let lost):
                instruments.emit(PartitionsRevoked(places: places, lost: lost))
            case .idle: break
            }
        }
    }

    /// Gives up when what a failure left uncommitted came back to nobody for as long as a commit may take,
    /// and the log does not answer. When it does, the group goes on without this member.
    private func lookAtLosses() async throws(LogError) {
        guard let reason = uncommitted.reason, failures.hasLasted(options.limits.commitDeadline) else {
            return
        }
        do throws(LogError) {
            _ = try await log.committedOffsets(of: options.group, topic: options.input)
        } catch {
            throw reason
        }
        uncommitted = UncommittedEvents()
        failures.reset()
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
