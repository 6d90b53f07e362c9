public import Basics
public import EventLog
public import Modelcast
internal import Snapshots
public import Telemetry

/// Scores an event stream with whatever version of a model is live, until it is told to stop.
///
/// It waits for a first version, takes over its instance's transactional ids (which aborts what a killed
/// predecessor left open), joins the group, and then scores: each input record ends as one prediction or one
/// dead letter. New versions are loaded by the subscription, off the scoring path; the pipeline takes them up
/// between two batches.
public struct ScoringService: Sendable {
    private let log: any EventLog
    private let slot: ModelSlot
    private let model: String
    private let options: ScoringOptions
    private let instruments: Instruments
    /// What the service has done so far; safe to read from any thread.
    public let progress = ScoringProgress()

    /// A service over `log` that scores with what `slot` holds: a subscription that the caller runs puts it
    /// there. `model` is what it follows, for messages.
    public init(
        log: any EventLog, slot: ModelSlot, following model: String, options: ScoringOptions,
        instruments: Instruments = .disabled
    ) {
        self.log = log
        self.slot = slot
        self.model = model
        self.options = options
        self.instruments = instruments
    }

    /// Scores until `stop` is raised, or, with `once`, until the input is read to where it ended now.
    /// Everything that was read is committed then. Throws when no version can be run or the log fails for
    /// good.
    public func run(stop: StopSignal) async throws(ScoringError) -> ScoringSummary {
        do throws(LogError) {
            return try await runOnThread(stop: stop)
        } catch {
            throw ScoringService.explain(error, options, log.name)
        }
    }

    private func runOnThread(stop: StopSignal) async throws(LogError) -> ScoringSummary {
        // A thread of its own: the loop must not wait behind other work of the pool.
        let thread = ThreadExecutor(name: "scoring")
        let result: Result<ScoringSummary, LogError> = await withTaskExecutorPreference(thread) {
            do throws(LogError) {
                return .success(try await score(stop: stop))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func score(stop: StopSignal) async throws(LogError) -> ScoringSummary {
        guard let partitions = try await log.partitionCount(of: options.input) else {
            throw LogError(
                .notFound, "there is no topic \(options.input) to score in \(log.name)",
                hint: "create it with `modelcast topics apply`", recovery: .fixConfiguration)
        }
        let plan = options.once ? OncePlan(watermarks: try await log.watermarks(of: options.input)) : nil
        guard let model = try await firstModel(stop: stop) else {
            return progress.summary
        }
        // The writers before the group: making them aborts what a killed predecessor left open, and only then
        // are the group's committed offsets the last ones.
        let lanes = try await makeLanes()
        let reader = try await log.groupReader(
            GroupOptions(
                group: options.group, topics: [options.input], instance: options.instance,
                sessionTimeout: options.limits.sessionTimeout))
        instruments.emit(
            ScoringStarted(
                model: model.name.text, version: Int(model.version.number), group: options.group,
                instance: options.instance))
        progress.setReady(true)
        let pipeline = ScoringPipeline(
            options: options, log: log, reader: reader, lanes: lanes, slot: slot, model: model,
            partitions: partitions, once: plan, progress: progress, instruments: instruments, stop: stop)
        // What waits for a log that does not answer ends when it is closed under it.
        let ending = Task {
            guard await Self.isOverdue(stop, options.limits.stopDeadline) else { return }
            await close(reader, lanes)
        }
        let outcome: Result<Void, LogError>
        do throws(LogError) {
            try await pipeline.run()
            outcome = .success(())
        } catch {
            outcome = .failure(owing(pipeline.uncommitted, error, stop))
        }
        progress.setReady(false)
        ending.cancel()
        // One deadline for both: what did not end when it was closed above is not waited for again.
        await ending.value
        await close(reader, lanes)
        try outcome.get()
        return progress.summary
    }

    /// Waits until `stop` has been raised for `limit`; false when cancelled before.
    private static func isOverdue(_ stop: StopSignal, _ limit: Duration) async -> Bool {
        do {
            while !stop.isRaised { try await Task.sleep(for: .milliseconds(50)) }
            try await Task.sleep(for: limit)
            return true
        } catch {
            return false
        }
    }

    private func close(_ reader: any GroupReader, _ lanes: (any OutputLane, any OutputLane)) async {
        let deadline = options.limits.closeDeadline
        async let closingReader: Void = reader.close(deadline: deadline)
        async let closingFirst: Void = lanes.0.close(deadline: deadline)
        async let closingSecond: Void = lanes.1.close(deadline: deadline)
        _ = await (closingReader, closingFirst, closingSecond)
    }

    /// `error` with what could not be committed.
    private func owing(_ uncommitted: UncommittedEvents, _ error: LogError, _ stop: StopSignal) -> LogError {
        let limit = options.limits.stopDeadline
        let isLate = error.code == .closed && stop.isRaised
        let reason =
            isLate
            ? "\(log.name) took no commit within \(limit.wholeMilliseconds) ms of being asked to stop"
            : error.message
        let owed = uncommitted.text
        return LogError(
            isLate ? .timedOut : error.code, owed.isEmpty ? reason : "\(reason); \(owed)",
            hint: [
                error.hint, owed.isEmpty ? "" : "what is not committed is read again by the next instance",
            ]
            .filter { !$0.isEmpty }.joined(separator: "; "),
            severity: error.severity, recovery: isLate ? .restart : error.recovery, cause: error)
    }

    /// Waits for a version; nil when the service is stopped before there is one.
    private func firstModel(stop: StopSignal) async throws(LogError) -> LoadedModel? {
        var announced = false
        while !stop.isRaised {
            if let model = slot.current { return model }
            if !announced { instruments.emit(WaitingForModel(model: self.model)) }
            announced = true
            do {
                try await Task.sleep(for: .milliseconds(5))
            } catch {
                throw LogError.closed("the scoring service")
            }
        }
        return nil
    }

    private func makeLanes() async throws(LogError) -> (any OutputLane, any OutputLane) {
        let writerOptions = WriterOptions(
            deliveryTimeout: options.limits.commitDeadline,
            transactionTimeout: options.limits.transactionTimeout)
        switch options.delivery {
        case .exactlyOnce:
            let id = "modelcast-score-\(options.group)-\(options.instance)"
            return (
                TransactionalLane(try await log.transactionalWriter(id: "\(id)-0", writerOptions)),
                TransactionalLane(try await log.transactionalWriter(id: "\(id)-1", writerOptions))
            )
        case .atLeastOnce:
            return (
                AcknowledgedLane(try await log.writer(writerOptions)),
                AcknowledgedLane(try await log.writer(writerOptions))
            )
        }
    }

    /// What a failure of the log means for the person who runs the service.
    private static func explain(
        _ error: LogError, _ options: ScoringOptions, _ name: String
    ) -> ScoringError {
        if error.code == .fenced {
            return ScoringError(
                .replaced, "another instance named \(options.instance) of group \(options.group) took over",
                hint: "give each running instance a name of its own (--instance)",
                recovery: .fixConfiguration,
                cause: error)
        }
        return ScoringError(
            .log, "scoring of \(options.input) in \(name) stopped: \(error.message)",
            hint: error.hint.isEmpty
                ? "events not committed are read again by the next instance" : error.hint,
            recovery: error.recovery, cause: error)
    }
}
