import Basics
import Catalog
import EventLog
import Features
import Modelcast
import Models
import Snapshots

/// Publishes versions to subscribers in processes of their own, and gathers when each scored with each.
struct LiveRun: Sendable {
    static let model: ModelName = "live"

    struct Plan: Sendable {
        var bytes: Int
        var subscribers: Int
        var rounds: Int
    }

    struct Result: Sendable {
        var plan: Plan
        /// From the publisher's call to the first scored event, of every round and subscriber.
        var live: [Int64] = []
        /// Medians of the parts, in nanoseconds, in their order: the publisher's phases, until a subscriber
        /// has seen the version, its steps.
        var parts: [(name: String, nanoseconds: Int64)] = []
    }

    let plan: Plan
    let place: BenchLog
    /// What the child of a number is started with.
    let words: @Sendable (Int) -> [String]

    func run() async throws -> Result {
        try await place.with { log in
            let publisher = try await place.publisher(log)
            _ = try await publish(publisher, seed: 1)
            let children = try BenchChildren((1...plan.subscribers).map(words))
            do {
                let result = try await measure(publisher, children)
                await children.end()
                await publisher.close()
                return result
            } catch {
                await children.end()
                await publisher.close()
                throw error
            }
        }
    }

    private struct Call: Sendable {
        var begin: Int64
        var end: Int64
        var version: Int
        var phases: [(PublicationMachine.Phase, Int64)]
    }

    private func measure(_ publisher: Publisher, _ children: BenchChildren) async throws -> Result {
        var lines = children.lines.makeAsyncIterator()
        _ = try await gather(1, &lines)
        var result = Result(plan: plan)
        var parts: [String: [Int64]] = [:]
        var order: [String] = []
        func add(_ name: String, _ value: Int64) {
            if parts[name] == nil { order.append(name) }
            parts[name, default: []].append(value)
        }
        for round in 1...plan.rounds {
            // What the last round left to do is over by then.
            try await Task.sleep(for: .milliseconds(200))
            let call = try await publish(publisher, seed: UInt64(round + 1))
            for (index, phase) in call.phases.enumerated() {
                let end = index + 1 < call.phases.count ? call.phases[index + 1].1 : call.end
                if phase.0 != .done { add("\(phase.0.rawValue)Ms", end - phase.1) }
            }
            for report in try await gather(call.version, &lines) {
                result.live.append(report.scored - call.begin)
                add("detectedMs", report.detected - call.begin)
                add("fetchMs", report.fetching)
                add("verifyMs", report.verifying)
                add("warmMs", report.warming)
            }
        }
        result.parts = order.map { ($0, Quantiles(parts[$0] ?? []).value(0.5)) }
        return result
    }

    /// What every subscriber prints of `version`.
    private func gather(
        _ version: Int, _ lines: inout AsyncStream<BenchChildren.Line>.Iterator
    ) async throws -> [LiveSubscriber.Report] {
        var reports: [LiveSubscriber.Report] = []
        while reports.count < plan.subscribers {
            guard let line = await lines.next(isolation: #isolation) else {
                throw CommandError(
                    .child, "the subscribers ended before version \(version) was live with all",
                    hint: "what they wrote to standard error says why", recovery: .retry)
            }
            guard let report = LiveSubscriber.Report(line.text) else { continue }
            if report.version == version { reports.append(report) }
        }
        return reports
    }

    private func publish(_ publisher: Publisher, seed: UInt64) async throws -> Call {
        let plan = plan
        let request = try await ThreadExecutor(name: "bench-model").run { () throws in
            let file = SyntheticForest(bytes: plan.bytes).encoded(seed: seed)
            let golden = try SyntheticEvents.golden(PredictorLoader.load(file), rows: 20, seed: seed)
            return PublicationRequest(
                model: LiveRun.model, modelFile: SnapshotFile(path: "model.ubj", source: .bytes(file)),
                golden: .bytes(golden.encoded()), alias: .production)
        }
        let phases = PhaseTimes()
        let begin = MonotonicTime.now
        let publication = try await publisher.publish(request) { phases.note($0.phase) }
        return Call(
            begin: begin, end: MonotonicTime.now, version: Int(publication.manifest.version.number),
            phases: phases.all)
    }
}
