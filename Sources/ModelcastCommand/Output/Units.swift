import Basics

/// Numbers as people read them.
enum Units {
    /// Bytes in powers of 1000 with three digits: `512 B`, `1.24 MB`.
    static func bytes(_ count: some BinaryInteger) -> String {
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB"] {
            if value < 999.5 { return unit == "B" ? "\(Int(value)) B" : "\(digits(value)) \(unit)" }
            value /= 1_000
        }
        return "\(digits(value)) TB"
    }

    /// A time span with three digits in the unit that suits it: `640 µs`, `15.2 ms`, `3.1 s`, `4 min 12 s`.
    static func duration(_ duration: Duration) -> String {
        let seconds = duration.seconds
        switch seconds {
        case ..<0.000_999_5: return "\(digits(seconds * 1e6)) µs"
        case ..<0.999_5: return "\(digits(seconds * 1e3)) ms"
        case ..<99.5: return "\(digits(seconds)) s"
        case ..<5_999: return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
        default: return "\(Int(seconds) / 3_600) h \(Int(seconds) / 60 % 60) min"
        }
    }

    /// A whole number in groups of three digits: `50 000`. Numbers of four digits stay together.
    static func count(_ value: some BinaryInteger) -> String {
        let text = String(value)
        guard text.count > 4 else { return text }
        var grouped = ""
        for (index, character) in text.enumerated() {
            if index > 0, (text.count - index) % 3 == 0, grouped.last?.isNumber == true { grouped += " " }
            grouped.append(character)
        }
        return grouped
    }

    /// A rate per second: `12 400/s`, `3.2/s`.
    static func rate(_ perSecond: Double) -> String {
        guard perSecond.isFinite else { return "–" }
        return perSecond >= 100 ? "\(count(Int(perSecond.rounded())))/s" : "\(digits(perSecond))/s"
    }

    /// Three significant digits, without zeros at the end; none of the digits before the point is lost.
    static func digits(_ value: Double) -> String {
        let size = abs(value)
        let places = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3
        return JSON.rounded(value, places: places).text
    }

    /// A measure such as an accuracy: at most four decimals.
    static func measure(_ value: Double) -> String { JSON.rounded(value, places: 4).text }
}
