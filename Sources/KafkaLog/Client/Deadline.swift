internal import Basics

/// A moment by which something must be over.
struct Deadline: Sendable {
    private let end: ContinuousClock.Instant
    /// The whole time that was given.
    let limit: Duration

    /// `limit` from now.
    init(after limit: Duration) {
        self.limit = limit
        // Beyond a year the sum could overflow; nothing here waits that long.
        end = ContinuousClock.now + min(max(limit, .zero), .seconds(31_536_000))
    }

    /// A deadline after this part of what is left.
    func share(_ part: Double) -> Deadline { Deadline(after: remaining * part) }

    /// What is left; never negative.
    var remaining: Duration { max(.zero, end - ContinuousClock.now) }

    /// Whether the time is over.
    var isOver: Bool { ContinuousClock.now >= end }

    /// What is left in milliseconds, rounded up, at most `most`.
    func milliseconds(atMost most: Int32) -> Int32 {
        let left = remaining
        let whole = left.wholeMilliseconds
        let rounded = left > .milliseconds(whole) ? whole + 1 : whole
        return Int32(min(rounded, Int64(most)))
    }
}

/// The lengths of the calls that a thread makes one after another while it waits for one answer. They grow,
/// because a call that begins anew asks anew: with a fixed length a broker that is slower would never be
/// heard.
struct Slices {
    private var length = KafkaLimits.sliceMilliseconds

    /// The length of the next call, in milliseconds; at least 1.
    mutating func next(_ deadline: Deadline) -> Int32 {
        defer { length = min(length * 2, KafkaLimits.longestSliceMilliseconds) }
        return max(1, deadline.milliseconds(atMost: length))
    }
}
