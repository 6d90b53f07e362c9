internal import Synchronization

/// A number that only grows. Lock-free; safe to use from any thread.
public final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    init() {}

    /// Adds to the count.
    @inline(__always)
    public func increment(by amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }

    /// Adds to the count; a negative amount is a mistake of the caller.
    public func increment(by amount: Int) { increment(by: UInt64(amount)) }

    /// The count.
    public var value: UInt64 { count.load(ordering: .relaxed) }
}

/// A number that goes up and down. Lock-free; safe to use from any thread.
public final class Gauge: Sendable {
    private let number = AtomicDouble()

    init() {}

    /// Sets the number.
    public func set(_ value: Double) { number.store(value) }

    /// Sets the number.
    public func set(_ value: some BinaryInteger) { number.store(Double(value)) }

    /// Adds to the number; a negative amount takes away.
    public func add(_ amount: Double) { number.add(amount) }

    /// The number.
    public var value: Double { number.load() }
}

/// Counts how often values fall into ranges. Lock-free; safe to use from any thread.
public final class Histogram: Sendable {
    /// Upper bounds that suit durations in seconds, from a quarter of a millisecond to a minute.
    public static let secondsBounds: [Double] = [
        0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// Upper bounds that suit sizes in bytes or rows: powers of four from 1 to about a billion.
    public static let sizeBounds: [Double] = (0...15).map { Double(1 << (2 * $0)) }

    /// One range's count: a class because an atomic does not fit into an array.
    private final class Cell: Sendable {
        let count = Atomic<UInt64>(0)
    }

    /// The ranges' inclusive upper bounds, ascending; values above the last have a range of their own.
    public let bounds: [Double]
    private let cells: [Cell]
    private let sum = AtomicDouble()

    init(bounds: [Double]) {
        precondition(
            zip(bounds, bounds.dropFirst()).allSatisfy(<) && bounds.allSatisfy(\.isFinite),
            "unsound bounds \(bounds)")
        self.bounds = bounds
        cells = (0...bounds.count).map { _ in Cell() }
    }

    /// Counts a value. One that is not a number is ignored.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        cells[low].count.wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    /// Counts a time span in seconds.
    public func observe(_ duration: Duration) { observe(duration / .seconds(1)) }

    /// Counts how long a piece of work took, whether it succeeds or throws.
    public func measure<Result>(_ work: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        defer { observe(start.duration(to: .now)) }
        return try work()
    }

    /// The counts of the ranges (not accumulated), and the sum of all values.
    public var snapshot: (counts: [UInt64], sum: Double) {
        (cells.map { $0.count.load(ordering: .relaxed) }, sum.load())
    }
}
