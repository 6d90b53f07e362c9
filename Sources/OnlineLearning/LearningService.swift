public import Basics
internal import Catalog
public import EventLog
internal import Features
internal import Models
internal import Modelcast
internal import Snapshots
public import Telemetry

/// Learns from events as their labels arrive, and publishes a version every so many examples.
///
/// Its memory is in the versions it publishes: `learner.json` holds weights, waiting events and the next
/// offset of every partition. Whoever starts next goes on from the newest of these versions, so a crash
/// repeats and skips nothing, and the same log gives the same versions. One learner a model: a second one is
/// noticed when it publishes, and the first stops.
public struct LearningService: Sendable {
    private let log: any EventLog
    private let options: LearningOptions
    private let instruments: Instruments
    /// What the learner has done so far.
    public let progress = LearningProgress()

    /// A learner over `log`, whose topics must exist.
    public init(log: any EventLog, options: LearningOptions, instruments: Instruments = .disabled) {
        self.log = log
        self.options = options
        self.instruments = instruments
    }

    /// Learns until `stop` is raised, or, with `once`, until both topics are read to where they ended now.
    public func run(stop: StopSignal) async throws(LearningError) -> LearningSummary {
        do {
            var publisherOptions = PublisherOptions()
            publisherOptions.topics = options.topics
            publisherOptions.author = options.author
            publisherOptions.folders = options.folders
            publisherOptions.instruments = instruments
            let publisher = try await Publisher(log: log, options: publisherOptions)
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await learn(publisher, stop: stop))
            } catch {
                outcome = .failure(error)
            }
            await publisher.close()
            try outcome.get()
            return progress.summary
        } catch let error as LearningError {
            throw error
        } catch let error as any DescribedError {
            throw LearningError(
                .log, "learning \(options.model) stopped: \(error.message)",
                hint: error.hint.isEmpty ? "the next start goes on from the last version" : error.hint,
                recovery: error.recovery, cause: error)
        } catch {
            throw LearningError(
                .log, "learning \(options.model) stopped: \(error)", recovery: .restart, cause: error)
        }
    }

    private func learn(_ publisher: Publisher, stop: StopSignal) async throws {
        let (files, start, parent) = try await start(publisher)
        var session = LearningSession(
            options: options, files: files, state: start, parent: parent, publisher: publisher,
            progress: progress,
            instruments: instruments)
        let reader = try await log.reader(ReaderOptions(start: try await positions(start)))
        let outcome: Result<Void, any Error>
        do {
            try await read(reader, &session, stop: stop)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await reader.close(deadline: .seconds(5))
        try outcome.get()
    }

    private func read(_ reader: any PartitionReader, _ session: inout LearningSession, stop: StopSignal)
        async throws
    {
        var open = Set(try await positions(session.state).keys)
        var batch = RecordBatch()
        while !stop.isRaised {
            batch.removeAll()
            switch try await reader.read(
                into: &batch, limit: ReadLimit(records: 2_000), wait: .milliseconds(100))
            {
            case .records: try await session.take(batch)
            case .caughtUp(let places):
                open.subtract(places.keys)
                if options.once, open.isEmpty { return }
            case .assigned, .revoking, .idle: break
            }
        }
    }

    /// Where to read each partition of both topics on.
    private func positions(_ state: LearnerState) async throws -> [TopicPartition: StartPosition] {
        var positions: [TopicPartition: StartPosition] = [:]
        for topic in [options.topics.events, options.topics.labels] {
            guard let count = try await log.partitionCount(of: topic) else {
                throw LearningError(
                    .log, "there is no topic \(topic) in \(log.name)",
                    hint: "create it with `modelcast topics apply`", recovery: .fixConfiguration)
            }
            for number in 0..<count {
                let place = TopicPartition(topic, number)
                positions[place] = state.offsets[place].map { .offset($0) } ?? .earliest
            }
        }
        return positions
    }

    /// The newest version that a learner published, and its state; else a fresh state for the base's schema
    /// and pipeline.
    private func start(_ publisher: Publisher) async throws -> (LearnerFiles, LearnerState, ModelVersion?) {
        let catalog = try await publisher.follower.asOfNow()
        let learned = catalog.models[options.model]?.published.last(where: LearnerFiles.isLearned)
        let manifest: Manifest
        if let learned {
            manifest = learned
        } else {
            do throws(CatalogError) {
                manifest = try catalog.resolve(options.base ?? ModelReference(options.model))
            } catch {
                throw LearningError(
                    .noBase, "nothing to take schema and pipeline from: \(error.message)",
                    hint: "train or publish a first version, or name another model with --base",
                    recovery: .fixInput,
                    cause: error)
            }
        }
        let reader = SnapshotReader(log: log, topic: options.topics.chunks)
        let found = try await reader.read(manifest, files: LearnerFiles.isNeeded)
        await reader.close()
        let place = "\(manifest.model)@\(manifest.version)"
        let files = try LearnerFiles(found, of: place)
        let width = files.program.outputCount
        guard learned != nil, let bytes = found[LearnerFiles.statePath] else {
            instruments.emit(LearningStarted(model: options.model, base: place, examples: 0))
            let state = LearnerState(
                width: width, settings: options.settings, waitingMax: options.waitingMax,
                window: options.window)
            return (files, state, nil)
        }
        let state = try LearnerState(decoding: bytes, width: width)
        instruments.emit(LearningStarted(model: options.model, base: place, examples: state.learner.examples))
        return (files, state, manifest.version)
    }
}
