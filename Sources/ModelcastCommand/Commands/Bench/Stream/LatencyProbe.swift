import Basics
import EventLog

/// Sends events on a schedule, whatever the service does, and reads its answers.
///
/// An event is due at a moment that only its number and the rate decide; its latency is from that moment to
/// the moment at which a `read_committed` reader has its answer. A service that stalls therefore shows the
/// stall in every event that was due meanwhile.
struct LatencyProbe: Sendable {
    /// What was measured.
    struct Outcome: Sendable {
        /// From due to read, of every event that was due in the measured time and answered.
        var latencies = Quantiles([])
        /// From due to handed to the log's writer: what the sender itself adds.
        var sendDelays = Quantiles([])
        /// Events that were due in the measured time.
        var events = 0
        /// Those of them that were not answered.
        var unanswered = 0
    }

    let log: any EventLog
    let input: TopicName
    let output: TopicName
    let features: Int
    let rate: Double
    let warmUp: Duration
    let time: Duration

    /// Events fall due in steps of this many nanoseconds.
    private static let step: Int64 = 1_000_000
    /// How long the first answer may take.
    private static let firstAnswerMax: Int64 = 60_000_000_000
    /// How long the last answers may take.
    private static let lastAnswersMax: Int64 = 10_000_000_000

    /// Sends until the warm-up, which begins with the first answer, and the measured time are over.
    /// `isAlive` says whether the service still runs.
    func run(
        _ replies: LatencyReplies, isAlive: @Sendable () -> Bool
    ) async throws -> Outcome {
        let writer = try await log.writer()
        let thread = ThreadExecutor(name: "bench-send")
        let sent: Sent
        do {
            // A thread of its own: it sleeps in C until each event is due.
            sent = try await withTaskExecutorPreference(thread) {
                try await send(writer, replies, isAlive: isAlive)
            }
            try await awaitAnswers(to: sent.count, replies)
        } catch {
            await writer.close(deadline: CommonOptions.closeDeadline)
            throw error
        }
        await writer.close(deadline: CommonOptions.closeDeadline)
        return outcome(sent, replies)
    }

    private struct Sent: Sendable {
        var start: Int64
        var count = 0
        /// The numbers of the measured events.
        var measured = 0..<0
        var delays: [Int64] = []
    }

    private func due(_ number: Int, _ start: Int64) -> Int64 {
        let steps = (Double(number) / rate * 1e9 / Double(Self.step)).rounded(.down)
        return start + Int64(steps) * Self.step
    }

    private func send(
        _ writer: any LogWriter, _ replies: LatencyReplies, isAlive: () -> Bool
    ) async throws -> Sent {
        var source = GeneratedEvents(features: features, seed: 1)
        var sent = Sent(start: MonotonicTime.now + 10 * Self.step)
        var from: Int?
        var until = Int64.max
        try await withThrowingTaskGroup(of: Void.self) { sending in
            while true {
                let moment = due(sent.count, sent.start)
                if moment >= until { break }
                MonotonicTime.wait(until: moment)
                var batch = RecordBatch()
                let topic = batch.index(of: input)
                while due(sent.count, sent.start) == moment {
                    source.append(sent.count, to: &batch, topic: topic)
                    sent.count += 1
                }
                if from != nil { sent.delays.append(MonotonicTime.now - moment) }
                sending.addTask { [batch] in _ = try await writer.send(batch) }
                // Its turn for the task that was just added, and for those whose records are written.
                await Task.yield()
                if from == nil, let first = replies.first {
                    let begin = first + Int64(warmUp.seconds * 1e9)
                    if moment >= begin {
                        from = sent.count
                        until = due(sent.count, sent.start) + Int64(time.seconds * 1e9)
                    }
                } else if replies.first == nil {
                    try check(isAlive: isAlive, since: sent.start)
                }
            }
            try await sending.waitForAll()
        }
        sent.measured = (from ?? sent.count)..<sent.count
        return sent
    }

    private func check(isAlive: () -> Bool, since start: Int64) throws {
        guard isAlive() else {
            throw CommandError(
                .child, "the service ended before it answered", hint: "its own output says why",
                recovery: .fixInput)
        }
        guard MonotonicTime.now - start < Self.firstAnswerMax else {
            throw CommandError(
                .child, "the service answered nothing in a minute",
                hint: "does it read \(input) and write \(output)?", recovery: .fixInput)
        }
    }

    private func awaitAnswers(to count: Int, _ replies: LatencyReplies) async throws {
        let limit = MonotonicTime.now + Self.lastAnswersMax
        while replies.answered < count, MonotonicTime.now < limit {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func outcome(_ sent: Sent, _ replies: LatencyReplies) -> Outcome {
        var latencies: [Int64] = []
        for number in sent.measured {
            if let arrival = replies.arrival(of: number) {
                latencies.append(arrival - due(number, sent.start))
            }
        }
        return Outcome(
            latencies: Quantiles(latencies), sendDelays: Quantiles(sent.delays), events: sent.measured.count,
            unanswered: sent.measured.count - latencies.count)
    }
}
