import Basics
import Crypto
import Features
import Foundation
import ModelcastTesting
import Models
import Snapshots
import Synchronization
import Testing

@testable import Modelcast

@Suite struct ModelSlotTests {
    private final class Tracked: Sendable {
        static let alive = Atomic<Int>(0)
        let number: Int
        let check: Int

        init(_ number: Int) {
            self.number = number
            check = ~number
            Tracked.alive.add(1, ordering: .relaxed)
        }

        deinit { Tracked.alive.subtract(1, ordering: .relaxed) }
    }

    /// Real threads, because a reader must be able to be stopped anywhere.
    @Test(.timeLimit(.minutes(1))) func readersSeeWholeObjectsInOrderWhileTheyAreReplaced() async throws {
        let shared = SharedReference<Tracked>()
        _ = shared.replace(with: Tracked(1))
        let broken = Atomic<Int>(0)
        let reads = Atomic<Int>(0)
        let readers = (0..<3).map { index in
            CancellableThread(name: "reader-\(index)") { thread in
                var last = 0
                var count = 0
                while !thread.isCancelled {
                    guard let value = shared.load() else {
                        broken.add(1, ordering: .relaxed)
                        continue
                    }
                    if value.check != ~value.number || value.number < last {
                        broken.add(1, ordering: .relaxed)
                    }
                    last = value.number
                    count += 1
                }
                reads.add(count, ordering: .relaxed)
            }
        }
        let writer = ThreadExecutor(name: "writer")
        await writer.run {
            var pending: [UInt64] = []
            for number in 2...20_000 {
                if let old = shared.replace(with: Tracked(number)) { pending.append(old) }
                // Some are left to be taken by the writer itself, eight replacements later.
                guard number % 3 == 0 else { continue }
                pending.removeAll { old in
                    if case .busy = shared.take(old) { false } else { true }
                }
            }
        }
        for reader in readers { reader.cancel() }
        while !readers.allSatisfy(\.isFinished) { try await Task.sleep(for: .milliseconds(1)) }
        #expect(broken.load(ordering: .relaxed) == 0)
        #expect(reads.load(ordering: .relaxed) > 1_000)
        #expect(shared.generation == 20_000)
        _ = shared.replace(with: nil)
        for generation in 19_980..<UInt64(20_001) { _ = shared.take(generation) }
        #expect(Tracked.alive.load(ordering: .relaxed) == 0, "each was freed, once")
    }

    /// A model whose last breath says on which thread it was drawn.
    private final class Traced: Predictor {
        static let deaths = Mutex<[Int: String]>([:])
        let number: Int
        let inner = SampleModel().predictor

        init(_ number: Int) { self.number = number }

        deinit {
            let thread = CancellableThread.currentName
            let number = number
            Traced.deaths.withLock { $0[number] = thread }
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

    private static func model(_ number: Int) throws -> LoadedModel {
        LoadedModel(
            name: "fare", version: 1, schema: SampleModel.schema,
            program: try FeatureProgram(schema: SampleModel.schema), predictor: Traced(number))
    }

    @Test(.timeLimit(.minutes(1))) func aReplacedModelIsFreedOnTheRetiringThreadAfterItsLastUser()
        async throws
    {
        let slot = ModelSlot()
        #expect(slot.current == nil && slot.generation == 0)
        slot.set(try ModelSlotTests.model(71))
        let executor = ThreadExecutor(name: "scorer")
        // A scoring thread holds the model while it is replaced, and lets it go afterwards.
        let held = Mutex<LoadedModel?>(nil)
        await executor.run { held.withLock { $0 = slot.current } }
        slot.set(try ModelSlotTests.model(72))
        #expect(slot.generation == 2)
        try await Task.sleep(for: .milliseconds(50))
        #expect(Traced.deaths.withLock { $0[71] } == nil, "still in use")
        await executor.run { held.withLock { $0 = nil } }
        while Traced.deaths.withLock({ $0[71] }) == nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(Traced.deaths.withLock { $0[71] } == "model-retire")
        #expect((slot.current?.predictor as? Traced)?.number == 72)
    }
}

extension CancellableThread {
    /// The name of the calling thread, as the kernel has it.
    static var currentName: String {
        guard let file = fopen("/proc/thread-self/comm", "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = fread(&buffer, 1, 32, file)
        return String(decoding: buffer.prefix(count).filter { $0 != 10 }, as: UTF8.self)
    }
}
