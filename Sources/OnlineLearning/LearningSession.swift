internal import Basics
internal import Catalog
internal import EventLog
internal import Modelcast
internal import Models
internal import Snapshots
internal import Telemetry

/// One run of a learner: takes records, joins them, and publishes when a version is due. Confined to one
/// task.
struct LearningSession {
    private let options: LearningOptions
    private let files: LearnerFiles
    private let publisher: Publisher
    private let progress: LearningProgress
    private let instruments: Instruments
    private var feed: LearningFeed
    private var cut: LearningCut
    /// The newest version of a learner of this model, as far as this one knows.
    private var parent: ModelVersion?
    /// What a version that was due now would hold, but for the examples of the cut.
    private(set) var state: LearnerState
    /// The first record of each partition since the last version.
    private var firstOffsets: [TopicPartition: Offset]

    init(
        options: LearningOptions, files: LearnerFiles, state: LearnerState, parent: ModelVersion?,
        publisher: Publisher, progress: LearningProgress, instruments: Instruments
    ) {
        self.options = options
        self.files = files
        self.state = state
        self.parent = parent
        self.publisher = publisher
        self.progress = progress
        self.instruments = instruments
        feed = LearningFeed(files: files, layout: options.layout)
        cut = LearningCut(interval: options.interval)
        firstOffsets = state.offsets
    }

    /// Takes the records of `batch` one by one; a version that becomes due holds exactly the records before
    /// it.
    mutating func take(_ batch: RecordBatch) async throws {
        for index in 0..<batch.count {
            guard let place = batch.place(at: index) else { continue }
            let moment = LabelJoin.Moment(
                timestamp: batch.timestamp(at: index) ?? Timestamp(milliseconds: 0),
                partition: place.partition.partition.number, offset: place.offset.number)
            let item: LearningFeed.Item
            if place.partition.topic == options.topics.labels {
                if cut.isDue(before: moment.timestamp) { try await publish() }
                cut.note(moment.timestamp)
                item = feed.label(index, of: batch)
            } else {
                item = feed.event(index, of: batch)
            }
            if firstOffsets[place.partition] == nil { firstOffsets[place.partition] = place.offset }
            state.offsets[place.partition] = place.offset.next
            join(item, moment)
            if cut.isDue { try await publish() }
        }
    }

    private mutating func join(_ item: LearningFeed.Item, _ moment: LabelJoin.Moment) {
        let example: LabelJoin.Example?
        switch item {
        case .event(let id, let row):
            example = state.join.add(event: id, row: row, at: moment)
            progress.update { $0.events += 1 }
        case .label(let id, let label):
            example = state.join.add(label: label, of: id, at: moment)
            progress.update { $0.labels += 1 }
        case .unusable:
            example = nil
            progress.update { $0.unusable += 1 }
        }
        if let example { cut.add(example) }
    }

    /// Learns the examples of the cut and publishes what has been learned.
    private mutating func publish() async throws {
        let examples = cut.take()
        state.learn(examples)
        let metrics = prequentialMetrics()
        progress.update {
            $0.examples += examples.count
            $0.metrics = metrics
        }
        let problems = options.gate(metrics)
        guard problems.isEmpty else {
            progress.update { $0.heldBack += 1 }
            instruments.emit(VersionHeldBack(model: options.model, problems: problems))
            return
        }
        try await checkSuccession()
        let publication = try await publisher.publish(request(metrics))
        parent = publication.manifest.version
        firstOffsets = state.offsets
        progress.update { $0.versions.append(publication.manifest.version) }
        instruments.emit(
            VersionLearned(
                model: options.model, version: publication.manifest.version, examples: state.learner.examples,
                metrics: metrics))
    }

    /// Throws when another learner has published meanwhile: two of them would learn the same records twice.
    private func checkSuccession() async throws {
        let newest = try await publisher.follower.asOfNow().models[options.model]?.published
            .last(where: LearnerFiles.isLearned)?.version
        guard newest == parent else {
            throw LearningError(
                .replaced,
                "another learner has published \(options.model)@\(newest.map(\.description) ?? "?")",
                hint: "run one learner a model; this one's records since its last version are that one's too",
                recovery: .fixConfiguration)
        }
    }

    private func prequentialMetrics() -> [String: Double] {
        let metrics = state.window.metrics
        var named = ["accuracy": metrics.accuracy, "log_loss": metrics.logLoss]
        if let auc = metrics.auc { named["auc"] = auc }
        return named
    }

    private func request(_ metrics: [String: Double]) throws -> PublicationRequest {
        let snapshot = try files.snapshot(of: state)
        var request = PublicationRequest(
            model: options.model, modelFile: SnapshotFile(path: "model.json", source: .bytes(snapshot.model)),
            format: .nativeLinear)
        request.schema = .bytes(snapshot.schema)
        request.pipeline = .bytes(snapshot.pipeline)
        request.baseline = snapshot.baseline.map { .bytes($0) }
        request.golden = snapshot.golden.map { .bytes($0) }
        request.attachments = [
            LearnerState.fileName: .bytes(snapshot.state),
            "base-pipeline.json": .bytes(snapshot.basePipeline),
        ]
        request.metrics = metrics
        request.parameters = [
            LearnerFiles.kindKey: LearnerFiles.kind, "examples": String(state.learner.examples),
            "rate": String(state.learner.settings.rate), "decay": String(state.learner.settings.decay),
            "penalty": String(state.learner.settings.penalty),
        ]
        request.lineage = Lineage(
            parentVersion: parent,
            events: state.offsets.sorted { $0.key < $1.key }.map { place, next in
                Lineage.Span(partition: place, from: firstOffsets[place] ?? next, to: next)
            }.filter { $0.from < $0.to })
        request.alias = options.alias
        request.why = "learned from \(state.learner.examples) labelled events"
        return request
    }
}
