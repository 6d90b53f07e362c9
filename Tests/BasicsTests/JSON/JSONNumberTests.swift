import Basics
import Foundation
import Testing

/// Numbers against the C library, which is the oracle.
struct JSONNumberTests {
    private func parse(_ text: String) throws(JSONError) -> Double {
        let bytes = Array(text.utf8)
        var scanner = JSONScanner(0..<bytes.count)
        let value = try scanner.number(bytes.span)
        try scanner.finish(bytes.span)
        return value
    }

    private func parseFloat(_ text: String) throws(JSONError) -> Float {
        let bytes = Array(text.utf8)
        var scanner = JSONScanner(0..<bytes.count)
        return try scanner.float(bytes.span)
    }

    @Test(arguments: [
        "0", "-0", "1", "-1", "0.1", "1e0", "1E+2", "1e-2", "9007199254740993", "9007199254740992",
        "123456789012345678",
        "18446744073709551615", "18446744073709551616", "0.30000000000000004", "5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324", "1.7976931348623157e308", "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "8.5e22", "9.5e22", "1e23", "1e22", "0.000000000000000000000000000001", "0e400", "0.0e-400", "1e-400",
        "6.02214076e23", "9007199254740993.0000000000000000000000000000000000001", "0.00000000000000000001",
        "1000000000000000000000000000000000000000000e-42", "4503599627370497.5", "4503599627370496.5",
    ])
    func agreesWithTheLibrary(text: String) throws {
        #expect(try parse(text).bitPattern == strtod(text, nil).bitPattern)
        #expect(
            try parseFloat(text).bitPattern == strtof(text, nil).bitPattern || strtof(text, nil).isInfinite)
    }

    @Test func agreesWithTheLibraryOnRandomNumbers() throws {
        var random = SeededRandom(seed: 11)
        for _ in 0..<60_000 {
            let digits = Int.random(in: 1...22, using: &random)
            var text = Bool.random(using: &random) ? "-" : ""
            text += String(Int.random(in: 1...9, using: &random))
            for _ in 1..<max(digits, 2) { text += String(Int.random(in: 0...9, using: &random)) }
            let point = Int.random(in: 0..<3, using: &random)
            if point == 1 { text.insert(".", at: text.index(text.endIndex, offsetBy: -1)) }
            if point == 2 { text = text.replacing("-", with: "-0.", maxReplacements: 1) }
            if point == 2, !text.hasPrefix("-") { text = "0." + text }
            if Bool.random(using: &random) { text += "e\(Int.random(in: -40...40, using: &random))" }
            #expect(try parse(text).bitPattern == strtod(text, nil).bitPattern, "\(text)")
            #expect(try parseFloat(text).bitPattern == strtof(text, nil).bitPattern, "\(text)")
        }
    }

    @Test func anyDoubleSurvivesWritingAndReading() throws {
        var random = SeededRandom(seed: 12)
        var writer = JSONWriter()
        for _ in 0..<40_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            writer.removeAll()
            writer.number(value)
            #expect(try parse(String(decoding: writer.bytes, as: UTF8.self)).bitPattern == value.bitPattern)
            #expect(String(decoding: writer.bytes, as: UTF8.self) == "\(value)")
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            guard float.isFinite else { continue }
            writer.removeAll()
            writer.number(float)
            #expect(
                try parseFloat(String(decoding: writer.bytes, as: UTF8.self)).bitPattern == float.bitPattern)
        }
    }

    /// A decimal that lies so near the middle of two floats that rounding to a double first gives the
    /// middle itself.
    @Test func floatsAreRoundedOnce() throws {
        for text in [
            "1.00000005960464477540", "1.00000005960464477538", "16777217.0000000001", "16777216.9999999999",
        ] {
            #expect(try parseFloat(text).bitPattern == strtof(text, nil).bitPattern)
        }
        #expect(try parseFloat("16777217.0000000001") == 16777218)
    }

    @Test(arguments: [
        "", "-", "+1", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "--1", "0x10", "NaN", "Infinity",
        "-Infinity", "1 2",
        "1_000", "1,5", "٣",
    ])
    func whatIsNoNumberIsRefused(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func whatNoDoubleHoldsIsRefused() {
        #expect(throws: JSONError(.numberOutOfRange, at: 0)) { try parse("1e309") }
        #expect(throws: JSONError(.numberOutOfRange, at: 1)) { try parse(" -1e99999999999999999999") }
        let long = "1." + String(repeating: "1", count: JSONScanner.numberBytesMax)
        #expect(throws: JSONError(.numberTooLong, at: 0)) { try parse(long) }
    }

    @Test func integersAreExact() throws {
        func integer(_ text: String) throws(JSONError) -> Int64 {
            let bytes = Array(text.utf8)
            var scanner = JSONScanner(0..<bytes.count)
            return try scanner.integer(bytes.span)
        }
        #expect(try integer("9223372036854775807") == .max)
        #expect(try integer("-9223372036854775808") == .min)
        #expect(try integer("-0") == 0)
        for text in ["9223372036854775808", "-9223372036854775809", "99999999999999999999", "1.0", "1e3"] {
            #expect(throws: JSONError.self) { try integer(text) }
        }
    }

    @Test func nonFiniteNumbersWhereTheCallerAllowsThem() throws {
        let bytes = Array("[NaN, Infinity,-Infinity]".utf8)
        var scanner = JSONScanner(0..<bytes.count, allowsNonFinite: true)
        try scanner.beginArray(bytes.span)
        _ = try scanner.nextElement(bytes.span)
        #expect(try scanner.number(bytes.span).isNaN)
        _ = try scanner.nextElement(bytes.span)
        #expect(try scanner.number(bytes.span) == .infinity)
        _ = try scanner.nextElement(bytes.span)
        #expect(try scanner.float(bytes.span) == -.infinity)
        #expect(try !scanner.nextElement(bytes.span))
    }
}
