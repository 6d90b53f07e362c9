/// Metrics in Prometheus' text exposition format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
public enum PrometheusText {
    /// The media type to serve it with.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics of a registry, families by name, series by labels.
    public static func text(of registry: MetricsRegistry) -> String {
        var text = ""
        for (name, family) in registry.snapshot() {
            var samples = ""
            let series = family.series.sorted { left, right in
                left.key.lexicographicallyPrecedes(right.key) { $0.value < $1.value }
            }
            for (labels, instrument) in series {
                append(instrument, name: name, labels: labels, to: &samples)
            }
            guard !samples.isEmpty else { continue }
            text += "# HELP \(name) \(escapedHelp(family.help))\n"
            text += "# TYPE \(name) \(family.kind.rawValue)\n\(samples)"
        }
        return text
    }

    private static func append(
        _ instrument: MetricsRegistry.Instrument, name: String, labels: MetricsRegistry.Labels,
        to text: inout String
    ) {
        switch instrument {
        case .counter(let counter): text += "\(name)\(block(labels)) \(counter.value)\n"
        case .gauge(let gauge): text += "\(name)\(block(labels)) \(number(gauge.value))\n"
        case .reading(let read):
            if let value = read() { text += "\(name)\(block(labels)) \(number(value))\n" }
        case .histogram(let histogram):
            let (counts, sum) = histogram.snapshot
            var total: UInt64 = 0
            for (count, bound) in zip(counts, histogram.bounds + [.infinity]) {
                total += count
                let bucket = labels + [MetricsRegistry.Label(name: "le", value: number(bound))]
                text += "\(name)_bucket\(block(bucket)) \(total)\n"
            }
            text += "\(name)_sum\(block(labels)) \(number(sum))\n\(name)_count\(block(labels)) \(total)\n"
        }
    }

    private static func block(_ labels: MetricsRegistry.Labels) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.name)=\"\(escapedValue($0.value))\"" }.joined(separator: ",") + "}"
    }

    /// A number as Go's `ParseFloat` reads it; whole ones without a decimal point.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return String(whole) }
        return String(value)
    }

    private static func escapedHelp(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func escapedValue(_ text: String) -> String {
        escapedHelp(text).replacing("\"", with: "\\\"")
    }
}
