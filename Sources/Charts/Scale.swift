/// Where values stand on an axis, and which of them are marked.
public struct Scale: Sendable, Hashable {
    /// How distances on the axis follow from values.
    public enum Kind: Sendable, Hashable {
        /// Equal differences, equal distances.
        case linear
        /// Equal ratios, equal distances; values above 0.
        case logarithmic
        /// Quantiles from 0 up to below 1: every further nine takes the same distance.
        case quantile
    }

    /// A marked value.
    public struct Tick: Sendable, Hashable {
        /// The value.
        public var value: Double
        /// Its text.
        public var label: String
    }

    /// How distances follow from values.
    public let kind: Kind
    /// The least value on the axis.
    public let lower: Double
    /// The greatest.
    public let upper: Double
    /// The marked values, ascending, within the bounds.
    public let ticks: [Tick]

    /// A scale that holds all of `values`. A linear one of values that are not negative begins at 0. Throws
    /// `empty` without values, `value` for one that has no place on it.
    public init(_ kind: Kind, covering values: some Collection<Double>) throws(ChartError) {
        guard let least = values.min(), let greatest = values.max() else {
            throw ChartError(.empty, "a scale over no values")
        }
        for value in values where !Scale.holds(kind, value) {
            throw ChartError(.value, "\(value) has no place on a \(kind) axis")
        }
        self.kind = kind
        switch kind {
        case .linear:
            let low = min(0, least)
            let high = max(greatest, low == 0 && greatest == 0 ? 1 : 0)
            let step = Scale.step(over: high - low)
            lower = (low / step).rounded(.down) * step
            upper = (high / step).rounded(.up) * step
            ticks = Scale.linearTicks(from: lower, to: upper, step: step)
        case .logarithmic:
            (lower, upper) = Scale.logarithmicBounds(least, greatest)
            ticks = Scale.logarithmicTicks(from: lower, to: upper)
        case .quantile:
            lower = 0
            upper = max(greatest, 0.9)
            ticks = Scale.quantileTicks(to: upper)
        }
    }

    /// Where `value` stands: 0 at `lower`, 1 at `upper`.
    public func position(_ value: Double) -> Double {
        let low = transformed(lower)
        return (transformed(value) - low) / (transformed(upper) - low)
    }

    private static func holds(_ kind: Kind, _ value: Double) -> Bool {
        guard value.isFinite else { return false }
        return switch kind {
        case .linear: abs(value) < 1e15
        case .logarithmic: value >= 1e-15 && value < 1e18
        case .quantile: value >= 0 && value < 1
        }
    }

    private func transformed(_ value: Double) -> Double {
        switch kind {
        case .linear: value
        case .logarithmic: Scale.log10(value)
        case .quantile: -Scale.log10(1 - value)
        }
    }

    /// A step of 1, 2 or 5 times a power of ten that divides `span` into at most six parts.
    private static func step(over span: Double) -> Double {
        var power = 1.0
        while power * 10 <= span / 6 { power *= 10 }
        while power > span / 6, power > 1e-300 { power /= 10 }
        for factor in [1.0, 2, 5, 10] where power * factor >= span / 6 { return power * factor }
        return power * 10
    }

    private static func linearTicks(from lower: Double, to upper: Double, step: Double) -> [Tick] {
        let count = Int(((upper - lower) / step).rounded())
        var places = 0
        var unit = 1.0
        while unit > step * 1.000_001, places < 15 {
            unit /= 10
            places += 1
        }
        return (0...count).map { index in
            let value = lower + Double(index) * step
            return Tick(
                value: value,
                label: step >= 1_000 && upper >= 10_000
                    ? NumberText.short(value) : NumberText.fixed(value, places: places))
        }
    }

    /// From this ratio on only powers of ten are marked.
    private static let wideRatio = 2_000.0

    /// Bounds of 1, 2 or 5 times a power of ten around the values, at least a decade apart; powers of ten
    /// where only those are marked.
    private static func logarithmicBounds(_ least: Double, _ greatest: Double) -> (Double, Double) {
        var marks = marks(from: least / 10, to: greatest * 10)
        if greatest / least > wideRatio / 25 {
            let powers = marks.filter { isPower($0) }
            if let low = powers.last(where: { $0 <= least * (1 + 1e-9) }),
                let high = powers.first(where: { $0 >= greatest * (1 - 1e-9) }), high / low > wideRatio
            {
                marks = powers
            }
        }
        var low = marks.last { $0 <= least * (1 + 1e-9) } ?? least
        var high = marks.first { $0 >= greatest * (1 - 1e-9) } ?? greatest
        if high / low < 9.9 {
            low = marks.last { $0 <= low / 2 * (1 + 1e-9) } ?? low / 10
            high = marks.first { $0 >= low * 10 * (1 - 1e-9) && $0 >= high } ?? high * 10
        }
        return (low, high)
    }

    private static func logarithmicTicks(from lower: Double, to upper: Double) -> [Tick] {
        let all = marks(from: lower, to: upper)
        let isWide = upper / lower > wideRatio
        let shown = isWide ? all.filter { isPower($0) } : all
        return shown.map { Tick(value: $0, label: NumberText.short($0)) }
    }

    private static func isPower(_ value: Double) -> Bool {
        let exponent = log10(value)
        return abs(exponent - exponent.rounded()) < 1e-6
    }

    /// 1, 2 and 5 times the powers of ten within the bounds.
    private static func marks(from lower: Double, to upper: Double) -> [Double] {
        var marks: [Double] = []
        for exponent in -17...20 {
            for factor in [1.0, 2, 5] {
                // Division keeps 0.1, 0.01, … the numbers that they are written as.
                let power = (0..<abs(exponent)).reduce(1.0) { value, _ in value * 10 }
                let mark = exponent < 0 ? factor / power : factor * power
                if mark >= lower * (1 - 1e-9), mark <= upper * (1 + 1e-9) { marks.append(mark) }
            }
        }
        return marks
    }

    private static func quantileTicks(to upper: Double) -> [Tick] {
        let all: [(Double, String)] = [
            (0, "0"), (0.5, "50"), (0.9, "90"), (0.99, "99"), (0.999, "99.9"), (0.9999, "99.99"),
            (0.99999, "99.999"), (0.999999, "99.9999"),
        ]
        return all.filter { $0.0 <= upper }.map { Tick(value: $0.0, label: "\($0.1)\u{202F}%") }
    }

    /// The decimal logarithm: the standard library alone has none. The exponent's part is exact, and a
    /// series over a mantissa near 1 gives the rest to double precision.
    static func log10(_ value: Double) -> Double {
        guard value > 0 else { return -.infinity }
        var mantissa = value.significand
        var exponent = Double(value.exponent)
        if mantissa > 1.414_213_562_373_095_1 {
            mantissa /= 2
            exponent += 1
        }
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        var term = ratio
        var sum = 0.0
        for index in 0..<24 {
            sum += term / Double(2 * index + 1)
            term *= square
        }
        return (2 * sum + exponent * 0.693_147_180_559_945_3) / 2.302_585_092_994_045_7
    }
}
