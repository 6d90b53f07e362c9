internal import Basics

/// Gathers a number's distribution in bounded memory.
///
/// Counts, mean, deviation, least and greatest are exact. Quantiles come from all values while they fit the
/// sample, and from a random sample of them beyond (reservoir sampling, Vitter 1985, algorithm R, with a
/// fixed seed: the same values in the same order give the same distribution).
struct NumberSummary: Sendable {
    private var count = 0
    private var missing = 0
    private var mean = 0.0
    private var squares = 0.0
    private var minimum = Double.infinity
    private var maximum = -Double.infinity
    private var sample: [Double] = []
    private var random: SeededRandom
    private let sampleMax: Int

    init(sampleMax: Int, seed: UInt64) {
        self.sampleMax = sampleMax
        random = SeededRandom(seed: seed)
    }

    /// Adds a value; one that is not finite counts as missing.
    mutating func add(_ value: Double) {
        guard value.isFinite else {
            missing += 1
            return
        }
        count += 1
        // Welford 1962: no difference of large sums.
        let difference = value - mean
        mean += difference / Double(count)
        squares += difference * (value - mean)
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        if sample.count < sampleMax {
            sample.append(value)
        } else {
            let place = Int.random(in: 0..<count, using: &random)
            if place < sampleMax { sample[place] = value }
        }
    }

    /// The distribution, its histogram with at most `bins` bins of about the same count.
    func distribution(bins: Int) -> NumberDistribution {
        let sorted = sample.sorted()
        var edges: [Double] = []
        if let least = sorted.first {
            for bin in 1..<max(bins, 2) {
                let edge = sorted[min(sorted.count * bin / bins, sorted.count - 1)]
                if edge > edges.last ?? least { edges.append(edge) }
            }
        }
        var result = NumberDistribution(
            count: count, missing: missing, mean: count == 0 ? 0 : mean,
            deviation: count == 0 ? 0 : (squares / Double(count)).squareRoot(),
            minimum: count == 0 ? 0 : minimum, maximum: count == 0 ? 0 : maximum, edges: edges,
            counts: Array(repeating: 0, count: edges.count + 1))
        for value in sorted { result.counts[result.bin(value)] += 1 }
        return result
    }
}
