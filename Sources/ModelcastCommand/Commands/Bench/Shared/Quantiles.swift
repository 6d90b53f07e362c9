import Basics

/// Quantiles over all samples of a measurement, by the nearest rank.
struct Quantiles: Sendable, Equatable {
    /// Ascending.
    private let sorted: [Int64]

    init(_ samples: some Sequence<Int64>) { sorted = samples.sorted() }

    var count: Int { sorted.count }

    /// The least sample that at least the share `quantile` of all samples does not exceed; 0 without samples.
    func value(_ quantile: Double) -> Int64 {
        guard !sorted.isEmpty else { return 0 }
        let rank = Int((quantile * Double(sorted.count)).rounded(.up))
        return sorted[Swift.min(Swift.max(rank, 1), sorted.count) - 1]
    }

    var max: Int64 { sorted.last ?? 0 }

    /// The usual ones in milliseconds, for a result's line.
    var members: [JSON.Member] {
        let parts: [(String, Double)] = [
            ("p50Ms", 0.5), ("p90Ms", 0.9), ("p99Ms", 0.99), ("p999Ms", 0.999), ("maxMs", 1),
        ]
        return parts.map { JSON.Member($0.0, .rounded(Double(value($0.1)) / 1e6, places: 4)) }
    }

    /// A quantile as people read it.
    func text(_ quantile: Double) -> String { Units.duration(.nanoseconds(value(quantile))) }
}
