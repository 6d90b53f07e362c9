import Testing

@testable import Charts

@Suite struct ScaleTests {
    /// Numbers of all sizes, the same ones every time.
    private static let samples: [[Double]] = {
        var state: UInt64 = 42
        func unit() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-53
        }
        return (0..<300).map { round in
            let power = (0..<round % 12).reduce(1e-4) { value, _ in value * 10 }
            return (0...round % 7).map { _ in (unit() + 1e-6) * power }
        }
    }()

    @Test(arguments: [Scale.Kind.linear, .logarithmic]) func ticksAscendWithinBoundsThatHoldTheValues(
        kind: Scale.Kind
    ) throws {
        for values in Self.samples {
            let scale = try Scale(kind, covering: values)
            let ticks = scale.ticks.map(\.value)
            #expect(zip(ticks, ticks.dropFirst()).allSatisfy(<), "\(values)")
            #expect((2...20).contains(ticks.count), "\(values): \(ticks)")
            #expect(ticks.allSatisfy { (-1e-9...1 + 1e-9).contains(scale.position($0)) }, "\(values)")
            #expect(values.allSatisfy { (-1e-9...1 + 1e-9).contains(scale.position($0)) }, "\(values)")
            #expect(Set(scale.ticks.map(\.label)).count == ticks.count, "\(values): \(scale.ticks)")
        }
    }

    @Test func positionsKeepTheOrderOfValues() throws {
        for kind in [Scale.Kind.linear, .logarithmic] {
            for values in Self.samples {
                let scale = try Scale(kind, covering: values)
                let places = values.sorted().map(scale.position)
                #expect(zip(places, places.dropFirst()).allSatisfy(<=))
            }
        }
    }

    @Test func aLinearScaleBeginsAtZeroAndEndsOnAStep() throws {
        let scale = try Scale(.linear, covering: [3, 47])
        #expect(scale.lower == 0 && scale.upper == 50)
        #expect(scale.ticks.map(\.label) == ["0", "10", "20", "30", "40", "50"])
        let signed = try Scale(.linear, covering: [-3, 5])
        #expect(signed.lower == -4 && signed.upper == 6 && signed.ticks.contains { $0.value == 0 })
        let small = try Scale(.linear, covering: [0.0004, 0.0011])
        #expect(small.ticks.map(\.label).last == "0.0012")
        #expect(try Scale(.linear, covering: [0]).upper > 0)
    }

    @Test func aLogarithmicScaleEndsOnMarks() throws {
        let wide = try Scale(.logarithmic, covering: [1, 100_000])
        #expect(wide.ticks.map(\.value) == [1, 10, 100, 1_000, 10_000, 100_000])
        let narrow = try Scale(.logarithmic, covering: [3, 4])
        #expect(narrow.upper / narrow.lower >= 9.9)
        #expect(try Scale(.logarithmic, covering: [7]).ticks.count >= 2)
    }

    @Test func furtherNinesTakeTheSameDistance() throws {
        let scale = try Scale(.quantile, covering: [0.5, 0.999])
        #expect(scale.ticks.map(\.label) == ["0", "50", "90", "99", "99.9"].map { "\($0)\u{202F}%" })
        let steps = [0.9, 0.99, 0.999].map(scale.position)
        #expect(abs((steps[1] - steps[0]) - (steps[2] - steps[1])) < 1e-9)
    }

    @Test(arguments: [
        (Scale.Kind.linear, Double.nan), (.linear, .infinity), (.logarithmic, 0), (.logarithmic, -1),
        (.logarithmic, .nan), (.quantile, 1), (.quantile, -0.1), (.quantile, .nan), (.linear, 1e300),
    ])
    func whatHasNoPlaceIsRefused(kind: Scale.Kind, value: Double) {
        #expect(throws: ChartError.self) { try Scale(kind, covering: [0.5, value]) }
    }

    @Test func nothingIsRefused() {
        do {
            _ = try Scale(.linear, covering: [])
            Issue.record("a scale over nothing")
        } catch {
            #expect(error.code == .empty)
        }
    }

    @Test func theDecimalLogarithm() {
        for exponent in -15...17 {
            let power =
                exponent < 0
                ? 1 / (0..<(-exponent)).reduce(1.0) { value, _ in value * 10 }
                : (0..<exponent).reduce(1.0) { value, _ in value * 10 }
            #expect(abs(Scale.log10(power) - Double(exponent)) < 1e-12)
        }
        #expect(abs(Scale.log10(2) - 0.301_029_995_663_981_2) < 1e-14)
        #expect(abs(Scale.log10(0.7) + 0.154_901_959_985_743_2) < 1e-14)
    }

    @Test func numbersAsPeopleReadThem() {
        #expect(NumberText.short(0) == "0" && NumberText.short(1_234) == "1234")
        #expect(NumberText.short(1_500_000) == "1.5\u{202F}M" && NumberText.short(20_000) == "20\u{202F}k")
        #expect(NumberText.short(0.001_234) == "0.00123" && NumberText.short(12.34) == "12.3")
        #expect(NumberText.fixed(-1_234_567.5, places: 2) == "−1\u{202F}234\u{202F}567.5")
        #expect(NumberText.fixed(0.1 + 0.2, places: 3) == "0.3")
    }
}
