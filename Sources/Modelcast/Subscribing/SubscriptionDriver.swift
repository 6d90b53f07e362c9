internal import Basics
internal import Catalog
internal import Crypto
internal import EventLog
internal import Models
internal import Snapshots
internal import Telemetry

/// Obeys a `SubscriptionMachine`: fetches, loads, warms and swaps as it says, and reports.
actor SubscriptionDriver {
    typealias Target = SubscriptionMachine.Target

    private let reference: ModelReference
    private let slot: ModelSlot
    private let hub: UpdateHub
    private let follower: CatalogFollower
    private let reader: SnapshotReader
    private let loader: ModelLoader
    private let pace: WorkPace
    private let fleet: FleetReporter
    private let instruments: Instruments
    private let time: any TimeSource
    private var machine = SubscriptionMachine()
    /// What an attempt has brought so far, and when it was detected.
    private var manifests: [Target: Manifest] = [:]
    private var detected: [Target: Duration] = [:]
    private var files: [Int: [String: [UInt8]]] = [:]
    private var models: [Int: LoadedModel] = [:]
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var errors: [Int: ModelcastError] = [:]
    /// When each step of an attempt began, in their order.
    private var begun: [Int: [Duration]] = [:]
    private var lastUnavailable: ModelcastError?
    private var since: Timestamp?
    private var refusals: [FleetStatus.Refusal] = []
    private var audits: [AuditRecord] = []
    private var skipped: [FleetStatus.SkippedRecord] = []
    private var reportsSeen = 0
    private var isClosed = false

    /// Refusals, and skipped records, that the fleet topic is told: the newest.
    private static let refusalsReportedMax = 20

    init(
        reference: ModelReference, slot: ModelSlot, hub: UpdateHub, follower: CatalogFollower,
        reader: SnapshotReader, loader: ModelLoader, pace: WorkPace, fleet: FleetReporter,
        instruments: Instruments, time: any TimeSource
    ) {
        self.reference = reference
        self.slot = slot
        self.hub = hub
        self.follower = follower
        self.reader = reader
        self.loader = loader
        self.pace = pace
        self.fleet = fleet
        self.instruments = instruments
        self.time = time
    }

    /// Follows the catalog until the task is cancelled or the catalog's reader ends.
    func run() async {
        for await state in await follower.states() {
            if Task.isCancelled || isClosed { break }
            await take(state)
        }
        await close()
    }

    /// Stops the work. The model stays in the slot.
    func close() async {
        guard !isClosed else { return }
        isClosed = true
        for task in tasks.values { task.cancel() }
        tasks = [:]
        files = [:]
        models = [:]
        hub.finish()
        await reader.close()
        await fleet.leave(reference)
    }

    /// What the fleet topic says of this subscription.
    func status() -> FleetStatus.Subscription {
        let running = machine.running
        return FleetStatus.Subscription(
            reference: reference, state: machine.phase.rawValue, version: running?.version,
            digest: running?.digest,
            since: since, wanted: machine.wanted == running ? nil : machine.wanted?.version,
            refused: refusals,
            skipped: skipped)
    }

    private func take(_ state: CatalogState) async {
        await noteSkipped()
        do throws(CatalogError) {
            let manifest = try state.resolve(reference)
            lastUnavailable = nil
            let target = Target(version: manifest.version, digest: manifest.digest)
            if target != machine.wanted, target != machine.running {
                manifests[target] = manifest
                detected[target] = time.elapsed()
                hub.send(ModelUpdate(.detected, reference, target: target, at: time.wall()))
            }
            await obey(machine.handle(.wanted(target)))
        } catch {
            let unavailable = ModelcastError(error, at: reference.description)
            if unavailable != lastUnavailable {
                lastUnavailable = unavailable
                hub.send(ModelUpdate(.unavailable, reference, at: time.wall(), error: unavailable))
            }
            await obey(machine.handle(.wanted(nil)))
        }
    }

    /// Tells of records that the catalog's reader did not take in, and that may be about this model.
    private func noteSkipped() async {
        for report in await follower.reports(after: reportsSeen) {
            reportsSeen = max(reportsSeen, report.number)
            guard report.model == nil || report.model == reference.model else { continue }
            skipped.append(.init(offset: report.offset, reason: report.reason, at: time.wall()))
            instruments.emit(CatalogRecordSkipped(model: reference.model, report: report))
        }
        skipped.removeFirst(max(0, skipped.count - SubscriptionDriver.refusalsReportedMax))
    }

    private func obey(_ actions: [SubscriptionMachine.Action]) async {
        guard !isClosed else { return }
        for action in actions { perform(action) }
        let entries = audits
        audits = []
        await fleet.report(status(), audits: entries)
    }

    private func perform(_ action: SubscriptionMachine.Action) {
        switch action {
        case .fetch(let target, let attempt): fetch(target, attempt)
        case .verify(let attempt): verify(attempt)
        case .warm(let attempt): warm(attempt)
        case .activate(let target, let attempt): activate(target, attempt)
        case .cancel(let attempt): drop(attempt)
        case .refuse(let target, let attempt): refuse(target, attempt)
        case .retry(let target, let attempt, let delay): retry(target, attempt, after: delay)
        }
    }

    // MARK: The steps

    private func fetch(_ target: Target, _ attempt: Int) {
        guard let manifest = manifests[target] else {
            preconditionFailure("no manifest of \(reference.model)@\(target.version)")
        }
        work(attempt) { [reader] in
            do throws(SnapshotError) {
                let files = try await reader.read(manifest) {
                    ModelFiles.isNeeded($0, modelFile: manifest.modelFile)
                }
                await self.done(attempt, files: files)
            } catch {
                await self.failed(attempt, ModelcastError(error, at: "\(manifest.model)@\(manifest.version)"))
            }
        }
    }

    private func verify(_ attempt: Int) {
        guard let files = files.removeValue(forKey: attempt), let target = machine.wanted,
            let manifest = manifests[target]
        else { preconditionFailure("nothing was fetched by attempt \(attempt)") }
        let needed = HeldFiles(
            ModelFiles(files, modelFile: manifest.modelFile, format: ModelFormat(name: manifest.format)))
        work(attempt) { [loader] in
            do throws(ModelcastError) {
                let model = try await loader.load(
                    needed, name: manifest.model, version: manifest.version, digest: manifest.digest,
                    manifest: manifest)
                await self.done(attempt, model: model)
            } catch {
                await self.failed(attempt, error)
            }
        }
    }

    private func warm(_ attempt: Int) {
        guard let model = models[attempt] else { preconditionFailure("attempt \(attempt) has no model") }
        work(attempt) { [loader] in
            await loader.warm(model)
            await self.done(attempt)
        }
    }

    private func activate(_ target: Target, _ attempt: Int) {
        guard let model = models.removeValue(forKey: attempt) else {
            preconditionFailure("attempt \(attempt) has no model")
        }
        let previous = slot.current?.version
        slot.set(model)
        tasks[attempt] = nil
        let now = time.wall()
        since = now
        let end = time.elapsed()
        let loading = end - (detected[target] ?? end)
        let published = model.manifest.map {
            Duration.milliseconds(max(0, now.milliseconds - $0.createdAt.milliseconds))
        }
        manifests = manifests.filter { $0.key == target || $0.key == machine.wanted }
        detected = detected.filter { manifests[$0.key] != nil }
        var update = ModelUpdate(.live, reference, target: target, at: now)
        update.slot = slot
        update.previous = previous
        update.loading = loading
        update.steps = steps(attempt, end: end)
        update.sincePublished = published
        hub.send(update)
        instruments.emit(ModelIsLive(model: model, loading: loading, sincePublished: published))
        audit(.activate, before: previous, after: target, why: reference.description)
    }

    /// What the steps of an attempt that has made it took.
    private func steps(_ attempt: Int, end: Duration) -> LoadSteps? {
        guard let begun = begun.removeValue(forKey: attempt), begun.count == 3 else { return nil }
        return LoadSteps(
            fetching: begun[1] - begun[0], verifying: begun[2] - begun[1], warming: end - begun[2])
    }

    private func refuse(_ target: Target, _ attempt: Int) {
        let error =
            errors.removeValue(forKey: attempt)
            ?? ModelcastError(.notLive, "\(reference.model)@\(target.version) failed", recovery: .bug)
        drop(attempt)
        manifests[target] = nil
        detected[target] = nil
        refusals.append(
            FleetStatus.Refusal(
                version: target.version, digest: target.digest, code: error.codeName, message: error.message,
                hint: error.hint, at: time.wall()))
        if refusals.count > SubscriptionDriver.refusalsReportedMax { refusals.removeFirst() }
        hub.send(ModelUpdate(.refused, reference, target: target, at: time.wall(), error: error))
        instruments.emit(ModelRefused(model: reference.model, version: target.version, error: error))
        audit(.refuse, before: machine.running?.version, after: target, why: error.message)
    }

    private func retry(_ target: Target, _ attempt: Int, after delay: Duration) {
        let error = errors.removeValue(forKey: attempt)
        drop(attempt)
        if let error {
            hub.send(ModelUpdate(.delayed, reference, target: target, at: time.wall(), error: error))
            instruments.emit(ModelDelayed(model: reference.model, version: target.version, error: error))
        }
        work(attempt) { [time] in
            try? await time.sleep(for: delay)
            await self.handle(.retryDue(attempt))
        }
        begun[attempt] = nil
    }

    private func audit(
        _ action: AuditRecord.Action, before: ModelVersion?, after: Target, why: String
    ) {
        audits.append(
            AuditRecord(
                action: action, model: reference.model, who: fleet.instance, why: why, at: time.wall(),
                before: before.map { AuditRecord.Pointer(version: $0, digest: nil) },
                after: AuditRecord.Pointer(version: after.version, digest: after.digest)))
    }

    // MARK: Answers

    private func work(_ attempt: Int, _ body: @Sendable @escaping () async -> Void) {
        begun[attempt, default: []].append(time.elapsed())
        // Before the first model is live, nobody scores.
        let pacer = slot.current == nil ? nil : Pacer(pace)
        tasks[attempt] = Task { await Pacer.$current.withValue(pacer) { await body() } }
    }

    private func done(_ attempt: Int, files: [String: [UInt8]]) async {
        guard tasks[attempt] != nil else { return }
        self.files[attempt] = files
        await handle(.fetched(attempt))
    }

    private func done(_ attempt: Int, model: LoadedModel) async {
        guard tasks[attempt] != nil else { return }
        models[attempt] = model
        await handle(.verified(attempt))
    }

    private func done(_ attempt: Int) async {
        await handle(.warmed(attempt))
    }

    private func failed(_ attempt: Int, _ error: ModelcastError) async {
        guard tasks[attempt] != nil else { return }
        errors[attempt] = error
        await handle(.failed(attempt, passes: error.recovery != .fixInput && error.recovery != .bug))
    }

    private func handle(_ event: SubscriptionMachine.Event) async {
        guard !isClosed else { return }
        await obey(machine.handle(event))
    }

    private func drop(_ attempt: Int) {
        tasks.removeValue(forKey: attempt)?.cancel()
        files[attempt] = nil
        models[attempt] = nil
        errors[attempt] = nil
        begun[attempt] = nil
    }
}
