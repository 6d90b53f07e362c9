/// Counts the delivery reports of each call of `send`: a pure value.
///
/// Every record of a call carries a tag that names the call and its index there, so a report finds its place
/// without a search. A call's number is used again only when all its reports have come.
struct DeliveryTracker {
    /// How a call ended.
    struct Outcome: Equatable {
        /// The partition of each record.
        var partitions: [Int32]
        /// The offset of each record.
        var offsets: [Int64]
        /// The first record, by index, that was not written, and why.
        var failure: Failure?
    }

    /// A record that was not written.
    struct Failure: Equatable {
        var index: Int
        var code: Int32
    }

    private struct Call {
        var remaining: Int
        var outcome: Outcome
    }

    private static let indexBits = 24
    private var calls: [Call?] = []
    private var free: [Int] = []

    /// Calls that wait for reports.
    var openCalls: Int { calls.count - free.count }

    /// Starts a call of `count` records and returns its tag; record `i` is tagged `tag + i`. Tags are never
    /// 0.
    mutating func begin(count: Int) -> UInt {
        precondition(count > 0 && count < 1 << DeliveryTracker.indexBits, "a call of \(count) records")
        let call = Call(
            remaining: count,
            outcome: Outcome(
                partitions: Array(repeating: -1, count: count), offsets: Array(repeating: -1, count: count)))
        let number: Int
        if let reused = free.popLast() {
            number = reused
            calls[number] = call
        } else {
            number = calls.count
            calls.append(call)
        }
        return UInt(number + 1) << DeliveryTracker.indexBits
    }

    /// Takes the report of the record tagged `tag`; `code` 0 is success. Returns the tag of its call when
    /// that was the last report, and nil otherwise, also for a tag that it never gave out.
    mutating func report(tag: UInt, partition: Int32, offset: Int64, code: Int32) -> UInt? {
        let number = Int(tag >> DeliveryTracker.indexBits) - 1
        let index = Int(tag & (1 << DeliveryTracker.indexBits - 1))
        guard calls.indices.contains(number), calls[number] != nil,
            index < calls[number]!.outcome.offsets.count
        else { return nil }
        if code == 0 {
            calls[number]!.outcome.partitions[index] = partition
            calls[number]!.outcome.offsets[index] = offset
        } else {
            fail(number, Failure(index: index, code: code))
        }
        calls[number]!.remaining -= 1
        return calls[number]!.remaining == 0 ? UInt(number + 1) << DeliveryTracker.indexBits : nil
    }

    /// The records of the call `tag` from `index` on will never be reported, for they were never sent.
    /// Returns the tag when nothing is left to wait for.
    mutating func drop(tag: UInt, from index: Int, code: Int32) -> UInt? {
        let number = Int(tag >> DeliveryTracker.indexBits) - 1
        guard calls.indices.contains(number), let call = calls[number] else { return nil }
        fail(number, Failure(index: index, code: code))
        calls[number]!.remaining -= call.outcome.offsets.count - index
        return calls[number]!.remaining == 0 ? tag : nil
    }

    /// Ends the call `tag`, of which all reports have come, and returns how it went.
    mutating func finish(tag: UInt) -> Outcome {
        let number = Int(tag >> DeliveryTracker.indexBits) - 1
        guard let call = calls[number], call.remaining == 0 else {
            preconditionFailure("call \(tag) still waits for reports")
        }
        calls[number] = nil
        free.append(number)
        return call.outcome
    }

    private mutating func fail(_ number: Int, _ failure: Failure) {
        if let known = calls[number]!.outcome.failure, known.index <= failure.index { return }
        calls[number]!.outcome.failure = failure
    }
}
