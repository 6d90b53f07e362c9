/// Which batches of a run belong to the steady state and which to a swap, by when they began.
struct SwapWindows: Sendable {
    /// One swap: from the change of the alias to the old model's memory given back.
    struct Swap: Sendable {
        var begin: Int64
        /// Ends of fetching, verifying and warming; the last is when the model was live.
        var fetched: Int64
        var verified: Int64
        var live: Int64
        var freed: Int64
    }

    /// A part of a run that is looked at by itself.
    enum Part: String, CaseIterable, Sendable {
        case steady, swap
        /// Parts of the swap.
        case fetch, verify, warm, free
    }

    private(set) var steady: [Range<Int64>] = []
    private(set) var swaps: [Swap] = []

    mutating func addSteady(_ range: Range<Int64>) { steady.append(range) }
    mutating func add(_ swap: Swap) { swaps.append(swap) }

    /// The spans of a part.
    func ranges(_ part: Part) -> [Range<Int64>] {
        func clamp(_ begin: Int64, _ end: Int64) -> Range<Int64> { begin..<max(begin, end) }
        return switch part {
        case .steady: steady
        case .swap: swaps.map { clamp($0.begin, $0.freed) }
        case .fetch: swaps.map { clamp($0.begin, $0.fetched) }
        case .verify: swaps.map { clamp($0.fetched, $0.verified) }
        case .warm: swaps.map { clamp($0.verified, $0.live) }
        case .free: swaps.map { clamp($0.live, $0.freed) }
        }
    }

    /// The durations of the samples that began in a part.
    func durations(_ part: Part, of samples: [ScoringLoop.Sample]) -> [Int64] {
        let ranges = ranges(part)
        var found: [Int64] = []
        var index = 0
        // Both ascend.
        for sample in samples {
            while index < ranges.count, sample.start >= ranges[index].upperBound { index += 1 }
            guard index < ranges.count else { break }
            if sample.start >= ranges[index].lowerBound { found.append(sample.duration) }
        }
        return found
    }

    /// Median lengths of the phases, in nanoseconds.
    func medianLength(_ part: Part) -> Int64 {
        Quantiles(ranges(part).map { $0.upperBound - $0.lowerBound }).value(0.5)
    }
}
