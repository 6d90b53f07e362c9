import Basics
import EventLog
import Synchronization

/// When the answer to each event was read: written by the reader, looked at by the sender. Safe to use from
/// any thread.
final class LatencyReplies: Sendable {
    private struct State {
        /// By the event's number; 0 where nothing has come.
        var arrivals: [Int64] = []
        var answered = 0
        var repeated = 0
        var strangers = 0
        var first: Int64?
    }

    private let state = Mutex(State())

    /// Notes the records of `batch`, which were read at `moment`. Their keys are the events' numbers.
    func note(_ batch: RecordBatch, at moment: Int64) {
        state.withLock { state in
            for index in 0..<batch.count {
                guard let key = batch.keyRange(at: index), let number = Self.number(batch.bytes[key]) else {
                    state.strangers += 1
                    continue
                }
                while state.arrivals.count <= number { state.arrivals.append(0) }
                guard state.arrivals[number] == 0 else {
                    state.repeated += 1
                    continue
                }
                state.arrivals[number] = moment
                state.answered += 1
                if state.first == nil { state.first = moment }
            }
        }
    }

    /// When the first answer came; nil before.
    var first: Int64? { state.withLock { $0.first } }

    /// Events that have an answer.
    var answered: Int { state.withLock { $0.answered } }

    /// Answers beyond the first to an event.
    var repeated: Int { state.withLock { $0.repeated } }

    /// Records that answer no event.
    var strangers: Int { state.withLock { $0.strangers } }

    /// When the event was answered; nil when it was not.
    func arrival(of number: Int) -> Int64? {
        state.withLock { state in
            guard number < state.arrivals.count, state.arrivals[number] != 0 else { return nil }
            return state.arrivals[number]
        }
    }

    /// The number that an event's id is; nil for any other text.
    private static func number(_ key: ArraySlice<UInt8>) -> Int? {
        guard key.count == GeneratedEvents.idDigits else { return nil }
        var number = 0
        for byte in key {
            guard byte >= 48, byte <= 57 else { return nil }
            number = number * 10 + Int(byte - 48)
        }
        return number
    }
}
