import Basics
import Catalog
import Crypto
import EventLog
import Features
import Glibc
import ModelcastTesting
import Models
import Snapshots
import Synchronization
import Testing

@testable import Modelcast

/// Scoring goes on while a model is loaded; time is not measured here (`modelcast bench swap` does).
@Suite struct HotSwapTests {
    /// A thread that scores as the slot's documentation says, and counts.
    private final class Scorer: Sendable {
        let batches = Atomic<Int>(0)
        /// The versions that scored, in their order.
        let versions = Mutex<[Int]>([])
        private let thread = Mutex<CancellableThread?>(nil)

        func start(_ slot: ModelSlot) {
            let thread = CancellableThread(name: "scorer") { thread in
                var generation: UInt64 = 0
                var model: LoadedModel?
                let rows: [Float] = [8, 2]
                var block = PredictionBlock()
                var scratch = PredictionScratch()
                while !thread.isCancelled {
                    if slot.generation != generation {
                        generation = slot.generation
                        model = slot.current
                        if let number = model?.version.number { self.versions.withLock { $0.append(number) } }
                    }
                    guard let model else { continue }
                    model.predictor.predict(rows: rows.span, count: 1, into: &block, scratch: &scratch)
                    self.batches.add(1, ordering: .relaxed)
                }
            }
            self.thread.withLock { $0 = thread }
        }

        func stop() async throws {
            let thread = self.thread.withLock { $0 }
            thread?.cancel()
            while thread?.isFinished == false { try await Task.sleep(for: .milliseconds(1)) }
        }

        /// Batches until now.
        var count: Int { batches.load(ordering: .relaxed) }
    }

    /// Holds whoever passes until a hundred further batches were scored: a load that stopped scoring would
    /// never get by.
    private final class Gate: Sendable {
        let scorer: Scorer
        let isClosed = Atomic<Bool>(false)
        let passed = Mutex<[String: Int]>([:])

        init(_ scorer: Scorer) { self.scorer = scorer }

        func pass(_ name: String) {
            guard isClosed.load(ordering: .acquiring) else { return }
            let before = scorer.count
            while scorer.count < before + 100 { sched_yield() }
            passed.withLock { $0[name, default: 0] += scorer.count - before }
        }
    }

    /// A predictor that notes on which thread it was freed.
    private final class Traced: Predictor {
        static let lastBreath = Mutex<String?>(nil)
        let inner = SampleModel().predictor

        deinit {
            let name = CancellableThread.currentName
            Traced.lastBreath.withLock { $0 = name }
        }

        var format: ModelFormat { inner.format }
        var featureCount: Int { inner.featureCount }
        var featureNames: [String]? { inner.featureNames }
        var output: PredictionShape { inner.output }

        func predict(
            rows: Span<Float>, count: Int, into block: inout PredictionBlock, scratch: inout PredictionScratch
        ) {
            inner.predict(rows: rows, count: count, into: &block, scratch: &scratch)
        }
    }

    @Test(.timeLimit(.minutes(1))) func scoringGoesOnWhileALoadIsHeldAtEachOfItsPoints() async throws {
        let bus = try await TestBus()
        let scorer = Scorer()
        let gate = Gate(scorer)
        var options = SubscriptionOptions()
        options.folders = .none
        options.passing = { gate.pass("\($0)") }
        let held = ObservedLog(bus.memory)
        // A chunk on its way to the consumer is held too: in the process's own reader, as by a slow broker.
        held.changeReads { record in
            if record.topic == "modelcast.chunks" { gate.pass("fetching") }
            return nil
        }
        let fares = try await Subscription(log: held, model: "fare", options: options)
        try await bus.publish(SampleModel(bias: 1), as: "fare")
        _ = try await bus.live(fares, version: 1)
        // In place of the first version, one that says where it ends.
        fares.slot.set(
            LoadedModel(
                name: "fare", version: 1, schema: SampleModel.schema,
                program: try FeatureProgram(schema: SampleModel.schema), predictor: Traced()))
        scorer.start(fares.slot)
        while scorer.count == 0 { try await Task.sleep(for: .milliseconds(1)) }
        gate.isClosed.store(true, ordering: .releasing)
        try await bus.publish(SampleModel(bias: 2), as: "fare")
        _ = try await bus.live(fares, version: 2)
        let passed = gate.passed.withLock { $0 }
        #expect(Set(passed.keys) == ["fetching", "reading", "compiling", "checking", "warming"])
        #expect(passed.values.allSatisfy { $0 >= 100 }, "\(passed)")
        while Traced.lastBreath.withLock({ $0 }) == nil { try await Task.sleep(for: .milliseconds(1)) }
        #expect(Traced.lastBreath.withLock { $0 } == "model-retire", "freed beside scoring, not on it")
        try await scorer.stop()
        #expect(scorer.versions.withLock { $0 } == [1, 2], "one version at a time")
        await fares.close()
    }

    @Test(.timeLimit(.minutes(1))) func aLoadSaysHowLongItsStepsTook() async throws {
        let bus = try await TestBus()
        let fares = try await bus.subscription("fare")
        let updates = fares.updates
        try await bus.publish(SampleModel(bias: 1), as: "fare")
        for await update in updates where update.kind == .live {
            let steps = try #require(update.steps)
            let loading = try #require(update.loading)
            let all = [steps.fetching, steps.verifying, steps.warming]
            #expect(all.allSatisfy { $0 >= .zero } && all.reduce(.zero, +) <= loading)
            break
        }
        await fares.close()
    }

    /// What a loader was handed is freed as soon as it is read, on its thread.
    @Test func filesAreTakenOnce() async throws {
        let held = HeldFiles(ModelFiles(model: SampleModel().predictor.encoded()))
        let model = try await ModelLoader().load(
            held, name: "fare", version: 1, digest: .init(of: []), manifest: nil)
        #expect(model.predictor.featureCount == 2)
        #expect(held.take() == nil)
    }

    /// The pace itself is `PaceTests`'.
    @Test(.timeLimit(.minutes(1))) func aLoadIsPacedOnceAModelIsLive() async throws {
        let isPaced = Mutex<[Bool]>([])
        let bus = try await TestBus()
        var options = SubscriptionOptions()
        options.folders = .none
        options.passing = { _ in isPaced.withLock { $0.append(Pacer.current != nil) } }
        let fares = try await Subscription(log: bus.log, model: "fare", options: options)
        for bias in 1...2 {
            let version = try await bus.publish(SampleModel(bias: Float(bias)), as: "fare")
            _ = try await bus.live(fares, version: version)
        }
        let seen = isPaced.withLock { $0 }
        #expect(seen == (0..<seen.count).map { $0 >= seen.count / 2 } && seen.count > 1, "\(seen)")
        await fares.close()
    }

    @Test(.timeLimit(.minutes(1))) func threadsOfTheLoaderGiveWay() async throws {
        let priorities = Mutex<[String: Int32]>([:])
        let bus = try await TestBus()
        var options = SubscriptionOptions()
        options.folders = .none
        options.passing = { _ in
            let name = CancellableThread.currentName
            let nice = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
            priorities.withLock { $0[name] = nice }
        }
        let own = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        let fares = try await Subscription(log: bus.log, model: "fare", options: options)
        try await bus.publish(SampleModel(bias: 1), as: "fare")
        _ = try await fares.live()
        let seen = try #require(priorities.withLock { $0["model-load"] })
        #expect(seen > own, "\(seen), others \(own)")
        await fares.close()
    }
}
