import Basics
import Catalog
import EventLog
import Features
import FoundationEssentials
import Modelcast
import Models
import Scoring
import Snapshots

/// Publishes two versions of a large model, follows them in this process, and swaps between them while a
/// thread scores.
struct SwapRun: Sendable {
    /// Where the bytes of the snapshot are.
    enum Kind: String, CaseIterable, Sendable {
        /// In the model itself.
        case trees
        /// In a file beside a small model, which scoring does not need.
        case attachment
    }

    /// How the scoring thread is loaded.
    enum Load: String, CaseIterable, Sendable {
        case paced, full
    }

    struct Plan: Sendable {
        var kind: Kind
        var bytes: Int
        var batch: Int
        var rate: Double
        var window: Duration
        var rounds: Int
    }

    struct Result: Sendable {
        var load: Load
        var windows: SwapWindows
        var outcome: ScoringLoop.Outcome
    }

    static let model: ModelName = "swap"
    /// The model beside an attachment.
    private static let smallBytes = 512 << 10
    private static let goldenRows = 200

    let plan: Plan
    let place: BenchLog
    let say: @Sendable (String) throws -> Void

    /// Runs every load of `loads`.
    func run(_ loads: [Load]) async throws -> [Result] {
        try await place.with { log in
            let publisher = try await place.publisher(log)
            for seed in 1...2 {
                let publication = try await publisher.publish(request(seed: UInt64(seed)))
                try say(
                    "published version \(publication.manifest.version): "
                        + "\(Units.bytes(Int(publication.manifest.byteCount))) in "
                        + "\(publication.chunkCount) chunks, \(Units.duration(publication.duration))")
            }
            _ = try await publisher.catalog.promote(Self.model, .production, to: 1)
            var options = SubscriptionOptions()
            options.topics = place.topics
            options.folders = LocalFolders(cache: cache, journal: nil)
            let subscription = try await Subscription(
                log: log, reference: ModelReference(Self.model, .alias(.production)), options: options)
            _ = try await subscription.live(within: .seconds(300))
            var results: [Result] = []
            for load in loads { results.append(try await measure(load, subscription, publisher)) }
            await subscription.close()
            await publisher.close()
            return results
        }
    }

    private var cache: String { "\(place.folder.path)/chunks" }

    private func request(seed: UInt64) async throws -> PublicationRequest {
        let plan = plan
        return try await ThreadExecutor(name: "bench-model").run {
            let bytes = plan.kind == .trees ? plan.bytes : min(plan.bytes, Self.smallBytes)
            let file = SyntheticForest(bytes: bytes).encoded(seed: seed)
            let golden = try SyntheticEvents.golden(
                PredictorLoader.load(file), rows: Self.goldenRows, seed: seed)
            var request = PublicationRequest(
                model: Self.model, modelFile: SnapshotFile(path: "model.ubj", source: .bytes(file)),
                golden: .bytes(golden.encoded()))
            if plan.kind == .attachment {
                // Other trees do as well as any bytes.
                request.attachments["data.ubj"] = .bytes(
                    SyntheticForest(bytes: plan.bytes).encoded(seed: seed + 100))
            }
            return request
        }
    }

    private func measure(
        _ load: Load, _ subscription: Subscription, _ publisher: Publisher
    ) async throws -> Result {
        let topic = place.topics.events
        let batches = SyntheticEvents.batches(
            64, of: plan.batch, features: 30, topic: topic, seed: 7)
        let loop = ScoringLoop(
            slot: subscription.slot, batches: batches,
            interval: load == .paced ? Int64(Double(plan.batch) / plan.rate * 1e9) : nil,
            options: ScoringOptions(
                input: topic, output: place.topics.predictions, deadLetter: place.topics.deadLetter,
                group: "bench", instance: "bench-1"))
        var windows = SwapWindows()
        // The first second and the first swap are not counted: the thread's memory comes into place, and a
        // broker that was just started compiles its code.
        try await Task.sleep(for: .seconds(1))
        _ = try await swapAnew(subscription, publisher)
        for round in 1...plan.rounds {
            let begin = MonotonicTime.now
            try await Task.sleep(for: plan.window)
            windows.addSteady(begin..<MonotonicTime.now)
            let end = ContinuousClock.now + plan.window
            repeat {
                windows.add(try await swapAnew(subscription, publisher))
            } while ContinuousClock.now < end
            try say("\(load.rawValue) load, round \(round): \(windows.swaps.count) swaps so far")
        }
        let outcome = await loop.finish()
        guard !outcome.isFull else {
            throw CommandError(
                .stopped, "more than \(outcome.samples.count) batches", hint: "give fewer rounds",
                recovery: .fixInput)
        }
        guard outcome.deadLetters == 0 else {
            throw CommandError(.badRows, "\(outcome.deadLetters) events were not scored", recovery: .bug)
        }
        return Result(load: load, windows: windows, outcome: outcome)
    }

    /// A swap to a version whose chunks are in the log only.
    private func swapAnew(
        _ subscription: Subscription, _ publisher: Publisher
    ) async throws -> SwapWindows.Swap {
        try FileManager.default.removeItem(atPath: cache)
        try await Task.sleep(for: .milliseconds(300))
        return try await swap(subscription, publisher)
    }

    /// Moves the alias to the other version and waits until that is live and the old one's memory is free.
    private func swap(
        _ subscription: Subscription, _ publisher: Publisher
    ) async throws -> SwapWindows.Swap {
        weak let old = subscription.current
        let target: ModelVersion = subscription.current?.version == 1 ? 2 : 1
        let updates = subscription.updates
        let begin = MonotonicTime.now
        _ = try await publisher.catalog.promote(Self.model, .production, to: target)
        for await update in updates {
            if let error = update.error { throw error }
            guard update.kind == .live, update.version == target, let steps = update.steps else { continue }
            let live = MonotonicTime.now
            while old != nil { try await Task.sleep(for: .milliseconds(1)) }
            let verified = live - steps.warming.nanoseconds
            return SwapWindows.Swap(
                begin: begin, fetched: verified - steps.verifying.nanoseconds, verified: verified,
                live: live, freed: MonotonicTime.now)
        }
        throw CommandError(.stopped, "the subscription ended", recovery: .retry)
    }
}

extension Duration {
    /// Whole nanoseconds.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
