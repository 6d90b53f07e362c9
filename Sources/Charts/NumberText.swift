/// Numbers as charts show them.
enum NumberText {
    /// With at most `places` decimals and no zeros at the end; five digits and more in groups of three.
    static func fixed(_ value: Double, places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (value * scale).rounded()
        guard abs(scaled) < 1e18 else { return "\(value)" }
        let digits = String(Int64(abs(scaled)))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let whole = String(padded.dropLast(places))
        var fraction = padded.suffix(places)
        while fraction.last == "0" { fraction.removeLast() }
        let sign = scaled < 0 ? "−" : ""
        return sign + grouped(whole) + (fraction.isEmpty ? "" : ".\(fraction)")
    }

    /// Short: `1.5 M`, `20 k` from 10 000 on, else with three significant digits.
    static func short(_ value: Double) -> String {
        let size = abs(value)
        for (limit, unit) in [(1e9, "G"), (1e6, "M"), (1e4, "k")] where size >= limit {
            let divisor = unit == "k" ? 1e3 : limit
            return "\(significant(value / divisor))\u{202F}\(unit)"
        }
        return significant(value)
    }

    private static func significant(_ value: Double) -> String {
        let size = abs(value)
        if size == 0 { return "0" }
        if size >= 99.95 { return fixed(value, places: 0) }
        if size >= 9.995 { return fixed(value, places: 1) }
        if size >= 0.995 { return fixed(value, places: 2) }
        var places = 2
        var limit = 1.0
        while size < limit, places < 15 {
            limit /= 10
            places += 1
        }
        return fixed(value, places: places)
    }

    private static func grouped(_ whole: String) -> String {
        guard whole.count > 4 else { return whole }
        var text = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { text += "\u{202F}" }
            text.append(digit)
        }
        return text
    }
}
