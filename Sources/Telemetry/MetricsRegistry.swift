internal import Synchronization

/// What a metric is, for Prometheus.
public enum MetricKind: String, Sendable {
    /// Only grows; its name ends in `_total`.
    case counter
    /// Goes up and down.
    case gauge
    /// Counts values by ranges.
    case histogram
}

/// The metrics of a process: families by name, in each family one instrument per set of label values.
///
/// Asking for a metric makes it or finds it; keep the returned instrument where it is used often. Names
/// follow Prometheus' conventions (base units in the name, counters end in `_total`) and are the program's
/// own, so a wrong one is a programming error and stops it. Label *values* may come from outside: beyond
/// ``seriesMax`` sets of them, all further ones share one series whose labels say `other`. Safe to use from
/// any thread.
public final class MetricsRegistry: Sendable {
    /// Sets of label values in one family.
    public static let seriesMax = 1000
    /// Bytes of one label value; a longer one is cut.
    public static let labelValueBytesMax = 256

    /// Names with values, in the order of the names.
    typealias Labels = [Label]

    struct Label: Hashable, Sendable {
        let name: String
        var value: String
    }

    enum Instrument: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        case reading(@Sendable () -> Double?)
    }

    struct Family: Sendable {
        let help: String
        let kind: MetricKind
        let labelNames: [String]
        var series: [Labels: Instrument] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    /// An empty registry.
    public init() {}

    /// A counter; its name ends in `_total`.
    public func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
        precondition(name.hasSuffix("_total"), "the counter \(name) does not end in _total")
        let found = instrument(name, help, .counter, labels) { .counter(Counter()) }
        guard case .counter(let counter) = found else { preconditionFailure("\(name) is no counter") }
        return counter
    }

    /// A gauge.
    public func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
        let found = instrument(name, help, .gauge, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = found else {
            preconditionFailure("\(name) is no gauge that can be set")
        }
        return gauge
    }

    /// A histogram. The bounds of the first call hold for the series.
    public func histogram(
        _ name: String, help: String, bounds: [Double] = Histogram.secondsBounds,
        labels: [String: String] = [:]
    ) -> Histogram {
        precondition(labels["le"] == nil, "the label le belongs to the histogram itself")
        let found = instrument(name, help, .histogram, labels) { .histogram(Histogram(bounds: bounds)) }
        guard case .histogram(let histogram) = found else { preconditionFailure("\(name) is no histogram") }
        return histogram
    }

    /// A number that is read when the metrics are asked for; nil leaves it out. `read` must be quick and must
    /// not ask for metrics.
    public func reading(
        _ name: String, help: String, kind: MetricKind = .gauge, labels: [String: String] = [:],
        _ read: @escaping @Sendable () -> Double?
    ) {
        precondition(kind != .histogram, "a histogram is no single number")
        precondition(
            kind != .counter || name.hasSuffix("_total"), "the counter \(name) does not end in _total")
        _ = instrument(name, help, kind, labels) { .reading(read) }
    }

    /// All families by name.
    func snapshot() -> [(name: String, family: Family)] {
        families.withLock { $0.map { ($0.key, $0.value) } }.sorted { $0.name < $1.name }
    }

    private func instrument(
        _ name: String, _ help: String, _ kind: MetricKind, _ labels: [String: String], make: () -> Instrument
    ) -> Instrument {
        let names = labels.keys.sorted()
        var values = names.map { Label(name: $0, value: Self.cut(labels[$0] ?? "")) }
        return families.withLock { families in
            if families[name] == nil {
                precondition(Self.isMetricName(name), "\(name) is no metric name")
                precondition(
                    names.allSatisfy(Self.isLabelName), "a label name of \(name) is not valid: \(names)")
                families[name] = Family(help: help, kind: kind, labelNames: names)
            }
            guard let family = families[name] else { preconditionFailure("just made") }
            precondition(family.kind == kind, "\(name) is a \(family.kind.rawValue), not a \(kind.rawValue)")
            precondition(
                family.labelNames == names, "\(name) has the labels \(family.labelNames), not \(names)")
            if let found = family.series[values] { return found }
            if family.series.count >= Self.seriesMax {
                for index in values.indices { values[index].value = "other" }
                if let found = family.series[values] { return found }
            }
            let made = make()
            families[name]?.series[values] = made
            return made
        }
    }

    private static func cut(_ value: String) -> String {
        guard value.utf8.count > labelValueBytesMax else { return value }
        return String(value.unicodeScalars.prefix(labelValueBytesMax / 4))
    }

    private static func isMetricName(_ name: String) -> Bool {
        isLabelName(name.replacing(":", with: "_"))
    }

    private static func isLabelName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !name.hasPrefix("__") else { return false }
        let isDigit = UInt8(ascii: "0")...UInt8(ascii: "9")
        return !isDigit.contains(first)
            && name.utf8.allSatisfy { byte in
                isDigit.contains(byte) || byte == UInt8(ascii: "_")
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}
