import Basics
import Testing

@Suite struct DecimalNumberTests {
    @Test func numbersAreReadAsTheStandardLibraryReadsThem() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<4_000 {
            let value = Double(bitPattern: random.next())
            let short = Double(Int64.random(in: -1_000_000...1_000_000, using: &random)) / 1_000
            for number in [value, short] where number.isFinite {
                #expect(
                    DecimalNumber.real(Array(number.description.utf8).span)?.bitPattern == number.bitPattern)
            }
        }
        for text in ["", "-", ".", "1e", "0x10", "nan", "inf", "1_0", "1 ", "--1", "1e999"] {
            #expect(DecimalNumber.real(Array(text.utf8).span) == nil, "\(text)")
        }
        for text in ["1.", ".5", "+3", "1E5", "-0", "123456789012345678901234567890"] {
            #expect(DecimalNumber.real(Array(text.utf8).span) == Double(text), "\(text)")
        }
        for (text, value) in [
            ("9223372036854775807", Int64.max), ("-9223372036854775808", .min), ("+7", 7),
        ] {
            #expect(DecimalNumber.integer(Array(text.utf8).span) == value)
        }
        for text in ["9223372036854775808", "1.0", "", "-", "99999999999999999999"] {
            #expect(DecimalNumber.integer(Array(text.utf8).span) == nil)
        }
    }

    @Test func aTextOfAnyLengthIsSafe() {
        let digits = [UInt8](repeating: UInt8(ascii: "7"), count: JSONScanner.numberBytesMax)
        #expect(DecimalNumber.real(digits.span) == nil, "beyond any double")
        let small = Array("0.".utf8) + digits.dropLast(2)
        #expect(DecimalNumber.real(small.span) == Double(String(decoding: small, as: UTF8.self)))
        let long = Array("0.".utf8) + digits
        #expect(DecimalNumber.real(long.span) == nil)
        #expect(DecimalNumber.integer(digits.span) == nil)
    }

    @Test func utf8IsCheckedAsTheStandardLibraryChecksIt() {
        var random = SeededRandom(seed: 11)
        let corners: [UInt8] = [
            0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0,
            0xF1,
            0xF4, 0xF5, 0xFF,
        ]
        var sound = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<6, using: &random)
            let bytes = (0..<count).map { _ in corners.randomElement(using: &random) ?? 0 }
            let fault = UTF8Check.firstFault(bytes.span)
            #expect((fault == nil) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
            if fault == nil { sound += 1 }
            if let fault { #expect(String(validating: bytes[..<fault], as: UTF8.self) != nil, "\(bytes)") }
        }
        #expect(sound > 100)
    }
}
