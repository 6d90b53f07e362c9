import Basics
import EventLog
import Modelcast
import Scoring

/// A thread that scores small batches as a service does, and notes how long each took.
///
/// Paced, a batch's time runs from when it was due, so that a stall also counts for those that wait behind
/// it; at full load it runs from when its scoring began.
final class ScoringLoop: Sendable {
    /// How long one batch took.
    struct Sample: Sendable {
        /// On the monotonic clock, in nanoseconds.
        var start: Int64
        var duration: Int64
    }

    /// Samples for which there is memory; touched before the first is taken.
    private static let samplesMax = 4 << 20

    private let executor = ThreadExecutor(name: "bench-score")
    private let stop = StopSignal()
    private let work: Task<Outcome, Never>

    struct Outcome: Sendable {
        var samples: [Sample]
        var deadLetters: Int
        /// Whether there was no room for more samples.
        var isFull: Bool
    }

    /// Scores `batches` in turn with what is in `slot`; with an `interval` in nanoseconds, one each interval.
    init(slot: ModelSlot, batches: [RecordBatch], interval: Int64?, options: ScoringOptions) {
        work = Task { [executor, stop] in
            await executor.run {
                ScoringLoop.score(slot, batches, interval: interval, options: options, stop: stop)
            }
        }
    }

    /// Ends the loop; what it noted.
    func finish() async -> Outcome {
        stop.raise()
        return await work.value
    }

    private static func score(
        _ slot: ModelSlot, _ batches: [RecordBatch], interval: Int64?, options: ScoringOptions,
        stop: StopSignal
    ) -> Outcome {
        var samples = [Sample](repeating: Sample(start: 0, duration: 0), count: samplesMax)
        let scorer = BatchScorer(options: options)
        var generation: UInt64 = 0
        var model: LoadedModel?
        var count = 0
        var due = MonotonicTime.now
        while !stop.isRaised, count < samplesMax {
            let start: Int64
            if let interval {
                due += interval
                if due > MonotonicTime.now { MonotonicTime.wait(until: due) }
                start = due
            } else {
                start = MonotonicTime.now
            }
            if slot.generation != generation {
                generation = slot.generation
                model = slot.current
            }
            guard let model else { continue }
            _ = scorer.score(batches[count % batches.count], with: model)
            samples[count] = Sample(start: start, duration: MonotonicTime.now - start)
            count += 1
        }
        let isFull = count == samplesMax
        samples.removeLast(samplesMax - count)
        return Outcome(samples: samples, deadLetters: scorer.deadLetters, isFull: isFull)
    }
}
